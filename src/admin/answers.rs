//! What is asked of a router, and what it answers: reloading, pinning, gateways, calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /v1/reload`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadOrder {
    /// `GUARD:REVISION`, as the refusal printed it.
    #[serde(default)]
    pub accept: Vec<String>,
    /// Diagnostics for people with colours.
    #[serde(default)]
    pub colour: bool,
    #[serde(default)]
    pub by: String,
}

/// `trunkline/reload/1`: how the attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReloadAnswer {
    pub schema: String,
    pub outcome: ReloadOutcome,
    /// The revision that serves now.
    pub revision: String,
    /// The one that served before, when another one serves now.
    pub before: Option<String>,
    /// The revision that was tried.
    pub tried: Option<String>,
    /// One line: what changed, or why not.
    pub message: String,
    /// The guards that hold it back.
    pub guards: Vec<Guard>,
    /// The diagnostics as `validate` would print them on the router's machine.
    pub text: String,
    /// The same as `trunkline/validate/1`.
    pub diagnostics: serde_json::Value,
    pub took_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReloadOutcome {
    /// Another revision serves.
    Reloaded,
    /// The files are what serves.
    Same,
    /// The files have errors, or a step after compiling failed; HTTP 422.
    Refused,
    /// A guard holds it; HTTP 409.
    Guarded,
    /// The revision is pinned; HTTP 409.
    Pinned,
    /// The files keep changing; HTTP 503.
    Unsettled,
}

/// A guard that holds a revision back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Guard {
    /// `halved:routes`, `emptied:office`.
    pub id: String,
    /// `TL0850` (a share) or `TL0851` (a tripwire).
    pub code: String,
    /// One line: what it measured.
    pub message: String,
}

/// `POST /v1/pin`: back to an earlier revision, or keep the one that serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "lowercase")]
pub enum PinOrder {
    /// To the revision before, or to the one named; pinned until the files change again.
    Rollback {
        to: Option<String>,
        by: String,
    },
    /// What serves now is kept until [`PinOrder::Unpin`].
    Pin {
        by: String,
    },
    Unpin {
        by: String,
    },
}

/// `trunkline/pin/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinOrderAnswer {
    pub schema: String,
    pub done: bool,
    pub revision: String,
    pub before: Option<String>,
    pub message: String,
    /// The revisions that can be gone back to, the newest first.
    pub kept: Vec<RevisionLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionLine {
    pub revision: String,
    pub git: Option<String>,
    pub loaded_at: String,
    pub trigger: String,
}

/// `POST /v1/gateways/ID`: an operator's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "lowercase")]
pub enum GatewayOrder {
    Enable {
        by: String,
    },
    Disable {
        by: String,
        reason: String,
        drain: bool,
        /// Enabled again after this.
        for_ms: Option<u64>,
    },
    /// A probe now; the answer is in `status`.
    Probe,
    /// What was observed is forgotten: the state is unknown, and it is probed at once.
    Reset,
}

/// `trunkline/gateway/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayOrderAnswer {
    pub schema: String,
    pub message: String,
    pub gateway: super::GatewayStatus,
}

/// `GET /v1/calls`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallsQuery {
    pub gateway: Option<String>,
    pub group: Option<String>,
    /// At most so many are listed; all are counted.
    pub most: Option<usize>,
}

/// `trunkline/calls/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallsAnswer {
    pub schema: String,
    pub in_setup: u64,
    /// `null`: the router keeps no records, so that answered calls are not known to it.
    pub established: Option<u64>,
    /// The newest first.
    pub calls: Vec<CallLine>,
}

/// A live call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallLine {
    pub stage: Stage,
    pub call_id: String,
    pub started_at: String,
    pub answered_at: Option<String>,
    pub from: String,
    pub number: String,
    pub source: String,
    pub group: Option<String>,
    pub route: Option<String>,
    /// The gateway that is being tried, or that answered.
    pub gateway: Option<String>,
    /// Which attempt that is, from 1; 0 before the first.
    pub attempt: u64,
    /// The revision that the call is handled by.
    pub revision: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Without a final answer.
    Setup,
    Ringing,
    /// Answered: known from the journal of open records.
    Established,
}
