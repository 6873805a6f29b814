//! The world: the router in the network, one clock for both, and a cast of others around it.
//!
//! One step at a time: the earliest event of the network, or the router's timers. Datagrams that are due at the same
//! moment as a timer come first (checklist C2).

use super::Chance;
use super::net::{Datagram, Event, Fate, Health, Net, Token};
use super::router::Router;
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

/// What made the router take a step.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    Datagram(&'a Datagram),
    /// An ICMP error; `quoted`: how much of the datagram came back with it.
    Refused {
        datagram: &'a Datagram,
        quoted: usize,
    },
    Timer,
    /// A reload, or the ledger's own clock.
    Reload,
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
}

pub struct World {
    pub now: Now,
    pub net: Net,
    pub router: Router,
    chance: Chance,
    step: Step,
    /// The router's process does not run until then (a stall: checklist C3).
    stalled_until: Instant,
}

impl World {
    /// What the start itself made the router send goes out with its first step.
    pub fn new(seed: u64, net: Net, router: Router) -> World {
        let chance = Chance::part(seed, 0x776f_726c);
        World { now: START, net, router, chance, step: Step::default(), stalled_until: Instant(0) }
    }

    /// Goes on until `until`, or until `stop` says so.
    pub fn run(&mut self, cast: &mut impl Cast, until: Instant, mut stop: impl FnMut() -> bool) {
        self.carry_out(cast, Cause::Timer);
        while !stop() && self.step(cast, until) {}
        if self.now.at < until {
            self.advance(until);
        }
    }

    /// One event; false when nothing is due by `until`.
    pub fn step(&mut self, cast: &mut impl Cast, until: Instant) -> bool {
        let event = self.net.next_at();
        let timer = self.router.deadline().map(|at| at.max(self.stalled_until));
        match (event, timer) {
            (Some(event), timer) if event <= until && timer.is_none_or(|timer| event <= timer) => {
                let Some((at, event)) = self.net.pop() else { return false };
                self.advance(at);
                self.take(cast, event);
            }
            (_, Some(timer)) if timer <= until => {
                self.advance(timer);
                self.router.fire(self.now);
                self.carry_out(cast, Cause::Timer);
            }
            _ => return false,
        }
        true
    }

    fn advance(&mut self, to: Instant) {
        let by = to.0.saturating_sub(self.now.at.0);
        self.now = Now { at: Instant(self.now.at.0 + by), wall: Wall(self.now.wall.0 + by as i64) };
    }

    fn take(&mut self, cast: &mut impl Cast, event: Event) {
        let for_router = match &event {
            Event::Arrival(datagram) => self.router.listens(datagram.to),
            Event::Refused(_) => true,
            Event::Wake(_) => false,
        };
        if for_router && self.now.at < self.stalled_until {
            return self.net.put(self.stalled_until, event);
        }
        match event {
            Event::Wake(token) => cast.woken(self, token),
            Event::Refused(datagram) => self.refused(cast, &datagram),
            Event::Arrival(datagram) if for_router => {
                self.router.datagram(self.now, &datagram);
                self.carry_out(cast, Cause::Datagram(&datagram));
            }
            Event::Arrival(datagram) => match self.net.health(datagram.to) {
                Health::Alive => cast.arrived(self.now, &mut self.net, &datagram),
                Health::Silent | Health::Deaf => {}
                Health::Refusing => self.net.refuse(self.now.at, datagram),
            },
        }
    }

    /// An ICMP error quotes the datagram whole, in part, or not at all (RFC 792: eight bytes are enough).
    fn refused(&mut self, cast: &mut impl Cast, datagram: &Datagram) {
        if !self.router.listens(datagram.from) {
            return;
        }
        let whole = datagram.bytes.len();
        let quoted = match self.chance.below(4) {
            0 => 0,
            1 => whole.min(520),
            _ => whole,
        };
        self.router.undelivered(self.now, datagram.from, datagram.to, &datagram.bytes[..quoted]);
        self.carry_out(cast, Cause::Refused { datagram, quoted });
    }

    /// A new revision.
    pub fn reload(&mut self, cast: &mut impl Cast, snapshot: &Arc<Snapshot>) {
        self.router.reload(self.now, snapshot);
        self.carry_out(cast, Cause::Reload);
    }

    /// Closes as lost the records that nobody closed in `max_duration`.
    pub fn expire(&mut self, cast: &mut impl Cast, max_duration: Duration) {
        self.router.expire(self.now, max_duration);
        self.carry_out(cast, Cause::Reload);
    }

    /// The router's process stands still for a while.
    pub fn stall(&mut self, length: Duration) {
        self.stalled_until = self.now.at + length;
    }

    /// Shows a step's effects to the cast and puts its datagrams into the network.
    fn carry_out(&mut self, cast: &mut impl Cast, cause: Cause) {
        self.step.sent.clear();
        for send in &self.router.effects.sends {
            let from = self.router.sockets()[usize::from(send.flow.socket.0)];
            let bytes = send.start as usize..send.end as usize;
            let to = send.flow.remote;
            let fate = self.net.send(self.now.at, from, to, self.router.effects.bytes(send));
            self.step.sent.push(Sent { from, to, bytes, fate });
        }
        std::mem::swap(&mut self.step.arena, &mut self.router.effects.arena);
        std::mem::swap(&mut self.step.records, &mut self.router.records);
        std::mem::swap(&mut self.step.changes, &mut self.router.effects.changes);
        cast.stepped(self.now, cause, &self.step);
        std::mem::swap(&mut self.step.arena, &mut self.router.effects.arena);
        self.step.records.clear();
        self.router.effects.clear();
    }
}
