//! One message in, what comes out: the shapes of requests and responses on their way through.

use crate::bench::*;
use trunkline::record::{Outcome, Row};

#[test]
fn an_invite_goes_out_changed_only_where_it_must() {
    let mut bench = Bench::new();
    let sent = bench.hear(CALLER, &invite());
    assert_eq!(sent.len(), 1, "its 100 may wait: RFC 3261 §17.2.1");
    let (to, out) = &sent[0];
    assert_eq!(to, G1);
    assert!(out.starts_with("INVITE sip:12025551234@198.51.100.1:5060;user=phone SIP/2.0\r\n"), "{out}");
    let vias = header(out, "Via");
    assert!(vias[0].starts_with("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtli"), "{out}");
    assert!(vias[1].contains("branch=z9hG4bKcaller1") && vias[1].contains("received=192.0.2.10"), "{out}");
    assert!(vias[1].contains("rport=5060"), "{out}");
    assert_eq!(header(out, "Max-Forwards"), ["69"]);
    assert_eq!(header(out, "Record-Route").len(), 1);
    assert_eq!(header(out, "X-Keep"), ["as it is , really"]);
    assert!(out.ends_with("\r\n\r\nv=0\r\n"), "{out:?}");
}

/// checklist X1: within 200 ms, once, without a To tag; and not at all where something else was said before.
#[test]
fn a_100_goes_out_where_nothing_else_has() {
    let mut bench = Bench::new();
    bench.hear(CALLER, &invite());
    assert_eq!(bench.wait(149), []);
    let sent = bench.wait(10);
    assert!(sent.len() == 1 && sent[0].0 == CALLER && sent[0].1.starts_with("SIP/2.0 100 Trying\r\n"), "{sent:?}");
    assert!(!header(&sent[0].1, "To")[0].contains("tag="));
    assert_eq!(bench.wait(300), []);

    for status in ["180 Ringing", "200 OK"] {
        let mut bench = Bench::new();
        let out = bench.hear(CALLER, &invite()).remove(0).1;
        bench.hear(G1, &reply(&out, status, "g"));
        assert_eq!(bench.wait(400), [], "after {status}");
    }
}

#[test]
fn a_call_from_invite_to_bye_leaves_one_open_and_one_closed_row_and_nothing_else() {
    let mut bench = Bench::new();
    let invite_out = bench.hear(CALLER, &invite()).remove(0).1;
    let ringing = bench.hear(G1, &reply(&invite_out, "180 Ringing", "g"));
    assert!(ringing[0].1.starts_with("SIP/2.0 180 Ringing\r\n") && header(&ringing[0].1, "Via").len() == 1);
    let ok = bench.hear(G1, &reply(&invite_out, "200 OK", "g"));
    assert_eq!((ok.len(), ok[0].0.as_str()), (1, CALLER));
    let Some(Row::Open { record, .. }) = bench.out.rows.pop() else { panic!("{:?}", bench.out.rows) };
    assert_eq!((record.outcome, record.number.as_str(), record.attempts.len()), (Outcome::Answered, "12025551234", 1));
    let route = header(&ok[0].1, "Record-Route")[0].to_owned();

    let in_dialog = |method: &str, cseq: u32| {
        format!(
            "{method} sip:gw@198.51.100.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{method}{cseq}\n\
             Route: {route}\nFrom: <sip:alice@pbx.example>;tag=a1\nTo: <sip:12025551234@192.0.2.1>;tag=g\n\
             Call-ID: call-1@pbx\nCSeq: {cseq} {method}\nMax-Forwards: 70\nContent-Length: 0\n\n"
        )
    };
    let ack = bench.hear(CALLER, &in_dialog("ACK", 1));
    assert_eq!((ack.len(), ack[0].0.as_str()), (1, G1));
    assert!(ack[0].1.starts_with("ACK sip:gw@198.51.100.1:5060 SIP/2.0\r\n"));
    assert!(header(&ack[0].1, "Route").is_empty(), "{}", ack[0].1);
    let bye = bench.hear(CALLER, &in_dialog("BYE", 2));
    assert_eq!((bye.len(), bye[0].0.as_str()), (1, G1));
    let done = bench.hear(G1, &reply(&bye[0].1, "200 OK", ""));
    assert_eq!((done.len(), done[0].0.as_str()), (1, CALLER));
    assert!(matches!(bench.out.rows.pop(), Some(Row::Close { id, .. }) if id == record.id));
    bench.wait(70_000);
    assert_eq!(bench.worker.load(), Default::default());

    let forged = in_dialog("BYE", 3).replace("call-1@pbx", "call-2@pbx");
    let refused = bench.hear(CALLER, &forged);
    assert!(refused.len() == 1 && refused[0].1.starts_with("SIP/2.0 403 "), "{refused:?}");
    let unknown = in_dialog("BYE", 4).replace(&format!("Route: {route}\n"), "");
    assert!(bench.hear(CALLER, &unknown)[0].1.starts_with("SIP/2.0 481 "));
}

#[test]
fn two_listeners_put_two_record_routes_and_take_both_off_again() {
    let mut bench = Bench::with(snapshot(true));
    let invite_out = bench.hear(CALLER, &invite()).remove(0).1;
    let values = header(&invite_out, "Record-Route");
    assert_eq!(values.len(), 2);
    assert!(values[0].contains("@203.0.113.1:5060;lr>") && values[1].contains("@192.0.2.1:5060;lr>"), "{values:?}");
    bench.hear_on(G1, 1, &reply(&invite_out, "200 OK", "g"));
    let bye = format!(
        "BYE sip:alice@192.0.2.10:5060 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKgbye\n\
         Route: {}\nRoute: {}\nFrom: <sip:12025551234@192.0.2.1>;tag=g\nTo: <sip:alice@pbx.example>;tag=a1\n\
         Call-ID: call-1@pbx\nCSeq: 1 BYE\nContent-Length: 0\n\n",
        values[0], values[1]
    );
    let sent = bench.hear_on(G1, 1, &bye);
    assert_eq!((sent.len(), sent[0].0.as_str()), (1, CALLER));
    assert!(header(&sent[0].1, "Route").is_empty());
    assert!(header(&sent[0].1, "Via")[0].contains(" 192.0.2.1:5060;"), "leaves by the caller's listener");
    assert_eq!(header(&sent[0].1, "Max-Forwards"), ["70"]);
}

#[test]
fn a_silent_gateway_is_left_after_the_attempt_timeout_and_a_busy_one_is_believed() {
    let mut bench = Bench::new();
    let first = bench.hear(CALLER, &invite()).remove(0).1;
    let sent = bench.wait(4_100);
    let second = sent.iter().find(|(to, _)| to == G2).expect("the second gateway").1.clone();
    assert_eq!(sent.iter().filter(|(to, _)| to == G1).count(), 3, "timer A: 0.5, 1.5, 3.5 s");
    assert_ne!(header(&first, "Via")[0], header(&second, "Via")[0]);
    let busy = bench.hear(G2, &reply(&second, "486 Busy Here", "b"));
    let to: Vec<&str> = busy.iter().map(|(to, _)| to.as_str()).collect();
    assert!(to.contains(&G2) && to.contains(&CALLER) && busy.len() == 2, "{busy:?}");
    let ack = &busy.iter().find(|(to, _)| to == G2).unwrap().1;
    assert!(ack.starts_with("ACK sip:12025551234@198.51.100.2:5060;user=phone SIP/2.0\r\n"), "{ack}");
    assert_eq!(header(ack, "Via"), [header(&second, "Via")[0]]);
    // The first gateway still owes its final: the record waits for it.
    assert!(bench.out.rows.is_empty());
    bench.wait(70_000);
    let Some(Row::Done { record }) = bench.out.rows.pop() else { panic!("{:?}", bench.out.rows) };
    let codes: Vec<u16> = record.attempts.iter().map(|attempt| attempt.code).collect();
    assert_eq!((record.code, codes), (486, vec![408, 486]));
    assert_eq!(bench.worker.load(), Default::default());
}

#[test]
fn a_cancel_waits_for_the_first_provisional() {
    let mut bench = Bench::new();
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let cancel = "CANCEL sip:12025551234@192.0.2.1;user=phone;transport=udp SIP/2.0\n\
         Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcaller1;rport\nFrom: <sip:alice@pbx.example>;tag=a1\n\
         To: <sip:12025551234@192.0.2.1>\nCall-ID: call-1@pbx\nCSeq: 1 CANCEL\nReason: SIP;cause=200\n\
         Max-Forwards: 70\nContent-Length: 0\n\n";
    let ok = bench.hear(CALLER, cancel);
    assert_eq!((ok.len(), ok[0].0.as_str()), (1, CALLER), "only the 200 to the CANCEL");
    let sent = bench.hear(G1, &reply(&out, "180 Ringing", "g"));
    assert_eq!((sent.len(), sent[0].0.as_str()), (1, G1));
    assert!(sent[0].1.starts_with("CANCEL sip:12025551234@198.51.100.1:5060;user=phone SIP/2.0\r\n"));
    assert_eq!(header(&sent[0].1, "Via"), [header(&out, "Via")[0]]);
    assert_eq!(header(&sent[0].1, "Reason"), ["SIP;cause=200"]);
    bench.hear(G1, &reply(&sent[0].1, "200 OK", "g"));
    let end = bench.hear(G1, &reply(&out, "487 Request Terminated", "g"));
    assert!(end.iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 487 ")), "{end:?}");
    assert!(end.iter().any(|(to, text)| to == G1 && text.starts_with("ACK ")), "{end:?}");
    let Some(Row::Done { record }) = bench.out.rows.pop() else { panic!() };
    assert_eq!((record.outcome, record.code), (Outcome::Cancelled, 487));
}

#[test]
fn strangers_hear_nothing_but_options_is_answered() {
    let mut bench = Bench::new();
    assert!(bench.hear("203.0.113.66:5060", &invite()).is_empty());
    let options = "OPTIONS sip:192.0.2.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.66:5060;branch=z9hG4bKo\n\
        From: <sip:x@y>;tag=1\nTo: <sip:192.0.2.1>\nCall-ID: o\nCSeq: 1 OPTIONS\nMax-Forwards: 70\n\
        User-Agent: something long enough to leave room for the answer's tag and received\nContent-Length: 0\n\n";
    let answer = bench.hear("203.0.113.66:5060", options);
    assert!(answer.len() == 1 && answer[0].1.starts_with("SIP/2.0 200 OK"), "{answer:?}");
}

#[test]
fn an_answer_without_the_callers_via_counts_for_nothing() {
    // checklist X18: it can't be passed on, so the branch must not end by it either.
    let mut bench = Bench::new();
    let invite_out = bench.hear(CALLER, &invite()).remove(0).1;
    let cut = reply(&invite_out, "200 OK", "g").replace("Via: SIP/2.0/UDP 192.0.2.10", "X-Via: SIP/2.0/UDP 192.0.2.10");
    assert!(bench.hear(G1, &cut).is_empty());
    bench.wait(100_000);
    assert_eq!(bench.worker.load(), Default::default());
}

/// checklist F28, X12: the cookie is all that a process needs that never saw the INVITE.
#[test]
fn a_bye_handled_by_the_next_process_closes_the_record_of_the_first() {
    let mut first = Bench::new();
    let out = first.hear(CALLER, &invite()).remove(0).1;
    let ok = first.hear(G1, &reply(&out, "200 OK", "g")).remove(0).1;
    let Some(Row::Open { record, leg }) = first.out.rows.pop() else { panic!() };
    let route = header(&ok, "Record-Route")[0].to_owned();
    drop(first);

    let mut next = Bench::new();
    let bye = next.hear(CALLER, &inside("BYE", 2, &[&route], "g")).remove(0);
    assert_eq!(bye.0, G1);
    next.hear(G1, &reply(&bye.1, "200 OK", ""));
    let closed = next.out.rows.pop();
    assert!(matches!(closed, Some(Row::Close { id, leg: l, .. }) if id == record.id && l == leg), "{closed:?}");
}

/// checklist F30: inside an early dialog a request goes to that attempt's gateway, whatever the hunt does meanwhile.
#[test]
fn a_prack_reaches_the_gateway_that_rang_while_its_cancel_is_on_its_way() {
    let mut bench = Bench::new();
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let ringing = bench.hear(G1, &reply(&out, "183 Session Progress", "g")).remove(0).1;
    let route = header(&ringing, "Record-Route")[0].to_owned();
    let given_up = bench.wait(121_000);
    assert!(given_up.iter().any(|(to, text)| to == G1 && text.starts_with("CANCEL ")), "{given_up:?}");
    assert!(given_up.iter().any(|(to, text)| to == CALLER && text.starts_with("SIP/2.0 408 ")), "{given_up:?}");
    let prack = bench.hear(CALLER, &inside("PRACK", 2, &[&route], "g"));
    assert_eq!((prack.len(), prack[0].0.as_str()), (1, G1));
    let gone = bench.hear(G1, &reply(&prack[0].1, "481 Call/Transaction Does Not Exist", ""));
    assert_eq!((gone.len(), gone[0].0.as_str()), (1, CALLER));
}

/// checklist X29, P15: what the router does not read goes through byte for byte.
#[test]
fn headers_of_others_pass_untouched() {
    let foreign = "Session-Expires: 1800;refresher=uac\nMin-SE: 90\nsupported: timer, 100rel\nRSeq: 7\nRAck: 7 1 INVITE\n\
        Replaces: x@y;to-tag=1;from-tag=2\nReferred-By: <sip:a@b>\nDiversion: <sip:d@e>;reason=busy\n\
        History-Info: <sip:h@i>;index=1\nIdentity: abc;info=<https://c.example/c.pem>\nDate: Tue, 24 Nov 2026 10:00:00 GMT\n\
        Geolocation: <cid:1>\nPriority: urgent\nAlert-Info: <http://a.example/r.wav>\n";
    let mut bench = Bench::new();
    let message = invite().replace("X-Keep: as it is , really\n", foreign);
    let out = bench.hear(CALLER, &message).remove(0).1;
    assert!(out.contains(&foreign.replace('\n', "\r\n")), "{out}");
}

/// checklist T12, F29: the same call by another branch is a transaction of its own; a proxy does not merge.
#[test]
fn an_invite_repeated_is_absorbed_and_one_with_a_new_branch_is_new() {
    let mut bench = Bench::new();
    assert_eq!(bench.hear(CALLER, &invite()).len(), 1);
    let again = bench.hear(CALLER, &invite());
    assert!(again.len() == 1 && again[0].1.starts_with("SIP/2.0 100 "), "{again:?}");
    let other = bench.hear(CALLER, &invite().replace("caller1", "caller2"));
    assert!(other.len() == 1 && other[0].0 == G1, "{other:?}");
}

/// checklist X6, X9: a strict router before us puts our own URI into the request line.
#[test]
fn strict_routers_on_either_side_are_served() {
    let mut bench = Bench::new();
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let ok = bench.hear(G1, &reply(&out, "200 OK", "g")).remove(0).1;
    let route = header(&ok, "Record-Route")[0].to_owned();
    let ours = route.trim_start_matches('<').split('>').next().unwrap().to_owned();

    let before = inside("BYE", 2, &["<sip:gw@198.51.100.1:5060>"], "g")
        .replace("BYE sip:gw@198.51.100.1:5060 ", &format!("BYE {ours} "));
    let sent = bench.hear(CALLER, &before);
    assert_eq!((sent.len(), sent[0].0.as_str()), (1, G1), "{sent:?}");
    assert!(
        sent[0].1.starts_with("BYE sip:gw@198.51.100.1:5060 SIP/2.0\r\n") && header(&sent[0].1, "Route").is_empty()
    );

    let behind = inside("INFO", 3, &[&route, "<sip:203.0.113.9:5070>"], "g");
    let sent = bench.hear(CALLER, &behind);
    assert_eq!((sent.len(), sent[0].0.as_str()), (1, "203.0.113.9:5070"), "{sent:?}");
    assert!(sent[0].1.starts_with("INFO sip:203.0.113.9:5070 SIP/2.0\r\n"), "{}", sent[0].1);
    assert_eq!(header(&sent[0].1, "Route"), ["<sip:gw@198.51.100.1:5060>"]);
}
