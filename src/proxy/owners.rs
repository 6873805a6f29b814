//! Which server transaction a request belongs to (RFC 3261 §17.2.3): a table of four bytes a transaction. The keys stand
//! in the transactions themselves, so that the table is small where it grows, and has to be twice there for a moment.

use super::Core;
use super::call::Call;
use super::exchange::Exchange;
use crate::transaction::{Key, Shelf};
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

    fn key(self, calls: &Shelf<Call>, exchanges: &Shelf<Exchange>) -> Option<Key> {
        match self.owner() {
            Owner::Call(ix) => calls.get(ix as usize).map(|call| call.key),
            Owner::Exchange(ix) => exchanges.get(ix as usize).map(|exchange| exchange.key),
        }
    }
}

impl Core {
    pub(super) fn owner(&self, key: Key) -> Option<Owner> {
        let same = |packed: &Packed| packed.key(&self.calls, &self.exchanges) == Some(key);
        self.owners.0.find(key.hash(), same).map(|packed| packed.owner())
    }

    /// From now on requests with the key of this transaction are its own. It must be in its table already.
    pub(super) fn own(&mut self, key: Key, owner: Owner) {
        let Core { owners, calls, exchanges, .. } = self;
        let hash = |packed: &Packed| packed.key(calls, exchanges).map_or(0, Key::hash);
        owners.0.insert_unique(key.hash(), Packed::of(owner), hash);
    }

    /// The transaction is gone.
    pub(super) fn disown(&mut self, key: Key, owner: Owner) {
        if let Ok(entry) = self.owners.0.find_entry(key.hash(), |packed| *packed == Packed::of(owner)) {
            entry.remove();
        }
    }
}
