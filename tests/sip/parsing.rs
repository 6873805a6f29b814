//! Structure: start lines, header lines, folds, lengths.

use crate::support::*;
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
        assert_eq!(validate(m, &Limits::default()), Ok(()));
        assert_eq!(Stored::keep(m).message().bytes, m.bytes);
        let mut out = Vec::new();
        let extra = Extra { to_tag: Some(b"x1"), source: Some("192.0.2.7:6000".parse().unwrap()), lines: b"" };
        response(m, 503, "Service not available", extra, &mut out);
        let expected = "SIP/2.0 503 Service not available\r\n\
            Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK776asdhds;rport=6000;received=192.0.2.7\r\n\
            From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n\
            To: <sip:+49301234@192.0.2.1>;tag=x1\r\n\
            Call-ID: a84b4c76e66710@192.0.2.9\r\n\
            CSeq: 314159 INVITE\r\n\
            Content-Length: 0\r\n\r\n";
        assert_eq!(text(&out), expected);
    });
}
