//! What came of a run.

use super::caller::{Caller, Ending};
use super::errand::Errand;
use super::invariants::{Breach, Tally};
use super::monitor::Monitor;
use std::hash::BuildHasher;
use std::time::Duration;

/// Counts over a run, for people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    pub calls: u64,
    pub answered: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub rejected: u64,
    /// Requests that are no calls.
    pub others: u64,
    /// Callers that heard nothing at all.
    pub unheard: u64,
    pub attempts: u64,
    pub repeats: u64,
    pub records: u64,
    pub reloads: u64,
    pub kills: u64,
    pub crashes: u64,
}

impl Summary {
    pub(super) fn count(&mut self, caller: &Caller, monitor: &Monitor) {
        self.attempts += u64::from(monitor.attempts);
        self.repeats += u64::from(monitor.repeats);
        if caller.plan.errand != Errand::Call {
            self.others += 1;
            return;
        }
        self.calls += 1;
        match caller.ending {
            Ending::Answered => self.answered += 1,
            Ending::Failed(487) if caller.cancelled => self.cancelled += 1,
            Ending::Failed(_) if monitor.attempts == 0 => self.rejected += 1,
            Ending::Failed(_) => self.failed += 1,
            Ending::TimedOut | Ending::Open => self.unheard += 1,
        }
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    pub tally: Tally,
    pub summary: Summary,
    /// Calls that were begun.
    pub begun: u64,
    pub virtual_time: Duration,
    pub datagrams: u64,
    pub lost: u64,
    pub probes: u64,
    /// Most calls alive at a time.
    pub peak: usize,
    pub trace: Vec<String>,
    /// The latest turns of the gateways, reloads and kills.
    pub turns: Vec<String>,
    /// How each call ended for its caller, by its number: 0 not at all, 1 timed out, else the code of its final.
    pub endings: Vec<u16>,
}

impl Report {
    /// One number for how all calls ended: equal for runs that ended alike.
    pub fn digest(&self) -> u64 {
        foldhash::fast::FixedState::with_seed(0).hash_one(&self.endings)
    }

    pub fn breach(&self) -> Option<&Breach> {
        self.tally.breach.as_ref()
    }
}
