//! The worker threads of a process: starting them, and the way to them.
//!
//! They share nothing but the health board's atomics and their inboxes. The first has the health engine.

use super::clock::Clock;
use super::inbox::Inbox;
use super::paths::KernelPaths;
use super::peers::Peers;
use super::post::{Command, Report, Wanted};
use super::sockets::Sockets;
use super::state::CookieKeys;
use super::tray::Tray;
use super::worker_loop;
use super::{StartError, Stats};
use crate::health::{GatewayReport, Override};
use crate::proxy::{Effects, Loaded, Snapshot, Survey, Tally};
use crate::worker::{HEALTH, Setup, Worker};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// How long an answer from a worker may take: it is asked between two wake-ups.
const ANSWER: Duration = Duration::from_secs(5);

/// The way to the workers.
#[derive(Clone, Debug)]
pub struct Workers {
    inboxes: Arc<[Arc<Inbox>]>,
}

impl Workers {
    pub fn count(&self) -> usize {
        self.inboxes.len()
    }

    /// The counters of all workers together; `None` when one is gone.
    pub fn stats(&self) -> Option<Stats> {
        self.each().into_iter().try_fold(Stats::default(), |sum, stats| Some(sum.plus(stats?)))
    }

    /// The counters of each worker; `None` for one that is gone.
    pub fn each(&self) -> Vec<Option<Stats>> {
        (0..self.count()).map(|worker| self.ask(worker, Command::Stats)).collect()
    }

    /// An operator disables (`Some`) or enables a gateway; false when no gateway has this id.
    pub fn set_override(&self, id: &str, what: Option<Override>) -> bool {
        let id = id.to_owned();
        self.ask(HEALTH, |reply| Command::Override { id, what, reply }).unwrap_or(false)
    }

    /// A probe of a gateway now; `Some(None)`: no such gateway, `Some(Some(false))`: it is not probed; `None`: no answer.
    pub fn probe(&self, id: &str) -> Option<Option<bool>> {
        let id = id.to_owned();
        self.ask(HEALTH, |reply| Command::Probe { id, reply })
    }

    /// Forgets what was observed of a gateway; false when there is none.
    pub fn reset(&self, id: &str) -> bool {
        let id = id.to_owned();
        self.ask(HEALTH, |reply| Command::Reset { id, reply }).unwrap_or(false)
    }

    /// What is known about each gateway.
    pub fn health(&self) -> Option<Vec<GatewayReport>> {
        self.ask(HEALTH, Command::Health)
    }

    /// What became of calls, over all workers that answer.
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        let each = (0..self.count()).filter_map(|worker| self.ask(worker, Command::Tally));
        each.for_each(|tally| sum.add(&tally));
        sum
    }

    /// The calls in set-up of all workers; at most `most` are described.
    pub fn survey(&self, wanted: &Wanted) -> Survey {
        let mut sum = Survey::default();
        for worker in 0..self.count() {
            let Some(survey) = self.ask(worker, |reply| Command::Survey { wanted: wanted.clone(), reply }) else {
                continue;
            };
            sum.total += survey.total;
            survey.by_gateway.into_iter().for_each(|(id, calls)| *sum.by_gateway.entry(id).or_default() += calls);
            survey.by_revision.into_iter().for_each(|(id, calls)| *sum.by_revision.entry(id).or_default() += calls);
            sum.calls.extend(survey.calls);
        }
        sum
    }

    /// A new revision, with the sockets of each worker: the one with the health engine gives it to the others.
    pub(super) fn reload(&self, snapshot: Arc<Snapshot>, sockets: Vec<Sockets>) {
        self.tell(HEALTH, Command::Reload { snapshot, sockets });
    }

    /// Other sockets for each worker.
    pub(super) fn sockets(&self, sockets: Vec<Sockets>) {
        sockets.into_iter().enumerate().for_each(|(worker, sockets)| self.tell(worker, Command::Sockets(sockets)));
    }

    pub(super) fn drain(&self) {
        (0..self.count()).for_each(|worker| self.tell(worker, Command::Drain));
    }

    /// Each answers with [`Report::Figures`].
    pub(super) fn ask_figures(&self) {
        // One that has no room for the question is busy; its figures will come later.
        self.inboxes.iter().for_each(|inbox| drop(inbox.command(Command::Figures)));
    }

    pub(super) fn stop(&self) {
        // One that is gone has stopped.
        self.inboxes.iter().for_each(|inbox| drop(inbox.command(Command::Stop)));
    }

    fn tell(&self, worker: usize, command: Command) {
        if self.inboxes.get(worker).is_some_and(|inbox| inbox.command(command).is_err()) {
            tracing::error!("worker {worker} does not take commands any more: is its thread stuck?");
        }
    }

    fn ask<T>(&self, worker: usize, question: impl FnOnce(SyncSender<T>) -> Command) -> Option<T> {
        let (reply, answer) = sync_channel(1);
        self.inboxes.get(worker)?.command(question(reply)).ok()?;
        answer.recv_timeout(ANSWER).ok()
    }
}

/// What workers are made of.
pub(super) struct Parts {
    pub snapshot: Arc<Snapshot>,
    pub keys: CookieKeys,
    pub clock: Clock,
    /// Of each worker; there are as many.
    pub sockets: Vec<Sockets>,
    /// Operators' words that an earlier process left.
    pub overrides: Vec<(Arc<str>, Override)>,
    pub tray: Arc<Tray>,
    pub reports: Sender<Report>,
}

/// Starts a thread for each worker.
pub(super) fn start(mut parts: Parts) -> Result<(Workers, Vec<JoinHandle<()>>), StartError> {
    let failed = |cause| StartError::System { what: "starting a worker", cause };
    let count = parts.sockets.len();
    let inboxes = (0..count).map(|_| Inbox::new().map(Arc::new)).collect::<io::Result<Vec<_>>>().map_err(failed)?;
    let workers = Workers { inboxes: inboxes.into() };
    let (mut seed, mut owner_seed) = ([0; 32], [0; 8]);
    fill(&mut seed)?;
    fill(&mut owner_seed)?;
    let owner_seed = u64::from_le_bytes(owner_seed);
    let (mut threads, mut shared) = (Vec::new(), None);
    for (index, sockets) in std::mem::take(&mut parts.sockets).into_iter().enumerate() {
        let setup = setup(&parts, (index, count), (seed, owner_seed), shared.clone());
        let mut effects = Effects::default();
        let core = Worker::new(parts.clock.now(), setup, &mut effects);
        shared.get_or_insert_with(|| core.loaded());
        let parts = worker_loop::Parts {
            index,
            core,
            effects,
            clock: parts.clock,
            sockets,
            inbox: workers.inboxes[index].clone(),
            peers: Peers::new(index, workers.inboxes.clone(), owner_seed),
            tray: parts.tray.clone(),
            reports: parts.reports.clone(),
        };
        match Builder::new().name(format!("worker-{index}")).spawn(move || worker_loop::run(parts)) {
            Ok(thread) => threads.push(thread),
            Err(cause) => {
                workers.stop();
                return Err(failed(cause));
            }
        }
    }
    Ok((workers, threads))
}

fn setup(
    parts: &Parts,
    (index, workers): (usize, usize),
    (seed, owner_seed): ([u8; 32], u64),
    shared: Option<Loaded>,
) -> Setup {
    Setup {
        index,
        workers,
        seed,
        owner_seed,
        cookie_key: parts.keys.present,
        old_cookie_key: parts.keys.previous,
        snapshot: parts.snapshot.clone(),
        shared,
        overrides: parts.overrides.clone(),
        paths: Box::new(KernelPaths::default()),
        #[cfg(feature = "sim")]
        plant: crate::proxy::Plant::None,
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), StartError> {
    getrandom::fill(bytes)
        .map_err(|e| StartError::System { what: "random numbers", cause: io::Error::other(e.to_string()) })
}
