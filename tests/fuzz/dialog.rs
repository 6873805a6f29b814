//! A small language of dialogs for the fuzzer: four bytes are a step (who does what, to which of the latest messages,
//! how), and any bytes are a play. The real worker is on the stage, with a virtual clock.
//!
//! What must hold for any play: no panic; what goes out is SIP; a stranger is told at most as much as it said; what is
//! alive is bounded by what was played; and when everybody has been silent for long enough nothing is left.

use crate::speech::{self, ANSWERS, PIECES, Within};
use std::net::SocketAddr;
use std::time::Duration;
use trunkline::proxy::Plant;
use trunkline::sim::net::Datagram;
use trunkline::sim::{Router, START, snapshot};
use trunkline::time::{Instant, Now};
use trunkline::worker::{Counters, Load};

pub const STEP: usize = 4;
/// Longer plays are cut: what matters happens among few messages.
const MOST_STEPS: usize = 200;
/// How many of the router's datagrams can be answered.
const REMEMBERED: usize = 32;

const ROUTES: &str = r#"
version: 1
listen: { lan: { bind: "10.0.0.1:5060" }, wan: { bind: "10.0.1.1:5060" } }
access: { unknown: reject, trusted: { phones: ["10.1.0.0/24"] }, gateways: true }
gateways:
  g1: { address: "10.2.0.1:5060", listen: wan, number: { strip: 1, add: "+" }, probing: { method: none } }
  g2: { address: "10.2.0.2:5060", listen: wan, probing: { method: none } }
groups: { inbound: { match: [{ gateway: g1 }, { gateway: g2 }] } }
routes:
  premium: { prefix: "0900", reject: 403 }
  everything: { default: true, group: [default, inbound], to: [g1, g2] }
failover: { attempt_timeout: 1s, progress_timeout: 2s, ring_timeout: 5s }
accounting: { file: { path: calls.jsonl } }
"#;

/// What a step's first byte means, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `a`: which call; `b`: 0 again the same, else on a new branch.
    Invite,
    Cancel,
    /// For the latest final (`a` back) that a phone was told.
    Ack,
    /// `b`: method; `c`: CSeq.
    CallerInside,
    GatewayInside,
    /// `a` back among the requests to gateways, `b`: what, `c`: which tag.
    Answer,
    /// `a`: how long.
    Wait,
    /// The next datagram has a byte changed: `a`, `b` where, `c` what.
    Change,
    /// … has a piece put in.
    Insert,
    /// … is cut.
    Cut,
    /// … comes from a stranger.
    Disguise,
    /// The last datagram again.
    Repeat,
    /// What went out (`a` back) could not be delivered; `b` times 16 bytes of it are quoted.
    Undelivered,
    Reload,
    /// `b`: which method.
    Other,
    /// One of the router's own datagrams (`a` back) comes back to it.
    Reflect,
    /// No more calls are taken.
    Drain,
}

pub const OPS: [Op; 17] = [
    Op::Invite,
    Op::Cancel,
    Op::Ack,
    Op::CallerInside,
    Op::GatewayInside,
    Op::Answer,
    Op::Wait,
    Op::Change,
    Op::Insert,
    Op::Cut,
    Op::Disguise,
    Op::Repeat,
    Op::Undelivered,
    Op::Reload,
    Op::Other,
    Op::Reflect,
    Op::Drain,
];

/// Plays it to the end, and gives back what the router has counted.
pub fn check(bytes: &[u8]) -> Counters {
    let mut play = Play::new();
    for step in bytes.chunks_exact(STEP).take(MOST_STEPS) {
        let [op, a, b, c] = [step[0], step[1], step[2], step[3]];
        play.step(OPS[usize::from(op) % OPS.len()], a, b, c);
    }
    play.end()
}

struct Play {
    router: Router,
    now: Now,
    sent: Vec<(Vec<u8>, SocketAddr, SocketAddr)>,
    last: Option<Datagram>,
    damage: Vec<(Op, u8, u8, u8)>,
    /// Makes branches differ.
    branches: u32,
    datagrams: usize,
    reloads: usize,
}

fn lan() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 5060))
}

fn wan() -> SocketAddr {
    SocketAddr::from(([10, 0, 1, 1], 5060))
}

fn phone(call: u8) -> SocketAddr {
    SocketAddr::from(([10, 1, 0, 1 + call % 2], 5060))
}

fn is_phone(address: SocketAddr) -> bool {
    address.ip().to_string().starts_with("10.1.")
}

fn is_response(bytes: &[u8]) -> bool {
    bytes.starts_with(b"SIP/2.0")
}

impl Play {
    fn new() -> Play {
        let router = Router::start(START, snapshot(ROUTES).expect("valid"), [3; 32], 1, Plant::None);
        let (sent, damage) = (Vec::new(), Vec::new());
        Play { router, now: START, sent, last: None, damage, branches: 0, datagrams: 0, reloads: 0 }
    }

    fn step(&mut self, op: Op, a: u8, b: u8, c: u8) {
        match op {
            Op::Invite | Op::Cancel => {
                let branch = if op == Op::Invite && b > 0 { format!("{}-{b}", a % 4) } else { format!("{}", a % 4) };
                let method = if op == Op::Invite { "INVITE" } else { "CANCEL" };
                self.request(method, a % 4, &branch);
            }
            Op::Other => {
                let method =
                    ["OPTIONS", "MESSAGE", "REGISTER", "SUBSCRIBE", "PUBLISH", "ACK", "BYE"][usize::from(b) % 7];
                self.request(method, a % 4, &format!("o{c}"));
            }
            Op::Ack => self.acknowledge(a),
            Op::CallerInside => self.caller_inside(a, b, c),
            Op::GatewayInside => self.gateway_inside(a, b, c),
            Op::Answer => {
                let line = ANSWERS[usize::from(b) % ANSWERS.len()];
                let found = self.latest(a, |bytes, to| !is_response(bytes) && !is_phone(to));
                let Some((request, from, to)) = found else { return };
                self.send(speech::answer(line, &format!("t{}", c % 3), &request), from, to);
            }
            Op::Wait => {
                self.pass(Duration::from_millis([1, 50, 500, 1_000, 4_000, 32_000, 200_000][usize::from(a) % 7]))
            }
            Op::Change | Op::Insert | Op::Cut | Op::Disguise => self.damage.push((op, a, b, c)),
            Op::Repeat => {
                let Some(Datagram { from, to, bytes }) = self.last.clone() else { return };
                self.send(bytes.into_vec(), from, to);
            }
            Op::Undelivered => {
                let Some((bytes, from, to)) = self.latest(a, |_, _| true) else { return };
                let quoted = bytes.len().min(usize::from(b) * 16);
                let sent = Datagram { from: to, to: from, bytes: bytes.into_boxed_slice() };
                self.router.undelivered(self.now, &sent, quoted);
                self.look(None);
            }
            Op::Reload => {
                self.reloads += 1;
                let text = if a.is_multiple_of(2) { ROUTES.to_owned() } else { ROUTES.replace("[g1, g2]", "[g2]") };
                self.router.reload(self.now, &snapshot(&text).expect("valid"));
                self.look(None);
            }
            Op::Reflect => {
                let Some((bytes, from, to)) = self.latest(a, |_, _| true) else { return };
                self.send(bytes, from, to);
            }
            Op::Drain => self.router.drain(self.now),
        }
    }

    fn request(&mut self, method: &str, call: u8, branch: &str) {
        let uri = ["sip:00301@10.0.0.1", "tel:+49301", "sip:0900@10.0.0.1;user=phone", "sip:10.0.0.1"];
        let (uri, from, call) = (uri[usize::from(call) % 4], phone(call), call.to_string());
        self.send(speech::request(&speech::Request { method, uri, from, call: &call, branch }), from, lan());
    }

    /// The ACK of a 2xx goes by its Record-Routes; the ACK of a failure has the branch of its INVITE.
    fn acknowledge(&mut self, back: u8) {
        let found =
            self.latest(back, |bytes, to| is_phone(to) && is_response(bytes) && !bytes.starts_with(b"SIP/2.0 1"));
        let Some((response, phone, to)) = found else { return };
        let branch = self.branch();
        let inside = Within { method: "ACK", uri: "sip:g@10.2.0.1:5060", via: phone, branch: &branch, number: 1 };
        let ack = match response.starts_with(b"SIP/2.0 2") {
            true => speech::in_dialog(&inside, &response),
            false => failure_ack(&response),
        };
        if let Some(ack) = ack {
            self.send(ack, phone, to);
        }
    }

    fn caller_inside(&mut self, back: u8, method: u8, number: u8) {
        let found = self.latest(back, |bytes, to| is_phone(to) && bytes.starts_with(b"SIP/2.0 2"));
        let Some((response, phone, to)) = found else { return };
        let (method, branch) = (inside_method(method), self.branch());
        let within =
            Within { method, uri: "sip:g@10.2.0.1:5060", via: phone, branch: &branch, number: u64::from(number % 4) };
        if let Some(request) = speech::in_dialog(&within, &response) {
            self.send(request, phone, to);
        }
    }

    fn gateway_inside(&mut self, back: u8, method: u8, number: u8) {
        let found = self.latest(back, |bytes, to| !is_phone(to) && bytes.starts_with(b"INVITE"));
        let Some((invite, gateway, to)) = found else { return };
        let (method, branch) = (inside_method(method), self.branch());
        let within =
            Within { method, uri: "sip:a@10.1.0.1:5060", via: gateway, branch: &branch, number: u64::from(number % 4) };
        if let Some(request) = speech::back_in_dialog(&within, &format!("t{}", number % 3), &invite) {
            self.send(request, gateway, to);
        }
    }

    fn branch(&mut self) -> String {
        self.branches += 1;
        format!("in{}", self.branches)
    }

    /// The router's latest datagram of a kind, `back` before the last: its bytes, who got it, and where to answer.
    fn latest(&self, back: u8, which: impl Fn(&[u8], SocketAddr) -> bool) -> Option<(Vec<u8>, SocketAddr, SocketAddr)> {
        let mut found = self.sent.iter().rev().filter(|(bytes, to, _)| which(bytes, *to));
        found.nth(usize::from(back) % 8).cloned()
    }

    fn send(&mut self, mut bytes: Vec<u8>, mut from: SocketAddr, to: SocketAddr) {
        for (op, a, b, c) in std::mem::take(&mut self.damage) {
            let at = (usize::from(a) << 8 | usize::from(b)) % (bytes.len() + 1);
            match op {
                Op::Change if at < bytes.len() => bytes[at] = c,
                Op::Insert => drop(bytes.splice(at..at, PIECES[usize::from(c) % PIECES.len()].iter().copied())),
                Op::Cut => drop(bytes.drain(at..(at + usize::from(c)).min(bytes.len()))),
                Op::Disguise => from = SocketAddr::from(([10, 9, 0, a], 5060)),
                _ => {}
            }
        }
        let datagram = Datagram { from, to, bytes: bytes.into_boxed_slice() };
        self.router.datagram(self.now, &datagram);
        self.datagrams += 1;
        self.look(Some(&datagram));
        self.last = Some(datagram);
    }

    /// What came out of a step must be SIP, and not too much of it.
    fn look(&mut self, cause: Option<&Datagram>) {
        let effects = &self.router.effects;
        let mut to_stranger = 0;
        for send in &effects.sends {
            let bytes = effects.bytes(send);
            let line = bytes.split(|b| *b == b'\r').next().unwrap_or_default();
            assert!(line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0"), "not SIP: {}", bytes.escape_ascii());
            assert!(bytes.windows(4).any(|w| w == b"\r\n\r\n"), "no end of headers: {}", bytes.escape_ascii());
            let remote = send.flow.remote;
            if cause.is_some_and(|d| d.from.ip() == remote.ip() && d.from.ip().to_string().starts_with("10.9.")) {
                to_stranger += bytes.len();
            }
            let home = if is_phone(remote) { lan() } else { wan() };
            self.sent.push((bytes.to_vec(), remote, home));
        }
        assert!(to_stranger <= cause.map_or(0, |d| d.bytes.len()), "a stranger was told more than it said");
        self.sent.drain(..self.sent.len().saturating_sub(REMEMBERED));
        self.router.effects.clear();
        self.router.records.clear();
        let Load { setting_up, awaiting_ack, server_transactions, client_transactions, timers } = self.router.load();
        // A datagram makes at most a transaction on each side, and one more for a CANCEL or the next gateway.
        let most = 8 * (self.datagrams + self.reloads + 1);
        let alive = setting_up + awaiting_ack + server_transactions + client_transactions + timers;
        assert!(alive <= most, "{alive} alive after {} datagrams", self.datagrams);
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

    fn advance(&mut self, to: Instant) {
        self.now = self.now.moved_to(to);
    }

    fn end(mut self) -> Counters {
        // Timer C, the longest of all, and what follows it.
        self.pass(Duration::from_secs(600));
        assert_eq!(self.router.load(), Load::default(), "everybody has been silent for ten minutes");
        self.router.workers()[0].counters()
    }
}

fn inside_method(n: u8) -> &'static str {
    ["BYE", "INVITE", "ACK", "INFO", "PRACK", "UPDATE", "REFER", "CANCEL"][usize::from(n) % 8]
}

/// An ACK made of the failure that it is for: the topmost Via, From, To and Call-ID are the same.
fn failure_ack(response: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(response).ok()?;
    let line = |name: &str| text.split("\r\n").find(|l| l.starts_with(name));
    let (via, from, to, call) = (line("Via:")?, line("From:")?, line("To:")?, line("Call-ID:")?);
    let ack = format!(
        "ACK sip:00301@10.0.0.1 SIP/2.0\r\n{via}\r\n{from}\r\n{to}\r\n{call}\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n\
         Content-Length: 0\r\n\r\n"
    );
    Some(ack.into_bytes())
}
