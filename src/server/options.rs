//! How a router is to run, why it can't, and what it says when it does.

use super::desk::DoorsError;
use super::sockets::BindError;
use super::state::StateError;
use crate::config::Diagnostics;
use crate::flow::Transport;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The root file.
    pub config: PathBuf,
    /// Else `.trunkline` beside the root file.
    pub state_dir: Option<PathBuf>,
    /// Worker threads: each has its own sockets, calls and timers. At least one.
    pub workers: usize,
    /// Watch the files by events of the operating system.
    pub watch: bool,
    /// Look at the files this often in any case.
    pub poll: Duration,
    /// The longest time between SIGTERM and the end.
    pub drain: Duration,
    /// Broken files are an error, whatever was good before.
    pub strict_boot: bool,
    /// A TCP address for operators, opened by a token, besides the socket in the state directory.
    pub control: Option<SocketAddr>,
    /// Where metrics and readiness are.
    pub metrics: Option<SocketAddr>,
    /// Listen to the signals of the process.
    pub signals: bool,
}

impl Options {
    /// The defaults of `trunkline run`, without signals and with one worker.
    pub fn new(config: PathBuf) -> Options {
        let (poll, drain) = (Duration::from_secs(15), Duration::from_secs(30));
        Options {
            config,
            state_dir: None,
            workers: 1,
            watch: true,
            poll,
            drain,
            strict_boot: false,
            control: None,
            metrics: None,
            signals: false,
        }
    }
}

/// Why a router can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Unreadable(io::Error),
    /// Print [`Diagnostics::human`].
    #[error("{}", .0.first_line())]
    Config(Box<Diagnostics>),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Doors(#[from] DoorsError),
    #[error("{what}: {cause}")]
    System {
        what: &'static str,
        #[source]
        cause: io::Error,
    },
}

/// What a router says when it takes calls.
#[derive(Clone, Debug)]
pub struct Ready {
    pub revision: Arc<str>,
    pub listeners: Vec<ReadyListener>,
}

#[derive(Clone, Debug)]
pub struct ReadyListener {
    pub id: Arc<str>,
    pub transport: Transport,
    pub address: SocketAddr,
}

impl std::fmt::Display for Ready {
    /// `ready revision=3f2a9c1 listen=lan/udp/192.0.2.1:5060,wan/udp/198.51.100.1:5060`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ready revision={} listen=", self.revision)?;
        for (n, listener) in self.listeners.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{}/{}/{}", listener.id, listener.transport.word(), listener.address)?;
        }
        Ok(())
    }
}
