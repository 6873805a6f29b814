//! `rsip` as a second opinion: on well-formed messages both parsers see the same, and what is written here `rsip`
//! reads, too (checklist P24).

use crate::support::*;
use proptest::prelude::*;
use rsip::headers::ToTypedHeader;
use rsip::message::HeadersExt;
use rsip::prelude::HasHeaders;
use trunkline::sip::*;

/// The lines of a well-formed message, in spellings that both parsers know.
#[derive(Clone, Debug)]
struct Draft {
    method: String,
    uri: String,
    vias: Vec<String>,
    from: String,
    to: String,
    call_id: String,
    cseq: u32,
    others: Vec<(String, String)>,
    body: String,
}

impl Draft {
    fn headers(&self) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = self.vias.iter().map(|via| ("Via".into(), via.clone())).collect();
        all.push(("From".into(), self.from.clone()));
        all.push(("To".into(), self.to.clone()));
        all.push(("Call-ID".into(), self.call_id.clone()));
        all.push(("CSeq".into(), format!("{} {}", self.cseq, self.method)));
        all.extend(self.others.iter().cloned());
        all.push(("Content-Length".into(), self.body.len().to_string()));
        all
    }

    fn wire(&self, start: &str) -> Vec<u8> {
        let lines: String = self.headers().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{start}\r\n{lines}\r\n{}", self.body).into_bytes()
    }

    fn request(&self) -> Vec<u8> {
        self.wire(&format!("{} {} SIP/2.0", self.method, self.uri))
    }
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}(\\.[a-z]{2,5}){1,2}",
        any::<[u8; 4]>().prop_map(|o| std::net::Ipv4Addr::from(o).to_string())
    ]
}

fn host_port() -> impl Strategy<Value = String> {
    (host(), prop::option::of(1u16..)).prop_map(|(host, port)| match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

fn uri() -> impl Strategy<Value = String> {
    // No dots: rsip 0.4 takes `a.b@host` for a host (its user part ends at the first dot).
    let user = prop::option::of("[a-z0-9+_-]{1,12}");
    (prop_oneof!["sip", "sips"], user, host_port(), prop_oneof!["", ";lr", ";transport=udp", ";x=1;y"]).prop_map(
        |(scheme, user, host, params)| format!("{scheme}:{}{host}{params}", user.map_or(String::new(), |u| u + "@")),
    )
}

fn party() -> impl Strategy<Value = String> {
    (prop_oneof!["", "Bob ", "\"Bob, Jr\\.; x\" "], uri(), prop::option::of("[a-z0-9]{1,10}")).prop_map(
        |(display, uri, tag)| format!("{display}<{uri}>{}", tag.map_or(String::new(), |t| format!(";tag={t}"))),
    )
}

fn via() -> impl Strategy<Value = String> {
    (prop_oneof!["UDP", "TCP", "TLS"], host_port(), "[a-zA-Z0-9]{1,20}")
        .prop_map(|(transport, host, branch)| format!("SIP/2.0/{transport} {host};branch=z9hG4bK{branch}"))
}

fn other() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        Just(("Max-Forwards".to_owned(), "70".to_owned())),
        uri().prop_map(|uri| ("Contact".to_owned(), format!("<{uri}>"))),
        uri().prop_map(|uri| ("Route".to_owned(), format!("<{uri}>"))),
        "[a-zA-Z0-9 ,;=ü]{0,30}".prop_map(|value| ("X-Custom".to_owned(), value.trim().to_owned())),
        Just(("Supported".to_owned(), "100rel, timer".to_owned())),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let method = prop_oneof!["INVITE", "BYE", "OPTIONS", "CANCEL", "REGISTER", "MESSAGE", "UPDATE"];
    let call_id = "[a-zA-Z0-9]{1,16}(@[a-z0-9.]{1,10})?";
    let vias = prop::collection::vec(via(), 1..4);
    let others = prop::collection::vec(other(), 0..5).prop_map(|mut others| {
        let mut forwards = 0;
        others.retain(|(name, _)| name != "Max-Forwards" || std::mem::replace(&mut forwards, 1) == 0);
        others
    });
    let body = prop_oneof!["", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n"];
    (method, uri(), vias, (party(), party()), call_id, 0u32..1 << 31, others, body).prop_map(
        |(method, uri, vias, (from, to), call_id, cseq, others, body)| Draft {
            method,
            uri,
            vias,
            from,
            to,
            call_id,
            cseq,
            others,
            body,
        },
    )
}

/// Header lines as `rsip` has them, names and all.
fn rsip_lines(headers: &rsip::Headers) -> Vec<String> {
    headers.iter().map(|h| h.to_string()).collect()
}

fn our_lines(m: &Message) -> Vec<String> {
    m.headers.iter().map(|h| format!("{}: {}", text(m.name_text(h)), text(m.value_of(h)))).collect()
}

fn agree(a: &[String], b: &[String]) -> Result<(), TestCaseError> {
    // rsip writes the names of headers in a case of its own.
    let plain = |lines: &[String]| -> Vec<String> {
        let split = lines.iter().map(|l| l.split_once(": ").unwrap_or((l, "")));
        split.map(|(name, value)| format!("{}: {value}", name.trim_end_matches(':').to_lowercase())).collect()
    };
    prop_assert_eq!(plain(a), plain(b));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_read_alike(draft in draft()) {
        let bytes = draft.request();
        let theirs = rsip::Request::try_from(&bytes[..]).map_err(|e| TestCaseError::fail(e.to_string()))?;
        with(&bytes, |ours| {
            prop_assert_eq!(validate(ours, &Limits::default()).err(), None);
            prop_assert_eq!(theirs.method.to_string(), text(ours.method_text()));
            agree(&rsip_lines(&theirs.headers), &our_lines(ours))?;
            prop_assert_eq!(&theirs.body[..], ours.body());
            same_uri(&theirs.uri, &Uri::parse(ours.request_uri()).unwrap())?;
            let from = theirs.from_header().unwrap().typed().unwrap();
            same_uri(&from.uri, &Uri::parse(ours.from().unwrap().uri).unwrap())?;
            prop_assert_eq!(from.tag().map(|t| t.to_string()), ours.from().unwrap().tag.map(|t| text(t).to_owned()));
            let via = theirs.via_header().unwrap().typed().unwrap();
            let our_via = ours.via().unwrap();
            prop_assert_eq!(via.transport.to_string(), text(our_via.transport));
            prop_assert_eq!(via.branch().map(|b| b.to_string()), our_via.branch.map(|b| text(b).to_owned()));
            prop_assert_eq!(via.uri.host_with_port.port.map(|p| *p.value()), our_via.port);
            let cseq = theirs.cseq_header().unwrap().typed().unwrap();
            prop_assert_eq!(cseq.seq, ours.cseq().unwrap().number);
            Ok(())
        })?;
    }

    #[test]
    fn responses_are_read_alike(draft in draft(), code in 100u16..700, reason in "[a-zA-Z ü']{0,20}") {
        let bytes = draft.wire(&format!("SIP/2.0 {code} {reason}"));
        let theirs = rsip::Response::try_from(&bytes[..]).map_err(|e| TestCaseError::fail(e.to_string()))?;
        with(&bytes, |ours| {
            prop_assert_eq!(theirs.status_code.code(), ours.code());
            agree(&rsip_lines(&theirs.headers), &our_lines(ours))
        })?;
    }

    /// checklist P24: for every response, whatever the request was folded, abbreviated or spaced like.
    #[test]
    fn what_we_write_both_can_read(draft in draft(), code in 100u16..700, fold in any::<bool>()) {
        let mut wire = String::from_utf8(draft.request()).unwrap();
        if fold {
            wire = wire.replace("\r\nFrom: ", "\r\nf :\r\n ").replace(";branch", "\r\n\t; branch").replace("CSeq: ", "cseq:");
        }
        let mut out = Vec::new();
        let source = Some("192.0.2.7:6000".parse().unwrap());
        with(wire.as_bytes(), |m| {
            response(m, code, "Some Reason", Extra { to_tag: Some(b"t1"), source, lines: b"" }, &mut out);
        });
        let theirs = rsip::Response::try_from(&out[..]).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(theirs.status_code.code(), code);
        prop_assert_eq!(theirs.headers().iter().filter(|h| matches!(h, rsip::Header::Via(_))).count(), draft.vias.len());
        prop_assert!(theirs.to_header().unwrap().typed().unwrap().tag().is_some());
        prop_assert!(theirs.from_header().unwrap().typed().is_ok() && theirs.cseq_header().unwrap().typed().is_ok());
        with(&out, |ours| {
            prop_assert_eq!(validate(ours, &Limits::default()).err(), None);
            agree(&rsip_lines(&theirs.headers), &our_lines(ours))
        })?;
        if !fold {
            let via = theirs.via_header().unwrap().typed().unwrap();
            prop_assert!(via.branch().is_some());
        }
    }
}

fn same_uri(theirs: &rsip::Uri, ours: &Uri) -> Result<(), TestCaseError> {
    prop_assert_eq!(theirs.auth.as_ref().map(|auth| auth.user.clone()), ours.user.map(|user| text(user).to_owned()));
    prop_assert_eq!(theirs.host_with_port.host.to_string(), text(ours.host));
    prop_assert_eq!(theirs.host_with_port.port.as_ref().map(|p| *p.value()), ours.port);
    prop_assert_eq!(theirs.params.len(), ours.params().count());
    Ok(())
}
