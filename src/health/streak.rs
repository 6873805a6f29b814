//! Failures and successes in a row, and the words for them.

use super::ProbeResult;

/// How something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Silent,
    Undelivered,
    /// Answered, but not as somebody who is alive does.
    Code(u16),
}

/// What happened last, and how often in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Streak {
    failures: u32,
    successes: u32,
    last: Option<Failure>,
    /// Not all failures of this streak were of the same kind.
    mixed: bool,
}

impl Failure {
    /// `None` when the result is no failure by itself.
    pub(super) fn of(result: ProbeResult) -> Option<Failure> {
        match result {
            ProbeResult::Timeout => Some(Failure::Silent),
            ProbeResult::Transport => Some(Failure::Undelivered),
            ProbeResult::Code { .. } | ProbeResult::Nothing => None,
        }
    }

    pub(super) fn words(self) -> String {
        match self {
            Failure::Silent => "without an answer".to_owned(),
            Failure::Undelivered => "not delivered".to_owned(),
            Failure::Code(code) => format!("answered with {code}"),
        }
    }
}

impl Streak {
    /// One more failure; how many in a row it makes.
    pub(super) fn failed(&mut self, failure: Failure) -> u32 {
        if self.failures == 0 {
            *self = Streak::default();
        } else if self.last != Some(failure) {
            self.mixed = true;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = Some(failure);
        self.failures
    }

    /// One more success; how many in a row it makes.
    pub(super) fn succeeded(&mut self) -> u32 {
        let successes = self.successes.saturating_add(1);
        *self = Streak { successes, ..Streak::default() };
        successes
    }

    /// `3 probes without an answer`, `2 probes answered`.
    pub(super) fn words(&self, what: &str) -> String {
        let count = |n: u32| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        match self.last {
            None => format!("{} answered", count(self.successes)),
            Some(last) if self.mixed => format!("{} failed, the last {}", count(self.failures), last.words()),
            Some(last) => format!("{} {}", count(self.failures), last.words()),
        }
    }
}
