//! What no peer should send: mutated and random datagrams, by the hundred thousand. The router must not panic, must not
//! keep anything, must not grow, and must not tell a stranger more than it was told.
//!
//! 100,000 datagrams in a debug build, 1,000,000 in a release build; TRUNKLINE_DATAGRAMS says otherwise, and
//! TRUNKLINE_SEED replays another run.

#[path = "hostile/mutate.rs"]
mod mutate;
#[path = "hostile/speech.rs"]
#[allow(dead_code, reason = "shared with tests/fuzz.rs")]
mod speech;

use mutate::{Ground, Memory, mutated};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;
use trunkline::proxy::Plant;
use trunkline::sim::net::Datagram;
use trunkline::sim::{Chance, Router, START, snapshot};
use trunkline::time::{Instant, Now};
use trunkline::worker::Load;

const ROUTES: &str = r#"
version: 1
listen: { lan: { bind: "10.0.0.1:5060" }, wan: { bind: "10.0.1.1:5060" } }
access: { unknown: reject, trusted: { phones: ["10.1.0.0/24"] }, gateways: true }
gateways:
  g1: { address: "10.2.0.1:5060", listen: wan, number: { strip: 1, add: "+" } }
  g2: { address: "10.2.0.2:5060", listen: wan, probing: { method: none } }
  loop: { address: "10.0.0.1:5060", listen: lan, probing: { method: none } }
groups: { inbound: { match: [{ gateway: g1 }, { gateway: g2 }, { gateway: loop }] } }
routes:
  abroad: { prefix: "00", to: [g1, g2, loop] }
  premium: { prefix: "0900", reject: 403 }
  everything: { default: true, group: [default, inbound], to: [g2, g1] }
failover: { attempt_timeout: 1s, progress_timeout: 2s, ring_timeout: 5s }
accounting: { file: { path: calls.jsonl } }
"#;

/// The same without gateways that are probed: then nothing at all may be left.
fn quiet_routes() -> String {
    ROUTES.replace("number: { strip: 1, add: \"+\" }", "probing: { method: none }")
}

/// Datagrams come this often, on average, so that what is alive at a time is bounded by what 64·T1 and a few times
/// `ring_timeout` let in.
const GAP_US: u64 = 4_000;
const MOST_ALIVE: usize = 40_000;

/// Where `ROUTES` has everybody.
fn ground() -> Ground {
    let at = |net: u8, host: u8| SocketAddr::from(([10, net, 0, host], 5060));
    let (phones, strangers) = ((1..=4).map(|n| at(1, n)).collect(), (0..=254).map(|n| at(9, n)).collect());
    Ground { router: at(0, 1), phones, gateway: at(2, 1), strangers }
}

struct Yard {
    ground: Ground,
    router: Router,
    now: Now,
    chance: Chance,
    memory: Memory,
    sent: u64,
}

impl Yard {
    fn new(seed: u64) -> Yard {
        let mut chance = Chance::new(seed);
        let first = snapshot(ROUTES).expect("valid");
        let router = Router::start(START, first, chance.seed(), 1, Plant::None);
        Yard { ground: ground(), router, now: START, chance, memory: Memory::default(), sent: 0 }
    }

    fn advance(&mut self, to: Instant) {
        self.now = self.now.moved_to(to);
    }

    /// Lets time pass, firing every timer in its turn.
    fn pass(&mut self, time: Duration) {
        let until = self.now.at + time;
        while let Some(at) = self.router.deadline().filter(|at| *at <= until) {
            self.advance(at);
            self.router.fire(self.now);
            self.look(None);
        }
        self.advance(until);
    }

    fn send(&mut self, datagram: &Datagram) {
        let now = self.now;
        let router = &mut self.router;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| router.datagram(now, datagram))) {
            eprintln!("datagram {} from {}:\n{}", self.sent, datagram.from, datagram.bytes.escape_ascii());
            resume_unwind(panic);
        }
        self.sent += 1;
        self.look(Some(datagram));
    }

    /// What came out of a step is remembered as material, and must look like SIP.
    fn look(&mut self, cause: Option<&Datagram>) {
        let effects = &self.router.effects;
        for send in &effects.sends {
            let bytes = effects.bytes(send);
            let shown = bytes.escape_ascii();
            let head = bytes.windows(4).position(|w| w == b"\r\n\r\n");
            assert!(head.is_some(), "no end of headers: {shown}");
            assert!(bytes.len() <= 80_000, "{} bytes", bytes.len());
            let line = bytes.split(|b| *b == b'\r').next().unwrap_or_default();
            assert!(line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0"), "not SIP: {shown}");
            if let Some(datagram) = cause.filter(|d| is_stranger(d.from) && send.flow.remote.ip() == d.from.ip()) {
                assert!(bytes.len() <= datagram.bytes.len(), "a stranger was told more than it said: {shown}");
            }
            self.memory.keep(bytes, send.flow.remote);
        }
        assert!(effects.sends.len() <= 4096, "{} datagrams in one step", effects.sends.len());
        self.router.effects.clear();
        self.router.records.clear();
    }

    fn datagram(&mut self) -> Datagram {
        let (bytes, from) = mutated(&mut self.chance, &self.ground, &mut self.memory);
        let to = *self.chance.pick(self.router.sockets());
        Datagram { from, to, bytes: bytes.into_boxed_slice() }
    }
}

fn is_stranger(from: SocketAddr) -> bool {
    from.ip().to_string().starts_with("10.9.")
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn mutated_datagrams_leave_nothing_behind() {
    let count = from_environment("TRUNKLINE_DATAGRAMS", if cfg!(debug_assertions) { 100_000 } else { 1_000_000 });
    let seed = from_environment("TRUNKLINE_SEED", 1);
    let mut yard = Yard::new(seed);
    let revisions = [snapshot(ROUTES).expect("valid"), snapshot(&quiet_routes()).expect("valid")];
    for n in 0..count {
        let datagram = yard.datagram();
        yard.send(&datagram);
        match yard.chance.below(2_000) {
            0 => yard.router.reload(yard.now, &revisions[(n % 2) as usize]),
            1..=20 => {
                // An ICMP error with a quote that is cut, or made up.
                let cut = yard.chance.below(datagram.bytes.len() as u64 + 1) as usize;
                let to = SocketAddr::from(([10, 2, 0, 1 + (n % 2) as u8], 5060));
                yard.router.undelivered(yard.now, &Datagram { from: datagram.to, to, ..datagram.clone() }, cut);
            }
            _ => {}
        }
        yard.look(None);
        let gap = yard.chance.within(0..=GAP_US * 2);
        yard.pass(Duration::from_micros(gap));
        if n % 1_000 == 0 {
            let load = yard.router.load();
            let alive = load.server_transactions + load.client_transactions + load.timers;
            assert!(alive <= MOST_ALIVE, "after {n} datagrams {load:?}");
        }
    }
    yard.router.reload(yard.now, &revisions[1]);
    yard.pass(Duration::from_secs(600));
    assert_eq!(yard.router.load(), Load::default(), "after {count} datagrams, seed {seed}");
    let counters = yard.router.workers()[0].counters();
    let deep = [counters.calls * 50, counters.answered * 1_000, counters.cancelled * 1_000, counters.strays * 50];
    assert!(deep.iter().all(|n| *n > count), "the mill must reach the core: {counters:?}");
}

#[test]
fn random_bytes_are_nobodys_business() {
    let mut yard = Yard::new(2);
    for length in 0..2_000u64 {
        let bytes: Vec<u8> = (0..length).map(|_| yard.chance.draw() as u8).collect();
        let from = SocketAddr::from(([10, 1, 0, 1], 5060));
        let to = yard.router.sockets()[0];
        yard.send(&Datagram { from, to, bytes: bytes.into_boxed_slice() });
    }
    yard.router.reload(yard.now, &snapshot(&quiet_routes()).expect("valid"));
    yard.pass(Duration::from_secs(60));
    assert_eq!(yard.router.load(), Load::default());
}
