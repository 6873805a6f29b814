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

mod archive;
mod boot;
mod clock;
mod control;
mod crew;
mod desk;
mod figures;
mod git;
mod guards;
mod inbox;
mod intake;
mod kernel;
mod ledger;
mod listeners;
pub mod log;
mod look;
mod open_calls;
mod options;
mod outbox;
mod overrides;
mod paths;
mod peers;
mod post;
mod revisions;
mod serving;
mod settle;
mod signals;
mod sockets;
mod start;
mod state;
mod stats;
mod systemd;
mod trains;
mod tray;
mod undelivered;
mod watch;
mod whole;
mod worker_loop;

pub use control::Ended;
pub use crew::Workers;
pub use desk::DoorsError;
pub use options::{Options, Ready, ReadyListener, StartError};
pub use outbox::Counters as Sending;
pub use peers::Counters as Handing;
pub use sockets::BindError;
pub use start::{Addresses, Running, Server};
pub use state::{StateDir, StateError};
pub use stats::Stats;
