//! The hunt: which gateway is tried next, and when to stop (checklist F8, F12).

use crate::health::{Board, Usability};
use crate::route::{Attempt, Decision, Failover, GatewayIx, GroupIx, RouteIx, WhySkipped};
use crate::time::Instant;
use smallvec::SmallVec;
use std::sync::Arc;

/// No configuration raises `max_attempts` above this (checklist F8).
const HARD_CAP: u8 = 16;

pub(super) struct Hunt {
    attempts: SmallVec<[Attempt; 4]>,
    next: usize,
    /// The gateways of the attempts so far, each at the position that its attempt has in the record.
    pub tried: SmallVec<[GatewayIx; 4]>,
    began: Instant,
    pub failover: Arc<Failover>,
    /// What the table decided by.
    pub route: Option<RouteIx>,
    pub group: Option<GroupIx>,
}

pub(super) enum Next {
    /// Try this one; `trial`: it took the half-open gateway's place.
    Attempt {
        attempt: Attempt,
        trial: bool,
    },
    Exhausted,
}

impl Hunt {
    /// Takes the attempts out of the decision.
    pub fn new(decision: &mut Decision, failover: Arc<Failover>, now: Instant) -> Hunt {
        let attempts = std::mem::take(&mut decision.attempts);
        let (route, group) = (decision.route, decision.group);
        Hunt { attempts, next: 0, tried: SmallVec::new(), began: now, failover, route, group }
    }

    /// When the call came.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The next attempt. The live board is asked, not the one of the call's arrival: what an operator disabled, what
    /// is known to be down by now or gone with a reload is passed over and told to `skipped`; so is what a limit leaves.
    pub fn next(&mut self, now: Instant, board: &Board, mut skipped: impl FnMut(GatewayIx, &'static str)) -> Next {
        while let Some(attempt) = self.attempts.get(self.next) {
            let late = now.since(self.began) >= self.failover.max_setup_time && !self.tried.is_empty();
            let limit = match self.tried.len() >= usize::from(self.failover.max_attempts.min(HARD_CAP)) {
                true => Some("max_attempts"),
                false => late.then_some("max_setup_time"),
            };
            if let Some(limit) = limit {
                let rest = self.attempts.drain(self.next..);
                rest.for_each(|attempt| skipped(attempt.gateway, limit));
                return Next::Exhausted;
            }
            self.next += 1;
            let why = match board.usability(attempt.gateway, now) {
                Usability::Usable => None,
                Usability::Trial if attempt.down => None,
                Usability::Trial if board.take_trial(attempt.gateway, now) => {
                    self.tried.push(attempt.gateway);
                    return Next::Attempt { attempt: attempt.clone(), trial: true };
                }
                Usability::Trial | Usability::TrialBusy if !attempt.down => Some(WhySkipped::Trial),
                Usability::Down if !attempt.down => Some(WhySkipped::Down),
                Usability::Resting if !attempt.down => Some(WhySkipped::Resting),
                Usability::Full => Some(WhySkipped::Full),
                Usability::Disabled => Some(WhySkipped::Disabled),
                Usability::Removed => Some(WhySkipped::Removed),
                // The last resort: known to be down when the call came, and tried all the same.
                _ => None,
            };
            match why {
                Some(why) => skipped(attempt.gateway, why.word()),
                None => {
                    self.tried.push(attempt.gateway);
                    return Next::Attempt { attempt: attempt.clone(), trial: false };
                }
            }
        }
        Next::Exhausted
    }
}
