//! Inside a dialog: other routers on the way, requests that are refused, addresses of a wildcard listener.

use crate::bench::*;
use trunkline::flow::{Flow, SocketIx};

/// Answers the call of `invite()` at G1; gives the Record-Route value.
fn answered(bench: &mut Bench) -> String {
    let out = bench.hear(CALLER, &invite()).remove(0).1;
    let ok = bench.hear(G1, &reply(&out, "200 OK", "g")).remove(0).1;
    header(&ok, "Record-Route")[0].to_owned()
}

/// checklist X12: the cookie of another trunkline further on is none of ours, and no forgery.
#[test]
fn the_cookie_of_the_next_trunkline_is_left_alone() {
    let mut bench = Bench::new();
    let route = answered(&mut bench);
    let cookie = route.trim_start_matches("<sip:").split('@').next().unwrap().to_owned();
    let foreign = format!("<sip:{}@198.51.100.1:5060;lr>", cookie.replace(['a', 'b'], "c"));
    let bye = bench.hear(CALLER, &inside("BYE", 2, &[&route, &foreign], "g"));
    assert_eq!((bye.len(), bye[0].0.as_str()), (1, G1), "{bye:?}");
    assert_eq!(header(&bye[0].1, "Route"), [foreign.as_str()]);
}

/// checklist X2: §16.3 step 5 holds inside a dialog, too; for all the options that are asked for, but not for ACK and
/// CANCEL.
#[test]
fn proxy_require_is_refused_inside_a_dialog_too() {
    let mut bench = Bench::new();
    let route = answered(&mut bench);
    let asks =
        |method| inside(method, 2, &[&route], "g").replace("Max-", "Proxy-Require: a, b\nProxy-Require: c\nMax-");
    let refused = bench.hear(CALLER, &asks("INVITE"));
    assert!(refused.len() == 1 && refused[0].1.starts_with("SIP/2.0 420 "), "{refused:?}");
    assert_eq!(header(&refused[0].1, "Unsupported"), ["a, b", "c"]);
    assert_eq!(bench.hear(CALLER, &asks("ACK"))[0].0, G1);
}

/// checklist A7: from outside the trust domain an asserted identity is not believed, at any time of the call.
#[test]
fn the_callees_asserted_identity_is_taken_off() {
    let mut bench = Bench::new();
    let route = answered(&mut bench);
    let update = |from: &str, to: &str, uri: &str| {
        format!(
            "UPDATE {uri} SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKu{from}\nRoute: {route}\n\
             P-Asserted-Identity: <sip:boss@example.org>\nFrom: <sip:x@y>;tag={from}\nTo: <sip:x@y>;tag={to}\n\
             Call-ID: call-1@pbx\nCSeq: 9 UPDATE\nMax-Forwards: 70\nContent-Length: 0\n\n"
        )
    };
    let sent = bench.hear(G1, &update("g", "a1", "sip:alice@192.0.2.10:5060"));
    assert!(sent[0].0 == CALLER && header(&sent[0].1, "P-Asserted-Identity").is_empty(), "{sent:?}");
    let sent = bench.hear(CALLER, &update("a1", "g", "sip:gw@198.51.100.1:5060"));
    assert!(sent[0].0 == G1 && header(&sent[0].1, "P-Asserted-Identity").len() == 1, "{sent:?}");
}

/// CONFIG-AND-CLI (g) "Places": on a wildcard listener each side sees the address that it knows us by.
#[test]
fn a_request_of_one_side_leaves_from_the_address_that_the_other_side_knows() {
    let mut wildcard = snapshot(false);
    wildcard.listeners[0].bind = "0.0.0.0:5060".parse().unwrap();
    let mut bench = Bench::with(wildcard);
    let lan = Flow { local: Some("10.0.0.1".parse().unwrap()), ..Flow::udp(SocketIx(0), CALLER.parse().unwrap()) };
    let out = bench.hear_from(lan, &invite()).remove(0).1;
    let routes = header(&out, "Record-Route");
    assert!(routes[0].contains("@192.0.2.1:5060") && routes[1].contains("@10.0.0.1:5060"), "{routes:?}");
    bench.hear(G1, &reply(&out, "200 OK", "g"));
    let text = inside("ACK", 1, &[routes[1], routes[0]], "g").replace('\n', "\r\n");
    bench.worker.datagram(bench.now, lan, text.as_bytes(), &mut bench.out);
    assert_eq!(bench.out.sends[0].flow.local, Some("192.0.2.1".parse().unwrap()));
    let ack = bench.sent().remove(0).1;
    assert!(header(&ack, "Via")[0].contains(" 192.0.2.1:5060;"), "{ack}");
}

/// checklist X24: a request without a user can't be routed by a number; to a name it asks about ourselves.
#[test]
fn options_to_a_name_of_ours_is_answered_here() {
    let mut bench = Bench::new();
    let options = "OPTIONS sip:trunk.example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKo;rport\n\
        From: <sip:x@y>;tag=1\nTo: <sip:trunk.example.com>\nCall-ID: o\nCSeq: 1 OPTIONS\nMax-Forwards: 70\n\
        Content-Length: 0\n\n";
    let answer = bench.hear(CALLER, options);
    assert!(answer.len() == 1 && answer[0].1.starts_with("SIP/2.0 200 OK"), "{answer:?}");
}

/// A branch that another one's answer made needless is not repeated for 32 s (E8).
#[test]
fn an_invite_that_lost_is_not_repeated_beyond_its_attempt_timeout() {
    let mut bench = Bench::new();
    let first = bench.hear(CALLER, &invite()).remove(0).1;
    bench.wait(4_100);
    bench.hear(G1, &reply(&first, "200 OK", "g"));
    let repeated = bench.wait(40_000).iter().filter(|(to, text)| to == G2 && text.starts_with("INVITE ")).count();
    assert_eq!(repeated, 3, "timer A until attempt_timeout: 0.5, 1.5, 3.5 s");
    assert_eq!(bench.worker.load().client_transactions, 0);
}

/// CONFIG-AND-CLI (g) "On the wire": other methods have the same failover as calls, its `final` included.
#[test]
fn a_message_that_every_gateway_fails_gets_the_final_of_its_route() {
    use trunkline::route::FinalAnswer;
    let own = FinalAnswer::Reply(trunkline::route::Reply { code: 580, reason: "Ours".into() });
    for (answer, code) in
        [(FinalAnswer::Last, "SIP/2.0 502 "), (FinalAnswer::Best, "SIP/2.0 500 "), (own, "SIP/2.0 580 ")]
    {
        let mut bench = Bench::with(build(false, |failover| failover.final_answer = answer));
        let out = bench.hear(CALLER, &invite().replace("INVITE", "MESSAGE")).remove(0).1;
        let second = bench.hear(G1, &reply(&out, "503 Service Unavailable", "g")).remove(0);
        assert_eq!(second.0, G2);
        let end = bench.hear(G2, &reply(&second.1, "502 Bad Gateway", "h"));
        assert!(end.len() == 1 && end[0].1.starts_with(code), "{end:?}");
        bench.wait(70_000);
        assert_eq!(bench.worker.load(), Default::default());
    }
}
