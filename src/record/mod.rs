//! Call records: what is written down about a call, exactly once (CONFIG-AND-CLI parts (f) and (g)).
//!
//! The proxy emits [`Row`]s; the ledger (off the hot path) joins them into finished [`Record`]s. The core keeps
//! nothing about an established call: the BYE's cookie names the record.

mod ledger;

pub use ledger::{Ledger, Tally};

use crate::time::Wall;
use std::net::SocketAddr;
use std::sync::Arc;

/// A record's number: unique over restarts (random high bits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u64);

/// Names one answered leg of a record: a hash of attempt number and the callee's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leg(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Answered,
    Failed,
    Cancelled,
    Rejected,
    /// Answered, and no BYE came within `max_duration`.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    Caller,
    Callee,
    Router,
}

/// Why an attempt ended as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The gateway's own final response; the code stands beside it.
    Replied,
    /// No response at all within `attempt_timeout` (a 408 made here).
    Timeout,
    /// Only a 100 within `progress_timeout`.
    NoProgress,
    /// Rang for `ring_timeout` and was not answered.
    NoAnswer,
    /// ICMP error, failed send, refused connection.
    Transport,
    /// The caller cancelled while it was running, or the router shut down.
    Cancelled,
    /// Another attempt was answered first.
    Lost,
    /// Answered after the call had another final response or was cancelled.
    Late,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    pub gateway: Arc<str>,
    pub address: SocketAddr,
    pub number: String,
    /// The final code of this attempt: received, or the one made here (408, 503).
    pub code: u16,
    pub why: Why,
    pub started_at: Wall,
    pub duration_ms: u64,
}

/// A gateway that was passed over, which is no attempt (checklist F12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedRow {
    pub gateway: Arc<str>,
    pub why: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub id: RecordId,
    pub call_id: String,
    pub started_at: Wall,
    pub ringing_at: Option<Wall>,
    pub answered_at: Option<Wall>,
    pub ended_at: Option<Wall>,
    pub outcome: Outcome,
    pub code: u16,
    pub reason: String,
    pub hung_up_by: Option<Party>,
    pub from: String,
    pub to: String,
    pub number: String,
    pub source: SocketAddr,
    pub listener: Arc<str>,
    pub account: Option<Arc<str>>,
    pub group: Option<Arc<str>>,
    pub route: Option<Arc<str>>,
    /// The gateway that gave the final answer, if one did.
    pub gateway: Option<Arc<str>>,
    pub attempts: Vec<AttemptRow>,
    pub skipped: Vec<SkippedRow>,
    pub setup_ms: Option<u64>,
    pub duration_ms: Option<u64>,
    /// Whether the caller's ACK for an answer went through here (checklist F24: without it nothing is done).
    pub ack: bool,
    /// Answered after the caller's CANCEL, or after another final answer (checklist F19 to F21).
    pub late: bool,
    pub revision: Arc<str>,
}

/// What the proxy tells the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The call was answered on `leg`; the record stays open until its last leg closes.
    Open { record: Box<Record>, leg: Leg },
    /// One more 2xx of the same INVITE (checklist X23), by the attempt at this position in the record.
    Leg { id: RecordId, leg: Leg, at: Wall, attempt: u8, late: bool },
    /// The caller acknowledged a leg.
    Ack { id: RecordId, leg: Leg },
    /// A leg ended: BYE answered, or the dialog found dead (checklist F27).
    Close { id: RecordId, leg: Leg, at: Wall, by: Party },
    /// A call that was never answered.
    Done { record: Box<Record> },
}
