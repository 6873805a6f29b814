//! What validation refuses, with which code, and what it does not mind.

use crate::support::{Verdict::*, *};
use trunkline::sip::*;

#[test]
fn mandatory_headers() {
    // checklist P13
    let table: &[(&str, &str, Verdict)] = &[
        ("Max-Forwards: 70", "X: 1", Good),
        ("From: \"Alice\" <sip:alice@example.com>;tag=1928301774", "X: 1", Answer(400)),
        ("To: <sip:+49301234@192.0.2.1>", "X: 1", Answer(400)),
        ("Call-ID: a84b4c76e66710@192.0.2.9", "X: 1", Answer(400)),
        ("Call-ID: a84b4c76e66710@192.0.2.9", "Call-ID:", Answer(400)),
        ("Call-ID: a84b4c76e66710@192.0.2.9", "Call-ID: a b", Answer(400)),
        ("CSeq: 314159 INVITE", "X: 1", Answer(400)),
        // Nothing to answer to.
        ("Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK776asdhds;rport", "X: 1", Drop),
        ("Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK776asdhds;rport", "Via: nonsense", Drop),
        ("Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK776asdhds;rport", "Via: , SIP/2.0/UDP h", Drop),
        // Below the top it can be answered.
        ("Max-Forwards: 70", "Via: nonsense", Answer(400)),
        ("Via: SIP", "Via:\r\nVia: SIP", Answer(400)),
        // Twice.
        ("Max-Forwards: 70", "f: <sip:b@c>;tag=1", Answer(400)),
        ("Max-Forwards: 70", "t: <sip:b@c>", Answer(400)),
        ("Max-Forwards: 70", "i : a84b4c76e66710@192.0.2.9", Answer(400)),
        ("Max-Forwards: 70", "CSEQ: 314159 INVITE", Answer(400)),
        ("Max-Forwards: 70", "Max-Forwards: 70\r\nmax-forwards: 70", Answer(400)),
        // Values.
        ("Max-Forwards: 70", "Max-Forwards: 256", Answer(400)),
        ("Max-Forwards: 70", "Max-Forwards: x", Answer(400)),
        ("CSeq: 314159 INVITE", "CSeq: 2147483648 INVITE", Answer(400)),
        // checklist P14, P15: methods compare with their case.
        ("CSeq: 314159 INVITE", "CSeq: 314159 invite", Answer(400)),
        ("CSeq: 314159 INVITE", "CSeq: 314159 BYE", Answer(400)),
        // checklist P10
        ("To: <sip:+49301234@192.0.2.1>", "To: <sip:+49301234@192.0.2.1", Answer(400)),
        ("To: <sip:+49301234@192.0.2.1>", "To: \"x <sip:+49301234@192.0.2.1>", Answer(400)),
        ("To: <sip:+49301234@192.0.2.1>", "To: <sip:>", Answer(400)),
        ("Max-Forwards: 70", "Route: <sip:a", Answer(400)),
        ("Max-Forwards: 70", "Route: \"x", Answer(400)),
        ("Max-Forwards: 70", "Route: <sip:a>,,<sip:b>", Answer(400)),
        ("Max-Forwards: 70", "Route: <sip:a:x>", Answer(400)),
        ("Max-Forwards: 70", "Route: <sip:a;lr>, <sip:b>", Good),
        // checklist P15: what nobody knows, or reads, is nobody's business.
        ("Max-Forwards: 70", "Contact: \"x", Good),
        ("Max-Forwards: 70", "X-Foo: <\",", Good),
        ("Max-Forwards: 70", "Date: tomorrow", Good),
        // checklist P16
        ("To: <sip:+49301234@192.0.2.1>", "To: <isbn:2983792873>", Good),
        ("To: <sip:+49301234@192.0.2.1>", "To: <tel:+49301234>", Good),
    ];
    for (old, new, expect) in table {
        assert_eq!(verdict(&invite_with(old, new)), *expect, "{new:?} for {old:?}");
    }
}

#[test]
fn request_uris() {
    // checklist P16, P18, P19
    let table: &[(&str, Verdict)] = &[
        ("sip:a@b;x=1", Good),
        ("sips:a@b", Good),
        ("tel:+49301234", Good),
        ("sip:b", Good),
        ("http://b", Answer(416)),
        ("urn:service:sos", Answer(416)),
        ("sip:a@b?Route=%3Csip:c%3E", Answer(400)),
        ("sip:a@b:0", Answer(400)),
        ("sip:a@", Answer(400)),
        ("sip:2001:db8::1", Answer(400)),
        ("b", Answer(400)),
    ];
    for (uri, expect) in table {
        assert_eq!(verdict(&invite_with("sip:+49301234@192.0.2.1 SIP", &format!("{uri} SIP"))), *expect, "{uri:?}");
    }
}

#[test]
fn methods_that_nobody_knows_are_as_good_as_others() {
    // checklist P15
    for method in ["NEWMETHOD", "x", "IN%56ITE", "invite"] {
        let bytes = INVITE.replace("INVITE", method);
        assert_eq!(verdict(bytes.as_bytes()), Good);
        with(bytes.as_bytes(), |m| {
            assert_eq!((m.method(), text(m.method_text())), (Some(Method::Other), method));
        });
    }
}

#[test]
fn ack_and_responses_are_never_answered() {
    let ack = INVITE.replace("INVITE", "ACK");
    assert_eq!(verdict(ack.as_bytes()), Good);
    for broken in [ack.replace("Call-ID", "X"), ack.replace("Content-Length: 4", "l: x"), ack.replace("From:", "From")]
    {
        assert_eq!(verdict(broken.as_bytes()), Drop);
    }
    let pretended = INVITE.replacen("INVITE sip", "INVITE  sip", 1).replace("314159 INVITE", "314159 ACK");
    assert_eq!(verdict(pretended.as_bytes()), Drop, "it may well be an ACK");
    assert_eq!(verdict(RINGING.as_bytes()), Good);
    for broken in ["Call-ID", "From", "To", "CSeq"] {
        let bytes = RINGING.replace(&format!("{broken}:"), "X:");
        assert_eq!(verdict(bytes.as_bytes()), Drop);
        assert!(with(bytes.as_bytes(), |m| validate(m, &Limits::default()).is_err()), "{broken}");
    }
}

#[test]
fn limits() {
    // checklist P20: each bound holds, and one more is refused.
    let limits = Limits::default();
    let padded = |len: usize| {
        let fill = len - invite_and("X: ").len();
        invite_and(&format!("X: {}", "x".repeat(fill)))
    };
    let wide = Limits { header_bytes: 70_000, ..limits };
    assert_eq!(verdict_within(&padded(65_536), &wide), Good);
    assert_eq!(verdict_within(&padded(65_537), &wide), Answer(513));
    let header = |len: usize| invite_and(&format!("X: {}", "x".repeat(len - 5)));
    assert_eq!(verdict(&header(16_384)), Good);
    assert_eq!(verdict(&header(16_385)), Answer(513));
    let headers = |count: usize| invite_and(&vec!["X: 1"; count - 9].join("\r\n"));
    assert_eq!(verdict(&headers(256)), Good);
    assert_eq!(verdict(&headers(257)), Answer(513));
    let vias = |count: usize| invite_and(&vec!["Via: SIP/2.0/UDP h"; count - 1].join("\r\n"));
    assert_eq!(verdict(&vias(70)), Good);
    assert_eq!(verdict(&vias(71)), Answer(513));
    let routes = |count: usize| invite_and(&format!("Route: {}", vec!["<sip:h>"; count].join(",")));
    assert_eq!(verdict(&routes(70)), Good);
    assert_eq!(verdict(&routes(71)), Answer(513));
    let uri = |len: usize| invite_with("sip:+49301234@192.0.2.1 SIP", &format!("sip:{} SIP", "h".repeat(len - 4)));
    assert_eq!(verdict(&uri(2_048)), Good);
    assert_eq!(verdict(&uri(2_049)), Answer(414));
}
