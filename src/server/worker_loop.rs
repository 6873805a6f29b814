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

use super::clock::Clock;
use super::inbox::{Handed, Inbox, Wake};
use super::intake::{BATCH, Intake};
use super::outbox::{self, Outbox, Refused};
use super::sockets::Bound;
use super::tray::Tray;
use super::undelivered;
use crate::flow::{Flow, SocketIx};
use crate::health::{Change, Override};
use crate::proxy::{Effects, Snapshot};
use crate::worker::{Counters, Load, Worker, owner, peek_call_id};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use tokio::sync::mpsc::Sender;

/// Batches that one socket may deliver in one wake-up.
const TURNS: usize = 8;
/// Rounds of "refused by the kernel, so the next gateway" in one wake-up.
const ROUNDS: usize = 64;
/// As much of an undelivered datagram as anybody looks at.
const RETURNED: usize = 2048;

/// The sockets of the process, by [`SocketIx`]; those of removed listeners stay until their calls are over. A socket
/// under a number that is not its own is an heir: sent through, not listened to.
pub type Sockets = Vec<Option<Arc<Bound>>>;

/// What the control side asks of a worker.
#[derive(Debug)]
pub enum Command {
    /// A new revision, and the sockets from now on.
    Reload {
        snapshot: Arc<Snapshot>,
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
    Stats(SyncSender<Stats>),
    Stop,
}

/// What a worker tells the control side.
#[derive(Debug)]
pub enum Report {
    /// Gateways went up or down.
    Changes(Vec<Change>),
    /// It is draining, and no call is in set-up and no final waits for its ACK.
    Drained,
    /// Its thread has ended, by [`Command::Stop`] or by a fault.
    Gone,
}

/// A worker in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub counters: Counters,
    pub load: Load,
    pub sending: outbox::Counters,
    /// Times that the thread woke up.
    pub wakes: u64,
    /// Datagrams that were lost because the inbox of their owner was full.
    pub not_handed: u64,
}

/// What a worker thread is made of.
pub struct Parts {
    pub core: Worker,
    /// What the core wanted when it was made.
    pub effects: Effects,
    pub clock: Clock,
    pub sockets: Sockets,
    pub wake: Wake,
    pub commands: Arc<Inbox<Command>>,
    pub handed: Arc<Inbox<Handed>>,
    /// Which worker this is, and every worker's inbox; alone it owns every call.
    pub index: usize,
    pub peers: Vec<Arc<Inbox<Handed>>>,
    /// Seed of the hash that finds a call's owner; the same for all workers.
    pub owner_seed: u64,
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
        worker.report_drained();
    }
    let now = worker.parts.clock.now();
    worker.parts.core.close(now, &mut worker.parts.effects);
    worker.carry_out();
}

/// Tells the control side even when the thread ends by a panic.
struct Farewell(Sender<Report>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.try_send(Report::Gone);
    }
}

struct Running {
    parts: Parts,
    intake: Intake,
    outbox: Outbox,
    refused: Vec<Refused>,
    returned: Vec<u8>,
    inbox: Vec<Command>,
    from_others: Vec<Handed>,
    /// Sockets that have something: index, readable, error.
    ready: SmallVec<[(SocketIx, bool, bool); 8]>,
    rung: bool,
    wakes: u64,
    /// Datagrams of other workers' calls that did not fit into their inbox.
    not_handed: u64,
    draining: bool,
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
            inbox: Vec::new(),
            from_others: Vec::new(),
            ready: SmallVec::new(),
            rung: false,
            wakes: 0,
            not_handed: 0,
            draining: false,
            stopped: false,
        }
    }

    /// Waits for a datagram, a ring or the next deadline.
    fn sleep(&mut self) {
        let Parts { core, clock, sockets, wake, .. } = &mut self.parts;
        let timeout = core.deadline().map(|at| TimeSpec::from_duration(clock.until(at)));
        let blocked = self.outbox.waiting().map(|flow| flow.socket);
        let mut fds: SmallVec<[PollFd; 8]> = SmallVec::new();
        fds.push(PollFd::new(wake.fd(), PollFlags::POLLIN));
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
        if !self.rung {
            return;
        }
        self.parts.wake.clear();
        let mut inbox = std::mem::take(&mut self.inbox);
        self.parts.commands.take(&mut inbox);
        inbox.drain(..).for_each(|command| self.command(command));
        self.inbox = inbox;
        self.handed();
    }

    fn command(&mut self, command: Command) {
        let now = self.parts.clock.now();
        let Parts { core, effects, .. } = &mut self.parts;
        match command {
            Command::Reload { snapshot, sockets } => {
                let _ = core.reload(now, snapshot, effects);
                self.parts.sockets = sockets;
            }
            Command::Sockets(sockets) => self.parts.sockets = sockets,
            Command::Drain => {
                core.drain(now);
                self.draining = true;
            }
            // Whoever asked may have gone away; that is its business.
            Command::Override { id, what, reply } => drop(reply.try_send(core.set_override(now, &id, what))),
            Command::Stats(reply) => drop(reply.try_send(Stats {
                counters: core.counters(),
                load: core.load(),
                sending: self.outbox.counters(),
                wakes: self.wakes,
                not_handed: self.not_handed,
            })),
            Command::Stop => self.stopped = true,
        }
        self.carry_out();
    }

    /// Datagrams that other workers received for this one.
    fn handed(&mut self) {
        let mut from_others = std::mem::take(&mut self.from_others);
        self.parts.handed.take(&mut from_others);
        let now = self.parts.clock.now();
        for handed in from_others.drain(..) {
            self.parts.core.datagram(now, handed.flow, &handed.bytes, &mut self.parts.effects);
        }
        self.from_others = from_others;
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
            let Parts { core, effects, clock, index, peers, owner_seed, .. } = &mut self.parts;
            let now = clock.now();
            let lost = &mut self.not_handed;
            let received = self.intake.receive(socket, |flow, bytes| {
                let owner = owner_of(bytes, *index, peers.len(), *owner_seed);
                match peers.get(owner).filter(|_| owner != *index) {
                    // A full inbox: SIP sends again what was lost, and the count says so.
                    Some(peer) => *lost += u64::from(peer.push(Handed { flow, bytes: bytes.into() }).is_err()),
                    None => core.datagram(now, flow, bytes, effects),
                }
            });
            match received {
                Ok(count) => {
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
    }

    /// Tells the core which datagrams did not arrive (checklist N14).
    fn errors(&mut self, socket: &Bound) {
        let Parts { core, effects, clock, .. } = &mut self.parts;
        let now = clock.now();
        undelivered::drain(socket, &mut self.returned, |peer, sent| {
            core.undelivered(now, Flow::udp(socket.ix, peer), sent, effects);
        });
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
            let Parts { core, effects, clock, sockets, tray, reports, .. } = &mut self.parts;
            if !effects.evidence.is_empty() {
                let mut evidence = std::mem::take(&mut effects.evidence);
                core.evidence(clock.now(), &mut evidence, effects);
                effects.evidence = evidence;
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

    fn report_drained(&mut self) {
        if self.draining {
            let load = self.parts.core.load();
            if load.setting_up == 0 && load.awaiting_ack == 0 {
                self.draining = self.parts.reports.try_send(Report::Drained).is_err();
            }
        }
    }
}

/// Which worker a datagram belongs to; without a Call-ID the one that has it.
fn owner_of(bytes: &[u8], index: usize, workers: usize, seed: u64) -> usize {
    if workers < 2 { index } else { peek_call_id(bytes).map_or(index, |id| owner(id, workers, seed)) }
}

fn own(sockets: &Sockets) -> impl Iterator<Item = &Arc<Bound>> {
    sockets.iter().enumerate().filter_map(|(n, s)| s.as_ref().filter(|s| usize::from(s.ix.0) == n))
}

fn socket(sockets: &Sockets, ix: SocketIx) -> Option<&Arc<Bound>> {
    sockets.get(usize::from(ix.0))?.as_ref()
}
