//! The documents that tell how a router is: `status` (CONFIG-AND-CLI part (f)), its gateways, and what it runs.

use crate::config::FileSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `trunkline/status/1`. Times are RFC 3339 with milliseconds in UTC, durations milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    pub schema: String,
    /// The revision that serves new calls.
    pub revision: String,
    /// The commit that its files were at when it was loaded; `+` at its end: with changes that are not committed.
    pub git: Option<String>,
    pub git_subject: Option<String>,
    pub loaded_at: String,
    /// What made the router load it: `start`, `file event`, `poll`, `SIGHUP`, `reload`, `rollback`, `accept`.
    pub trigger: String,
    /// How long that took, from the look at the files to the swap.
    pub took_ms: u64,
    /// Where it came from: `files`, `last-good` (a broken start), `history` (a rollback, a pin).
    pub source: String,
    pub pinned: Option<Pinned>,
    pub files: FilesStatus,
    pub watch: WatchStatus,
    /// What the process started from: `files`, `last-good` or `pin`.
    pub boot: String,
    /// Whether the last attempt to load files succeeded.
    pub last_reload_ok: bool,
    pub draining: bool,
    pub gateways: Vec<GatewayStatus>,
    pub workers: u64,
    /// Calls that are running now, those in set-up included; without accounting nobody knows those that were answered.
    pub calls: u64,
    pub calls_in_setup: u64,
    /// `null`: the router keeps no records, so that answered calls are not known.
    pub calls_established: Option<u64>,
    /// Calls in set-up that keep a revision before this one.
    pub calls_on_older_revisions: u64,
    pub started_at: String,
}

/// A revision that is kept on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pinned {
    pub by: String,
    pub at: String,
    /// It ends when the files change again; else only with `reload --unpin`.
    pub until_files_change: bool,
}

/// How the files stand to what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilesStatus {
    /// The revision that the files are, as far as they could be read.
    pub revision: Option<String>,
    pub state: FilesState,
    /// One line: what is wrong with them.
    pub error: Option<String>,
    /// When they were last judged.
    pub at: Option<String>,
    /// The guards that hold them back; `reload --accept GUARD:REVISION` lets them pass.
    pub guards: Vec<super::Guard>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FilesState {
    /// They are what runs.
    Same,
    /// They differ, and are not loaded: still changing, held by a guard, or by a pin.
    Pending,
    /// They have errors.
    Refused,
}

/// How changes of the files are noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WatchStatus {
    /// By events of the operating system.
    pub events: bool,
    /// Why there are no events.
    pub complaint: Option<String>,
    pub poll_ms: u64,
    pub next_poll_ms: u64,
}

/// One gateway as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayStatus {
    pub id: String,
    pub address: String,
    pub transport: String,
    /// What probes and calls have shown, whatever an operator says.
    pub state: GatewayState,
    /// Calls, not probes, decide about it: it has no probes, or calls have taken it down.
    pub by_calls: bool,
    /// Since when it is in this state; `null`: since the process began.
    pub since: Option<String>,
    #[serde(rename = "override")]
    pub overridden: Option<OverrideStatus>,
    /// Calls through it now, those in set-up included. `null` without accounting: answered ones are not known then.
    pub calls: Option<u64>,
    pub calls_in_setup: u64,
    /// How many calls may go through it at once; `null`: as many as come, which is all that this build serves.
    pub max_calls: Option<u64>,
    /// How many probes have ended since the process began.
    pub probes: u64,
    /// What the last probe took.
    pub probe_ms: Option<u64>,
    pub last_failure: Option<LastFailure>,
    /// It asked for a pause (503 with Retry-After) that lasts so long.
    pub resting_ms: Option<u64>,
    /// Attempts of the last hour: how many were answered by a person or a machine that took the call, and how many failed
    /// on the gateway (silence, a refused connection, 5xx).
    pub attempts_1h: u64,
    pub answered_1h: u64,
    pub failed_1h: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GatewayState {
    Up,
    Down,
    /// Neither a probe nor a call has shown anything yet: counts as up.
    Unknown,
}

/// An operator's word about a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverrideStatus {
    pub kind: OverrideKind,
    pub by: String,
    pub since: String,
    /// `null`: until somebody enables it.
    pub until: Option<String>,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OverrideKind {
    Disable,
    /// Disabled, and somebody waits until its last call is over.
    Drain,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastFailure {
    pub at: String,
    /// `a probe without an answer`, `a call answered with 503`.
    pub why: String,
}

/// `trunkline/sources/1`: the files that the running revision was compiled from. Secrets are references in them; their
/// values are never here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunningSources {
    pub schema: String,
    pub revision: String,
    pub git: Option<String>,
    /// The root file first.
    pub files: Vec<SourceText>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceText {
    /// Relative to the root file's directory.
    pub path: String,
    pub text: String,
}

impl RunningSources {
    /// The set as the compiler takes it.
    pub fn file_set(&self) -> FileSet {
        let files: Vec<(&str, &str)> = self.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        FileSet::of(&files)
    }
}

impl GatewayStatus {
    /// Whether a new call would be sent there: not down, not disabled.
    pub fn usable(&self) -> bool {
        self.state != GatewayState::Down && self.overridden.is_none()
    }
}
