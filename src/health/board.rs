//! The board: one slot of plain atomics a gateway, read by every worker, written by the engine.

use crate::route::GatewayIx;
use crate::time::Instant;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// Not probed yet: counts as up in its declared place.
    Unknown,
    Up,
    Down,
}

/// Whether a new attempt may use a gateway now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usability {
    Usable,
    /// Half-open: down by calls, and one call at a time may try it; [`Board::take_trial`] must succeed first.
    Trial,
    /// Half-open, and its one trial call is running.
    TrialBusy,
    Down,
    /// After a 503 with Retry-After; usable when nothing else is left.
    Resting,
    /// An operator's word: never tried.
    Disabled,
    /// Gone with a reload: never tried.
    Removed,
}

#[derive(Debug, Default)]
pub struct Slot {
    _state: AtomicU64,
}

/// The slots in the order of one table's gateways. Slots are shared by the boards of successive revisions.
#[derive(Clone, Debug, Default)]
pub struct Board {
    pub slots: Arc<[Arc<Slot>]>,
}

impl Board {
    /// A board where all `n` gateways are usable, for `explain` and tests.
    pub fn all_up(_n: usize) -> Board {
        todo!()
    }
    pub fn usability(&self, _gateway: GatewayIx, _now: Instant) -> Usability {
        todo!()
    }
    /// Takes the one place of a half-open gateway; false when another call has it.
    pub fn take_trial(&self, _gateway: GatewayIx, _now: Instant) -> bool {
        todo!()
    }
    /// Sets the observed state directly, for `explain --state` and tests.
    pub fn set_observed(&self, _gateway: GatewayIx, _observed: Observed) {
        todo!()
    }
    /// Marks as disabled by an operator, for `explain --state` and tests.
    pub fn set_disabled(&self, _gateway: GatewayIx, _disabled: bool) {
        todo!()
    }
}
