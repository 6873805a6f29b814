//! What is said between the workers and the control side.

use super::Stats;
use super::sockets::Sockets;
use crate::health::{Change, GatewayReport, Override};
use crate::proxy::{Loaded, Snapshot, Survey, Tally};
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
    /// A probe of a gateway now; `None` for an unknown one.
    Probe {
        id: String,
        reply: SyncSender<Option<bool>>,
    },
    Reset {
        id: String,
        reply: SyncSender<bool>,
    },
    Health(SyncSender<Vec<GatewayReport>>),
    Tally(SyncSender<Tally>),
    Survey {
        wanted: Wanted,
        reply: SyncSender<Survey>,
    },
    Stats(SyncSender<Stats>),
    /// Asks for [`Report::Figures`].
    Figures,
    Stop,
}

/// Which live calls are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub gateway: Option<String>,
    pub group: Option<String>,
    /// At most so many are described, by each worker.
    pub most: usize,
}

impl Wanted {
    pub fn fits(&self, gateway: Option<&str>, group: Option<&str>) -> bool {
        let same =
            |wanted: &Option<String>, has: Option<&str>| wanted.as_deref().is_none_or(|wanted| has == Some(wanted));
        same(&self.gateway, gateway) && same(&self.group, group)
    }
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
