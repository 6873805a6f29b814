//! When to look at the files: not while somebody is still writing them (CONFIG-AND-CLI (d) 2). Pure: the time is handed
//! in.

use crate::time::Instant;
use std::time::Duration;

/// So long nothing may happen before the files are read …
const QUIET: Duration = Duration::from_millis(250);
/// … but no longer than this after the first hint: an editor that saves all the time must not keep a change out.
const LONGEST: Duration = Duration::from_secs(3);
/// Files that still change after this are complained about (TL0802).
const RESTLESS: Duration = Duration::from_secs(10);
/// A file that is away for less than this is being replaced, not deleted.
const AWAY: Duration = Duration::from_secs(1);

/// Hints come in, the moment to look comes out.
#[derive(Debug, Default)]
pub struct Settle {
    waiting: Option<Waiting>,
    /// The first hint since the files were last found settled.
    since: Option<Instant>,
    complained: bool,
}

#[derive(Debug)]
struct Waiting {
    first: Instant,
    last: Instant,
}

impl Settle {
    /// Something may have changed.
    pub fn hint(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        match &mut self.waiting {
            Some(waiting) => waiting.last = now,
            None => self.waiting = Some(Waiting { first: now, last: now }),
        }
    }

    /// When the files are to be looked at.
    pub fn due(&self) -> Option<Instant> {
        let waiting = self.waiting.as_ref()?;
        Some((waiting.last + QUIET).min(waiting.first + LONGEST))
    }

    /// The look begins; hints from now on are for the next one.
    pub fn looking(&mut self) {
        self.waiting = None;
    }

    /// The look found the files moving: another one after the next quiet. True when it is time to complain, once.
    pub fn moving(&mut self, now: Instant) -> bool {
        self.hint(now);
        let restless = self.since.is_some_and(|since| now.since(since) >= RESTLESS);
        restless && !std::mem::replace(&mut self.complained, true)
    }

    /// The look found no file. True while it may be in the middle of being replaced; then another look is due.
    pub fn away(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let replaced = now.since(since) < AWAY;
        if replaced {
            self.hint(now);
        }
        replaced
    }

    /// Whether somebody who is still writing can be waited for.
    pub fn patient(&self, now: Instant) -> bool {
        self.since.is_none_or(|since| now.since(since) < RESTLESS)
    }

    /// The look found the files as they are.
    pub fn settled(&mut self) {
        if self.waiting.is_none() {
            self.since = None;
            self.complained = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant(ms * 1000)
    }

    #[test]
    fn looks_after_250_ms_of_quiet() {
        let mut settle = Settle::default();
        assert_eq!(settle.due(), None);
        settle.hint(at(0));
        assert_eq!(settle.due(), Some(at(250)));
        settle.hint(at(200));
        assert_eq!(settle.due(), Some(at(450)));
        settle.looking();
        assert_eq!(settle.due(), None);
    }

    #[test]
    fn looks_after_3_s_however_restless() {
        let mut settle = Settle::default();
        (0..40).for_each(|n| settle.hint(at(n * 100)));
        assert_eq!(settle.due(), Some(at(3000)));
    }

    #[test]
    fn complains_once_after_10_s_of_moving_files() {
        let mut settle = Settle::default();
        settle.hint(at(0));
        let mut complaints = Vec::new();
        for second in 1..30 {
            settle.looking();
            if settle.moving(at(second * 1000)) {
                complaints.push(second);
            }
        }
        assert_eq!(complaints, [10]);
        settle.looking();
        settle.settled();
        settle.hint(at(60_000));
        settle.looking();
        assert!(!settle.moving(at(61_000)), "a new story");
    }

    #[test]
    fn a_file_that_is_away_for_a_moment_is_waited_for() {
        let mut settle = Settle::default();
        settle.hint(at(0));
        settle.looking();
        assert!(settle.away(at(250)));
        assert_eq!(settle.due(), Some(at(500)));
        settle.looking();
        assert!(!settle.away(at(1000)), "deleted");
        assert_eq!(settle.due(), None);
    }
}
