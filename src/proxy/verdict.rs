//! How an attempt ended and what follows: another one, or which answer (checklist F1 to F5, F11, X25).

use crate::record::{Outcome as Fate, Why};
use crate::route::{Decision, Failover, FinalAnswer, Outcome, Reply};

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub code: u16,
    pub why: Why,
}

/// What the caller hears in the end, short of a 2xx.
#[derive(Clone, Copy)]
pub(super) struct Final<'a> {
    pub code: u16,
    pub reason: &'a str,
    /// Position of the attempt whose answer it is; `None`: made here, no gateway gave it.
    pub attempt: Option<u8>,
}

/// Whether an attempt that ended so is followed by another one (checklist F1 to F5; F4 is beyond configuration).
pub(super) fn retryable(failover: &Failover, end: End) -> bool {
    match end.why {
        Why::Timeout | Why::NoProgress => failover.retry_on.timeout,
        Why::Transport => failover.retry_on.transport,
        Why::NoAnswer => failover.retry_on.no_answer,
        Why::Replied => match end.code {
            ..=399 | 401 | 407 | 487 | 600.. => false,
            code => failover.retry_on.contains(code) && !failover.never_on.contains(code),
        },
        _ => false,
    }
}

/// The answer to a request that no gateway is asked about; `None` when there are attempts.
pub(super) fn verdict(decision: &Decision, failover: &Failover) -> Option<(Fate, Reply)> {
    Some(match &decision.outcome {
        Outcome::Attempts => return None,
        Outcome::Reject(reply) => (Fate::Rejected, reply.clone()),
        Outcome::NoGroup => (Fate::Rejected, Reply { code: 403, reason: "Forbidden".into() }),
        Outcome::NoRoute => (Fate::Rejected, failover.no_route.clone()),
        // checklist F11: the rule has no live gateway.
        Outcome::Unusable => (Fate::Failed, final_reply(failover)),
    })
}

/// The answer to a call that no gateway is asked about; `None` when there are attempts. `explain` asks here too.
pub fn refusal(decision: &Decision, failover: &Failover) -> Option<Reply> {
    verdict(decision, failover).map(|(_, reply)| reply)
}

/// What the Warning of such an answer says (checklist X25).
pub(super) fn why_refused(decision: &Decision) -> &'static str {
    match decision.outcome {
        Outcome::NoGroup => "no group takes calls from there",
        Outcome::NoRoute => "no route takes this number",
        Outcome::Unusable => "no gateway of the route is usable",
        Outcome::Reject(_) | Outcome::Attempts => "",
    }
}

/// The `final` of a hunt that has no gateway's answer to pass on.
pub(super) fn final_reply(failover: &Failover) -> Reply {
    match &failover.final_answer {
        FinalAnswer::Reply(reply) => reply.clone(),
        FinalAnswer::Last | FinalAnswer::Best => Reply { code: 503, reason: "Service not available".into() },
    }
}
