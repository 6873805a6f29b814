//! Ways in which an attempt can end: each gives a half-open gateway's one place back, and leaves nothing behind.

use crate::bench::*;
use trunkline::flow::{Flow, SocketIx};

/// The INVITE of call `n`, and the CANCEL for it.
fn call(n: u32) -> (String, String) {
    let invite = invite().replace("call-1", &format!("call-{n}")).replace("caller1", &format!("caller{n}"));
    let cancel = invite.replace("INVITE", "CANCEL").split("Contact").next().unwrap().to_owned();
    (invite, cancel + "Max-Forwards: 70\nContent-Length: 0\n\n")
}

fn undelivered(bench: &mut Bench, to: &str, sent: &str) -> Vec<(String, String)> {
    let flow = Flow::udp(SocketIx(0), to.parse().unwrap());
    bench.worker.undelivered(bench.now, flow, sent.as_bytes(), &mut bench.out);
    bench.sent()
}

/// Three calls find nobody at G1: it is down by calls, and half-open 10 s later. Nothing is left of the calls then.
fn half_open() -> Bench {
    let mut bench = Bench::new();
    for n in 101..104 {
        let first = bench.hear(CALLER, &call(n).0).remove(0).1;
        let second = undelivered(&mut bench, G1, &first).remove(0);
        assert_eq!(second.0, G2);
        bench.hear(G2, &reply(&second.1, "486 Busy Here", "b"));
    }
    assert_eq!(bench.hear(CALLER, &call(104).0)[0].0, G2, "G1 is down");
    bench.wait(100_000);
    bench
}

/// A new call gets the place at G1, so it is free.
fn free(bench: &mut Bench, n: u32, what: &str) {
    let sent = bench.hear(CALLER, &call(n).0);
    assert_eq!(sent[0].0, G1, "{what}");
}

#[test]
fn one_call_at_a_time_tries_a_half_open_gateway() {
    let mut bench = half_open();
    free(&mut bench, 1, "the first");
    assert_eq!(bench.hear(CALLER, &call(2).0)[0].0, G2, "the place is taken");
}

#[test]
fn a_trial_that_its_caller_cancels_gives_the_place_back() {
    let mut bench = half_open();
    free(&mut bench, 1, "the first");
    bench.hear(CALLER, &call(1).1);
    let end = bench.wait(4_100);
    assert!(end.iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 487 ")), "{end:?}");
    free(&mut bench, 2, "cancelled in silence");
}

#[test]
fn a_trial_that_fails_starts_the_interval_anew() {
    for lost in [true, false] {
        let mut bench = half_open();
        let out = bench.hear(CALLER, &call(1).0).remove(0).1;
        match lost {
            true => drop(undelivered(&mut bench, G1, &out)),
            false => drop(bench.wait(4_100)),
        }
        assert_eq!(bench.hear(CALLER, &call(2).0)[0].0, G2);
        bench.wait(10_100);
        free(&mut bench, 3, "after down_interval");
    }
}

#[test]
fn a_trial_that_another_gateways_late_answer_ends_gives_the_place_back() {
    let mut bench = half_open();
    // G1 is tried, answers, and is up; then G2 goes down (call 104 was its first failure).
    let out = bench.hear(CALLER, &call(1).0).remove(0).1;
    bench.hear(G1, &reply(&out, "486 Busy Here", "b"));
    for n in 2..4 {
        let first = bench.hear(CALLER, &call(n).0).remove(0).1;
        let sent = bench.hear(G1, &reply(&first, "500 Oops", "o"));
        let second = sent.iter().find(|(to, _)| to == G2).expect("the second gateway");
        undelivered(&mut bench, G2, &second.1);
    }
    bench.wait(100_000);
    let first = bench.hear(CALLER, &call(5).0).remove(0).1;
    let sent = bench.wait(4_100);
    assert!(sent.iter().any(|(to, _)| to == G2), "G2's trial");
    bench.hear(G1, &reply(&first, "200 OK", "g"));
    let first = bench.hear(CALLER, &call(6).0).remove(0).1;
    let sent = bench.hear(G1, &reply(&first, "500 Oops", "o"));
    assert!(sent.iter().any(|(to, _)| to == G2), "the place at G2 is free: {sent:?}");
}

/// checklist X19, X21: a re-INVITE is cancelled as any INVITE; the CANCEL repeated gets its 200 again and does no more.
#[test]
fn a_reinvite_is_cancelled_like_any_invite() {
    let mut bench = Bench::new();
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let ok = bench.hear(G1, &reply(&out, "200 OK", "g")).remove(0).1;
    let route = header(&ok, "Record-Route")[0].to_owned();
    bench.hear(CALLER, &inside("ACK", 1, &[&route], "g"));
    let again = inside("INVITE", 2, &[&route], "g");
    let out = bench.hear(CALLER, &again).remove(0).1;
    let cancel = again.replace(" INVITE\n", " CANCEL\n").replace("INVITE sip", "CANCEL sip");
    assert!(bench.hear(CALLER, &cancel)[0].1.starts_with("SIP/2.0 200 "));
    let sent = bench.hear(G1, &reply(&out, "180 Ringing", ""));
    assert!(sent.len() == 1 && sent[0].0 == G1 && sent[0].1.starts_with("CANCEL "), "{sent:?}");
    let repeated = bench.hear(CALLER, &cancel);
    assert!(repeated.len() == 1 && repeated[0].1.starts_with("SIP/2.0 200 "), "{repeated:?}");
    assert_eq!(undelivered(&mut bench, G1, &sent[0].1), [], "an ICMP error for a CANCEL decides nothing");
    let end = bench.wait(33_000);
    assert!(end.iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 487 ")), "{end:?}");
    bench.wait(70_000);
    assert_eq!(bench.worker.load(), Default::default());
    assert!(!bench.out.rows.iter().any(|row| matches!(row, trunkline::record::Row::Close { .. })));
}

/// checklist F20, F31: the caller's transaction is over, unacknowledged, and a gateway that was given up answers: the
/// answer still goes up, and the one record says so.
#[test]
fn an_answer_after_the_callers_transaction_is_gone_goes_up_by_its_transport() {
    use trunkline::record::{Outcome, Row};
    let mut bench = Bench::new();
    let first = bench.hear(CALLER, &invite()).remove(0).1;
    let second = bench.wait(4_100).into_iter().find(|(to, _)| to == G2).unwrap().1;
    // Late signs of life of G1 keep its branch for 64·T1 after the CANCEL, longer than the server transaction.
    bench.hear(G2, &reply(&second, "486 Busy Here", "b"));
    bench.wait(27_000);
    assert!(bench.hear(G1, &reply(&first, "180 Ringing", "g"))[0].1.starts_with("CANCEL "));
    bench.wait(20_000);
    let late = bench.hear(G1, &reply(&first, "200 OK", "g"));
    assert!(late.len() == 1 && late[0].0 == CALLER && late[0].1.starts_with("SIP/2.0 200 "), "{late:?}");
    let rows = std::mem::take(&mut bench.out.rows);
    let [Row::Open { record, .. }] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((record.outcome, record.late, record.gateway.as_deref()), (Outcome::Answered, true, Some("g1")));
    bench.wait(70_000);
    assert_eq!(bench.worker.load(), Default::default());
}
