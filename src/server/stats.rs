//! A worker in figures.

use super::{outbox, peers};
use crate::worker::{Counters, Load};

/// What a worker has counted since it began, and how much of it is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub counters: Counters,
    pub load: Load,
    pub sending: outbox::Counters,
    pub handing: peers::Counters,
    /// Times that the thread woke up.
    pub wakes: u64,
    /// The most datagrams that it found in its hand-over queue since its figures were last asked for.
    pub deepest: u64,
    /// How often it began to refuse new calls because it did not keep up.
    pub pressed: u64,
}

impl Stats {
    /// Those of two workers together; of the deepest queues the deeper.
    pub fn plus(self, other: Stats) -> Stats {
        Stats {
            counters: self.counters.plus(other.counters),
            load: self.load.plus(other.load),
            sending: self.sending.plus(other.sending),
            handing: self.handing.plus(other.handing),
            wakes: self.wakes + other.wakes,
            deepest: self.deepest.max(other.deepest),
            pressed: self.pressed + other.pressed,
        }
    }
}
