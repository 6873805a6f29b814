//! Starting and ending a router: everything that can fail is tried before the first datagram is read.

use super::Stats;
use super::archive::Archive;
use super::boot::Boot;
use super::clock::Clock;
use super::control::{self, Channels, Ended};
use super::crew::{self, Workers};
use super::desk::{Desk, Doors};
use super::ledger::{self, Orders};
use super::listeners::Listeners;
use super::options::{Options, Ready, ReadyListener, StartError};
use super::overrides::Overrides;
use super::post::Report;
use super::revisions::Revisions;
use super::serving::{Serving, Standing};
use super::signals::Signals;
use super::sockets::Sockets;
use super::state::{CookieKeys, StateDir};
use super::tray::Tray;
use super::watch::{Watch, mounted_alone};
use crate::accounting::{Bookkeeper, RealDisk};
use crate::config::{Code, Compiled, Diagnostics, FileSet};
use crate::health::Override;
use crate::proxy::Snapshot;
use crate::record::Tally;
use crate::time::Wall;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;
use tokio::sync::mpsc;

/// Reports that wait for the control side.
const REPORTS: usize = 1024;

/// Questions of operators that wait for the control side.
const ASKS: usize = 64;

/// TCP addresses besides the listeners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    pub control: Option<SocketAddr>,
    pub metrics: Option<SocketAddr>,
}

impl Addresses {
    fn say(&self) {
        if let Some(address) = self.control {
            tracing::info!("operators with the token may ask at http://{address}");
        }
        if let Some(address) = self.metrics {
            tracing::info!("metrics at http://{address}/metrics, readiness at /ready");
        }
    }
}

/// See [`Server::start`].
pub struct Server;

/// A router that takes calls. Dropping it lets it run on; [`Running::wait`] waits for its end.
pub struct Running {
    ready: Ready,
    said: Diagnostics,
    addresses: Addresses,
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

    /// Where operators and their programs can ask, besides the socket in the state directory.
    pub fn addresses(&self) -> Addresses {
        self.addresses
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
        let mut clock = Clock::start();
        let path = options.state_dir.clone().unwrap_or_else(|| StateDir::beside(&options.config));
        let mut boot = Boot::choose(&options.config, &Revisions::new(&path), options.strict_boot, clock.now().wall)?;
        warn_of_lone_mounts(&boot.set);
        let state = StateDir::open(&path)?;
        let keys = state.cookie_keys()?;
        let overrides = Overrides::open(&path).map_err(|cause| StartError::System { what: "overrides.json", cause })?;
        let (listeners, sockets) = bind(&mut boot.compiled, options.workers.max(1))?;
        let doors = Doors::bind(&path, options.control, options.metrics)?;
        let keeper = Bookkeeper::open(clock.now(), Arc::new(RealDisk), &path, boot.compiled.accounting.clone())
            .map_err(|cause| StartError::System { what: "the journal of open calls", cause })?;
        let words = overrides.for_engine(&mut clock);
        let (half, pieces) = threads(&boot.compiled, (sockets, words), keys, keeper, clock)?;
        let own = own_paths(&path, &boot.compiled);
        let leads = Leads { options, boot, listeners, state, overrides: Arc::new(overrides), doors, own };
        start_control(leads, half, pieces, clock)
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
    workers: Workers,
    tray: Arc<Tray>,
}

fn threads(
    compiled: &Compiled,
    (sockets, overrides): (Vec<Sockets>, Vec<(Arc<str>, Override)>),
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
        overrides,
        tray: tray.clone(),
        reports: report_sender,
    };
    let (workers, threads) = crew::start(parts)?;
    let half = Half { ready, workers, tray };
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
    boot: Boot,
    listeners: Listeners,
    state: StateDir,
    overrides: Arc<Overrides>,
    doors: Doors,
    own: Vec<PathBuf>,
}

fn start_control(leads: Leads, half: Half, pieces: Pieces, mut clock: Clock) -> Result<Running, StartError> {
    let failed = |cause| StartError::System { what: "starting the control side", cause };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (hint_sender, hints) = mpsc::channel(1);
    let (asks_sender, asks) = mpsc::channel(ASKS);
    let signals = {
        let _inside = runtime.enter();
        if leads.options.signals { Signals::listen().map_err(failed)? } else { Signals::none() }
    };
    let desk = Arc::new(Desk {
        asks: asks_sender,
        workers: half.workers.clone(),
        orders: pieces.orders.clone(),
        tray: half.tray.clone(),
        overrides: leads.overrides,
        clock,
        started_at: clock.now().wall,
        hour: Default::default(),
    });
    let addresses = Addresses { control: leads.doors.control(), metrics: leads.doors.metrics() };
    addresses.say();
    let channels = Channels { hints, reports: pieces.reports, asks, stop: pieces.stop };
    let watch = leads.options.watch.then(|| Watch::new(hint_sender.clone(), leads.own));
    let archive = Archive::start(Revisions::new(&leads.state.path)).map_err(failed)?;
    let boot = leads.boot;
    let standing =
        Standing { pinned: boot.pin_status(), last_reload_ok: boot.good, ..standing(&boot, clock.now().wall) };
    let watched = match boot.set.watch.is_empty() {
        // What is served was not read from there, but that is where a change will come.
        true => vec![boot.set.directory()],
        false => boot.set.watch.clone(),
    };
    let serving = Serving {
        snapshot: boot.compiled.snapshot.clone(),
        compiled: Arc::new(boot.compiled),
        set: Arc::new(boot.set),
        loaded_at: clock.now().wall,
        trigger: "start",
        took_ms: 0,
        source: boot.source,
        git: None,
    };
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
        archive,
        serving,
        standing,
        pin: boot.pin,
        attempted: boot.attempted,
        boot: boot.word,
        watched,
        channels,
        commits: mpsc::channel(1),
        signals,
    };
    let (state, doors) = (leads.state, leads.doors);
    let serve = move || {
        let ended = runtime.block_on(async {
            desk.open(doors);
            control::run(parts).await
        });
        // A look that is still compiling must not hold up the end.
        runtime.shutdown_background();
        drop((hint_sender, state));
        ended
    };
    let control = Builder::new().name("control".into()).spawn(serve).map_err(failed)?;
    Ok(Running {
        ready: half.ready,
        said: boot.said,
        addresses,
        workers: half.workers,
        stop: pieces.stop_sender,
        control,
        threads: pieces.threads,
        ledger: pieces.ledger,
        tray: half.tray,
    })
}

fn standing(boot: &Boot, now: Wall) -> Standing {
    Standing { files: boot.files.clone(), ..Standing::same("", now) }
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
