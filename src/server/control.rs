//! The control side of a running router: signals, file events, polls, reloads, draining. A current-thread tokio runtime
//! on its own thread; nothing here is on the path of a call.

use super::clock::Clock;
use super::crew::Workers;
use super::figures::{Figures, TICK};
use super::ledger::Orders;
use super::listeners::Listeners;
use super::look::{Attempted, Found, Look, look};
use super::post::Report;
use super::settle::Settle;
use super::signals::{Signal, Signals};
use super::tray::Tray;
use super::watch::Watch;
use super::{Stats, kernel};
use crate::config::{Code, Compiled, Diagnostics};
use crate::health::Change;
use crate::proxy::Snapshot;
use sd_notify::NotifyState;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

/// How often a look is thrown away because of a newer hint; then it counts, since somebody may write beside the files
/// all the time.
const RESTARTS: u8 = 3;

/// How a router ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Told to, and no call in set-up was left behind.
    Drained,
    /// Told to, and `--drain` was over, or told twice.
    Cut,
    /// A worker thread ended by itself: a fault of the program.
    Broken,
}

/// What the control side is made of.
pub struct Parts {
    pub root: PathBuf,
    pub watch: Option<Watch>,
    pub poll: Duration,
    pub drain: Duration,
    pub clock: Clock,
    pub listeners: Listeners,
    pub workers: Workers,
    pub tray: Arc<Tray>,
    pub orders: Arc<Orders>,
    pub running: Arc<Snapshot>,
    /// The content hash of what runs.
    pub hash: String,
    pub watched: Vec<PathBuf>,
    pub hints: Receiver<()>,
    pub reports: Receiver<Report>,
    pub stop: Receiver<()>,
    pub signals: Signals,
}

/// Serves until told to stop. The workers have been told to stop too when it returns.
pub async fn run(mut parts: Parts) -> Ended {
    let attempted = Attempted::Hash(parts.hash.clone());
    if parts.sync_watch() {
        // Something may have changed between reading and watching.
        let now = parts.clock.now().at;
        return Control::new(parts, attempted, Some(now)).run().await;
    }
    Control::new(parts, attempted, None).run().await
}

struct Control {
    parts: Parts,
    settle: Settle,
    attempted: Attempted,
    looking: Option<(JoinHandle<Look>, Instant)>,
    trigger: &'static str,
    poll_at: Instant,
    restarts: u8,
    /// systemd was told that a reload has begun.
    announced: bool,
    /// Draining until then.
    draining: Option<Instant>,
    /// Which workers have nothing left that a drain waits for.
    idle: Vec<bool>,
    figures: Figures,
    tick_at: Instant,
    ended: Option<Ended>,
}

enum Event {
    Hint(&'static str),
    Poll,
    Due,
    Looked(Option<Look>),
    Signal(Signal),
    Report(Option<Report>),
    Stop,
    DrainOver,
    SocketsOver,
    Tick,
}

impl Parts {
    fn sync_watch(&mut self) -> bool {
        let Some(watch) = &mut self.watch else { return false };
        let added = watch.sync(&self.watched);
        if let Some(why) = watch.complaint() {
            let seconds = self.poll.as_secs_f32();
            tracing::warn!("warning[{}]: no file events ({why}); polling every {seconds} s", Code::NoFileEvents);
        }
        added
    }
}

impl Control {
    fn new(parts: Parts, attempted: Attempted, hint: Option<crate::time::Instant>) -> Control {
        let mut settle = Settle::default();
        if let Some(now) = hint {
            settle.hint(now);
        }
        let now = Instant::now();
        let (poll_at, workers) = (now + jittered(parts.poll), parts.workers.count());
        Control {
            parts,
            settle,
            attempted,
            looking: None,
            trigger: "file event",
            poll_at,
            restarts: 0,
            announced: false,
            draining: None,
            idle: vec![false; workers],
            figures: Figures::new(workers, now),
            tick_at: now + TICK,
            ended: None,
        }
    }

    async fn run(mut self) -> Ended {
        loop {
            let event = self.next().await;
            self.handle(event);
            if let Some(ended) = self.ended {
                self.say_what_was_served();
                self.parts.workers.stop();
                return ended;
            }
        }
    }

    async fn next(&mut self) -> Event {
        let due = self.settle.due().filter(|_| self.looking.is_none() && self.draining.is_none());
        let due = due.map(|at| Instant::now() + self.parts.clock.until(at));
        let poll = (self.looking.is_none() && self.draining.is_none()).then_some(self.poll_at);
        let sockets = self.parts.listeners.deadline();
        let parts = &mut self.parts;
        tokio::select! {
            biased;
            signal = parts.signals.next() => Event::Signal(signal),
            Some(()) = parts.stop.recv() => Event::Stop,
            report = parts.reports.recv() => Event::Report(report),
            look = looked(&mut self.looking) => Event::Looked(look),
            Some(()) = parts.hints.recv() => Event::Hint("file event"),
            () = at(due) => Event::Due,
            () = at(poll) => Event::Poll,
            () = at(self.draining) => Event::DrainOver,
            () = at(sockets) => Event::SocketsOver,
            () = at(Some(self.tick_at)) => Event::Tick,
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Hint(trigger) => {
                self.trigger = trigger;
                self.settle.hint(self.parts.clock.now().at);
            }
            Event::Poll => {
                self.poll_at = Instant::now() + jittered(self.parts.poll);
                self.trigger = "poll";
                self.look();
            }
            Event::Due => self.look(),
            Event::Looked(look) => {
                let began = self.looking.take().map(|(_, began)| began);
                if let (Some(look), Some(began)) = (look, began) {
                    self.looked(look, began);
                }
                if self.looking.is_none() && std::mem::take(&mut self.announced) {
                    let _ = sd_notify::notify(&[NotifyState::Ready]);
                }
            }
            Event::Signal(Signal::Reload) => {
                self.trigger = "SIGHUP";
                self.announce_reload();
                // Also what failed before is tried again: the operator may have fixed what the hash does not cover.
                self.attempted = Attempted::Unreadable(String::new());
                if self.looking.is_none() && self.draining.is_none() {
                    self.look();
                } else {
                    self.settle.hint(self.parts.clock.now().at);
                }
            }
            Event::Signal(Signal::Stop(name)) => self.stop(name),
            Event::Stop => self.stop("request"),
            Event::Report(Some(Report::Changes(changes))) => changes.iter().for_each(log_change),
            Event::Report(Some(Report::Idle { worker, idle })) => {
                self.idle.get_mut(worker).into_iter().for_each(|known| *known = idle);
                if self.idle.iter().all(|idle| *idle) {
                    self.ended = Some(Ended::Drained);
                }
            }
            Event::Report(Some(Report::Figures { worker, stats })) => self.figures.take(worker, *stats),
            Event::Report(Some(Report::Gone)) | Event::Report(None) => {
                tracing::error!("a worker thread ended by itself; this is a fault of trunkline");
                self.ended = Some(Ended::Broken);
            }
            Event::DrainOver => {
                tracing::warn!("calls are still in set-up, and the time to drain is over");
                self.ended = Some(Ended::Cut);
            }
            Event::SocketsOver => {
                if let Some(sockets) = self.parts.listeners.expire(Instant::now()) {
                    self.parts.workers.sockets(sockets);
                }
            }
            Event::Tick => self.tick(),
        }
    }

    /// Writes about the figures of the last second, and asks for those of the next.
    fn tick(&mut self) {
        let now = Instant::now();
        self.tick_at = now + TICK;
        let listeners = &self.parts.listeners;
        if let Some(line) = self.figures.line(now, || kernel::queues(listeners.bound())) {
            line.log();
        }
        self.parts.workers.ask_figures();
    }

    /// SIGTERM or SIGINT: the first drains, the second ends (CONFIG-AND-CLI (g) "Shutting down").
    fn stop(&mut self, name: &str) {
        if self.draining.is_some() {
            tracing::warn!("{name} again: stopping at once");
            self.ended = Some(Ended::Cut);
            return;
        }
        tracing::info!("{name}: draining, new calls are refused; stopping within {:?}", self.parts.drain);
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
        self.draining = Some(Instant::now() + self.parts.drain);
        self.parts.workers.drain();
    }

    /// systemd waits for the end of a reload that it asked for (`Type=notify-reload`), whatever it finds.
    fn announce_reload(&mut self) {
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now());
        let _ = sd_notify::notify(&states);
        self.announced = true;
    }

    fn look(&mut self) {
        self.settle.looking();
        let (root, attempted, running) = (self.parts.root.clone(), self.attempted.clone(), self.parts.hash.clone());
        let task = tokio::task::spawn_blocking(move || look(&root, &attempted, &running));
        self.looking = Some((task, Instant::now()));
    }

    fn looked(&mut self, look: Look, began: Instant) {
        if self.draining.is_some() {
            return;
        }
        // A newer hint restarts the pass.
        let overtaken = matches!(look.found, Found::New { .. }) && self.settle.due().is_some();
        if overtaken && self.restarts < RESTARTS {
            self.restarts += 1;
            return;
        }
        self.restarts = 0;
        if let Some(watch) = look.watch {
            self.parts.watched = watch;
        }
        if self.parts.sync_watch() {
            self.settle.hint(self.parts.clock.now().at);
        }
        let now = self.parts.clock.now().at;
        match look.found {
            Found::Moving => {
                if self.settle.moving(now) {
                    tracing::warn!("warning[{}]: the files keep changing; waiting for a pause", Code::RestlessFiles);
                }
                return;
            }
            Found::Unreadable(_) if self.settle.away(now) => return,
            Found::Unreadable(said) => {
                self.refuse(&format!("error: {said}"), began);
                self.attempted = Attempted::Unreadable(said);
            }
            Found::Same => {}
            Found::Back => {
                let revision = &self.parts.running.revision;
                if matches!(&self.attempted, Attempted::Unreadable(said) if said.is_empty()) {
                    tracing::info!("{}: the files are those of revision {revision}, which is running", self.trigger);
                } else {
                    tracing::info!(
                        "the files are again those of revision {revision}, which has been serving all the time"
                    );
                }
                self.attempted = Attempted::Hash(self.parts.hash.clone());
            }
            Found::New { hash, compiled, said } => {
                self.attempted = Attempted::Hash(hash);
                match compiled {
                    Some(compiled) => self.swap(*compiled, &said, began),
                    None => self.refuse(&said.first_line(), began),
                }
            }
        }
        self.settle.settled();
    }

    /// All or nothing: what can fail has been done before anything is touched (CONFIG-AND-CLI (d) 4).
    fn swap(&mut self, mut compiled: Compiled, said: &Diagnostics, began: Instant) {
        let Some(snapshot) = Arc::get_mut(&mut compiled.snapshot) else {
            return self.refuse("error: the compiler kept a revision for itself; this is a fault of trunkline", began);
        };
        let prepared = match self.parts.listeners.prepare(snapshot) {
            Ok(prepared) => prepared,
            Err(e) => return self.refuse(&e.to_string(), began),
        };
        let difference = crate::plan::declared::between(&self.parts.running, &compiled.snapshot);
        let sockets = self.parts.listeners.commit(prepared, Instant::now());
        self.parts.workers.reload(compiled.snapshot.clone(), sockets);
        self.parts.orders.set(compiled.accounting, &self.parts.tray);
        let before = std::mem::replace(&mut self.parts.running, compiled.snapshot).revision.clone();
        self.parts.hash = compiled.hash;
        let (revision, ms, warnings) = (&self.parts.running.revision, began.elapsed().as_millis(), said.warnings());
        let and = if warnings == 0 { String::new() } else { format!(" ({warnings} warnings: see trunkline validate)") };
        tracing::info!("reloaded {before} -> {revision} by {} in {ms} ms: {difference}{and}", self.trigger);
    }

    fn refuse(&self, why: &str, began: Instant) {
        let (revision, ms) = (&self.parts.running.revision, began.elapsed().as_millis());
        let code = Code::ReloadRefused;
        tracing::error!("error[{code}] by {} in {ms} ms: {why}; still serving {revision}", self.trigger);
    }
}

impl Control {
    fn say_what_was_served(&self) {
        let Some(Stats { counters: c, sending: s, handing: h, wakes, .. }) = self.parts.workers.stats() else { return };
        let (calls, answered, failed, cancelled, rejected) = (c.calls, c.answered, c.failed, c.cancelled, c.rejected);
        tracing::info!(calls, answered, failed, cancelled, rejected, overload = c.overload, "served");
        let (received, malformed, strangers, strays) = (c.datagrams, c.malformed, c.strangers, c.strays);
        let (sent, dropped, refused) = (s.sent, s.dropped, s.refused);
        tracing::debug!(
            received,
            malformed,
            strangers,
            strays,
            sent,
            sends = s.calls,
            dropped,
            refused,
            handed = h.handed,
            wakes,
            "datagrams"
        );
    }
}

fn log_change(change: &Change) {
    let Change { gateway, address, up, why } = change;
    if *up {
        tracing::info!("gateway {gateway} ({address}) is up: {why}");
    } else {
        tracing::warn!("gateway {gateway} ({address}) is down: {why}");
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

async fn looked(task: &mut Option<(JoinHandle<Look>, Instant)>) -> Option<Look> {
    match task {
        // A look that panicked is a look that found nothing; the next hint tries again.
        Some((task, _)) => task.await.ok(),
        None => std::future::pending().await,
    }
}

/// Routers that read the same files over a network do not do it at the same moment: ±20 %.
fn jittered(poll: Duration) -> Duration {
    let chance = RandomState::new().hash_one(poll) % 401;
    poll.mul_f64(0.8 + chance as f64 / 1000.0)
}
