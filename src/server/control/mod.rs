//! The control side of a running router: signals, file events, polls, reloads, questions of operators, draining. A
//! current-thread tokio runtime on its own thread; nothing here is on the path of a call.
//!
//! [`pass`] is a pass over the files from the look to the swap, [`asked`] what operators ask of it, [`history`] going back
//! to an earlier revision, [`standing`] how all of that is counted and told.

mod asked;
mod history;
mod pass;
mod standing;

pub use asked::{Ask, State};

use super::Stats;
use super::archive::Archive;
use super::clock::Clock;
use super::crew::Workers;
use super::figures::{Figures, TICK};
use super::kernel;
use super::ledger::Orders;
use super::listeners::Listeners;
use super::look::{Attempted, Look};
use super::post::Report;
use super::revisions::Pin;
use super::serving::{Git, Serving, Standing};
use super::settle::Settle;
use super::signals::{Signal, Signals};
use super::systemd::Systemd;
use super::tray::Tray;
use super::watch::Watch;
use crate::admin::{PinOrder, PinOrderAnswer};
use crate::config::Code;
use crate::health::Change;
use asked::Waiting;
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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
    pub archive: Archive,
    pub serving: Serving,
    pub standing: Standing,
    pub pin: Option<Pin>,
    /// What the files were when the process started; they differ from what serves after a start from the last good one.
    pub attempted: Attempted,
    pub boot: &'static str,
    pub watched: Vec<PathBuf>,
    pub channels: Channels,
    /// What `git` says.
    pub commits: (Sender<Committed>, Receiver<Committed>),
    pub signals: Signals,
}

/// The commit of a file set, by the set's hash.
type Committed = (String, Option<Git>);

/// What comes in from other threads.
pub struct Channels {
    pub hints: Receiver<()>,
    pub reports: Receiver<Report>,
    pub asks: Receiver<Ask>,
    pub stop: Receiver<()>,
}

/// Serves until told to stop. The workers have been told to stop too when it returns.
pub async fn run(parts: Parts) -> Ended {
    let mut control = Control::new(parts);
    if control.sync_watch() {
        // Something may have changed between reading and watching.
        control.settle.hint(control.parts.clock.now().at);
    }
    control.begin();
    control.run().await
}

struct Control {
    parts: Parts,
    settle: Settle,
    looking: Option<(JoinHandle<Look>, Instant)>,
    trigger: &'static str,
    poll_at: Instant,
    restarts: u8,
    /// Why there are no file events.
    complaint: Option<String>,
    /// Operators who wait for the end of the next look, and of the one that is under way.
    waiting: Vec<Waiting>,
    answering: Vec<Waiting>,
    /// Orders that wait until no look is under way.
    pin_orders: VecDeque<(PinOrder, oneshot::Sender<PinOrderAnswer>)>,
    /// A question to `git` is under way.
    asking_git: bool,
    systemd: Systemd,
    /// Draining until then.
    draining: Option<Instant>,
    /// Which workers have nothing left that a drain waits for.
    idle: Vec<bool>,
    /// When each worker last answered.
    heard: Vec<Instant>,
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
    Ask(Ask),
    Commit(String, Option<Git>),
    Stop,
    DrainOver,
    SocketsOver,
    Tick,
}

impl Control {
    fn new(parts: Parts) -> Control {
        let now = Instant::now();
        let (poll_at, workers) = (now + jittered(parts.poll), parts.workers.count());
        Control {
            parts,
            settle: Settle::default(),
            looking: None,
            trigger: "file event",
            poll_at,
            restarts: 0,
            complaint: None,
            waiting: Vec::new(),
            answering: Vec::new(),
            pin_orders: VecDeque::new(),
            asking_git: false,
            systemd: Systemd::new(now),
            draining: None,
            idle: vec![false; workers],
            heard: vec![now; workers],
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
                self.parts.archive.flush();
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
            Some(()) = parts.channels.stop.recv() => Event::Stop,
            report = parts.channels.reports.recv() => Event::Report(report),
            look = looked(&mut self.looking) => Event::Looked(look),
            Some(ask) = parts.channels.asks.recv() => Event::Ask(ask),
            Some((hash, git)) = parts.commits.1.recv() => Event::Commit(hash, git),
            Some(()) = parts.channels.hints.recv() => Event::Hint("file event"),
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
                self.carry_out();
                if self.looking.is_none() {
                    self.systemd.reloaded();
                }
            }
            Event::Signal(Signal::Reload) => {
                self.systemd.reloading();
                self.look_anew("SIGHUP");
            }
            Event::Signal(Signal::Stop(name)) => self.stop(name),
            Event::Stop => self.stop("request"),
            Event::Ask(ask) => self.asked(ask),
            Event::Commit(hash, git) => self.commit_is(&hash, git),
            Event::Report(report) => self.reported(report),
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

    fn reported(&mut self, report: Option<Report>) {
        match report {
            Some(Report::Changes(changes)) => changes.iter().for_each(log_change),
            Some(Report::Idle { worker, idle }) => {
                self.idle.get_mut(worker).into_iter().for_each(|known| *known = idle);
                if self.idle.iter().all(|idle| *idle) {
                    self.ended = Some(Ended::Drained);
                }
            }
            Some(Report::Figures { worker, stats }) => {
                self.heard.get_mut(worker).into_iter().for_each(|heard| *heard = Instant::now());
                self.figures.take(worker, *stats);
            }
            Some(Report::Gone) | None => {
                tracing::error!("a worker thread ended by itself; this is a fault of trunkline");
                self.ended = Some(Ended::Broken);
            }
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
        if let Some(longest) = self.heard.iter().min() {
            self.systemd.feed(now, *longest);
        }
        self.systemd.status(&self.one_line());
    }

    /// SIGTERM or SIGINT: the first drains, the second ends (CONFIG-AND-CLI (g) "Shutting down").
    fn stop(&mut self, name: &str) {
        if self.draining.is_some() {
            tracing::warn!("{name} again: stopping at once");
            self.ended = Some(Ended::Cut);
            return;
        }
        tracing::info!("{name}: draining, new calls are refused; stopping within {:?}", self.parts.drain);
        self.systemd.stopping();
        self.draining = Some(Instant::now() + self.parts.drain);
        self.parts.workers.drain();
    }

    fn sync_watch(&mut self) -> bool {
        let Some(watch) = &mut self.parts.watch else { return false };
        let added = watch.sync(&self.parts.watched);
        if let Some(why) = watch.complaint() {
            let seconds = self.parts.poll.as_secs_f32();
            tracing::warn!("warning[{}]: no file events ({why}); polling every {seconds} s", Code::NoFileEvents);
            self.complaint = Some(why);
        }
        added
    }

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
