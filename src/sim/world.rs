//! The world: the router in the network, one clock for both, and a cast of others around it.
//!
//! The router runs on a grid of short ticks: what arrives within one waits in the sockets and is received at its end,
//! together, as by a process that is woken now and then. Datagrams of a tick come before its timers (checklist C2).

use super::Chance;
use super::net::{Datagram, Event, Fate, Health, Net, Token};
use super::process::{Arrived, What};
use super::router::{Noted, Router};
use crate::health::Change;
use crate::proxy::Snapshot;
use crate::record::Record;
use crate::time::{Instant, Now, Wall};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// When every run begins: 2026-11-24T09:00:00Z by the wall.
pub const START: Now = Now { at: Instant(1_000_000_000), wall: Wall(1_795_510_800_000_000) };

/// The router's wake-ups lie on multiples of this.
const TICK_US: u64 = 100;

/// In which order the workers take their turns within a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// What arrived first is served first, whoever owns it: the outcome is the same for any number of workers.
    #[default]
    Arrival,
    /// By chance: workers take turns, each with a batch of its own, and then its timers.
    Shuffled,
}

/// What made the router take a step.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// `number`: its place among all that arrived.
    Datagram {
        datagram: &'a Datagram,
        number: u64,
    },
    /// An ICMP error; `quoted`: how much of the datagram came back with it.
    Refused {
        datagram: &'a Datagram,
        quoted: usize,
    },
    Timer,
    /// A start, a reload, a verdict on gateways, the books.
    Inside,
}

/// One datagram that the router sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Range<usize>,
    pub fate: Fate,
}

/// What a step of the router did.
#[derive(Debug, Default)]
pub struct Step {
    pub sent: Vec<Sent>,
    pub arena: Vec<u8>,
    /// Records that left the workers.
    pub noted: Vec<Noted>,
    /// Records that were written.
    pub records: Vec<Record>,
    /// Gateways that went up or down.
    pub changes: Vec<Change>,
}

/// Everybody but the router and the network.
pub trait Cast {
    /// A datagram arrives at one of the others.
    fn arrived(&mut self, now: Now, net: &mut Net, datagram: &Datagram);
    fn woken(&mut self, world: &mut World, token: Token);
    /// The router took a step.
    fn stepped(&mut self, now: Now, cause: Cause, step: &Step);
    /// The router's process died; it had run until `ran`, before if it was not scheduled when it died.
    fn crashed(&mut self, _now: Now, _ran: Instant) {}
}

pub struct World {
    pub now: Now,
    pub net: Net,
    pub router: Router,
    pub schedule: Schedule,
    seed: u64,
    /// For the seeds of further processes, and what their ends do to the disk.
    chance: Chance,
    step: Step,
    /// What lies in the sockets, since when.
    waiting: Vec<What>,
    waiting_since: Instant,
    arrivals: u64,
    /// The router's process does not run until then (a stall: checklist C3).
    stalled_until: Instant,
    stalled_since: Instant,
    /// After a crash: when the next process starts.
    back_at: Option<Instant>,
}

impl World {
    /// What the start itself made the router send goes out with its first step.
    pub fn new(seed: u64, net: Net, router: Router) -> World {
        World {
            now: START,
            net,
            router,
            schedule: Schedule::default(),
            seed,
            chance: Chance::part(seed, 0x776f_726c),
            step: Step::default(),
            waiting: Vec::new(),
            waiting_since: START.at,
            arrivals: 0,
            stalled_until: Instant(0),
            stalled_since: Instant(0),
            back_at: None,
        }
    }

    /// Goes on until `until`, or until `stop` says so.
    pub fn run(&mut self, cast: &mut impl Cast, until: Instant, mut stop: impl FnMut() -> bool) {
        self.carry_out(cast, Cause::Inside);
        while !stop() && self.step(cast, until) {}
        if self.now.at < until {
            self.advance(until);
        }
    }

    /// One event, or one tick of the router; false when nothing is due by `until`.
    pub fn step(&mut self, cast: &mut impl Cast, until: Instant) -> bool {
        let (event, tick) = (self.net.next_at(), self.next_tick());
        match (event, tick) {
            (Some(event), tick) if event <= until && tick.is_none_or(|tick| event <= tick) => {
                let Some((at, event)) = self.net.pop() else { return false };
                self.advance(at);
                self.take(cast, event);
            }
            (_, Some(tick)) if tick <= until => {
                self.advance(tick);
                match self.back_at.take() {
                    Some(_) => self.come_back(cast),
                    None => self.tick(cast),
                }
            }
            _ => return false,
        }
        true
    }

    /// When the router's process has something to do.
    fn next_tick(&self) -> Option<Instant> {
        if let Some(back) = self.back_at {
            return Some(back);
        }
        let datagrams = (!self.waiting.is_empty()).then_some(self.waiting_since);
        let next = datagrams.into_iter().chain(self.router.deadline()).min()?;
        Some(Instant(next.max(self.now.at).0.next_multiple_of(TICK_US)).max(self.stalled_until))
    }

    fn advance(&mut self, to: Instant) {
        self.now = self.now.moved_to(to);
    }

    fn take(&mut self, cast: &mut impl Cast, event: Event) {
        match event {
            Event::Wake(token) => cast.woken(self, token),
            Event::Refused(datagram) if self.router.listens(datagram.from) => self.refused(datagram),
            Event::Refused(_) => {}
            Event::Arrival(datagram) if self.router.listens(datagram.to) => self.wait(What::Datagram(datagram)),
            Event::Arrival(datagram) => match self.net.health(datagram.to) {
                Health::Alive => cast.arrived(self.now, &mut self.net, &datagram),
                Health::Silent | Health::Deaf => {}
                Health::Refusing => self.net.refuse(self.now.at, datagram),
            },
        }
    }

    /// Something arrives at a socket of the router. Nobody has it open between two processes.
    fn wait(&mut self, what: What) {
        if self.router.runs() {
            if self.waiting.is_empty() {
                self.waiting_since = self.now.at;
            }
            self.waiting.push(what);
        }
    }

    /// An ICMP error quotes the datagram whole, in part, or not at all (RFC 792: eight bytes are enough).
    fn refused(&mut self, datagram: Datagram) {
        let whole = datagram.bytes.len();
        let mut chance = Chance::of(self.seed, (self.now.at.0, datagram.to, super::wire::call_of(&datagram.bytes)));
        let quoted = match chance.below(4) {
            0 => 0,
            1 => whole.min(520),
            _ => whole,
        };
        self.wait(What::Refused { datagram, quoted });
    }

    /// The router's process runs for a moment.
    fn tick(&mut self, cast: &mut impl Cast) {
        for what in self.waiting.drain(..) {
            self.arrivals += 1;
            self.router.arrive(Arrived { number: self.arrivals, what });
        }
        self.judge(cast);
        match self.schedule {
            Schedule::Arrival => self.in_order(cast),
            Schedule::Shuffled => self.in_turns(cast),
        }
        self.judge(cast);
        self.router.keep_books(self.now);
        self.carry_out(cast, Cause::Inside);
    }

    fn in_order(&mut self, cast: &mut impl Cast) {
        self.router.receive_all();
        while let Some((worker, arrived)) = self.router.earliest() {
            let number = arrived.number;
            self.serve(cast, worker, &arrived);
            if self.router.earliest_number() != Some(number) {
                self.judge(cast);
            }
        }
        // The first worker, which judges, comes last: as if one had fired them all.
        for worker in (0..self.router.worker_count()).rev() {
            self.fire(cast, worker);
        }
    }

    fn in_turns(&mut self, cast: &mut impl Cast) {
        let mut chance = Chance::of(self.seed, self.now.at.0);
        let mut order: Vec<usize> = (0..self.router.worker_count()).collect();
        loop {
            chance.shuffle(&mut order);
            for &worker in &order {
                if worker == 0 {
                    self.judge(cast);
                }
                self.router.receive(worker, chance.within(1..=6) as usize);
                while let Some(arrived) = self.router.next(worker) {
                    self.serve(cast, worker, &arrived);
                }
                self.fire(cast, worker);
            }
            if self.router.idle() {
                return;
            }
        }
    }

    fn serve(&mut self, cast: &mut impl Cast, worker: usize, arrived: &Arrived) {
        self.router.serve(self.now, worker, &arrived.what);
        match &arrived.what {
            What::Datagram(datagram) => self.carry_out(cast, Cause::Datagram { datagram, number: arrived.number }),
            What::Refused { datagram, quoted } => self.carry_out(cast, Cause::Refused { datagram, quoted: *quoted }),
        }
    }

    fn fire(&mut self, cast: &mut impl Cast, worker: usize) {
        if self.router.fire_one(self.now, worker) {
            self.carry_out(cast, Cause::Timer);
        }
    }

    fn judge(&mut self, cast: &mut impl Cast) {
        self.router.judge(self.now);
        self.carry_out(cast, Cause::Inside);
    }

    /// A new revision.
    pub fn reload(&mut self, cast: &mut impl Cast, snapshot: &Arc<Snapshot>) {
        self.router.reload(self.now, snapshot);
        self.carry_out(cast, Cause::Inside);
    }

    /// Closes as lost the records that are open.
    pub fn expire(&mut self, cast: &mut impl Cast) {
        self.router.expire(self.now);
        self.carry_out(cast, Cause::Inside);
    }

    /// The router's process stands still for a while.
    pub fn stall(&mut self, length: Duration) {
        self.stalled_since = self.last_ran();
        self.stalled_until = self.now.at + length;
    }

    /// When the router's process last ran.
    fn last_ran(&self) -> Instant {
        if self.now.at < self.stalled_until { self.stalled_since } else { self.now.at }
    }

    /// The router's process is killed (SIGKILL), and the next one starts after `down`.
    pub fn crash(&mut self, cast: &mut impl Cast, down: Duration) {
        self.waiting.clear();
        self.router.crash(self.now, &mut self.chance);
        // What the disk took to the last is there for everybody to see.
        self.carry_out(cast, Cause::Inside);
        // A process that is not scheduled writes nothing either: what its death costs is counted from when it last ran.
        cast.crashed(self.now, self.last_ran());
        self.stalled_until = Instant(0);
        self.back_at = Some(self.now.at + down);
    }

    fn come_back(&mut self, cast: &mut impl Cast) {
        self.router.restart(self.now, self.chance.seed());
        self.carry_out(cast, Cause::Inside);
    }

    /// Shows a step's effects to the cast and puts its datagrams into the network.
    fn carry_out(&mut self, cast: &mut impl Cast, cause: Cause) {
        let router = &mut self.router;
        let quiet = router.effects.sends.is_empty()
            && router.effects.changes.is_empty()
            && router.records.is_empty()
            && router.noted.is_empty();
        if quiet && matches!(cause, Cause::Inside) {
            return;
        }
        self.step.sent.clear();
        for send in &self.router.effects.sends {
            let from = self.router.sockets()[usize::from(send.flow.socket.0)];
            let bytes = send.start as usize..send.end as usize;
            let to = send.flow.remote;
            let fate = self.net.send(self.now.at, from, to, self.router.effects.bytes(send));
            self.step.sent.push(Sent { from, to, bytes, fate });
        }
        std::mem::swap(&mut self.step.arena, &mut self.router.effects.arena);
        std::mem::swap(&mut self.step.noted, &mut self.router.noted);
        std::mem::swap(&mut self.step.records, &mut self.router.records);
        std::mem::swap(&mut self.step.changes, &mut self.router.effects.changes);
        cast.stepped(self.now, cause, &self.step);
        std::mem::swap(&mut self.step.arena, &mut self.router.effects.arena);
        self.step.noted.clear();
        self.step.records.clear();
        self.router.effects.clear();
    }
}
