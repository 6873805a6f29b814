//! Responses made here, and the top Via with received and rport.

use crate::support::*;
use std::net::SocketAddr;
use trunkline::sip::*;

fn respond(request: &[u8], code: u16, reason: &str, extra: Extra) -> String {
    with(request, |m| {
        let mut out = Vec::new();
        response(m, code, reason, extra, &mut out);
        String::from_utf8(out).unwrap()
    })
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn an_error_carries_what_the_rfc_wants() {
    // checklist X25: To tag added, all Vias, Record-Route not, our own lines, Content-Length 0.
    let request =
        invite_and("v: SIP/2.0/TCP h2;branch=z9hG4bK2 , SIP/2.0/TLS h3\r\nRecord-Route: <sip:h2;lr>\r\nTimestamp: 5");
    let extra = Extra {
        to_tag: Some(b"x1"),
        source: Some(addr("192.0.2.7:6000")),
        lines: b"Retry-After: 5\r\nWarning: 399 trunkline \"x\"\r\n",
    };
    let expected = "SIP/2.0 503 Service not available\r\n\
        Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK776asdhds;rport=6000;received=192.0.2.7\r\n\
        Via: SIP/2.0/TCP h2;branch=z9hG4bK2\r\n\
        Via: SIP/2.0/TLS h3\r\n\
        From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n\
        To: <sip:+49301234@192.0.2.1>;tag=x1\r\n\
        Call-ID: a84b4c76e66710@192.0.2.9\r\n\
        CSeq: 314159 INVITE\r\n\
        Retry-After: 5\r\n\
        Warning: 399 trunkline \"x\"\r\n\
        Content-Length: 0\r\n\r\n";
    assert_eq!(respond(&request, 503, "Service not available", extra), expected);
}

#[test]
fn trying_has_no_tag_and_copies_the_timestamp() {
    // checklist X1
    let out = respond(&invite_and("Timestamp: 54.1"), 100, "Trying", Extra::default());
    assert!(out.contains("To: <sip:+49301234@192.0.2.1>\r\n") && out.contains("Timestamp: 54.1\r\n"), "{out}");
}

#[test]
fn a_tag_that_is_there_stays() {
    let tagged = invite_with("To: <sip:+49301234@192.0.2.1>", "t: sip:+49301234@192.0.2.1;tag=old");
    let out = respond(&tagged, 404, "Not Found", Extra { to_tag: Some(b"new"), ..Extra::default() });
    assert!(out.contains("To: sip:+49301234@192.0.2.1;tag=old\r\n"), "{out}");
}

#[test]
fn folds_are_unfolded_and_what_is_missing_is_left_out() {
    // checklist P7
    let folded = INVITE
        .replace("From: \"Alice\" ", "From:\r\n \"Alice\"\r\n\t ")
        .replace(";branch", "\r\n ;branch")
        .replace("CSeq: 314159 INVITE\r\n", "");
    let out = respond(folded.as_bytes(), 400, "Bad Request", Extra::default());
    let expected = "SIP/2.0 400 Bad Request\r\n\
        Via: SIP/2.0/UDP 192.0.2.9:5070 ;branch=z9hG4bK776asdhds;rport\r\n\
        From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n\
        To: <sip:+49301234@192.0.2.1>\r\n\
        Call-ID: a84b4c76e66710@192.0.2.9\r\n\
        Content-Length: 0\r\n\r\n";
    assert_eq!(out, expected);
}

#[test]
fn what_a_fault_answers() {
    // Malformed beyond parsing, yet answered with what could be read (checklist P13, P20).
    let bytes = INVITE.replace("Contact:", "Contact").replace("To:", "To\n:");
    let mut index = Index::default();
    let Err(Fault { answer: Some((message, 400, reason)), why }) =
        parse(bytes.as_bytes(), &mut index, &Limits::default())
    else {
        panic!("not answered")
    };
    assert_eq!((reason, why), ("Bad Request", "a bare CR or LF in a header line"));
    let mut out = Vec::new();
    response(&message, 400, reason, Extra { to_tag: Some(b"x"), ..Extra::default() }, &mut out);
    assert!(!text(&out).contains("To:") && text(&out).contains("CSeq: 314159 INVITE\r\n"), "{}", text(&out));
    with(&out, |m| assert_eq!(m.code(), 400));
}

#[test]
fn received_and_rport() {
    // checklist N2, N3: value, source → stamped
    let table: &[(&str, &str, &str)] = &[
        // sent-by is where it came from, rport not asked for: untouched.
        ("SIP/2.0/UDP 192.0.2.9:5070;branch=z", "192.0.2.9:7", "SIP/2.0/UDP 192.0.2.9:5070;branch=z"),
        ("SIP/2.0/UDP [2001:db8::9]", "[2001:db8::9]:7", "SIP/2.0/UDP [2001:db8::9]"),
        ("SIP/2.0/UDP [::ffff:192.0.2.9]", "192.0.2.9:7", "SIP/2.0/UDP [::ffff:192.0.2.9]"),
        ("SIP/2.0/UDP 192.0.2.9", "[::ffff:192.0.2.9]:7", "SIP/2.0/UDP 192.0.2.9"),
        // Another address, or a name.
        ("SIP/2.0/UDP 10.0.0.1;branch=z", "192.0.2.9:7", "SIP/2.0/UDP 10.0.0.1;branch=z;received=192.0.2.9"),
        ("SIP/2.0/UDP h;branch=z", "192.0.2.9:7", "SIP/2.0/UDP h;branch=z;received=192.0.2.9"),
        ("SIP/2.0/UDP h", "[2001:db8::9]:7", "SIP/2.0/UDP h;received=2001:db8::9"),
        // rport is filled in, and received always added.
        (
            "SIP/2.0/UDP 192.0.2.9;rport;branch=z",
            "192.0.2.9:7",
            "SIP/2.0/UDP 192.0.2.9;rport=7;branch=z;received=192.0.2.9",
        ),
        ("SIP/2.0/UDP h;branch=z;RPort", "192.0.2.9:7", "SIP/2.0/UDP h;branch=z;RPort=7;received=192.0.2.9"),
        ("SIP/2.0/UDP h ; rport ; branch=z", "192.0.2.9:7", "SIP/2.0/UDP h ; rport=7 ; branch=z;received=192.0.2.9"),
        // What the sender claims is replaced.
        ("SIP/2.0/UDP h;rport=5060;branch=z", "192.0.2.9:7", "SIP/2.0/UDP h;rport=7;branch=z;received=192.0.2.9"),
        ("SIP/2.0/UDP h;rport = 5060", "192.0.2.9:7", "SIP/2.0/UDP h;rport=7;received=192.0.2.9"),
        ("SIP/2.0/UDP h;rport=;a", "192.0.2.9:7", "SIP/2.0/UDP h;rport=7;a;received=192.0.2.9"),
        ("SIP/2.0/UDP h;received=1.2.3.4;branch=z", "192.0.2.9:7", "SIP/2.0/UDP h;branch=z;received=192.0.2.9"),
        ("SIP/2.0/UDP 192.0.2.9;received=1.2.3.4", "192.0.2.9:7", "SIP/2.0/UDP 192.0.2.9"),
        ("SIP/2.0/UDP h;received=[::1];rport=1", "192.0.2.9:7", "SIP/2.0/UDP h;rport=7;received=192.0.2.9"),
        ("SIP/2.0/UDP h;rport=1;received=[::1];a", "192.0.2.9:7", "SIP/2.0/UDP h;rport=7;a;received=192.0.2.9"),
        // Folds go.
        ("SIP/2.0/UDP\r\n h\r\n\t;rport", "192.0.2.9:7", "SIP/2.0/UDP h ;rport=7;received=192.0.2.9"),
    ];
    for (value, source, expected) in table {
        let via = Via::parse(value.as_bytes()).unwrap_or_else(|| panic!("{value:?}"));
        let mut out = Vec::new();
        stamped_via(value.as_bytes(), &via, addr(source), &mut out);
        assert_eq!(text(&out), *expected, "{value:?} from {source}");
        // Stamping what is stamped changes nothing more.
        let again = Via::parse(&out).unwrap();
        let mut twice = Vec::new();
        stamped_via(&out, &again, addr(source), &mut twice);
        assert_eq!(Via::parse(&twice).unwrap().received, again.received);
    }
}

#[test]
fn an_invite_is_refused_unparsed_where_it_is_written_as_usual() {
    // checklist R2: in what else it differs from a parsed answer, a property says: in nothing.
    let refused = |bytes: &[u8]| top_via(bytes).is_some() && Sketch::of(bytes).is_some();
    assert!(refused(INVITE.as_bytes()));
    assert!(refused(&invite_with("Call-ID", "i")) && refused(&invite_with("To:", "t:")));
    for (old, new) in [
        ("Call-ID: a84", "Call-ID : a84"),
        ("From: \"Alice\"", "From: \"Alice\"\r\n"),
        ("rport\r\n", "rport, SIP/2.0/UDP h\r\n"),
        ("To: <sip:+49301234@192.0.2.1>", "To: <sip:+49301234@192.0.2.1>;tag=1"),
        ("To: <sip:+49301234@192.0.2.1>", "To: <sip:+49301234@192.0.2.1>\r\nt: <sip:2@192.0.2.1>"),
        ("CSeq: 314159 INVITE\r\n", ""),
        ("CSeq: 314159 INVITE", "CSeq: 314159 BYE"),
        ("INVITE sip", "OPTIONS sip"),
        ("Max-Forwards: 70", "Max-Forwards: 70\n"),
    ] {
        assert!(!refused(&invite_with(old, new)), "{new}");
    }
}
