//! Where transactions are kept, found by a number that stays theirs: places are used again, and adding one moves none.

use super::pieces::Pieces;

const NONE: u32 = u32::MAX;

#[derive(Debug)]
enum Place<T> {
    /// The next free place.
    Free(u32),
    Taken(T),
}

#[derive(Debug)]
pub struct Shelf<T> {
    places: Pieces<Place<T>>,
    free: u32,
    taken: usize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf::new()
    }
}

impl<T> Shelf<T> {
    pub fn new() -> Shelf<T> {
        Shelf { places: Pieces::new(), free: NONE, taken: 0 }
    }

    pub fn len(&self) -> usize {
        self.taken
    }

    pub fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// The number that the next [`Shelf::insert`] gives.
    pub fn vacant_key(&self) -> usize {
        if self.free == NONE { self.places.len() } else { self.free as usize }
    }

    pub fn insert(&mut self, value: T) -> usize {
        self.taken += 1;
        if self.free == NONE {
            return self.places.push(Place::Taken(value));
        }
        let at = self.free as usize;
        if let Place::Free(next) = std::mem::replace(&mut self.places[at], Place::Taken(value)) {
            self.free = next;
        }
        at
    }

    pub fn get(&self, at: usize) -> Option<&T> {
        match self.places.get(at)? {
            Place::Taken(value) => Some(value),
            Place::Free(_) => None,
        }
    }

    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        match self.places.get_mut(at)? {
            Place::Taken(value) => Some(value),
            Place::Free(_) => None,
        }
    }

    /// Takes out what is there, if anything is.
    pub fn remove(&mut self, at: usize) -> Option<T> {
        let place = self.places.get_mut(at)?;
        if matches!(place, Place::Free(_)) {
            return None;
        }
        let Place::Taken(value) = std::mem::replace(place, Place::Free(self.free)) else { return None };
        self.free = at as u32;
        self.taken -= 1;
        Some(value)
    }

    /// In the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.places.iter().enumerate().filter_map(|(at, place)| match place {
            Place::Taken(value) => Some((at, value)),
            Place::Free(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_one_value_until_it_is_taken_out() {
        let mut shelf = Shelf::new();
        for n in 0..1000 {
            assert_eq!(shelf.vacant_key(), n);
            assert_eq!(shelf.insert(n), n);
        }
        for n in (0..1000).step_by(3) {
            assert_eq!(shelf.remove(n), Some(n));
            assert_eq!((shelf.remove(n), shelf.get(n)), (None, None));
        }
        assert_eq!(shelf.len(), 1000 - 334);
        assert!(shelf.iter().all(|(at, n)| at == *n && at % 3 != 0));
        // Places are used again before the shelf grows.
        for _ in 0..334 {
            let at = shelf.vacant_key();
            assert_eq!(shelf.insert(at), at);
            assert!(at < 1000 && at % 3 == 0);
        }
        assert_eq!((shelf.vacant_key(), shelf.len()), (1000, 1000));
        assert!(shelf.get_mut(2000).is_none());
    }

    #[test]
    fn a_place_costs_no_more_than_what_stands_in_it() {
        assert_eq!(size_of::<Place<(u64, Box<u8>)>>(), 16);
    }
}
