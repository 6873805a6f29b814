//! The keys of one map and where each was first. Most maps have a handful; some have 200,000.

use super::{Key, Node};
use crate::config::source::Span;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Up to so many keys are looked through one by one.
const FEW: usize = 12;

type Entries<'a> = [(Key<'a>, Node<'a>)];

/// Beside the entries of a map, once there are more than a few.
#[derive(Default)]
pub(super) struct Seen {
    /// The places of all keys among the entries.
    places: HashTable<u32>,
}

impl Seen {
    /// Where a key was first, if it was before. If it was not, it is the next to come to the entries.
    pub fn first(&mut self, entries: &Entries<'_>, key: &str) -> Option<Span> {
        if entries.len() <= FEW {
            return entries.iter().find(|(known, _)| known.text == key).map(|(known, _)| known.span);
        }
        if self.places.is_empty() {
            (0..entries.len()).for_each(|at| self.put(entries, at, &entries[at].0.text));
        }
        let is_it = |&at: &u32| entries.get(at as usize).is_some_and(|(known, _)| known.text == key);
        if let Some(&at) = self.places.find(hash(key), is_it) {
            return entries.get(at as usize).map(|(known, _)| known.span);
        }
        self.put(entries, entries.len(), key);
        None
    }

    fn put(&mut self, entries: &Entries<'_>, at: usize, key: &str) {
        let again = |&at: &u32| entries.get(at as usize).map_or(0, |(known, _)| hash(&known.text));
        self.places.insert_unique(hash(key), at as u32, again);
    }
}

/// Keys come from people who review them, not from strangers: a fixed seed will do.
fn hash(key: &str) -> u64 {
    FixedState::with_seed(0).hash_one(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::{Style, Value};
    use std::borrow::Cow;

    #[test]
    fn the_first_place_is_kept_for_few_and_for_many() {
        let (mut seen, mut entries) = (Seen::default(), Vec::new());
        let at = |start| Span { file: 0, start, end: start };
        for n in 0..100 {
            let text = n.to_string();
            assert_eq!(seen.first(&entries, &text), None);
            let key = Key { span: at(n), text: Cow::Owned(text), style: Style::Plain };
            entries.push((key, Node { span: at(n), value: Value::Broken }));
            for n in 0..=n {
                assert_eq!(seen.first(&entries, &n.to_string()), Some(at(n)));
            }
        }
    }
}
