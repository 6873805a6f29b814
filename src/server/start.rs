//! Starting and ending a router: everything that can fail is tried before the first datagram is read.

use super::Stats;
use super::clock::Clock;
use super::control::{self, Ended};
use super::crew::{self, Workers};
use super::ledger::{self, Orders};
use super::listeners::Listeners;
use super::post::Report;
use super::signals::Signals;
use super::sockets::BindError;
use super::sockets::Sockets;
use super::state::{CookieKeys, StateDir, StateError};
use super::tray::Tray;
use super::watch::{Watch, mounted_alone};
use crate::accounting::{Bookkeeper, RealDisk};
use crate::config::{Code, Compiled, Diagnostics, FileSet, compile_for_run};
use crate::flow::Transport;
use crate::proxy::Snapshot;
use crate::record::Tally;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Reports that wait for the control side.
const REPORTS: usize = 1024;

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
    /// Listen to the signals of the process.
    pub signals: bool,
}

impl Options {
    /// The defaults of `trunkline run`, without signals and with one worker.
    pub fn new(config: PathBuf) -> Options {
        let (poll, drain) = (Duration::from_secs(15), Duration::from_secs(30));
        Options { config, state_dir: None, workers: 1, watch: true, poll, drain, signals: false }
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

/// See [`Server::start`].
pub struct Server;

/// A router that takes calls. Dropping it lets it run on; [`Running::wait`] waits for its end.
pub struct Running {
    ready: Ready,
    said: Diagnostics,
    workers: Workers,
    stop: mpsc::Sender<()>,
    control: JoinHandle<Ended>,
    threads: Vec<JoinHandle<()>>,
    ledger: JoinHandle<Tally>,
    tray: Arc<Tray>,
}

impl Running {
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Warnings and notes about the files it started with.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.said
    }

    pub fn stats(&self) -> Option<Stats> {
        self.workers.stats()
    }

    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// Drains, as SIGTERM does; a second call ends at once.
    pub fn stop(&self) {
        // Full or closed: it is stopping already.
        let _ = self.stop.try_send(());
    }

    /// Waits for the end; every record is written when it returns.
    pub fn wait(self) -> Ended {
        let ended = self.control.join().unwrap_or(Ended::Broken);
        // It has done so itself, unless it ended by a panic.
        self.workers.stop();
        let broken = self.threads.into_iter().filter_map(|thread| thread.join().err()).count();
        self.tray.close();
        let ledger = self.ledger.join();
        if broken > 0 || ledger.is_err() { Ended::Broken } else { ended }
    }
}

impl Server {
    /// Reads, checks, binds, and starts the threads. Calls are taken when it returns.
    pub fn start(options: Options) -> Result<Running, StartError> {
        let set = FileSet::read(&options.config).map_err(StartError::Unreadable)?;
        let (compiled, said) = compile_for_run(&set);
        let Some(mut compiled) = compiled else { return Err(StartError::Config(Box::new(said))) };
        warn_of_lone_mounts(&set);
        let state = options.state_dir.clone().unwrap_or_else(|| StateDir::beside(&options.config));
        let state = StateDir::open(&state)?;
        let keys = state.cookie_keys()?;
        let (listeners, sockets) = bind(&mut compiled, options.workers.max(1))?;
        let mut clock = Clock::start();
        let keeper = Bookkeeper::open(clock.now(), Arc::new(RealDisk), &state.path, compiled.accounting.clone())
            .map_err(|cause| StartError::System { what: "the journal of open calls", cause })?;
        let (running, pieces) = threads(&compiled, said, sockets, keys, keeper, clock)?;
        let own = own_paths(&state.path, &compiled);
        let parts = Leads { options, set, listeners, state, own, hash: compiled.hash, snapshot: compiled.snapshot };
        start_control(parts, running, pieces, clock)
    }
}

fn bind(compiled: &mut Compiled, workers: usize) -> Result<(Listeners, Vec<Sockets>), StartError> {
    let mut listeners = Listeners::new(workers);
    let kept = || io::Error::other("the compiler kept a revision for itself; this is a fault of trunkline");
    let snapshot =
        Arc::get_mut(&mut compiled.snapshot).ok_or_else(|| StartError::System { what: "start", cause: kept() })?;
    let prepared = listeners.prepare(snapshot)?;
    let sockets = listeners.commit(prepared, Instant::now());
    Ok((listeners, sockets))
}

/// Ends of channels for the control side.
struct Pieces {
    reports: mpsc::Receiver<Report>,
    stop: mpsc::Receiver<()>,
    stop_sender: mpsc::Sender<()>,
    orders: Arc<Orders>,
    threads: Vec<JoinHandle<()>>,
    ledger: JoinHandle<Tally>,
}

/// A router before its control side is there.
struct Half {
    ready: Ready,
    said: Diagnostics,
    workers: Workers,
    tray: Arc<Tray>,
}

fn threads(
    compiled: &Compiled,
    said: Diagnostics,
    sockets: Vec<Sockets>,
    keys: CookieKeys,
    keeper: Bookkeeper,
    clock: Clock,
) -> Result<(Half, Pieces), StartError> {
    let failed = |cause| StartError::System { what: "starting a thread", cause };
    let (tray, orders) = (Arc::new(Tray::default()), Arc::new(Orders::default()));
    let (report_sender, reports) = mpsc::channel(REPORTS);
    let (stop_sender, stop) = mpsc::channel(4);
    let ready = ready(&compiled.snapshot, sockets.first());
    let (rows, told) = (tray.clone(), orders.clone());
    let ledger =
        Builder::new().name("ledger".into()).spawn(move || ledger::run(keeper, clock, &rows, &told)).map_err(failed)?;
    let parts = crew::Parts {
        snapshot: compiled.snapshot.clone(),
        keys,
        clock,
        sockets,
        tray: tray.clone(),
        reports: report_sender,
    };
    let (workers, threads) = crew::start(parts)?;
    let half = Half { ready, said, workers, tray };
    Ok((half, Pieces { reports, stop, stop_sender, orders, threads, ledger }))
}

fn ready(snapshot: &Snapshot, sockets: Option<&Sockets>) -> Ready {
    let local = |ix: crate::flow::SocketIx| sockets?.get(usize::from(ix.0)).and_then(|s| s.as_ref()).map(|s| s.local);
    let listeners = snapshot.listeners.iter().map(|listener| ReadyListener {
        id: listener.id.clone(),
        transport: listener.transport,
        address: local(listener.socket).unwrap_or(listener.bind),
    });
    Ready { revision: snapshot.revision.clone(), listeners: listeners.collect() }
}

/// What the control side needs besides the channels.
struct Leads {
    options: Options,
    set: FileSet,
    listeners: Listeners,
    state: StateDir,
    own: Vec<PathBuf>,
    hash: String,
    snapshot: Arc<Snapshot>,
}

fn start_control(leads: Leads, half: Half, pieces: Pieces, clock: Clock) -> Result<Running, StartError> {
    let failed = |cause| StartError::System { what: "starting the control side", cause };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (hint_sender, hints) = mpsc::channel(1);
    let signals = {
        let _inside = runtime.enter();
        if leads.options.signals { Signals::listen().map_err(failed)? } else { Signals::none() }
    };
    let watch = leads.options.watch.then(|| Watch::new(hint_sender.clone(), leads.own));
    let state = leads.state;
    let parts = control::Parts {
        root: leads.options.config,
        watch,
        poll: leads.options.poll,
        drain: leads.options.drain,
        clock,
        listeners: leads.listeners,
        workers: half.workers.clone(),
        tray: half.tray.clone(),
        orders: pieces.orders,
        running: leads.snapshot,
        hash: leads.hash,
        watched: leads.set.watch,
        hints,
        reports: pieces.reports,
        stop: pieces.stop,
        signals,
    };
    let serve = move || {
        let ended = runtime.block_on(control::run(parts));
        // A look that is still compiling must not hold up the end.
        runtime.shutdown_background();
        drop((hint_sender, state));
        ended
    };
    let control = Builder::new().name("control".into()).spawn(serve).map_err(failed)?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    Ok(Running {
        ready: half.ready,
        said: half.said,
        workers: half.workers,
        stop: pieces.stop_sender,
        control,
        threads: pieces.threads,
        ledger: pieces.ledger,
        tray: half.tray,
    })
}

/// What the router itself writes beside the files that it watches.
fn own_paths(state: &Path, compiled: &Compiled) -> Vec<PathBuf> {
    let mut own = vec![state.to_owned()];
    own.extend(compiled.accounting.file.iter().map(|file| file.path.clone()));
    if let Some(database) = &compiled.accounting.database {
        own.extend(["", "-wal", "-shm", "-journal"].map(|suffix| {
            let mut path = database.path.clone().into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        }));
    }
    own.iter().filter_map(|path| std::path::absolute(path).ok()).collect()
}

fn warn_of_lone_mounts(set: &FileSet) {
    let Ok(mountinfo) = std::fs::read_to_string("/proc/self/mountinfo") else { return };
    let directory = set.directory();
    let files: Vec<PathBuf> =
        set.files.iter().filter_map(|(path, _)| std::fs::canonicalize(directory.join(path)).ok()).collect();
    for file in mounted_alone(&files, &mountinfo) {
        let file = file.display();
        tracing::warn!(
            "warning[{}]: {file} is mounted alone: when it is replaced outside, nothing is seen here; \
             mount its directory",
            Code::MountedAlone
        );
    }
}
