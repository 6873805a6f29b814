//! What a call leaves behind for the 64·T1 in which its messages may still be repeated (checklist T5, T16), in bytes
//! counted at the allocator, growth of the tables included.

#[path = "proxy/bench.rs"]
#[allow(dead_code)]
mod bench;

use bench::{Bench, CALLER, G1, header, inside, invite, reply};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const CALLS: usize = 10_000;
/// At 2,000 calls a second 64,000 of them are remembered: 38 MB.
const BYTES_PER_CALL: usize = 600;

#[test]
fn a_finished_call_holds_less_than_six_hundred_bytes() {
    let mut bench = Bench::new();
    (0..100).for_each(|n| call(&mut bench, n));
    let (before, transactions) = (ALLOCATED.current_usage(), bench.worker.load().server_transactions);
    ALLOCATED.reset_peak_usage();
    (0..CALLS).for_each(|n| call(&mut bench, 1_000 + n));
    let held = (ALLOCATED.current_usage() - before) / CALLS;
    let most = (ALLOCATED.peak_usage() - before) / CALLS;
    println!("{held} bytes a finished call, {most} at the most while the tables grew");
    assert_eq!(bench.worker.load().server_transactions - transactions, 2 * CALLS, "the INVITE's and the BYE's");
    assert!(held <= BYTES_PER_CALL, "{held} bytes a call");
    assert!(most <= BYTES_PER_CALL, "{most} bytes a call at the peak");

    bench.wait(40_000);
    assert_eq!(bench.worker.load(), Default::default(), "nothing is left after the last timer");
}

/// INVITE, 100, 180, 200, ACK, BYE, 200.
fn call(bench: &mut Bench, n: usize) {
    bench.out.clear();
    let own = |text: String| {
        text.replace("call-1@pbx", &format!("{n}-1@pbx")).replace("branch=z9hG4bK", &format!("branch=z9hG4bK{n}"))
    };
    let sent = bench.hear(CALLER, &own(invite()));
    let forwarded = &sent.last().expect("the INVITE goes on").1;
    for status in ["180 Ringing", "200 OK"] {
        bench.hear(G1, &reply(forwarded, status, "g1"));
    }
    let routes = header(forwarded, "Record-Route");
    bench.hear(CALLER, &own(inside("ACK", 1, &routes, "g1")));
    let sent = bench.hear(CALLER, &own(inside("BYE", 2, &routes, "g1")));
    let answered = bench.hear(G1, &reply(&sent.last().expect("the BYE goes on").1, "200 OK", ""));
    assert_eq!(answered.len(), 1, "the BYE is answered");
}
