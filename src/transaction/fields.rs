//! Fields laid out one behind the other, each with its length, so that a keyed hash runs over all of them in one go.

use smallvec::SmallVec;

/// See the module. Beyond 256 bytes it allocates; fields are as long as a message allows.
#[derive(Debug, Default)]
pub struct Fields(SmallVec<[u8; 256]>);

impl Fields {
    pub fn add(&mut self, field: &[u8]) -> &mut Fields {
        self.number(field.len() as u32);
        self.0.extend_from_slice(field);
        self
    }

    /// For what compares without case.
    pub fn add_lower(&mut self, field: &[u8]) -> &mut Fields {
        self.add(field);
        let at = self.0.len() - field.len();
        self.0[at..].make_ascii_lowercase();
        self
    }

    pub fn number(&mut self, number: u32) -> &mut Fields {
        self.0.extend_from_slice(&number.to_ne_bytes());
        self
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_look_alike() {
        let laid_out = |fields: &[&str]| {
            let mut all = Fields::default();
            for field in fields {
                all.add(field.as_bytes());
            }
            all.bytes().to_vec()
        };
        assert_ne!(laid_out(&["ab", "c"]), laid_out(&["a", "bc"]));
        assert_ne!(laid_out(&["a", ""]), laid_out(&["", "a"]));
        assert_eq!(Fields::default().add_lower(b"Host").bytes(), laid_out(&["host"]));
    }
}
