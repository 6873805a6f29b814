//! More calls than can be taken: the newest get a cheap 503, all others go on (checklist R2, T16).

use super::bench::*;

/// Another call from the same caller.
fn new_call(n: u32) -> String {
    invite().replace("caller1", &format!("caller{n}")).replace("call-1@", &format!("call-{n}@"))
}

fn pressed() -> Bench {
    let mut bench = Bench::new();
    bench.worker.press(true);
    bench
}

/// The call of `invite()`, answered; its Record-Route.
fn answered(bench: &mut Bench) -> String {
    let sent = bench.hear(CALLER, &invite());
    let ok = reply(&sent[0].1, "200 OK", "g");
    let sent = bench.hear(G1, &ok);
    header(&sent[0].1, "Record-Route")[0].to_owned()
}

#[test]
fn a_new_call_is_refused_with_retry_after_and_leaves_nothing_behind() {
    let mut bench = pressed();
    let sent = bench.hear(CALLER, &invite());
    assert_eq!(sent.len(), 1, "{sent:?}");
    let (to, refusal) = &sent[0];
    assert_eq!(to, CALLER);
    assert!(refusal.starts_with("SIP/2.0 503 Service Unavailable\r\n"), "{refusal}");
    let wait: u32 = header(refusal, "Retry-After")[0].parse().expect("seconds");
    assert!((1..=5).contains(&wait));
    assert!(header(refusal, "To")[0].contains(";tag="));
    assert_eq!(header(refusal, "Content-Length"), ["0"]);
    let load = bench.worker.load();
    assert_eq!((load.server_transactions, load.timers, bench.out.rows.len()), (0, 0, 0));
    let counters = bench.worker.counters();
    assert_eq!((counters.overload, counters.calls), (1, 0));
}

#[test]
fn its_copies_hear_the_same_and_its_ack_hears_nothing_also_when_there_is_room_again() {
    let mut bench = pressed();
    let first = bench.hear(CALLER, &invite());
    let ack = invite().replace("INVITE sip", "ACK sip").replace("1 INVITE", "1 ACK");
    for pressed in [true, false] {
        bench.worker.press(pressed);
        assert_eq!(bench.hear(CALLER, &invite()), first);
        assert_eq!(bench.hear(CALLER, &ack), []);
    }
    let counters = bench.worker.counters();
    assert_eq!((counters.overload, counters.strays), (1, 0), "one call, refused once");
    // Whoever tries anew is served.
    assert_eq!(bench.hear(CALLER, &new_call(2))[0].0, G1);
}

#[test]
fn refusals_to_one_caller_are_equally_long() {
    let mut bench = pressed();
    let calls = [new_call(2), new_call(20), new_call(2000), new_call(2).replace("Call-ID", "Call-ID ")];
    for call in calls {
        let sent = bench.hear(CALLER, &call);
        assert_eq!(sent[0].1.len() % 64, 0, "{sent:?}");
        assert_eq!(header(&sent[0].1, "Warning")[0].trim_start(), "399 trunkline \"overload\"");
    }
}

#[test]
fn after_its_time_a_refusal_is_forgotten() {
    let mut bench = pressed();
    bench.hear(CALLER, &invite());
    bench.worker.press(false);
    bench.wait(33_000);
    assert_eq!(bench.hear(CALLER, &invite())[0].0, G1, "the INVITE goes to the gateway");
}

#[test]
fn calls_that_are_there_go_on() {
    let mut bench = Bench::new();
    let routes = answered(&mut bench);
    let ringing = bench.hear(CALLER, &new_call(2));
    bench.worker.press(true);

    let again = bench.hear(CALLER, &new_call(2));
    assert!(
        again.len() == 1 && again[0].1.starts_with("SIP/2.0 100 "),
        "an accepted INVITE that comes again: {again:?}"
    );
    let progress = bench.hear(G1, &reply(&ringing[0].1, "180 Ringing", "r"));
    assert!(progress[0].1.starts_with("SIP/2.0 180 "), "{progress:?}");
    for (method, cseq) in [("ACK", 1), ("INVITE", 2), ("INFO", 3), ("BYE", 4)] {
        let sent = bench.hear(CALLER, &inside(method, cseq, &[&routes], "g"));
        assert!(sent.iter().any(|(to, text)| to == G1 && text.starts_with(method)), "{method}: {sent:?}");
    }
    let cancel = new_call(2).replace("INVITE sip", "CANCEL sip").replace("1 INVITE", "1 CANCEL");
    let sent = bench.hear(CALLER, &cancel);
    assert!(sent[0].1.starts_with("SIP/2.0 200 ") && sent[1].1.starts_with("CANCEL "), "{sent:?}");
    let options = new_call(3).replace("INVITE sip:12025551234@", "OPTIONS sip:").replace("1 INVITE", "1 OPTIONS");
    assert!(bench.hear(CALLER, &options)[0].1.starts_with("SIP/2.0 200 "));
    assert_eq!(bench.worker.counters().overload, 0);
}

#[test]
fn strangers_hear_as_little_as_ever() {
    let mut bench = pressed();
    assert_eq!(bench.hear("203.0.113.66:5060", &invite()), []);
    let counters = bench.worker.counters();
    assert_eq!((counters.overload, counters.strangers), (0, 1));
}

#[test]
fn a_call_that_cannot_be_read_is_a_bad_request_whatever_the_load() {
    let mut bench = pressed();
    let sent = bench.hear(CALLER, &invite().replace("To: <sip:12025551234@192.0.2.1>\n", ""));
    assert!(sent[0].1.starts_with("SIP/2.0 400 "), "{sent:?}");
}
