//! The order in which a core handles what is due at the same moment. In `run` it does not matter, and is that of the
//! timing wheel. In simulation it must not depend on how calls are spread over workers, so that runs with any number of
//! them end alike: it goes by the hash that says who owns a call, the last first.

use super::Core;
use super::alarm::{Packed, Timer};
use super::owners::Owner;
use crate::flow::call_hash;
use std::cmp::Reverse;

/// The hash of each server transaction's Call-ID, by its place in its table.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Seed of the hash, the same for all workers. `None`: nobody asked for an order, and nothing is noted.
    seed: Option<u64>,
    /// Of the datagram that is being handled.
    present: u64,
    calls: Vec<u64>,
    exchanges: Vec<u64>,
}

impl Places {
    /// What transactions come of this datagram belong to its Call-ID.
    pub fn arrived(&mut self, datagram: &[u8]) {
        let Some(seed) = self.seed else { return };
        self.present = crate::sip::call_id_of(datagram).map_or(0, |call_id| call_hash(call_id, seed));
    }

    pub fn put(&mut self, owner: Owner) {
        if self.seed.is_none() {
            return;
        }
        let (list, ix) = match owner {
            Owner::Call(ix) => (&mut self.calls, ix as usize),
            Owner::Exchange(ix) => (&mut self.exchanges, ix as usize),
        };
        list.resize(list.len().max(ix + 1), 0);
        list[ix] = self.present;
    }
}

impl Core {
    pub fn order_by(&mut self, seed: u64) {
        self.places.seed = Some(seed);
    }

    /// The timers of one call keep their order.
    pub(super) fn sort_timers(&self, timers: &mut [Packed]) {
        timers.sort_by_key(|timer| {
            Reverse(match timer.timer() {
                Timer::Call(ix) => self.place_of_call(ix),
                Timer::Branch(ix) => self.place_of_branch(ix),
                Timer::Exchange(ix) => self.places.exchanges.get(ix as usize).copied().unwrap_or(0),
                Timer::Probe(_) => 0,
            })
        });
    }

    pub(super) fn sort_branches(&self, branches: &mut [u32]) {
        branches.sort_by_key(|ix| Reverse(self.place_of_branch(*ix)));
    }

    fn place_of_branch(&self, ix: u32) -> u64 {
        self.branches.get(ix as usize).map_or(0, |branch| self.place_of_call(branch.call))
    }

    fn place_of_call(&self, ix: u32) -> u64 {
        self.places.calls.get(ix as usize).copied().unwrap_or(0)
    }
}
