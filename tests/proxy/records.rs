//! What a record says, and that there is one, however a call ends (CONFIG-AND-CLI (g) "Records").

use crate::bench::*;
use trunkline::proxy::Snapshot;
use trunkline::record::{Outcome, Party, Record, Row};
use trunkline::route::{Failover, FinalAnswer};

fn with_failover(change: impl FnOnce(&mut Failover)) -> Snapshot {
    build(false, change)
}

fn done(bench: &mut Bench) -> Box<Record> {
    assert_eq!(bench.out.rows.len(), 1, "{:?}", bench.out.rows);
    match bench.out.rows.pop() {
        Some(Row::Done { record }) => record,
        other => panic!("{other:?}"),
    }
}

/// checklist X16: the caller hears 500 for a gateway's 503, and the record names the gateway that said it.
#[test]
fn a_503_that_is_passed_on_is_a_500_of_that_gateway() {
    let mut bench = Bench::with(with_failover(|failover| failover.never_on.insert(503)));
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let sent = bench.hear(G1, &reply(&out, "503 Service Unavailable", "g"));
    assert!(sent.iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 500 ")), "{sent:?}");
    let record = done(&mut bench);
    assert_eq!((record.outcome, record.code, record.gateway.as_deref()), (Outcome::Failed, 500, Some("g1")));
    assert_eq!(record.attempts[0].code, 503);
}

/// `final: best` may be an earlier gateway's answer.
#[test]
fn the_best_answer_is_that_of_the_gateway_that_gave_it() {
    let best = with_failover(|failover| {
        failover.final_answer = FinalAnswer::Best;
        failover.retry_on.insert(404);
    });
    let mut bench = Bench::with(best);
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let second = bench.hear(G1, &reply(&out, "404 Not Found", "g")).iter().find(|(to, _)| to == G2).unwrap().1.clone();
    let sent = bench.hear(G2, &reply(&second, "502 Bad Gateway", "h"));
    assert!(sent.iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 404 ")), "{sent:?}");
    let record = done(&mut bench);
    assert_eq!((record.code, record.gateway.as_deref()), (404, Some("g1")));
}

/// checklist F11: an answer made here is no gateway's, whatever the last one said.
#[test]
fn a_final_of_our_own_names_no_gateway() {
    let mut bench = Bench::new();
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let second = bench.hear(G1, &reply(&out, "500 Oops", "g")).iter().find(|(to, _)| to == G2).unwrap().1.clone();
    bench.hear(G2, &reply(&second, "503 Service Unavailable", "h"));
    let record = done(&mut bench);
    assert_eq!((record.code, record.reason.as_str(), record.gateway.clone()), (503, "Service not available", None));
}

/// checklist F8: the end of the hunt by a limit is in the record, not in a log.
#[test]
fn a_hunt_that_ends_by_its_limits_says_so() {
    let mut bench = Bench::with(with_failover(|failover| failover.max_attempts = 1));
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    bench.hear(G1, &reply(&out, "500 Oops", "g"));
    let record = done(&mut bench);
    let skipped: Vec<_> = record.skipped.iter().map(|row| (&*row.gateway, row.why)).collect();
    assert_eq!(skipped, [("g2", "max_attempts")]);

    let mut bench = Bench::with(with_failover(|failover| failover.max_setup_time = std::time::Duration::from_secs(3)));
    bench.hear(CALLER, &invite());
    bench.wait(70_000);
    let record = done(&mut bench);
    let skipped: Vec<_> = record.skipped.iter().map(|row| (&*row.gateway, row.why)).collect();
    assert_eq!(skipped, [("g2", "max_setup_time")]);
}

/// checklist F31: an INVITE that passed validation has its record, also where it is refused before any routing.
#[test]
fn a_call_that_is_refused_has_its_record_and_a_faulty_message_has_none() {
    let with = |line: &str| invite().replace("Max-Forwards", &format!("{line}\nMax-Forwards"));
    let refusals = [
        (403, true, with("Route: <sip:203.0.113.77;lr>")),
        (420, false, with("Proxy-Require: x")),
        (440, false, with("Max-Breadth: 0")),
        (483, false, invite().replace("Max-Forwards: 70", "Max-Forwards: 0")),
    ];
    for (code, recorded, message) in refusals {
        let mut bench = Bench::new();
        let sent = bench.hear(CALLER, &message);
        assert!(sent.len() == 1 && sent[0].1.starts_with(&format!("SIP/2.0 {code} ")), "{sent:?}");
        bench.hear(CALLER, &message);
        if recorded {
            let record = done(&mut bench);
            assert_eq!((record.outcome, record.code, record.number.as_str()), (Outcome::Rejected, code, "12025551234"));
        }
        assert!(bench.out.rows.is_empty(), "{:?}", bench.out.rows);
    }
}

/// checklist R4: a router that drains refuses new calls, writes them down, and goes on with those that run.
#[test]
fn a_draining_router_refuses_new_calls_and_finishes_the_old_ones() {
    let mut bench = Bench::new();
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    bench.worker.drain(bench.now);
    let sent = bench.hear(CALLER, &invite().replace("call-1", "call-2").replace("caller1", "caller2"));
    assert!(sent.len() == 1 && sent[0].1.starts_with("SIP/2.0 503 "), "{sent:?}");
    assert_eq!(header(&sent[0].1, "Retry-After").len(), 1);
    let record = done(&mut bench);
    assert_eq!((record.outcome, record.code, record.call_id.as_str()), (Outcome::Rejected, 503, "call-2@pbx"));
    let ok = bench.hear(G1, &reply(&out, "200 OK", "g")).remove(0).1;
    let route = header(&ok, "Record-Route")[0].to_owned();
    assert_eq!(bench.hear(CALLER, &inside("BYE", 2, &[&route], "g"))[0].0, G1);
}

/// When the time to drain is over, a call that still rings ends on both sides, and in the books.
#[test]
fn a_call_in_set_up_ends_with_the_process() {
    let mut bench = Bench::new();
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    bench.hear(G1, &reply(&out, "180 Ringing", "g"));
    bench.worker.close(bench.now, &mut bench.out);
    let sent = bench.sent();
    assert!(sent.iter().any(|(to, text)| to == G1 && text.starts_with("CANCEL ")), "{sent:?}");
    assert!(sent.iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 503 ")), "{sent:?}");
    let record = done(&mut bench);
    assert_eq!((record.outcome, record.code, record.gateway.clone()), (Outcome::Failed, 503, None));

    let mut bench = Bench::new();
    bench.hear(CALLER, &invite());
    let cancel =
        invite().replace("INVITE", "CANCEL").replace("v=0", "").replace("Content-Length: 5", "Content-Length: 0");
    bench.hear(CALLER, &cancel);
    bench.worker.close(bench.now, &mut bench.out);
    assert!(bench.sent().iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 487 ")));
    let record = done(&mut bench);
    assert_eq!((record.outcome, record.code), (Outcome::Cancelled, 487));
}

/// checklist F27: the dialog is dead when the gateway says so to a re-INVITE, or says nothing to it.
#[test]
fn a_reinvite_that_finds_no_dialog_closes_the_record() {
    for silent in [false, true] {
        let mut bench = Bench::new();
        let out = bench.hear(CALLER, &invite()).remove(0).1;
        let ok = bench.hear(G1, &reply(&out, "200 OK", "g")).remove(0).1;
        bench.out.rows.clear();
        let route = header(&ok, "Record-Route")[0].to_owned();
        let again = bench.hear(CALLER, &inside("INVITE", 2, &[&route], "g")).remove(0).1;
        match silent {
            true => drop(bench.wait(33_000)),
            false => drop(bench.hear(G1, &reply(&again, "481 Call/Transaction Does Not Exist", ""))),
        }
        let row = bench.out.rows.pop();
        assert!(matches!(row, Some(Row::Close { by: Party::Router, .. })), "{silent} {row:?}");
    }
}

/// A 481 to PRACK is about a response, to NOTIFY about a subscription: the call goes on (RFC 3262 §3, RFC 6665 §4.1.3).
#[test]
fn a_481_about_something_else_leaves_the_record_open() {
    for method in ["PRACK", "NOTIFY", "SUBSCRIBE", "REFER"] {
        let mut bench = Bench::new();
        let out = bench.hear(CALLER, &invite()).remove(0).1;
        let ok = bench.hear(G1, &reply(&out, "200 OK", "g")).remove(0).1;
        bench.out.rows.clear();
        let route = header(&ok, "Record-Route")[0].to_owned();
        let sent = bench.hear(CALLER, &inside(method, 2, &[&route], "g")).remove(0).1;
        bench.hear(G1, &reply(&sent, "481 Subscription Does Not Exist", ""));
        assert!(bench.out.rows.is_empty(), "{method}: {:?}", bench.out.rows);
    }
}
