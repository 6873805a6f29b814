//! The board: one slot of plain atomics a gateway, read by every worker, written by the engine.

use crate::route::GatewayIx;
use crate::time::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

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
    /// At its `max_calls`: skipped, and no failure.
    Full,
    /// An operator's word: never tried.
    Disabled,
    /// Gone with a reload: never tried.
    Removed,
}

/// What the workers know about one gateway. Each word is whole by itself; a reader that meets two words in the middle
/// of a change sees the state before or after it, and either is right to act on.
#[derive(Debug, Default)]
pub struct Slot {
    /// Bits 0–1 what was observed, then the flags below.
    state: AtomicU8,
    /// The half-open place: [`CLOSED`], or the instant (in µs, shifted by two) from which the next call may take it,
    /// with [`OPEN`], and with [`TAKEN`] while a call has it.
    trial: AtomicU64,
    /// Resting until this instant, in µs.
    resting: AtomicU64,
}

const OBSERVED: u8 = 0b11;
const UP: u8 = 1;
const DOWN: u8 = 2;
const DISABLED: u8 = 4;
const REMOVED: u8 = 8;
/// Calls have failed since the last that was answered.
const FAILING: u8 = 16;
/// As many calls as it may have.
const FULL: u8 = 32;

const CLOSED: u64 = 0;
const OPEN: u64 = 1;
const TAKEN: u64 = 2;

/// A trial whose call never told how it went gives its place back after this time: longer than any wait for a first
/// response (64·T1 is 32 s), so that only an answer that was lost runs into it.
const TRIAL_LEASE: Duration = Duration::from_secs(64);

impl Slot {
    fn usability(&self, now: Instant) -> Usability {
        let state = self.state.load(Ordering::Acquire);
        if state & REMOVED != 0 {
            return Usability::Removed;
        }
        if state & DISABLED != 0 {
            return Usability::Disabled;
        }
        if state & FULL != 0 {
            return Usability::Full;
        }
        if state & OBSERVED == DOWN {
            return trial_of(self.trial.load(Ordering::Acquire), now);
        }
        if now.0 < self.resting.load(Ordering::Acquire) { Usability::Resting } else { Usability::Usable }
    }

    fn take_trial(&self, now: Instant) -> bool {
        let word = self.trial.load(Ordering::Acquire);
        self.usability(now) == Usability::Trial
            && trial_of(word, now) == Usability::Trial
            && self
                .trial
                .compare_exchange(word, trial_word(now + TRIAL_LEASE) | TAKEN, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
    }

    pub(super) fn observed(&self) -> Observed {
        match self.state.load(Ordering::Acquire) & OBSERVED {
            UP => Observed::Up,
            DOWN => Observed::Down,
            _ => Observed::Unknown,
        }
    }

    /// A gateway that is down: from `trial` on one call at a time may try it, `None` = none may.
    pub(super) fn set_down(&self, trial: Option<Instant>) {
        self.trial.store(trial.map_or(CLOSED, trial_word), Ordering::Release);
        self.set(OBSERVED, DOWN);
    }

    pub(super) fn set_observed(&self, observed: Observed) {
        match observed {
            Observed::Unknown => self.set(OBSERVED, 0),
            Observed::Up => self.set(OBSERVED, UP),
            Observed::Down => return self.set_down(None),
        }
        self.trial.store(CLOSED, Ordering::Release);
    }

    /// Nothing has been observed, and nothing rests.
    pub(super) fn forget(&self) {
        self.set(FAILING, 0);
        self.resting.store(0, Ordering::Release);
        self.set_observed(Observed::Unknown);
    }

    /// How long it still rests.
    pub(super) fn rests(&self, now: Instant) -> Duration {
        Instant(self.resting.load(Ordering::Acquire)).since(now)
    }

    pub(super) fn set_disabled(&self, disabled: bool) {
        self.set(DISABLED, if disabled { DISABLED } else { 0 });
    }

    pub(super) fn set_full(&self, full: bool) {
        self.set(FULL, if full { FULL } else { 0 });
    }

    pub(super) fn set_removed(&self) {
        self.set(REMOVED, REMOVED);
    }

    pub(super) fn set_failing(&self, failing: bool) {
        self.set(FAILING, if failing { FAILING } else { 0 });
    }

    /// The later of two ends of a rest counts.
    pub(super) fn rest_until(&self, until: Instant) {
        self.resting.fetch_max(until.0, Ordering::AcqRel);
    }

    fn set(&self, mask: u8, bits: u8) {
        // One writer, so the two steps can't lose anything; between them a reader never sees a third state.
        let state = self.state.load(Ordering::Acquire);
        self.state.store(state & !mask | bits, Ordering::Release);
    }
}

fn trial_word(from: Instant) -> u64 {
    from.0.min(u64::MAX >> 2) << 2 | OPEN
}

fn trial_of(word: u64, now: Instant) -> Usability {
    match word {
        CLOSED => Usability::Down,
        word if now.0 >= word >> 2 => Usability::Trial,
        word if word & TAKEN != 0 => Usability::TrialBusy,
        _ => Usability::Down,
    }
}

/// The slots in the order of one table's gateways. Slots are shared by the boards of successive revisions.
#[derive(Clone, Debug, Default)]
pub struct Board {
    pub slots: Arc<[Arc<Slot>]>,
}

impl Board {
    /// A board where all `n` gateways are usable, for `explain` and tests.
    pub fn all_up(n: usize) -> Board {
        let board = Board { slots: (0..n).map(|_| Arc::default()).collect() };
        board.slots.iter().for_each(|slot| slot.set_observed(Observed::Up));
        board
    }
    /// A gateway without a slot counts as removed.
    pub fn usability(&self, gateway: GatewayIx, now: Instant) -> Usability {
        self.slot(gateway).map_or(Usability::Removed, |slot| slot.usability(now))
    }
    /// Takes the one place of a half-open gateway; false when another call has it. Whoever takes it reports
    /// [`super::Evidence`] with `trial`, which gives the place back.
    pub fn take_trial(&self, gateway: GatewayIx, now: Instant) -> bool {
        self.slot(gateway).is_some_and(|slot| slot.take_trial(now))
    }
    /// Whether one more answer of a gateway changes nothing: it is up, and no call has failed since its last answer. Most
    /// calls need not tell the engine anything. What another worker's call is telling at this moment may come too late to
    /// be seen here, as it may in a queue.
    pub fn calm(&self, gateway: GatewayIx) -> bool {
        self.slot(gateway).is_some_and(|slot| slot.state.load(Ordering::Acquire) & (OBSERVED | FAILING) == UP)
    }
    /// What probes and calls have shown, whatever an operator says.
    pub fn observed(&self, gateway: GatewayIx) -> Observed {
        self.slot(gateway).map_or(Observed::Unknown, |slot| slot.observed())
    }
    /// Sets the observed state directly, for `explain --state` and tests.
    pub fn set_observed(&self, gateway: GatewayIx, observed: Observed) {
        if let Some(slot) = self.slot(gateway) {
            slot.set_observed(observed);
        }
    }
    /// Marks as disabled by an operator, for `explain --state` and tests.
    pub fn set_disabled(&self, gateway: GatewayIx, disabled: bool) {
        if let Some(slot) = self.slot(gateway) {
            slot.set_disabled(disabled);
        }
    }
    /// Marks as having all the calls that it may have, for `explain --state` and tests.
    pub fn set_full(&self, gateway: GatewayIx, full: bool) {
        if let Some(slot) = self.slot(gateway) {
            slot.set_full(full);
        }
    }
    /// Marks as resting after a 503, without an end, for `explain --live`.
    pub fn set_resting(&self, gateway: GatewayIx, resting: bool) {
        if let Some(slot) = self.slot(gateway) {
            slot.resting.store(if resting { u64::MAX } else { 0 }, Ordering::Release);
        }
    }
    fn slot(&self, gateway: GatewayIx) -> Option<&Arc<Slot>> {
        self.slots.get(gateway.0 as usize)
    }
}
