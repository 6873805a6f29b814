//! A million mutated datagrams as fast as the process takes them, beside 100 calls a second.
//!
//! The mill is that of tests/hostile.rs, here with sockets: admitted phones, two gateways and strangers, each at an
//! address of its own on the loopback. What the router answers goes back into the mill.
//!
//! First the mill waits whenever the router's socket is half full: the process has not an idle moment, the socket's buffer
//! does not overflow, and no call may fail. Then it waits for nothing. What the kernel drops of the calls' datagrams is
//! then chance, and SIP's retransmissions mend what they can: that part is shown and has no bar but the memory's, which
//! must end where it was.

use crate::load::{Load, gateway};
use crate::mutate::{Ground, Memory, mutated};
use crate::ports::free;
use crate::report::Report;
use crate::router::Router;
use crate::stage::{Stage, memory_kib, rest};
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use trunkline::sim::Chance;

const RATE: u32 = 100;
/// A flood comes in so many waves; memory is read after each.
const WAVES: u64 = 5;
/// What the second flood may leave behind in the memory that the first one has filled.
const GROWTH_KIB: u64 = 16 * 1024;
/// Bytes that wait in the router's socket when the mill waits, too: half of the smallest buffer that kernels give.
const HALF: u64 = 100 * 1024;

pub fn run(stage: &Stage) -> Report {
    let count: u64 = stage.either(1_000_000, 200_000);
    let gateway = gateway("answers");
    let (router_port, port) = (free(), free());
    let ground = ground(router_port, port);
    let mut setup = stage.setup(&[gateway.port]);
    setup.listeners = vec![router_port];
    setup.trusted = r#"["127.0.0.1", "127.1.0.0/24"]"#;
    for n in 1..=2 {
        setup.other_gateways +=
            &format!("  mill{n}: {{ address: \"127.2.0.{n}:{port}\", listen: side1, probing: {{ method: none }} }}\n");
    }
    // The calls that must not fail, apart from the mill's.
    setup.routes = Some(
        "  calls: { prefix: \"0301\", exact: true, to: gw1 }\n  mill: { default: true, to: [mill1, mill2] }\n"
            .to_owned(),
    );
    setup.failover = "attempt_timeout: 4s, progress_timeout: 5s, ring_timeout: 8s";
    let router = setup.start();
    let mut storm = Storm { stage, router, mill: Mill::new(ground), report: Report::default() };
    storm.report.show("memory before, MiB", storm.memory_kib() / 1024);
    let failed = storm.flood("as fast as it takes them", count, Some(HALF));
    storm.report.at_most("calls lost beside them", failed, 0);
    // What it has begun runs out: 64·T1, and the attempts of calls that nobody answers.
    rest(Duration::from_secs(stage.either(40, 1)));
    let before = storm.memory_kib();
    storm.flood("as fast as they are made", count, None);
    rest(Duration::from_secs(stage.either(40, 1)));
    let growth = storm.memory_kib().saturating_sub(before);
    // In the short form what the first flood has begun still lives.
    let bar = stage.either(GROWTH_KIB, 6 * GROWTH_KIB);
    storm.report.at_most("memory that the second flood added, KiB", growth, bar);
    storm.report
}

/// A router, a mill, and what was found.
struct Storm<'a> {
    stage: &'a Stage,
    router: Router,
    mill: Mill,
    report: Report,
}

impl Storm<'_> {
    fn memory_kib(&self) -> u64 {
        memory_kib(self.router.process.id())
    }

    /// One flood beside calls; how many of them failed.
    fn flood(&mut self, how: &str, count: u64, most_waiting: Option<u64>) -> u64 {
        let mut load = Load::start("calls", self.router.port(), RATE, &["-d", "500"]);
        load.wait_succeeded(20);
        let (began, before, mut most_kib) = (Instant::now(), self.mill.sent, 0);
        for wave in 1..=WAVES {
            self.mill.flood(count / WAVES, most_waiting);
            most_kib = most_kib.max(self.memory_kib());
            let counts = load.counts();
            self.stage.say(format_args!(
                "{how}, wave {wave}: {} calls well, {} failed; {} MiB",
                counts.succeeded,
                counts.failed,
                most_kib / 1024
            ));
        }
        let rate = (self.mill.sent - before) as f64 / began.elapsed().as_secs_f64();
        rest(Duration::from_secs(1));
        let counts = load.stop();
        if counts.failed > 0 {
            self.stage.say(load.errors());
        }
        let report = &mut self.report;
        report.show(how, format_args!("{count} at {rate:.0}/s"));
        report.show(
            format_args!("{how}: calls"),
            format_args!(
                "{} well, {} lost, {} retransmissions",
                counts.succeeded, counts.failed, counts.retransmissions
            ),
        );
        report.show(format_args!("{how}: memory, MiB"), most_kib / 1024);
        counts.failed
    }
}

fn ground(router: u16, port: u16) -> Ground {
    let at = |net: u8, host: u8| SocketAddr::from(([127, net, 0, host], port));
    Ground {
        router: ([127, 0, 0, 1], router).into(),
        phones: (1..=4).map(|host| at(1, host)).collect(),
        gateway: at(2, 1),
        strangers: (1..=8).map(|host| at(9, host)).collect(),
    }
}

/// After so many datagrams the mill looks at the router's socket.
const LOOK: u64 = 64;

/// Bytes that wait in the sockets of a port, as the kernel counts them.
fn waiting(port: u16) -> u64 {
    let sockets = std::fs::read_to_string("/proc/net/udp").expect("the kernel's list of sockets");
    let suffix = format!(":{port:04X}");
    let ours = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = ours.filter(|fields| fields.get(1).is_some_and(|local| local.ends_with(&suffix)));
    ours.filter_map(|fields| u64::from_str_radix(fields.get(4)?.split_once(':')?.1, 16).ok()).sum()
}

struct Mill {
    ground: Ground,
    sockets: HashMap<SocketAddr, UdpSocket>,
    chance: Chance,
    memory: Memory,
    buffer: Vec<u8>,
    sent: u64,
}

impl Mill {
    fn new(ground: Ground) -> Mill {
        let second = SocketAddr::from(([127, 2, 0, 2], ground.gateway.port()));
        let everybody = ground.phones.iter().chain(&ground.strangers).chain([&ground.gateway, &second]);
        let bind = |address: &SocketAddr| {
            let socket = UdpSocket::bind(address).expect("an address of the loopback");
            socket.set_nonblocking(true).expect("a socket");
            (*address, socket)
        };
        let sockets = everybody.map(bind).collect();
        let (chance, memory) = (Chance::new(1), Memory::default());
        Mill { ground, sockets, chance, memory, buffer: vec![0; 65_536], sent: 0 }
    }

    /// Waits while more bytes than `most_waiting` lie in the router's socket.
    fn flood(&mut self, count: u64, most_waiting: Option<u64>) {
        for n in 0..count {
            while n.is_multiple_of(LOOK) && most_waiting.is_some_and(|most| waiting(self.ground.router.port()) > most) {
                rest(Duration::from_micros(200));
            }
            let (mut bytes, from) = mutated(&mut self.chance, &self.ground, &mut self.memory);
            // More does not fit into a datagram.
            bytes.truncate(65_000);
            let Some(socket) = self.sockets.get(&from) else { continue };
            let _ = socket.send_to(&bytes, self.ground.router);
            self.sent += 1;
            if n.is_multiple_of(16) {
                self.listen();
            }
        }
    }

    /// A few of the router's datagrams from each socket: material.
    fn listen(&mut self) {
        for (address, socket) in &self.sockets {
            for _ in 0..8 {
                let Ok((length, _)) = socket.recv_from(&mut self.buffer) else { break };
                self.memory.keep(&self.buffer[..length], *address);
            }
        }
    }
}
