//! What is kept of a call: the caller's INVITE transaction, the branches towards gateways, and, until it is decided,
//! everything needed to go on hunting.

use super::Effects;
use super::alarm::Alarm;
use super::hunt::Hunt;
use super::leg::Close;
use super::peers::Peer;
use crate::flow::Flow;
use crate::record::{Leg, Record};
use crate::route::GatewayIx;
use crate::sip::{Extra, Stored, response};
use crate::time::Instant;
use crate::transaction::{InviteClient, InviteServer, Key, NonInviteClient};
use smallvec::SmallVec;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

/// An INVITE's server transaction and response context (RFC 3261 §16.7). Small, for it outlives the set-up by 32 s.
pub(super) struct Call {
    pub key: Key,
    pub server: InviteServer,
    /// Where its responses go (RFC 3261 §18.2.2, RFC 3581 §4).
    pub reply_to: Peer,
    pub alarm: Alarm,
    /// The client transaction begun last, of those that still live; each names the one before.
    pub newest: Option<BranchIx>,
    /// The last response sent, for retransmissions. `None`: the 100, made anew.
    pub last: Option<Box<[u8]>>,
    /// Dropped as soon as the call's fate is sealed and written down.
    pub setup: Option<Box<Setup>>,
    /// The number of the record that was opened by the first 2xx.
    pub open: Option<NonZeroU64>,
    /// Answered: how its ACK is known when it passes.
    pub awaited_ack: Option<NonZeroU64>,
    /// The caller's CANCEL came before a final.
    pub cancelled: bool,
}

/// The place of a branch, in four bytes where there may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BranchIx(NonZeroU32);

/// What a call in set-up holds on to. It keeps the revision that accepted its INVITE (checklist F26).
pub(super) struct Setup {
    pub request: Stored,
    pub source: Flow,
    pub loaded: Arc<super::Loaded>,
    pub plan: Plan,
    /// The record so far; `None` when nobody wants records, and for re-INVITEs.
    pub record: Option<Box<Record>>,
    /// The best failure so far, for `final: last` and `final: best`.
    pub held: Option<Held>,
    /// Reason header lines of the last failure (RFC 6432).
    pub reason: Box<[u8]>,
    pub loop_hash: u32,
    pub drop_identity: bool,
    /// Early media or a reliable provisional reached the caller: no other gateway is tried (checklist F6).
    pub progressed: bool,
}

/// Where the INVITE may go. It lives in the boxed set-up, so the larger variant costs nothing more.
#[allow(clippy::large_enum_variant)]
pub(super) enum Plan {
    /// A new call: gateway after gateway.
    Hunt(Hunt),
    /// Inside a dialog: one way, no failover (checklist X26). The leg that a 408 or 481 finds dead (checklist F27).
    Dialog(Option<Close>),
}

/// A failure kept for later, without our Via.
pub(super) struct Held {
    pub code: u16,
    /// Position of the attempt that ended so.
    pub attempt: u8,
    pub bytes: Box<[u8]>,
}

/// One INVITE client transaction. After its 2xx only this much of it is left.
pub(super) struct Branch {
    pub nonce: u64,
    pub client: InviteClient,
    /// What is needed until the 2xx.
    pub asked: Option<Box<Asked>>,
    /// The answered legs that the record knows.
    pub legs: Legs,
    pub call: u32,
    /// The call's branch before this one.
    pub older: Option<BranchIx>,
    pub alarm: Alarm,
    /// Position among the call's attempts.
    pub attempt: u8,
    pub role: Role,
}

/// A branch that has had no 2xx.
pub(super) struct Asked {
    pub flow: Flow,
    /// The INVITE as sent; after a failure its ACK; nothing after a 2xx.
    pub sent: Option<Box<[u8]>>,
    pub phase: Phase,
    /// When the proxy's patience ends: attempt, progress, ring or give-up time, timer C.
    pub wait: Option<Instant>,
    /// When a 180 was first seen: `ring_timeout` runs from there.
    pub rang_at: Option<Instant>,
    pub cancel: Cancel,
    /// `None` inside a dialog.
    pub gateway: Option<GatewayIx>,
    pub started: Instant,
    /// It is the one trial call of a half-open gateway.
    pub trial: bool,
    /// The health engine has heard of this attempt.
    pub judged: bool,
}

/// The legs of one branch: one, but where a gateway forks behind itself.
#[derive(Default)]
pub(super) struct Legs {
    first: Option<Leg>,
    more: Option<Box<SmallVec<[Leg; 4]>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The call's fate hangs on it.
    Running,
    /// Given up: the hunt went on, or another branch answered. Still owes its final.
    Abandoned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Silent,
    /// A 100 and nothing else.
    Trying,
    /// 101–199.
    Ringing,
}

pub(super) enum Cancel {
    No,
    /// To be sent when a 1xx comes, never before (checklist X19). Holds its Reason lines.
    Wanted(Box<[u8]>),
    Sent(Box<CancelClient>),
}

/// The CANCEL's own client transaction.
pub(super) struct CancelClient {
    pub client: NonInviteClient,
    pub bytes: Box<[u8]>,
}

impl Call {
    pub fn new(key: Key, server: InviteServer, reply_to: Peer) -> Call {
        Call {
            key,
            server,
            reply_to,
            alarm: Alarm::default(),
            newest: None,
            last: None,
            setup: None,
            open: None,
            awaited_ack: None,
            cancelled: false,
        }
    }

    /// The caller gets the last response once more, or the 100 that was not needed until now: without a To tag, the
    /// Timestamp copied (checklist X1).
    pub fn answer_again(&self, out: &mut Effects) {
        let start = out.arena.len();
        match (&self.last, &self.setup) {
            (Some(last), _) => out.arena.extend_from_slice(last),
            (None, Some(setup)) => {
                let extra = Extra { source: Some(setup.source.remote), ..Extra::default() };
                response(&setup.request.message(), 100, "Trying", extra, &mut out.arena);
            }
            (None, None) => return,
        }
        out.send_from(start, *self.reply_to);
    }
}

impl BranchIx {
    pub fn of(ix: u32) -> BranchIx {
        BranchIx(NonZeroU32::MIN.saturating_add(ix))
    }

    pub fn place(self) -> u32 {
        self.0.get() - 1
    }
}

impl Asked {
    /// The INVITE goes out now; `wait` ends the patience for a first response.
    pub fn new(now: Instant, flow: Flow, sent: &[u8], wait: Option<Instant>) -> Asked {
        Asked {
            flow,
            sent: Some(sent.into()),
            phase: Phase::Silent,
            wait,
            rang_at: None,
            cancel: Cancel::No,
            gateway: None,
            started: now,
            trial: false,
            judged: false,
        }
    }

    /// Whether a CANCEL is on its way or wanted.
    pub fn cancelling(&self) -> bool {
        !matches!(self.cancel, Cancel::No)
    }
}

impl Legs {
    /// False when it was known.
    pub fn add(&mut self, leg: Leg) -> bool {
        match self.first {
            None => self.first = Some(leg),
            Some(first) if first == leg => return false,
            Some(_) => {
                let more = self.more.get_or_insert_default();
                if more.contains(&leg) {
                    return false;
                }
                more.push(leg);
            }
        }
        true
    }
}

impl Branch {
    pub fn new(call: u32, nonce: u64, client: InviteClient, attempt: u8, asked: Asked) -> Branch {
        Branch {
            nonce,
            client,
            asked: Some(Box::new(asked)),
            legs: Legs::default(),
            call,
            older: None,
            alarm: Alarm::default(),
            attempt,
            role: Role::Running,
        }
    }

    /// The call hangs on it, and its final may still come.
    pub fn running(&self) -> bool {
        self.role == Role::Running && self.client.pending()
    }

    /// A 2xx came: nothing is sent again, and nothing waited for. Not a CANCEL either: it has nothing left to stop
    /// (RFC 3261 §9.1).
    pub fn answered(&mut self) {
        self.asked = None;
    }

    pub fn deadline(&self) -> Option<Instant> {
        let own = self.client.deadline();
        let Some(asked) = self.asked.as_deref() else { return own };
        let cancel = match &asked.cancel {
            Cancel::Sent(cancel) => cancel.client.deadline(),
            _ => None,
        };
        let wait = if self.client.pending() { asked.wait } else { None };
        own.into_iter().chain(wait).chain(cancel).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_half_a_minute_stays_small() {
        assert_eq!((size_of::<Call>(), size_of::<Branch>()), (104, 72));
    }

    #[test]
    fn each_leg_counts_once() {
        let mut legs = Legs::default();
        let new = [1, 2, 1, 3, 2, 3].map(|leg| legs.add(Leg(leg)));
        assert_eq!(new, [true, true, false, true, false, false]);
    }
}
