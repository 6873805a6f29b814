//! The virtual network: one queue of events ordered by time, and a weather that loses, doubles and delays datagrams.
//!
//! What becomes of a datagram depends on the seed and on the datagram: whose it is, between whom, what it says, when. It
//! does not depend on what else is under way, so that the same calls meet the same weather however the router's workers
//! take turns.

use super::Chance;
use super::wire::{call_of, kind_of};
use crate::time::Instant;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::time::Duration;

/// How the network treats datagrams.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Datagrams lost, in percent.
    pub loss: f64,
    /// Datagrams delivered twice, in percent.
    pub double: f64,
    /// The usual way takes this long, in microseconds.
    pub delay_us: (u64, u64),
    /// So many percent of datagrams are late: they take up to `late_us` and are overtaken by others.
    pub late: f64,
    pub late_us: u64,
    /// So many percent of what one party of a call sends at one instant travel together, in their order.
    pub together: f64,
}

impl Weather {
    /// A straight wire: nothing lost, every datagram takes one millisecond.
    pub fn calm() -> Weather {
        Weather { loss: 0.0, double: 0.0, delay_us: (1_000, 1_000), late: 0.0, late_us: 0, together: 0.0 }
    }

    /// Loss as given, some datagrams doubled, some overtaken.
    pub fn rough(loss: f64) -> Weather {
        Weather { loss, double: loss / 5.0, delay_us: (100, 8_000), late: 2.0, late_us: 400_000, together: 70.0 }
    }
}

/// How a host takes what is sent to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    #[default]
    Alive,
    /// Off the network: no answer, no error.
    Silent,
    /// Its process is dead and its port closed: the sender gets an ICMP error.
    Refusing,
    /// Hears nothing, and still sends.
    Deaf,
}

/// Names what is to be done when a wake-up comes due; its meaning is the owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub call: u64,
    pub part: u16,
    pub kind: u16,
    pub index: u32,
}

/// One datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Box<[u8]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Arrives at `to`.
    Arrival(Datagram),
    /// An ICMP error arrives at `from`.
    Refused(Datagram),
    Wake(Token),
}

struct Queued {
    at: Instant,
    call: u64,
    sequence: u64,
    event: Event,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Queued) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Queued) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    /// The heap gives the greatest first: the earliest; of equal times the lowest call's, and there the one put in first.
    fn cmp(&self, other: &Queued) -> Ordering {
        (other.at, other.call, other.sequence).cmp(&(self.at, self.call, self.sequence))
    }
}

/// What became of a datagram that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Sent,
    Lost,
}

/// The network. Deterministic: the same seed and the same sends give the same arrivals.
pub struct Net {
    weather: Weather,
    seed: foldhash::fast::FixedState,
    /// What was sent at this very instant: equal datagrams need not share their fate.
    instant: (Instant, Vec<u64>),
    queue: BinaryHeap<Queued>,
    sequence: u64,
    hosts: BTreeMap<SocketAddr, Health>,
    /// Datagrams of the rules of [`Net::lose_next`].
    doomed: Vec<Doomed>,
    pub datagrams: u64,
    pub lost: u64,
}

struct Doomed {
    from: SocketAddr,
    to: SocketAddr,
    beginning: Vec<u8>,
    count: u32,
}

impl Net {
    pub fn new(seed: u64, weather: Weather) -> Net {
        Net {
            weather,
            seed: foldhash::fast::FixedState::with_seed(seed),
            instant: (Instant(0), Vec::new()),
            queue: BinaryHeap::new(),
            sequence: 0,
            hosts: BTreeMap::new(),
            doomed: Vec::new(),
            datagrams: 0,
            lost: 0,
        }
    }

    /// From now on `host` takes datagrams as `health` says.
    pub fn set_health(&mut self, host: SocketAddr, health: Health) {
        self.hosts.insert(host, health);
    }

    pub fn health(&self, host: SocketAddr) -> Health {
        self.hosts.get(&host).copied().unwrap_or_default()
    }

    /// Loses the next `count` datagrams from one address to another that begin with `beginning`.
    pub fn lose_next(&mut self, from: SocketAddr, to: SocketAddr, beginning: &str, count: u32) {
        self.doomed.push(Doomed { from, to, beginning: beginning.as_bytes().to_vec(), count });
    }

    pub fn send(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Fate {
        self.datagrams += 1;
        if matches!(self.health(from), Health::Silent | Health::Refusing) {
            return Fate::Lost;
        }
        let mut chance = self.chance_of(now, from, to, bytes);
        if self.is_doomed(from, to, bytes) || chance.percent(self.weather.loss) {
            self.lost += 1;
            return Fate::Lost;
        }
        let doubled = chance.percent(self.weather.double);
        let mut delay = self.delay(&mut chance);
        if chance.percent(self.weather.together) {
            // What leaves back to back arrives back to back.
            delay = self.delay(&mut Chance::new(self.seed.hash_one((call_of(bytes), from, to, now.0))));
        }
        self.put(now + delay, Event::Arrival(Datagram { from, to, bytes: bytes.into() }));
        if doubled {
            let delay = self.delay(&mut chance);
            self.put(now + delay, Event::Arrival(Datagram { from, to, bytes: bytes.into() }));
        }
        Fate::Sent
    }

    /// The chance that is this datagram's own.
    fn chance_of(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Chance {
        let own = self.seed.hash_one((call_of(bytes), from, to, now.0, kind_of(bytes)));
        if self.instant.0 != now {
            self.instant.1.clear();
            self.instant.0 = now;
        }
        let before = self.instant.1.iter().filter(|other| **other == own).count();
        self.instant.1.push(own);
        Chance::part(own, before as u64)
    }

    fn is_doomed(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        let hit = |d: &Doomed| d.from == from && d.to == to && bytes.starts_with(&d.beginning);
        let Some(at) = self.doomed.iter().position(hit) else { return false };
        self.doomed[at].count -= 1;
        if self.doomed[at].count == 0 {
            self.doomed.remove(at);
        }
        true
    }

    fn delay(&self, chance: &mut Chance) -> Duration {
        let (least, most) = self.weather.delay_us;
        let us = if chance.percent(self.weather.late) {
            chance.within(most..=self.weather.late_us.max(most))
        } else {
            chance.within(least..=most)
        };
        Duration::from_micros(us)
    }

    /// Wakes the owner of `token` after `delay`.
    pub fn wake(&mut self, now: Instant, delay: Duration, token: Token) {
        self.put(now + delay, Event::Wake(token));
    }

    /// Sends back an ICMP error for a datagram that met a closed port; errors get lost as datagrams do.
    pub fn refuse(&mut self, now: Instant, datagram: Datagram) {
        let mut chance = self.chance_of(now, datagram.to, datagram.from, &datagram.bytes);
        if chance.percent(self.weather.loss) {
            return;
        }
        let delay = self.delay(&mut chance);
        self.put(now + delay, Event::Refused(datagram));
    }

    fn put(&mut self, at: Instant, event: Event) {
        self.sequence += 1;
        let call = match &event {
            Event::Wake(token) => token.call,
            // The router's own, its probes, come after the calls'.
            Event::Arrival(datagram) | Event::Refused(datagram) => call_of(&datagram.bytes).unwrap_or(u64::MAX - 1),
        };
        self.queue.push(Queued { at, call, sequence: self.sequence, event });
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<Instant> {
        self.queue.peek().map(|q| q.at)
    }

    pub fn pop(&mut self) -> Option<(Instant, Event)> {
        self.queue.pop().map(|q| (q.at, q.event))
    }

    /// Events that are not wake-ups.
    pub fn in_flight(&self) -> usize {
        self.queue.iter().filter(|q| !matches!(q.event, Event::Wake(_))).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    #[test]
    fn equal_times_keep_their_order() {
        let mut net = Net::new(1, Weather::calm());
        for port in 1..=5 {
            net.send(Instant(0), address(port), address(9), b"x");
        }
        let order: Vec<u16> = std::iter::from_fn(|| net.pop())
            .map(|(_, e)| match e {
                Event::Arrival(d) => d.from.port(),
                _ => 0,
            })
            .collect();
        assert_eq!(order, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn rough_weather_replays_from_its_seed() {
        let arrivals = |seed| {
            let mut net = Net::new(seed, Weather::rough(20.0));
            for n in 0..200u64 {
                net.send(Instant(n * 1000), address(1), address(2), &n.to_le_bytes());
            }
            std::iter::from_fn(move || net.pop()).collect::<Vec<_>>()
        };
        assert_eq!(arrivals(3), arrivals(3));
        assert_ne!(arrivals(3), arrivals(4));
        assert!(arrivals(3).len() < 190);
    }

    #[test]
    fn loses_what_it_is_told_to() {
        let mut net = Net::new(1, Weather::calm());
        net.lose_next(address(1), address(2), "ACK", 1);
        assert_eq!(net.send(Instant(0), address(1), address(2), b"BYE"), Fate::Sent);
        assert_eq!(net.send(Instant(0), address(1), address(2), b"ACK"), Fate::Lost);
        assert_eq!(net.send(Instant(0), address(1), address(2), b"ACK"), Fate::Sent);
    }
}
