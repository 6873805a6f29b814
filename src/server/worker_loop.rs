//! One worker: a dedicated thread around the pure [`Worker`], waiting in `ppoll` for its sockets, its inbox and its
//! next deadline.
//!
//! Not a tokio runtime: a wake-up of this loop is `ppoll`, `recvmmsg`, `sendmmsg` and nothing else. A runtime would add
//! its own epoll, an eventfd and a readiness protocol (read until `EAGAIN`: one more call a socket) to each datagram,
//! and a call is seven datagrams each way. Everything that is not a datagram or a timer happens on other threads and
//! comes in through the inbox.
//!
//! The order of one wake-up: commands, datagrams, errors of sent datagrams, timers. Datagrams before timers: a final
//! that already lies in the socket beats the timeout that would discard it (checklist C2). Every step is bounded, so
//! that a flood on one socket delays timers by a bounded time (checklist C4).

use super::Stats;
use super::clock::Clock;
use super::inbox::Inbox;
use super::intake::{BATCH, Intake};
use super::outbox::{Outbox, Refused};
use super::peers::Peers;
use super::post::{Command, Report};
use super::sockets::{Bound, Sockets};
use super::tray::Tray;
use super::undelivered;
use crate::flow::{Flow, SocketIx};
use crate::health::Evidence;
use crate::proxy::Effects;
use crate::worker::{Kind, Parcel, Pressure, Worker};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use smallvec::SmallVec;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Batches that one socket may deliver in one wake-up.
const TURNS: usize = 8;
/// Rounds of "refused by the kernel, so the next gateway" in one wake-up.
const ROUNDS: usize = 64;
/// As much of an undelivered datagram as anybody looks at.
const RETURNED: usize = 2048;

/// What a worker thread is made of.
pub struct Parts {
    /// Which worker this is.
    pub index: usize,
    pub core: Worker,
    /// What the core wanted when it was made.
    pub effects: Effects,
    pub clock: Clock,
    pub sockets: Sockets,
    pub inbox: Arc<Inbox>,
    pub peers: Peers,
    pub tray: Arc<Tray>,
    pub reports: Sender<Report>,
}

/// Runs a worker until [`Command::Stop`].
pub fn run(parts: Parts) {
    let _farewell = Farewell(parts.reports.clone());
    let mut worker = Running::new(parts);
    worker.carry_out();
    while !worker.stopped {
        worker.sleep();
        worker.wakes += 1;
        worker.commands();
        worker.datagrams();
        worker.resume();
        worker.timers();
        worker.look_back();
        worker.report_idle();
    }
    let now = worker.parts.clock.now();
    worker.parts.core.close(now, &mut worker.parts.effects);
    worker.carry_out();
}

/// Tells the control side even when the thread ends by a panic.
struct Farewell(Sender<Report>);

impl Drop for Farewell {
    fn drop(&mut self) {
        // It must not get lost, whatever waits before it; when the control side is gone it comes back at once.
        let _ = self.0.blocking_send(Report::Gone);
    }
}

struct Running {
    parts: Parts,
    intake: Intake,
    outbox: Outbox,
    refused: Vec<Refused>,
    returned: Vec<u8>,
    commands: Vec<Command>,
    parcel: Parcel,
    evidence: Vec<Evidence>,
    /// Sockets that have something: index, readable, error.
    ready: SmallVec<[(SocketIx, bool, bool); 8]>,
    rung: bool,
    wakes: u64,
    pressure: Pressure,
    /// Nothing was left waiting in this wake-up.
    caught_up: bool,
    /// A queue was more than half full in this wake-up.
    brimming: bool,
    deepest: u64,
    /// Draining, and what the control side was told last.
    draining: Option<bool>,
    stopped: bool,
}

impl Running {
    fn new(parts: Parts) -> Running {
        Running {
            parts,
            intake: Intake::default(),
            outbox: Outbox::default(),
            refused: Vec::new(),
            returned: vec![0; RETURNED],
            commands: Vec::new(),
            parcel: Parcel::default(),
            evidence: Vec::new(),
            ready: SmallVec::new(),
            rung: false,
            wakes: 0,
            pressure: Pressure::default(),
            caught_up: true,
            brimming: false,
            deepest: 0,
            draining: None,
            stopped: false,
        }
    }

    /// Waits for a datagram, a ring or the next deadline.
    fn sleep(&mut self) {
        let Parts { core, clock, sockets, inbox, .. } = &mut self.parts;
        let timeout = core.deadline().map(|at| TimeSpec::from_duration(clock.until(at)));
        let blocked = self.outbox.waiting().map(|flow| flow.socket);
        let mut fds: SmallVec<[PollFd; 8]> = SmallVec::new();
        fds.push(PollFd::new(inbox.fd(), PollFlags::POLLIN));
        for socket in own(sockets) {
            let out = if blocked == Some(socket.ix) { PollFlags::POLLOUT } else { PollFlags::empty() };
            fds.push(PollFd::new(socket.fd(), PollFlags::POLLIN | out));
        }
        // An interrupted wait is a wake-up without news.
        let any = ppoll(&mut fds, timeout, None).unwrap_or(0) > 0;
        let has = |fd: &PollFd, flag| any && fd.revents().is_some_and(|events| events.contains(flag));
        self.rung = fds.first().is_some_and(|fd| has(fd, PollFlags::POLLIN));
        let polled = own(sockets).zip(fds.iter().skip(1));
        self.ready.clear();
        self.ready.extend(
            polled
                .map(|(socket, fd)| (socket.ix, has(fd, PollFlags::POLLIN), has(fd, PollFlags::POLLERR)))
                .filter(|(_, readable, error)| *readable || *error),
        );
    }

    fn commands(&mut self) {
        (self.caught_up, self.brimming) = (true, false);
        if !self.rung {
            return;
        }
        let inbox = &self.parts.inbox;
        inbox.quiet();
        // In this order: a datagram that was handed over after a reload is handled by the new revision.
        inbox.handed.take(&mut self.parcel);
        let mut commands = std::mem::take(&mut self.commands);
        inbox.commands.take(&mut commands);
        commands.drain(..).for_each(|command| self.command(command));
        self.commands = commands;
        self.handed();
    }

    fn command(&mut self, command: Command) {
        let now = self.parts.clock.now();
        let Parts { core, effects, index, peers, .. } = &mut self.parts;
        match command {
            Command::Reload { snapshot, mut sockets } => {
                if let Some(loaded) = core.reload(now, snapshot, effects) {
                    let own = sockets.get_mut(*index).map(std::mem::take).unwrap_or_default();
                    peers.adopt(&loaded, sockets);
                    self.parts.sockets = own;
                }
            }
            Command::Adopt { loaded, sockets } => {
                core.adopt(loaded);
                self.parts.sockets = sockets;
            }
            Command::Sockets(sockets) => self.parts.sockets = sockets,
            Command::Drain => {
                core.drain(now);
                self.draining.get_or_insert(false);
            }
            // Whoever asked may have gone away; that is its business.
            Command::Override { id, what, reply } => drop(reply.try_send(core.set_override(now, &id, what))),
            Command::Probe { id, reply } => drop(reply.try_send(core.probe_now(now, &id))),
            Command::Reset { id, reply } => drop(reply.try_send(core.reset(now, &id))),
            Command::Health(reply) => drop(reply.try_send(core.health(now))),
            Command::Tally(reply) => drop(reply.try_send(core.tally().clone())),
            Command::Survey { wanted, reply } => {
                let fits = |call: &crate::proxy::SettingUp| wanted.fits(call.gateway.as_deref(), call.group.as_deref());
                drop(reply.try_send(core.survey(now, wanted.most, &fits)));
            }
            Command::Stats(reply) => drop(reply.try_send(self.stats())),
            Command::Figures => {
                let report = Report::Figures { worker: *index, stats: Box::new(self.stats()) };
                // A full channel means that nobody reads the log.
                let _ = self.parts.reports.try_send(report);
                self.deepest = 0;
            }
            Command::Stop => self.stopped = true,
        }
        self.carry_out();
    }

    fn stats(&self) -> Stats {
        Stats {
            counters: self.parts.core.counters(),
            load: self.parts.core.load(),
            sending: self.outbox.counters(),
            handing: self.parts.peers.counters(),
            wakes: self.wakes,
            deepest: self.deepest,
            pressed: self.pressure.times(),
        }
    }

    /// What other workers received for this one.
    fn handed(&mut self) {
        let count = self.parcel.len();
        self.deepest = self.deepest.max(count as u64);
        // As long as a turn of the sockets, it is a burst.
        self.caught_up &= count < TURNS * BATCH;
        self.brimming |= count > self.parts.inbox.handed.bound() / 2;
        let parcel = std::mem::take(&mut self.parcel);
        let mut now = self.parts.clock.now();
        for (n, (kind, flow, bytes)) in parcel.iter().enumerate() {
            if n % BATCH == 0 {
                now = self.parts.clock.now();
                self.parts.core.press(self.pressure.glance(now.at));
            }
            let Parts { core, effects, .. } = &mut self.parts;
            match kind {
                Kind::Arrived => core.datagram(now, flow, bytes, effects),
                Kind::Undelivered => core.undelivered(now, flow, bytes, effects),
            }
            if n % BATCH == BATCH - 1 {
                self.carry_out();
            }
        }
        self.parcel = parcel;
        self.carry_out();
    }

    fn datagrams(&mut self) {
        let ready = std::mem::take(&mut self.ready);
        for (ix, readable, error) in &ready {
            let Some(socket) = socket(&self.parts.sockets, *ix).cloned() else { continue };
            if *error {
                self.errors(&socket);
            }
            // An error without data is readable too: the receive call that clears it costs nothing.
            if *readable || *error {
                self.receive(&socket);
            }
        }
        self.ready = ready;
    }

    /// Receives from one socket until it is empty or has had its turns.
    fn receive(&mut self, socket: &Bound) {
        for _ in 0..TURNS {
            let Parts { core, effects, clock, peers, .. } = &mut self.parts;
            let now = clock.now();
            core.press(self.pressure.glance(now.at));
            let received = self.intake.receive(socket, |flow, bytes| {
                if !peers.takes(flow, bytes) {
                    core.datagram(now, flow, bytes, effects);
                }
            });
            match received {
                Ok(count) => {
                    peers.flush();
                    self.carry_out();
                    // Fewer than asked for: the socket was empty, one more call would only say so.
                    if count < BATCH {
                        return;
                    }
                }
                Err(Errno::EAGAIN) => return,
                // An error that an earlier send left behind: its report is in the error queue. Read on.
                Err(_) => {}
            }
        }
        self.caught_up = false;
    }

    /// Tells the core which datagrams did not arrive (checklist N14).
    fn errors(&mut self, socket: &Bound) {
        let Parts { core, effects, clock, peers, .. } = &mut self.parts;
        let now = clock.now();
        undelivered::drain(socket, &mut self.returned, |peer, sent| {
            let flow = Flow::udp(socket.ix, peer);
            if !peers.takes_undelivered(flow, sent) {
                core.undelivered(now, flow, sent, effects);
            }
        });
        peers.flush();
        self.carry_out();
    }

    fn resume(&mut self) {
        if self.outbox.waiting().is_some() {
            let sockets = &self.parts.sockets;
            self.outbox.resume(|flow| socket(sockets, flow.socket).map(Arc::as_ref), &mut self.refused);
            self.carry_out();
        }
    }

    fn timers(&mut self) {
        let now = self.parts.clock.now();
        if self.parts.core.deadline().is_some_and(|at| at <= now.at) {
            self.parts.core.fire(now, &mut self.parts.effects);
            self.carry_out();
        }
    }

    /// Sends, records and reports what the core wants. What the kernel refuses goes back to the core, which may want to
    /// send elsewhere: bounded rounds.
    fn carry_out(&mut self) {
        for _ in 0..ROUNDS {
            let Parts { core, effects, clock, sockets, peers, tray, reports, .. } = &mut self.parts;
            if !effects.evidence.is_empty() {
                if peers.has_health() {
                    std::mem::swap(&mut effects.evidence, &mut self.evidence);
                    core.evidence(clock.now(), &mut self.evidence, effects);
                } else {
                    peers.tell(&mut effects.evidence);
                }
            }
            if !effects.sends.is_empty() {
                self.outbox.flush(effects, |flow| socket(sockets, flow.socket).map(Arc::as_ref), &mut self.refused);
            }
            if !effects.rows.is_empty() {
                tray.put(&mut effects.rows);
            }
            if !effects.changes.is_empty() {
                // A full channel means that nobody reads the log: the change is in the counters all the same.
                let _ = reports.try_send(Report::Changes(std::mem::take(&mut effects.changes)));
            }
            effects.clear();
            if self.refused.is_empty() {
                return;
            }
            let now = clock.now();
            for (flow, bytes) in self.refused.drain(..) {
                core.undelivered(now, flow, &bytes, effects);
            }
        }
    }

    /// The end of a wake-up: evidence of the other workers, and whether this one keeps up.
    fn look_back(&mut self) {
        if self.parts.peers.has_health() {
            self.parts.inbox.evidence.take(&mut self.evidence);
            if !self.evidence.is_empty() {
                let now = self.parts.clock.now();
                self.parts.core.evidence(now, &mut self.evidence, &mut self.parts.effects);
                self.carry_out();
            }
        }
        let now = self.parts.clock.now().at;
        self.parts.core.press(self.pressure.look(now, self.caught_up, self.brimming));
    }

    fn report_idle(&mut self) {
        let Some(told) = self.draining else { return };
        let load = self.parts.core.load();
        let idle = load.setting_up == 0 && load.awaiting_ack == 0;
        if idle != told && self.parts.reports.try_send(Report::Idle { worker: self.parts.index, idle }).is_ok() {
            self.draining = Some(idle);
        }
    }
}

fn own(sockets: &Sockets) -> impl Iterator<Item = &Arc<Bound>> {
    sockets.iter().enumerate().filter_map(|(n, s)| s.as_ref().filter(|s| usize::from(s.ix.0) == n))
}

fn socket(sockets: &Sockets, ix: SocketIx) -> Option<&Arc<Bound>> {
    sockets.get(usize::from(ix.0))?.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_worker_is_told_even_after_a_panic_and_through_a_full_channel() {
        let (reports, mut told) = tokio::sync::mpsc::channel(1);
        reports.try_send(Report::Changes(Vec::new())).expect("room for one");
        let worker = std::thread::spawn(move || {
            let _farewell = Farewell(reports);
            panic!("a fault");
        });
        assert!(matches!(told.blocking_recv(), Some(Report::Changes(_))));
        assert!(matches!(told.blocking_recv(), Some(Report::Gone)));
        assert!(worker.join().is_err());
    }
}
