//! A million mutated datagrams as fast as one core makes them, beside 100 calls a second.
//!
//! The mill is that of tests/hostile.rs, here with sockets: admitted phones, two gateways and strangers, each at an
//! address of its own on the loopback. What the router answers goes back into the mill. A flood may well fill the socket
//! buffers, and calls lose datagrams with it; SIP sends them again, and no call may fail for it.

use crate::load::{Load, gateway};
use crate::mutate::{Ground, Memory, mutated};
use crate::ports::free;
use crate::report::Report;
use crate::stage::{Stage, memory_kib, rest};
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use trunkline::sim::Chance;

const RATE: u32 = 100;
/// The flood comes in so many waves; memory is read after each.
const WAVES: usize = 5;
/// What one wave may leave behind in the memory that the first one has filled.
const GROWTH_KIB: u64 = 8 * 1024;

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
    setup.failover = "attempt_timeout: 1s, progress_timeout: 2s, ring_timeout: 5s";
    let router = setup.start();
    let mut load = Load::start("calls", router_port, RATE, &["-d", "500"]);
    load.wait_succeeded(20);

    let mut mill = Mill::new(ground);
    let mut memory = vec![memory_kib(router.process.id())];
    let began = Instant::now();
    for wave in 1..=WAVES {
        mill.flood(count / WAVES as u64);
        memory.push(memory_kib(router.process.id()));
        let (counts, kib) = (load.counts(), memory.last().copied().unwrap_or(0));
        stage.say(format_args!(
            "wave {wave}: {} sent, {} heard back; {} calls, {} failed; {} MiB",
            mill.sent,
            mill.heard,
            counts.succeeded,
            counts.failed,
            kib / 1024
        ));
    }
    let rate = mill.sent as f64 / began.elapsed().as_secs_f64();
    // What it has begun runs out: 64·T1, and the attempts of calls that nobody answers.
    rest(Duration::from_secs(stage.either(40, 2)));
    let counts = load.stop();
    let mut report = Report::default();
    report.show("datagrams", format_args!("{} at {rate:.0}/s", mill.sent));
    report.show("of them strangers'", mill.strangers);
    report.show("calls beside them", format_args!("{} ({} retransmissions)", counts.succeeded, counts.retransmissions));
    report.at_most("calls lost", counts.failed, 0);
    if counts.failed > 0 {
        stage.say(load.errors());
    }
    report.show("memory before, MiB", memory[0] / 1024);
    report.show("memory at its most, MiB", memory.iter().max().copied().unwrap_or(0) / 1024);
    let growth = memory[WAVES].saturating_sub(memory[WAVES - 1]);
    report.at_most("memory that the last wave added, KiB", growth, GROWTH_KIB);
    report
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

struct Mill {
    ground: Ground,
    sockets: HashMap<SocketAddr, UdpSocket>,
    chance: Chance,
    memory: Memory,
    buffer: Vec<u8>,
    sent: u64,
    heard: u64,
    strangers: u64,
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
        Mill { ground, sockets, chance, memory, buffer: vec![0; 65_536], sent: 0, heard: 0, strangers: 0 }
    }

    fn flood(&mut self, count: u64) {
        for n in 0..count {
            let (mut bytes, from) = mutated(&mut self.chance, &self.ground, &mut self.memory);
            // More does not fit into a datagram.
            bytes.truncate(65_000);
            let Some(socket) = self.sockets.get(&from) else { continue };
            let _ = socket.send_to(&bytes, self.ground.router);
            self.sent += 1;
            self.strangers += u64::from(self.ground.strangers.contains(&from));
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
                self.heard += 1;
            }
        }
    }
}
