//! The keys of one map and where each was first. Most maps have a handful; some have 200,000.

use crate::config::source::Span;
use foldhash::HashMap;
use std::borrow::Cow;

/// Up to so many keys are looked through one by one.
const FEW: usize = 12;

#[derive(Default)]
pub(super) struct Seen<'a> {
    few: Vec<(Cow<'a, str>, Span)>,
    /// All keys, once there are more than a few.
    many: HashMap<Cow<'a, str>, Span>,
}

impl<'a> Seen<'a> {
    /// Where a key was first, if it was before; else it is here.
    #[expect(clippy::ptr_arg, reason = "cloned as it is: borrowed text stays borrowed")]
    pub fn first(&mut self, key: &Cow<'a, str>, here: Span) -> Option<Span> {
        if self.many.is_empty() {
            if let Some((_, first)) = self.few.iter().find(|(seen, _)| seen == key) {
                return Some(*first);
            }
            if self.few.len() < FEW {
                self.few.push((key.clone(), here));
                return None;
            }
            self.many.extend(self.few.drain(..));
        }
        match self.many.entry(key.clone()) {
            std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(here);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_is_kept_for_few_and_for_many() {
        let mut seen = Seen::default();
        let at = |start| Span { file: 0, start, end: start };
        for n in 0..100 {
            assert_eq!(seen.first(&Cow::Owned(n.to_string()), at(n)), None);
        }
        for n in 0..100 {
            assert_eq!(seen.first(&Cow::Owned(n.to_string()), at(1_000)), Some(at(n)));
        }
    }
}
