//! What refusing a call costs the core when there are too many: `cargo bench --bench refusal`. Under valgrind it counts
//! instructions: `valgrind --tool=callgrind --toggle-collect='*Core*datagram*' target/release/deps/refusal-…`.

mod alone;

use std::time::Instant as Clock;
use trunkline::flow::{Flow, SocketIx};
use trunkline::proxy::Effects;
use trunkline::time::{Instant, Now, Wall};

const ROUTES: &str = "version: 1\nlisten: { lan: { transport: udp, bind: \"127.0.0.1:5080\" } }\n\
    access: { trusted: { tests: [\"127.0.0.1\"] } }\ngateways: { gw: { address: \"127.0.0.1:5090\" } }\n\
    routes: { everything: { default: true, to: [gw] } }\n";
const BODY: &str = "v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

/// An INVITE, and the ACK to its refusal.
fn call(n: u64) -> [Vec<u8>; 2] {
    let head = |tag: &str| {
        format!(
            "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-{n}-0\r\nFrom: <sip:alice@127.0.0.1:5070>;tag=1-{n}\r\n\
             To: <sip:12025551234@127.0.0.1:5080>{tag}\r\nCall-ID: {n}-99@127.0.0.1\r\n"
        )
    };
    let invite = format!(
        "INVITE sip:12025551234@127.0.0.1:5080 SIP/2.0\r\n{}CSeq: 1 INVITE\r\nContact: <sip:alice@127.0.0.1:5070>\r\n\
         Max-Forwards: 70\r\nUser-Agent: bench\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{BODY}",
        head(""),
        BODY.len()
    );
    let ack = format!(
        "ACK sip:12025551234@127.0.0.1:5080 SIP/2.0\r\n{}CSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        head(";tag=0123456789abcdef")
    );
    [invite.into_bytes(), ack.into_bytes()]
}

fn main() {
    let count: u64 = std::env::var("TRUNKLINE_BENCH_CALLS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let now = Now { at: Instant(0), wall: Wall(0) };
    let mut out = Effects::default();
    let mut worker = alone::worker(now, ROUTES, &mut out);
    worker.press(true);
    let flow = Flow::udp(SocketIx(0), ([127, 0, 0, 1], 5070).into());
    let calls: Vec<_> = (0..count).map(call).collect();
    let started = Clock::now();
    for messages in &calls {
        out.clear();
        messages.iter().for_each(|message| worker.datagram(now, flow, message, &mut out));
        assert_eq!(out.sends.len(), 1, "a 503, and nothing for the ACK");
    }
    let nanos = started.elapsed().as_nanos() as f64 / count.max(1) as f64;
    println!("a refused call through the core {nanos:8.0} ns   ({} refused)", worker.counters().overload);
}
