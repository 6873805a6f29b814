//! Which worker a worker is, and whose is what it receives: one rule for the process and for the simulation.

use super::handover::{owner, peek_call_id};

/// The worker with the health engine: reloads, evidence and operators' words go to it.
pub const HEALTH: usize = 0;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub index: usize,
    pub workers: usize,
    /// The same for all workers of a process.
    pub owner_seed: u64,
}

impl Place {
    /// The worker that handles a datagram which this one has received. Without a Call-ID it belongs to whoever has it.
    pub fn handler(&self, datagram: &[u8]) -> usize {
        self.named(datagram).unwrap_or(self.index)
    }

    /// As [`Place::handler`], for what came back undelivered: its error arrives at the socket that the peer's address
    /// hashes to, whichever worker sent it. `None`: without a Call-ID every worker has to look.
    pub fn handler_of_undelivered(&self, sent: &[u8]) -> Option<usize> {
        self.named(sent)
    }

    /// All workers but this one.
    pub fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let index = self.index;
        (0..self.workers).filter(move |other| *other != index)
    }

    pub(super) fn owns(&self, call_id: &[u8]) -> bool {
        owner(call_id, self.workers, self.owner_seed) == self.index
    }

    /// Seeds of successive workers differ, so they never draw the same branch or record id: ChaCha under another key.
    pub(super) fn seed(&self, mut seed: [u8; 32]) -> [u8; 32] {
        seed.iter_mut().zip((self.index as u64).to_le_bytes()).for_each(|(byte, own)| *byte ^= own);
        seed
    }

    /// A worker alone owns every call: nothing has to be looked for.
    fn named(&self, bytes: &[u8]) -> Option<usize> {
        if self.workers < 2 {
            return Some(self.index);
        }
        peek_call_id(bytes).map(|id| owner(id, self.workers, self.owner_seed))
    }
}
