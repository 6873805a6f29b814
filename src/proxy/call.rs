//! What is kept of a call: the caller's INVITE transaction, the branches towards gateways, and, until it is decided,
//! everything needed to go on hunting.

use super::alarm::Alarm;
use super::hunt::Hunt;
use super::rows::Close;
use crate::flow::Flow;
use crate::record::{Leg, Record, RecordId, Why};
use crate::route::GatewayIx;
use crate::sip::Stored;
use crate::time::Instant;
use crate::transaction::{InviteClient, InviteServer, Key, NonInviteClient};
use smallvec::SmallVec;
use std::sync::Arc;

/// An INVITE's server transaction and response context (RFC 3261 §16.7). Small, for it outlives the set-up by 32 s.
pub(super) struct Call {
    pub key: Key,
    pub server: InviteServer,
    /// Where its responses go (RFC 3261 §18.2.2, RFC 3581 §4).
    pub reply_to: Flow,
    pub alarm: Alarm,
    /// The last response sent, for retransmissions. `None`: the 100, made anew from the repeated INVITE.
    pub last: Option<Box<[u8]>>,
    /// The caller's CANCEL came before a final.
    pub cancelled: bool,
    /// Client transactions that still live.
    pub branches: SmallVec<[u32; 2]>,
    /// Dropped as soon as the call's fate is sealed and written down.
    pub setup: Option<Box<Setup>>,
    /// The record that was opened by the first 2xx.
    pub open: Option<RecordId>,
    /// Answered: how its ACK is known when it passes.
    pub awaited_ack: Option<u64>,
}

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

/// One INVITE client transaction.
pub(super) struct Branch {
    pub nonce: u64,
    pub call: u32,
    pub client: InviteClient,
    pub flow: Flow,
    pub alarm: Alarm,
    /// The INVITE as sent; after a failure its ACK; nothing after a 2xx.
    pub sent: Option<Box<[u8]>>,
    pub role: Role,
    pub phase: Phase,
    /// When the proxy's patience ends: attempt, progress, ring or give-up time, timer C.
    pub wait: Option<Instant>,
    /// When a 180 was first seen: `ring_timeout` runs from there.
    pub rang_at: Option<Instant>,
    pub cancel: Cancel,
    /// Position among the call's attempts.
    pub attempt: u8,
    /// `None` inside a dialog.
    pub gateway: Option<GatewayIx>,
    pub started: Instant,
    /// It is the one trial call of a half-open gateway.
    pub trial: bool,
    /// The health engine has heard of this attempt.
    pub judged: bool,
    /// The answered legs that the record knows.
    pub legs: SmallVec<[Leg; 1]>,
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

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub code: u16,
    pub why: Why,
}

impl Branch {
    pub fn deadline(&self) -> Option<Instant> {
        let cancel = match &self.cancel {
            Cancel::Sent(cancel) => cancel.client.deadline(),
            _ => None,
        };
        let wait = if self.client.pending() { self.wait } else { None };
        self.client.deadline().into_iter().chain(wait).chain(cancel).min()
    }
}
