//! Structure: keep-alives, start lines, header lines, folds, lengths.

use crate::support::{Verdict::*, *};
use trunkline::sip::*;

#[test]
fn an_invite_is_read() {
    with(INVITE.as_bytes(), |m| {
        assert_eq!(m.method(), Some(Method::Invite));
        assert_eq!(text(m.request_uri()), "sip:+49301234@192.0.2.1");
        let via = m.via().unwrap();
        assert_eq!((via.transport, via.host, via.port), (&b"UDP"[..], &b"192.0.2.9"[..], Some(5070)));
        assert_eq!((via.branch, via.rport), (Some(&b"z9hG4bK776asdhds"[..]), Some(None)));
        assert_eq!(m.max_forwards(), Some(Ok(70)));
        let from = m.from().unwrap();
        assert_eq!((text(from.display), text(from.uri)), ("\"Alice\"", "sip:alice@example.com"));
        assert_eq!(from.tag, Some(&b"1928301774"[..]));
        assert_eq!(m.to().unwrap().tag, None);
        assert_eq!(text(m.call_id().unwrap()), "a84b4c76e66710@192.0.2.9");
        assert_eq!(m.cseq(), Some(CSeq { number: 314159, method: b"INVITE" }));
        assert_eq!(m.body(), b"v=0\n");
        assert_eq!(validate(m, &Limits::default()).err(), None);
    });
}

#[test]
fn keep_alives_and_leading_crlf() {
    // checklist P2
    for datagram in [&b""[..], b"\r\n", b"\r\n\r\n", b"\0", b"\0\0\0\0", b"\r\n\0"] {
        assert_eq!(verdict(datagram), KeepAlive, "{datagram:?}");
    }
    let late = format!("\r\n\r\n{INVITE}");
    with(late.as_bytes(), |m| assert!(m.bytes.starts_with(b"INVITE"), "the view begins at the start line"));
}

#[test]
fn request_lines() {
    // checklist P3
    let table: &[(&str, Verdict)] = &[
        ("INVITE sip:a@b SIP/2.0", Good),
        ("INVITE sip:a@b sip/2.0", Good),
        ("INVITE sip:a@b SIP/3.0", Answer(505)),
        ("INVITE sip:a@b SIP/2.1", Answer(505)),
        ("INVITE sip:a@b SIP/2.00", Answer(505)),
        ("INVITE sip:a@b HTTP/1.1", Answer(400)),
        ("INVITE sip:a@b SIP/2", Answer(400)),
        ("INVITE sip:a@b SIP/2.0 ", Answer(400)),
        ("INVITE sip:a@b  SIP/2.0", Answer(400)),
        ("INVITE  sip:a@b SIP/2.0", Answer(400)),
        ("INVITE sip:a b SIP/2.0", Answer(400)),
        ("INVITE sip:a@b\tSIP/2.0", Answer(400)),
        ("INVITE <sip:a@b> SIP/2.0", Answer(400)),
        ("INVITE sip:a@b", Answer(400)),
        ("INVITE ", Answer(400)),
        // Without a method and a space it is nothing that could be answered.
        ("INVITE\tsip:a@b SIP/2.0", Drop),
        (" INVITE sip:a@b SIP/2.0", Drop),
        ("INV(ITE sip:a@b SIP/2.0", Drop),
        ("hello", Drop),
        // NUL in what we read (checklist P21).
        ("INVITE sip:a\0@b SIP/2.0", Answer(400)),
        // ACK is never answered, whatever is wrong.
        ("ACK sip:a@b SIP/7.0", Drop),
        ("ACK  sip:a@b SIP/2.0", Drop),
    ];
    for (line, expect) in table {
        let bytes = invite_with("INVITE sip:+49301234@192.0.2.1 SIP/2.0", line);
        assert_eq!(verdict(&bytes), *expect, "{line:?}");
    }
}

#[test]
fn syntax_is_judged_before_the_version() {
    // checklist X2
    let both = text(&invite_with("SIP/2.0\r\nVia", "SIP/3.0\r\nVia")).replace("CSeq: 314159", "CSeq: many");
    assert_eq!(verdict(both.as_bytes()), Answer(400));
}

#[test]
fn status_lines() {
    // checklist P4
    let table: &[(&str, Option<(u16, &str)>)] = &[
        ("SIP/2.0 180 Ringing", Some((180, "Ringing"))),
        ("SIP/2.0 180 ", Some((180, ""))),
        ("SIP/2.0 180", Some((180, ""))),
        ("sip/2.0 699 x", Some((699, "x"))),
        ("SIP/2.0 200 Möglich  ist  es", Some((200, "Möglich  ist  es"))),
        ("SIP/2.0 099 Low", None),
        ("SIP/2.0 700 High", None),
        ("SIP/2.0 20 Short", None),
        ("SIP/2.0 2000 Long", None),
        ("SIP/2.0 20x Odd", None),
        ("SIP/2.0  200 Spaces", None),
        ("SIP/3.0 200 Future", None),
        ("SIP/2.0 4294967301 Overflow", None),
        ("SIP/", None),
    ];
    for (line, expect) in table {
        let bytes = RINGING.replace("SIP/2.0 180 Ringing", line);
        match expect {
            Some((code, reason)) => with(bytes.as_bytes(), |m| {
                assert_eq!(m.start, Start::Response { code: *code, reason: reason.as_bytes() });
                assert_eq!(Stored::keep(m).message().start, m.start);
            }),
            None => assert_eq!(verdict(bytes.as_bytes()), Drop, "{line:?}"),
        }
    }
}

#[test]
fn names_in_any_spelling() {
    // checklist P5, P6
    let spellings: &[(Name, &[&str])] = &[
        (Name::Via, &["Via", "v", "V", "VIA", "vIa"]),
        (Name::From, &["From", "f", "F", "FROM"]),
        (Name::To, &["To", "t", "T", "tO"]),
        (Name::CallId, &["Call-ID", "i", "I", "call-id", "CALL-Id"]),
        (Name::CSeq, &["CSeq", "cseq"]),
        (Name::MaxForwards, &["Max-Forwards", "MAX-FORWARDS"]),
        (Name::Route, &["Route", "ROUTE"]),
        (Name::RecordRoute, &["Record-Route", "record-route"]),
        (Name::Contact, &["Contact", "m", "M"]),
        (Name::ContentLength, &["Content-Length", "l", "L"]),
        (Name::ContentType, &["Content-Type", "c", "C"]),
        (Name::ProxyRequire, &["Proxy-Require", "proxy-require"]),
        (Name::Require, &["Require", "REQUIRE"]),
        (Name::Supported, &["Supported", "k", "K"]),
        (Name::ProxyAuthorization, &["Proxy-Authorization"]),
        (Name::Timestamp, &["Timestamp"]),
        (Name::Reason, &["Reason"]),
        (Name::RetryAfter, &["Retry-After"]),
        (Name::MaxBreadth, &["Max-Breadth"]),
        (Name::PAssertedIdentity, &["P-Asserted-Identity"]),
        (Name::PPreferredIdentity, &["P-Preferred-Identity"]),
        (Name::Other, &["X-Foo", "Vía", "VV", "Contact-Length", "s", "Content-Lengths", "z"]),
    ];
    for (name, all) in spellings {
        for spelling in *all {
            assert_eq!(Name::of(spelling.as_bytes()), *name, "{spelling}");
        }
    }
    for colon in [":", " :", "\t:", "  \t : "] {
        let bytes =
            INVITE.replace("Call-ID: ", &format!("i{colon}")).replace("Max-Forwards:", &format!("Max-Forwards{colon}"));
        with(bytes.as_bytes(), |m| {
            assert_eq!(text(m.call_id().unwrap()), "a84b4c76e66710@192.0.2.9");
            assert_eq!(m.max_forwards(), Some(Ok(70)));
        });
    }
}

#[test]
fn other_headers_are_found_by_name() {
    // checklist P5, P6, A9: a filter that looks for X-Foo must not miss `x-foo :`.
    let bytes = invite_and("x-FOO : 1\r\nX-Foo:2\r\nx: 90\r\nSession-Expires: 91\r\nX-Foot: 3");
    with(&bytes, |m| {
        let values = |name: &str| m.lines_named(name).map(|h| text(m.value_of(h)).to_owned()).collect::<Vec<_>>();
        assert_eq!(values("X-Foo"), ["1", "2"]);
        assert_eq!(values("session-expires"), ["90", "91"]);
        assert_eq!(values("x"), ["90", "91"]);
        assert_eq!(values("Via").len(), 1);
        assert_eq!(values("v").len(), 1);
    });
}

#[test]
fn every_compact_form_is_its_long_form() {
    // checklist P6; the list is IANA's.
    let list = "a Accept-Contact, b Referred-By, c Content-Type, d Request-Disposition, e Content-Encoding, f From, \
        i Call-ID, j Reject-Contact, k Supported, l Content-Length, m Contact, n Identity-Info, o Event, r Refer-To, \
        s Subject, t To, u Allow-Events, v Via, x Session-Expires, y Identity";
    for (compact, long) in list.split(", ").filter_map(|pair| pair.split_once(' ')) {
        assert_eq!(Name::of(compact.as_bytes()), Name::of(long.as_bytes()), "{compact} {long}");
        let line = format!("OPTIONS sip:h SIP/2.0\r\n{} : 0\r\n\r\n", compact.to_uppercase());
        with(line.as_bytes(), |m| assert_eq!(m.lines_named(long).count(), 1, "{compact} {long}"));
        let line = format!("OPTIONS sip:h SIP/2.0\r\n{long}: 0\r\n\r\n");
        with(line.as_bytes(), |m| assert_eq!(m.lines_named(compact).count(), 1, "{compact} {long}"));
    }
}

#[test]
fn folded_lines() {
    // checklist P7
    let folded = INVITE
        .replace("UDP 192.0.2.9:5070;branch", "UDP\r\n 192.0.2.9:5070\r\n\t; branch")
        .replace("Call-ID: ", "Call-ID:\r\n  ")
        .replace("314159 INVITE", "314159\r\n INVITE");
    with(folded.as_bytes(), |m| {
        assert_eq!(m.via().unwrap().branch, Some(&b"z9hG4bK776asdhds"[..]));
        assert_eq!(text(m.call_id().unwrap()), "a84b4c76e66710@192.0.2.9");
        assert_eq!(m.cseq().unwrap().method, b"INVITE");
        assert_eq!(m.headers.len(), 9);
        assert_eq!(validate(m, &Limits::default()).err(), None);
    });
    let first = INVITE.replace("\r\nVia:", "\r\n Via:");
    assert_eq!(verdict(first.as_bytes()), Drop, "its only Via can't be trusted");
    let first = INVITE.replace("\r\nVia:", "\r\n X: 1\r\nVia:");
    assert_eq!(verdict(first.as_bytes()), Answer(400), "a continuation of nothing");
}

#[test]
fn header_lines_that_are_none() {
    let table: &[(&str, Verdict)] = &[
        ("X-Anything:", Good),
        ("X-Anything: caf\u{e9} \u{1F4DE}", Good),
        ("NoColon", Answer(400)),
        (": nameless", Answer(400)),
        ("X Foo: inner space", Answer(400)),
        ("X(Foo): not a token", Answer(400)),
        // checklist P21: bare CR or LF never becomes a line break.
        ("X-Foo: a\nVia: SIP/2.0/UDP evil", Answer(400)),
        ("X-Foo: a\rMax-Forwards: 3", Answer(400)),
        ("X-Foo: a\r\r", Answer(400)),
        ("Via: SIP/2.0/UDP a\n;branch=1", Drop),
        // NUL: in what is not read it is passed on, in what is read it is refused (checklist P1, P21).
        ("X-Foo: a\0b", Good),
        ("Route: <sip:a\0b>", Answer(400)),
        ("Route: \"a\0b\" <sip:b>", Answer(400)),
        ("Route: a\0b <sip:b>", Answer(400)),
    ];
    for (line, expect) in table {
        assert_eq!(verdict(&invite_and(line)), *expect, "{line:?}");
    }
    assert_eq!(verdict(&invite_with("Call-ID: a84b", "Call-ID: a8\0b")), Answer(400));
}

#[test]
fn lf_alone_ends_no_line() {
    // checklist P21: such messages are refused whole.
    assert_eq!(verdict(INVITE.replace("\r\n", "\n").as_bytes()), Drop);
    assert_eq!(verdict(INVITE.replace("\r\n\r\n", "\n\n").as_bytes()), Answer(400));
    let body = INVITE.replace("v=0\n", "\n\r\0\n");
    with(body.as_bytes(), |m| assert_eq!(m.body(), b"\n\r\0\n", "bodies are opaque (checklist P25)"));
}

#[test]
fn content_length() {
    // checklist P12, datagrams
    let table: &[(&str, &str, Verdict)] = &[
        ("Content-Length: 4", "v=0\n", Good),
        ("l: 4", "v=0\n", Good),
        ("X-None: 1", "v=0\n", Good),
        ("Content-Length: 0004", "v=0\n", Good),
        ("Content-Length: 2", "v=", Good),
        ("Content-Length: 0", "", Good),
        ("Content-Length: 4\r\nl: 4", "v=0\n", Good),
        ("Content-Length: 5", "", Answer(400)),
        ("Content-Length: -4", "", Answer(400)),
        ("Content-Length: +4", "", Answer(400)),
        ("Content-Length: 0x4", "", Answer(400)),
        ("Content-Length: 4,4", "", Answer(400)),
        ("Content-Length: 4 4", "", Answer(400)),
        ("Content-Length:", "", Answer(400)),
        ("Content-Length: 18446744073709551620", "", Answer(400)),
        ("Content-Length: 4294967300", "", Answer(400)),
        ("Content-Length: 4\r\nl: 3", "", Answer(400)),
    ];
    for (line, body, expect) in table {
        let bytes = invite_with("Content-Length: 4", line);
        assert_eq!(verdict(&bytes), *expect, "{line:?}");
        if *expect == Good {
            with(&bytes, |m| {
                assert_eq!(text(m.body()), *body, "{line:?}");
                assert_eq!(Stored::keep(m).message().body(), m.body());
            });
        }
    }
    assert_eq!(verdict(INVITE.trim_end_matches("\r\n\r\nv=0\n").as_bytes()), Answer(400), "no blank line");
}

#[test]
fn numbers() {
    // checklist P14, X3, D7
    let cseq: &[(&str, Option<u32>)] = &[
        ("1 INVITE", Some(1)),
        ("0 INVITE", Some(0)),
        ("0009 \t INVITE", Some(9)),
        ("2147483647 INVITE", Some(2147483647)),
        ("2147483648 INVITE", None),
        ("36893488147419103232 INVITE", None),
        ("INVITE", None),
        ("1INVITE", None),
        ("1 INVITE x", None),
        ("-1 INVITE", None),
        ("1", None),
        ("", None),
    ];
    for (value, number) in cseq {
        with(&invite_with("314159 INVITE", value), |m| assert_eq!(m.cseq().map(|c| c.number), *number, "{value:?}"));
    }
    let forwards: &[(&str, Option<Result<u8, ()>>)] = &[
        ("Max-Forwards: 0", Some(Ok(0))),
        ("Max-Forwards: 00255", Some(Ok(255))),
        ("Max-Forwards: 256", Some(Err(()))),
        ("Max-Forwards: -1", Some(Err(()))),
        ("Max-Forwards: many", Some(Err(()))),
        ("Max-Forwards:", Some(Err(()))),
        ("X: 1", None),
    ];
    for (line, number) in forwards {
        with(&invite_with("Max-Forwards: 70", line), |m| assert_eq!(m.max_forwards(), *number, "{line:?}"));
    }
    let retry: &[(&str, Option<u32>)] = &[
        ("18000;duration=3600", Some(18000)),
        ("120 (I'm in a meeting)", Some(120)),
        ("0", Some(0)),
        ("949302838503028349304023988", Some(u32::MAX)),
        ("soon", None),
        ("12s", None),
        ("", None),
    ];
    for (value, seconds) in retry {
        let bytes = RINGING.replace("CSeq:", &format!("Retry-After: {value}\r\nCSeq:"));
        with(bytes.as_bytes(), |m| assert_eq!(m.retry_after(), *seconds, "{value:?}"));
    }
}
