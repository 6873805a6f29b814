//! What a call costs the core, from INVITE to BYE, beside parsing its datagrams once with rsip: what a typed model would
//! cost before anything is done with them. Both are measured in the same run.
//!
//! `cargo bench --bench call` prints the ratio; absolute times mean nothing on a shared machine.

mod alone;

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};
use trunkline::flow::{Flow, SocketIx};
use trunkline::proxy::Effects;
use trunkline::time::{Instant, Now, Wall};
use trunkline::worker::Worker;

const ROUTES: &str = r#"
version: 1
listen: { lan: { transport: udp, bind: "127.0.0.1:5080" } }
access: { trusted: { pbx: ["127.0.0.1"] } }
gateways: { gw: { address: "127.0.0.1:5090", probing: { method: none } } }
routes: { everything: { default: true, to: gw } }
"#;

/// With `TRUNKLINE_BENCH_RECORDS` set: the records of the calls are made too.
const RECORDS: &str = "accounting: { file: { path: calls.jsonl } }\n";

const BODY: &str = "v=0\r\no=alice 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n";

struct Bench {
    worker: Worker,
    out: Effects,
    now: Now,
    calls: u64,
    /// The datagrams that the core was given, for the floor and the peer.
    heard: Vec<Vec<u8>>,
}

impl Bench {
    fn new() -> Bench {
        let now = Now { at: Instant(0), wall: Wall(1_790_000_000_000_000) };
        let mut out = Effects::default();
        // Nothing is written: the rows stay here.
        let records = std::env::var_os("TRUNKLINE_BENCH_RECORDS").map_or("", |_| RECORDS);
        let worker = alone::worker(now, &format!("{ROUTES}{records}"), &mut out);
        Bench { worker, out, now, calls: 0, heard: Vec::new() }
    }

    /// Gives the core a datagram; what it sends last comes back.
    fn hear(&mut self, port: u16, bytes: Vec<u8>) -> Vec<u8> {
        self.out.clear();
        let flow = Flow::udp(SocketIx(0), ([127, 0, 0, 1], port).into());
        let started = Clock::now();
        self.worker.datagram(self.now, flow, &bytes, &mut self.out);
        let mut evidence = std::mem::take(&mut self.out.evidence);
        self.worker.evidence(self.now, &mut evidence, &mut self.out);
        self.out.evidence = evidence;
        SPENT.with(|spent| spent.set(spent.get() + started.elapsed()));
        self.heard.push(bytes);
        self.out.sends.last().map(|send| self.out.bytes(send).to_vec()).unwrap_or_default()
    }

    fn call(&mut self) {
        self.calls += 1;
        let n = self.calls;
        let head = format!(
            "From: <sip:alice@127.0.0.1:5070>;tag=1-{n}\r\nTo: <sip:12025551234@127.0.0.1:5080>TAG\r\n\
             Call-ID: {n}-99@127.0.0.1\r\n"
        );
        let first = head.replace("TAG", "");
        let inside = head.replace("TAG", &format!(";tag=2-{n}"));
        let invite = format!(
            "INVITE sip:12025551234@127.0.0.1:5080 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-{n}-0\r\n\
             {first}CSeq: 1 INVITE\r\nContact: <sip:alice@127.0.0.1:5070>\r\nMax-Forwards: 70\r\nUser-Agent: bench\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        let out = text(self.hear(5070, invite.into_bytes()));
        let vias: String = lines(&out, "Via: ");
        let routes: String = lines(&out, "Record-Route: ");
        let reply = |status: &str, cseq: &str, vias: &str, routes: &str, body: &str| {
            let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
            format!(
                "SIP/2.0 {status}\r\n{vias}{routes}{inside}CSeq: {cseq}\r\nContact: <sip:127.0.0.1:5090>\r\n{kind}\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        self.hear(5090, reply("180 Ringing", "1 INVITE", &vias, &routes, "").into_bytes());
        self.hear(5090, reply("200 OK", "1 INVITE", &vias, &routes, BODY).into_bytes());
        let route = routes.replace("Record-Route: ", "Route: ");
        for (method, cseq) in [("ACK", 1), ("BYE", 2)] {
            let request = format!(
                "{method} sip:127.0.0.1:5090 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-{n}-{method}\r\n\
                 {route}{inside}CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            );
            let sent = text(self.hear(5070, request.into_bytes()));
            if method == "BYE" {
                let vias = lines(&sent, "Via: ");
                self.hear(5090, reply("200 OK", "2 BYE", &vias, "", "").into_bytes());
            }
        }
        // 500 µs of virtual time a call: transactions end while others begin, as at 2,000 calls a second.
        self.now = Now { at: self.now.at + Duration::from_micros(500), wall: Wall(self.now.wall.0 + 500) };
        let started = Clock::now();
        self.out.clear();
        self.worker.fire(self.now, &mut self.out);
        SPENT.with(|spent| spent.set(spent.get() + started.elapsed()));
    }
}

thread_local! {
    static SPENT: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn lines(message: &str, start: &str) -> String {
    message.lines().filter(|line| line.starts_with(start)).map(|line| format!("{line}\r\n")).collect()
}

/// The best of some rounds: the one that the machine disturbed least.
fn best(rounds: usize, mut round: impl FnMut() -> Duration) -> Duration {
    (0..rounds).map(|_| round()).min().unwrap_or_default()
}

fn main() {
    let calls: u32 = std::env::var("TRUNKLINE_BENCH_CALLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let mut bench = Bench::new();
    (0..1_000).for_each(|_| bench.call());
    let core = best(5, || {
        SPENT.set(Duration::ZERO);
        for _ in 0..calls {
            bench.heard.clear();
            bench.call();
        }
        SPENT.get() / calls
    });
    let datagrams = std::mem::take(&mut bench.heard);
    let rsip = best(5, || {
        let started = Clock::now();
        for _ in 0..calls / 10 {
            for datagram in &datagrams {
                black_box(rsip::SipMessage::try_from(black_box(datagram.as_slice())).is_ok());
            }
        }
        started.elapsed() / (calls / 10).max(1)
    });
    let micros = |d: Duration| d.as_secs_f64() * 1e6;
    println!("a call through the core   {:8.2} us   ({} datagrams in)", micros(core), datagrams.len());
    println!("parsing them with rsip    {:8.2} us   core = {:.2} x", micros(rsip), micros(core) / micros(rsip));
}
