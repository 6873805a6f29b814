//! The running router: sockets, worker threads, file watching, record writing, signals.
//!
//! Four kinds of threads. A *worker* ([`worker_loop`]) receives, steps the pure [`crate::worker::Worker`], sends: nothing
//! else. The *ledger* ([`ledger`]) writes records. The *control* side ([`control`]) has the signals, the files and the
//! log. The watcher's own thread only gives hints. They are joined by bounded queues: [`inbox`] into a worker, [`tray`]
//! out of it.
//!
//! ```no_run
//! use trunkline::server::{Options, Server};
//! let running = Server::start(Options::new("routes.yaml".into()))?;
//! println!("ready {}", running.ready().revision);
//! running.stop();
//! running.wait();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod control;
mod difference;
mod inbox;
mod intake;
mod ledger;
mod listeners;
pub mod log;
mod look;
mod outbox;
mod paths;
mod settle;
mod signals;
mod sockets;
mod start;
mod state;
mod tray;
mod undelivered;
mod watch;
mod worker_loop;

pub use control::Ended;
pub use outbox::Counters as Sending;
pub use sockets::BindError;
pub use start::{Options, Ready, ReadyListener, Running, Server, StartError};
pub use state::{StateDir, StateError};
pub use worker_loop::Stats;

use inbox::Inbox;
use std::sync::Arc;
use std::time::Duration;
use worker_loop::Command;

/// How long an answer from a worker may take: it is asked between two wake-ups.
const ANSWER: Duration = Duration::from_secs(5);

/// The way to a worker.
#[derive(Clone, Debug)]
pub struct WorkerHandle {
    commands: Arc<Inbox<Command>>,
}

impl WorkerHandle {
    fn command(&self, command: Command) {
        if self.commands.push(command).is_err() {
            tracing::error!("a worker does not take commands any more: is its thread stuck?");
        }
    }

    /// The worker's counters; `None` when it is gone.
    pub fn stats(&self) -> Option<Stats> {
        self.ask(Command::Stats)
    }

    /// An operator disables (`Some`) or enables a gateway; false when no gateway has this id.
    pub fn set_override(&self, id: &str, what: Option<crate::health::Override>) -> bool {
        let id = id.to_owned();
        self.ask(|reply| Command::Override { id, what, reply }).unwrap_or(false)
    }

    fn ask<T>(&self, question: impl FnOnce(std::sync::mpsc::SyncSender<T>) -> Command) -> Option<T> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        self.commands.push(question(reply)).ok()?;
        answer.recv_timeout(ANSWER).ok()
    }
}
