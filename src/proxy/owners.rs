//! Which server transaction a request belongs to (RFC 3261 §17.2.3): a table of four bytes a transaction. The keys stand
//! in the transactions themselves, so that the table is small where it grows, and has to be twice there for a moment.

use crate::transaction::Key;
use hashbrown::HashTable;

/// Which server transaction a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Call(u32),
    Exchange(u32),
}

/// An [`Owner`] in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed(u32);

const EXCHANGE: u32 = 1 << 31;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Owners(HashTable<Packed>);

impl Packed {
    fn of(owner: Owner) -> Packed {
        match owner {
            Owner::Call(ix) => Packed(ix),
            Owner::Exchange(ix) => Packed(ix | EXCHANGE),
        }
    }

    fn owner(self) -> Owner {
        match self.0 & EXCHANGE {
            0 => Owner::Call(self.0),
            _ => Owner::Exchange(self.0 & !EXCHANGE),
        }
    }
}

/// `key_of` is asked for the keys that stand in the transactions.
impl Owners {
    pub fn find(&self, key: Key, key_of: impl Fn(Owner) -> Option<Key>) -> Option<Owner> {
        self.0.find(key.hash(), |packed| key_of(packed.owner()) == Some(key)).map(|packed| packed.owner())
    }

    /// Requests with this key are `owner`'s from now on. It must be in its table already.
    pub fn insert(&mut self, key: Key, owner: Owner, key_of: impl Fn(Owner) -> Option<Key>) {
        self.0.insert_unique(key.hash(), Packed::of(owner), |packed| key_of(packed.owner()).map_or(0, Key::hash));
    }

    pub fn remove(&mut self, key: Key, owner: Owner) {
        if let Ok(entry) = self.0.find_entry(key.hash(), |packed| *packed == Packed::of(owner)) {
            entry.remove();
        }
    }
}
