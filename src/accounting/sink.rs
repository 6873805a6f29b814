//! The places that finished records go to: a file of JSON lines, a database, or both. Each has a backlog and a writer of
//! its own, so that trouble with one does not hold up the other.

use super::spelled::Spelled;
use crate::record::RecordId;
use crate::time::Now;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SinkName {
    /// `accounting.file`.
    File,
    /// `accounting.sqlite`.
    Sqlite,
}

/// Some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sinks(u8);

impl Sinks {
    pub fn with(self, sink: SinkName) -> Sinks {
        Sinks(self.0 | 1 << sink as u8)
    }

    pub fn without(self, sink: SinkName) -> Sinks {
        Sinks(self.0 & !(1 << sink as u8))
    }

    pub fn has(self, sink: SinkName) -> bool {
        self.0 & 1 << sink as u8 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What a writer writes to.
pub trait Sink: Send {
    type Item: Entry;

    /// Writes the items in order. Says how many from the front need no more care, whatever happened to the rest.
    fn write(&mut self, now: Now, items: &[Self::Item]) -> (usize, Result<(), String>);

    /// What is done when nothing waits, a small piece of it. True when there is more.
    fn rest(&mut self, _now: Now) -> Result<bool, String> {
        Ok(false)
    }

    /// Where it writes, for the log.
    fn place(&self) -> String;
}

/// What waits for a sink.
pub trait Entry: Send {
    /// Bytes of memory, about.
    fn bytes(&self) -> usize;
    /// The finished record that this is; `None` for what may be left out when it does not fit.
    fn record(&self) -> Option<RecordId>;
}

/// A record for the file.
#[derive(Debug)]
pub struct Line(pub Arc<Spelled>);

impl Entry for Line {
    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn record(&self) -> Option<RecordId> {
        Some(self.0.id)
    }
}

/// A change of the database.
#[derive(Debug)]
pub enum Change {
    /// The call was answered a while ago and goes on.
    Open(Arc<Spelled>),
    /// The record is finished. `opened` says that [`Change::Open`] came before.
    Closed { record: Arc<Spelled>, opened: bool },
}

impl Change {
    /// Asks for its words, which another core wrote: see [`Spelled::fetch`].
    pub fn fetch(&self) {
        let (Change::Open(record) | Change::Closed { record, .. }) = self;
        record.fetch();
    }
}

impl Entry for Change {
    fn bytes(&self) -> usize {
        let (Change::Open(record) | Change::Closed { record, .. }) = self;
        record.bytes()
    }

    fn record(&self) -> Option<RecordId> {
        match self {
            Change::Open(_) => None,
            Change::Closed { record, .. } => Some(record.id),
        }
    }
}
