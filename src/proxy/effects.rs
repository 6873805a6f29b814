//! What the core wants done: datagrams to send, rows for the ledger, evidence for the health engine, notes for the log.

use crate::flow::Flow;
use crate::health::{Change, Evidence};
use crate::record::Row;

/// One datagram: its bytes are `arena[start..end]` of the [`Effects`] it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Send {
    pub flow: Flow,
    pub start: u32,
    pub end: u32,
}

/// Effects of one or more steps. Reused: the caller carries them out, then [`Effects::clear`]s.
#[derive(Debug, Default)]
pub struct Effects {
    pub arena: Vec<u8>,
    pub sends: Vec<Send>,
    pub rows: Vec<Row>,
    pub evidence: Vec<Evidence>,
    /// Gateways that went up or down, for the log.
    pub changes: Vec<Change>,
}

impl Effects {
    pub fn clear(&mut self) {
        self.arena.clear();
        self.sends.clear();
        self.rows.clear();
        self.evidence.clear();
        self.changes.clear();
    }
    /// The bytes of one send.
    pub fn bytes(&self, send: &Send) -> &[u8] {
        &self.arena[send.start as usize..send.end as usize]
    }
    /// Sends what was appended to the arena since `start`.
    pub fn send_from(&mut self, start: usize, flow: Flow) {
        let end = self.arena.len();
        self.sends.push(Send { flow, start: start as u32, end: end as u32 });
    }
}
