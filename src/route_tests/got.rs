//! The answer to a test's call, in names: it can be compared with an expectation, and with the answer of another revision.

use super::order;
use crate::proxy::Snapshot;
use crate::question::{Answer, percent_digits};
use crate::route::{AtPosition, Line, Reply};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Got {
    /// `attempts`, `reject` or `access`.
    pub outcome: &'static str,
    pub group: Option<Arc<str>>,
    pub route: Option<Arc<str>>,
    /// All that may come; with chance in it, in many orders ([`Got::may_follow`]).
    pub attempts: Vec<GotAttempt>,
    pub reject: Option<Reply>,
    /// What the access rules do to a stranger: `drop` or `reject`.
    pub access: Option<&'static str>,
    order: Vec<Line>,
    /// The attempts that may be first, as they are shown: `carrier-a 70 % | carrier-b 30 %`.
    first_words: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GotAttempt {
    pub gateway: Arc<str>,
    pub number: String,
    /// The probability that it is the first.
    pub share: f64,
    /// Known to be down, and tried as the last resort.
    pub down: bool,
}

impl Got {
    pub(super) fn of(answer: &Answer, snapshot: &Snapshot) -> Got {
        let table = &snapshot.table;
        let decision = &answer.decision;
        let attempts: Vec<GotAttempt> = decision
            .attempts
            .iter()
            .map(|attempt| GotAttempt {
                gateway: Arc::clone(&table.gateway(attempt.gateway).id),
                number: String::from_utf8_lossy(&attempt.number).into_owned(),
                share: attempt.share,
                down: attempt.down,
            })
            .collect();
        let first = decision.positions().into_iter().next().map(|position| position.what);
        let name = |at: usize| attempts.get(at).map_or("", |attempt| &attempt.gateway);
        let first_words = match first {
            Some(AtPosition::One(at)) => name(at).to_owned(),
            Some(AtPosition::OneOf(some)) => shares(some.iter().map(|&(at, share)| (name(at), share))),
            Some(AtPosition::Others { .. }) | None => String::new(),
        };
        Got {
            outcome: answer.outcome(),
            group: decision.group.map(|group| Arc::clone(&table.group(group).id)),
            route: decision.route.map(|route| Arc::clone(&table.route(route).id)),
            reject: answer.refused.clone(),
            access: answer.access(snapshot),
            order: decision.order.clone(),
            first_words,
            attempts,
        }
    }

    /// Whether the attempts may come in this order, each standing by its position in `attempts`; all of them.
    pub(super) fn may_follow(&self, sequence: &[usize]) -> bool {
        order::may_follow(&self.order, sequence)
    }

    /// The attempts in one order in which they may come.
    pub fn one_course(&self) -> impl Iterator<Item = &GotAttempt> {
        order::as_written(&self.order).into_iter().filter_map(|at| self.attempts.get(at))
    }

    pub(super) fn first_words(&self) -> &str {
        &self.first_words
    }
}

/// `carrier-a 70 % | carrier-b 30 %`.
pub(super) fn shares<'n>(shares: impl Iterator<Item = (&'n str, f64)>) -> String {
    shares.map(|(name, share)| format!("{name} {}", percent(share))).collect::<Vec<_>>().join(" | ")
}

/// `70 %`, `33.3333 %`: as exact as a file can say it.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", percent_digits(share))
}
