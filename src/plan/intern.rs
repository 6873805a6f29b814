//! Equal values under one number: what is compared a million times is compared as a number.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// Values in the order in which they were first met.
#[derive(Clone, Debug)]
pub struct Interner<T> {
    list: Vec<T>,
    places: HashTable<u32>,
    hasher: FixedState,
}

impl<T> Default for Interner<T> {
    fn default() -> Interner<T> {
        Interner { list: Vec::new(), places: HashTable::new(), hasher: FixedState::with_seed(0) }
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of a value, the same for equal ones.
    pub fn put(&mut self, value: T) -> u32 {
        let hash = self.hasher.hash_one(&value);
        let list = &mut self.list;
        let place = self.places.find(hash, |&at| list.get(at as usize) == Some(&value));
        if let Some(&known) = place {
            return known;
        }
        let at = list.len() as u32;
        list.push(value);
        let hasher = &self.hasher;
        let rehash = |&at: &u32| list.get(at as usize).map_or(0, |value| hasher.hash_one(value));
        self.places.insert_unique(hash, at, rehash);
        at
    }
}

impl<T> Interner<T> {
    /// The value behind a number that [`Interner::put`] gave.
    pub fn get(&self, at: u32) -> &T {
        &self.list[at as usize]
    }
    pub fn len(&self) -> usize {
        self.list.len()
    }
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.list)
    }
}

/// A map whose order of iteration nobody looks at, and which is the same in every run.
pub type Map<K, V> = std::collections::HashMap<K, V, FixedState>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_number() {
        let mut interner = Interner::default();
        assert_eq!(["a", "b", "a"].map(|text| interner.put(text.to_owned())), [0, 1, 0]);
        assert_eq!((interner.get(1).as_str(), interner.len()), ("b", 2));
    }
}
