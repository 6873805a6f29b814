//! Fields laid out one behind the other, each with its length, so that a keyed hash runs over all of them in one go.

/// Nearly all fit into this.
const ROOM: usize = 384;

/// See the module. Beyond its room it allocates; fields are as long as a message allows.
#[derive(Debug)]
pub struct Fields {
    room: [u8; ROOM],
    len: usize,
    /// All of them, once the room is too small.
    overflow: Vec<u8>,
}

impl Default for Fields {
    fn default() -> Fields {
        Fields { room: [0; ROOM], len: 0, overflow: Vec::new() }
    }
}

impl Fields {
    pub fn add(&mut self, field: &[u8]) -> &mut Fields {
        self.number(field.len() as u32).put(field)
    }

    /// For what compares without case.
    pub fn add_lower(&mut self, field: &[u8]) -> &mut Fields {
        self.add(field);
        let all = if self.overflow.is_empty() { &mut self.room[..self.len] } else { &mut self.overflow[..] };
        let at = all.len() - field.len();
        all[at..].make_ascii_lowercase();
        self
    }

    pub fn number(&mut self, number: u32) -> &mut Fields {
        self.put(&number.to_ne_bytes())
    }

    pub fn bytes(&self) -> &[u8] {
        if self.overflow.is_empty() { &self.room[..self.len] } else { &self.overflow }
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) -> &mut Fields {
        let end = self.len + bytes.len();
        match self.room.get_mut(self.len..end) {
            Some(free) if self.overflow.is_empty() => {
                free.copy_from_slice(bytes);
                self.len = end;
            }
            _ => self.flow_over(bytes),
        }
        self
    }

    #[cold]
    fn flow_over(&mut self, bytes: &[u8]) {
        if self.overflow.is_empty() {
            self.overflow.extend_from_slice(&self.room[..self.len]);
        }
        self.overflow.extend_from_slice(bytes);
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

    #[test]
    fn long_fields_are_whole() {
        let (short, long) = (vec![b'S'; 100], vec![b'L'; 400]);
        let mut all = Fields::default();
        all.add(&short).add_lower(&long).add_lower(&short);
        let mut expected = Vec::new();
        for (field, letter) in [(&short, b'S'), (&long, b'l'), (&short, b's')] {
            expected.extend_from_slice(&(field.len() as u32).to_ne_bytes());
            expected.resize(expected.len() + field.len(), letter);
        }
        assert_eq!(all.bytes(), expected);
    }
}
