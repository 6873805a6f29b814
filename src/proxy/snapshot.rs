//! The snapshot: everything that one revision of the configuration says, compiled and immutable.

use crate::flow::{SocketIx, Transport};
use crate::health::Board;
use crate::route::{Net, Table, Turns};
use crate::sip::Limits;
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Debug)]
pub struct Snapshot {
    /// The content hash's first 7 hex digits, as people see it.
    pub revision: Arc<str>,
    pub listeners: Vec<Listener>,
    pub access: Access,
    pub table: Table,
    pub limits: Limits,
    /// Whether anybody wants call records.
    pub records: bool,
}

#[derive(Clone, Debug)]
pub struct Listener {
    pub id: Arc<str>,
    pub transport: Transport,
    /// May be a wildcard.
    pub bind: SocketAddr,
    /// What Via and Record-Route say instead of the bound address.
    pub advertise: Option<SocketAddr>,
    /// The process-wide number; set by whoever binds, before the snapshot is used.
    pub socket: SocketIx,
}

/// Who may send us calls at all.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// `unknown: reject`: strangers get 403 (within the budget), else nothing.
    pub reject_unknown: bool,
    pub trusted: Vec<Trusted>,
    /// Declared gateways may call in from their own addresses.
    pub gateways: bool,
}

#[derive(Clone, Debug)]
pub struct Trusted {
    pub id: Arc<str>,
    pub sources: Vec<Net>,
    /// Positions in `listeners`; empty = all.
    pub listeners: Vec<usize>,
}

/// A snapshot with what belongs to it and changes, the health board and the turns of its lists: what a call in set-up
/// holds on to.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub snapshot: Arc<Snapshot>,
    pub board: Board,
    pub turns: Turns,
}

impl Snapshot {
    /// The listener that owns a socket, if this revision still has it.
    pub fn listener_of(&self, socket: SocketIx) -> Option<usize> {
        self.listeners.iter().position(|l| l.socket == socket)
    }
}
