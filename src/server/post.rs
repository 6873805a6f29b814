//! What is said between the workers and the control side.

use super::Stats;
use super::sockets::Sockets;
use crate::health::{Change, Override};
use crate::proxy::{Loaded, Snapshot};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// What is asked of a worker.
#[derive(Debug)]
pub enum Command {
    /// A new revision, for the worker with the health engine, and the sockets of each worker from now on.
    Reload {
        snapshot: Arc<Snapshot>,
        sockets: Vec<Sockets>,
    },
    /// What that worker made of it, for the others.
    Adopt {
        loaded: Loaded,
        sockets: Sockets,
    },
    /// Sockets of removed listeners are closed.
    Sockets(Sockets),
    Drain,
    Override {
        id: String,
        what: Option<Override>,
        reply: SyncSender<bool>,
    },
    Stats(SyncSender<Stats>),
    /// Asks for [`Report::Figures`].
    Figures,
    Stop,
}

/// What a worker tells the control side.
#[derive(Debug)]
pub enum Report {
    /// Gateways went up or down.
    Changes(Vec<Change>),
    /// A worker drains; `idle`: it has no call in set-up, and no final that waits for its ACK.
    Idle {
        worker: usize,
        idle: bool,
    },
    Figures {
        worker: usize,
        stats: Box<Stats>,
    },
    /// A thread has ended, by [`Command::Stop`] or by a fault.
    Gone,
}
