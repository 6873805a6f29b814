//! What a call holds on to in each of its phases, in bytes counted at the allocator, growth of the tables included; and what
//! it leaves behind for the 64·T1 in which its messages may still be repeated (checklist T5, T16).

#[path = "proxy/bench.rs"]
#[allow(dead_code)]
mod bench;

use bench::{Bench, CALLER, G1, header, inside, invite, reply};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const CALLS: usize = 8_000;

/// One call, as its two ends see it.
struct Ends {
    number: usize,
    /// The INVITE as the gateway got it.
    forwarded: Box<str>,
}

impl Ends {
    fn begin(bench: &mut Bench, number: usize) -> Ends {
        let sent = bench.hear(CALLER, &own(number, invite()));
        let forwarded: Box<str> = sent.last().expect("the INVITE goes on").1.as_str().into();
        bench.hear(G1, &reply(&forwarded, "180 Ringing", "g1"));
        bench.out.clear();
        Ends { number, forwarded }
    }

    fn answer(&self, bench: &mut Bench) {
        bench.hear(G1, &reply(&self.forwarded, "200 OK", "g1"));
        let ack = inside("ACK", 1, &header(&self.forwarded, "Record-Route"), "g1");
        bench.hear(CALLER, &own(self.number, ack));
        bench.out.clear();
    }

    fn hang_up(&self, bench: &mut Bench) {
        let bye = inside("BYE", 2, &header(&self.forwarded, "Record-Route"), "g1");
        let sent = bench.hear(CALLER, &own(self.number, bye));
        let answered = bench.hear(G1, &reply(&sent.last().expect("the BYE goes on").1, "200 OK", ""));
        assert_eq!(answered.len(), 1, "the BYE is answered");
        bench.out.clear();
    }
}

fn own(number: usize, text: String) -> String {
    text.replace("call-1@pbx", &format!("{number}-1@pbx")).replace("branch=z9hG4bK", &format!("branch=z9hG4bK{number}"))
}

/// Bytes a call since `before`, now and at the most since the last look.
fn held(before: usize, phase: &str, most: usize) {
    let now = ALLOCATED.current_usage().saturating_sub(before) / CALLS;
    let peak = ALLOCATED.peak_usage().saturating_sub(before) / CALLS;
    println!("{phase}: {now} bytes a call");
    assert!(now <= most, "{phase}: {now} bytes a call");
    assert!(peak <= most || peak <= now + now / 10, "{phase}: {peak} bytes a call while the tables grew");
    ALLOCATED.reset_peak_usage();
}

#[test]
fn a_call_holds_what_its_phase_needs() {
    let mut bench = Bench::new();
    let mut calls = Vec::with_capacity(CALLS);
    // Whatever is made once and kept is made by these.
    for number in 0..100 {
        let ends = Ends::begin(&mut bench, number);
        ends.answer(&mut bench);
        ends.hang_up(&mut bench);
    }
    bench.wait(40_000);
    assert_eq!(bench.worker.load(), Default::default(), "nothing is left after the last timer");

    let mut before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    for number in 0..CALLS {
        calls.push(Ends::begin(&mut bench, 1_000 + number));
        before += calls[number].forwarded.len();
    }
    held(before, "ringing", 4_200);
    calls.iter().for_each(|call| call.answer(&mut bench));
    // Boxes that were freed in between others stay with the allocator; counted is what is in use.
    ALLOCATED.reset_peak_usage();
    held(before, "answered", 300);
    calls.iter().for_each(|call| call.hang_up(&mut bench));
    assert_eq!(bench.worker.load().server_transactions, 2 * CALLS, "the INVITE's and the BYE's");
    // At 2,000 calls a second 64,000 of them are remembered: 25 MB.
    held(before, "finished", 420);

    bench.wait(40_000);
    assert_eq!(bench.worker.load(), Default::default(), "nothing is left after the last timer");
}
