//! What a router serves, and how its files stand to that: the state that `status` shows and metrics are made of.

use super::revisions::{Kept, texts};
use crate::admin::{FilesState, FilesStatus, Pinned, timestamp};
use crate::config::{Compiled, FileSet};
use crate::proxy::Snapshot;
use crate::time::Wall;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many hex digits of a hash people see.
const REVISION_DIGITS: usize = 7;

/// The revision that serves new calls.
#[derive(Clone, Debug)]
pub struct Serving {
    pub snapshot: Arc<Snapshot>,
    /// All that its files say.
    pub compiled: Arc<Compiled>,
    pub set: Arc<FileSet>,
    pub loaded_at: Wall,
    pub trigger: &'static str,
    pub took_ms: u64,
    pub source: Origin,
    pub git: Option<Git>,
}

/// Where a revision came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Files,
    /// A start with broken files.
    LastGood,
    /// A rollback, a pin.
    History,
}

impl Origin {
    pub fn word(self) -> &'static str {
        match self {
            Origin::Files => "files",
            Origin::LastGood => "last-good",
            Origin::History => "history",
        }
    }
}

/// The commit that files are at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Git {
    /// Abbreviated; `+` at its end: with changes that are not committed.
    pub commit: String,
    pub subject: String,
}

impl Serving {
    /// As it is kept in the state directory.
    pub fn kept(&self) -> Kept {
        Kept {
            revision: self.snapshot.revision.to_string(),
            hash: self.set.hash.clone(),
            git: self.git.as_ref().map(|git| git.commit.clone()),
            loaded_at: timestamp(self.loaded_at),
            trigger: self.trigger.to_owned(),
            files: texts(&self.set),
        }
    }
}

/// How the files stand.
#[derive(Clone, Debug)]
pub struct Standing {
    pub files: FilesStatus,
    pub pinned: Option<Pinned>,
    /// Whether the last attempt to load files succeeded.
    pub last_reload_ok: bool,
    pub last_success: Wall,
    /// By (trigger, result).
    pub reloads: BTreeMap<(&'static str, &'static str), u64>,
}

impl Standing {
    /// The files are what serves.
    pub fn same(revision: &str, at: Wall) -> Standing {
        let files = FilesStatus {
            revision: Some(revision.to_owned()),
            state: FilesState::Same,
            error: None,
            at: Some(timestamp(at)),
            guards: Vec::new(),
        };
        Standing { files, pinned: None, last_reload_ok: true, last_success: at, reloads: BTreeMap::new() }
    }
}

/// The first digits of a hash, as people see it.
pub fn short(hash: &str) -> &str {
    hash.get(..REVISION_DIGITS).unwrap_or(hash)
}
