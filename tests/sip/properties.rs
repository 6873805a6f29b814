//! Properties: nothing panics, what is kept is what was parsed, what is written parses again, the hand-over's scan
//! agrees with the parser, splicing changes nothing but what it is told.

use crate::support::*;
use crate::torture;
use proptest::prelude::*;
use trunkline::sip::*;
use trunkline::worker::peek_call_id;

/// All that must hold for any datagram at all.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    let limits = Limits::default();
    let mut index = Index::default();
    let _ = peek_call_id(bytes);
    match parse(bytes, &mut index, &limits) {
        Ok(Parsed::KeepAlive) => prop_assert!(bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0))),
        Ok(Parsed::Message(message)) => {
            prop_assert_eq!(peek_call_id(bytes), message.call_id());
            well_placed(&message)?;
            kept(&message)?;
            touch_values(&message);
            let valid = validate(&message, &limits).is_ok();
            answered(&message, valid)?;
            sketched(bytes, &message, valid)?;
        }
        Err(fault) => {
            if let Some((message, code, _)) = fault.answer {
                prop_assert!(code == 400 || code == 505);
                prop_assert!(message.via().is_some() && message.method_text() != b"ACK");
                kept(&message)?;
                touch_values(&message);
                answered(&message, false)?;
            }
        }
    }
    Ok(())
}

/// The table's offsets are in order and cover the header lines without a gap.
fn well_placed(m: &Message) -> Result<(), TestCaseError> {
    let mut at = m.headers_at;
    for header in m.headers {
        prop_assert_eq!(header.line().start, at);
        prop_assert!(header.value_start <= header.value_end && header.value().end + 2 <= header.line().end);
        prop_assert!(m.bytes[header.line()].ends_with(b"\r\n"));
        at = header.line().end;
    }
    prop_assert_eq!(at, m.blank);
    prop_assert_eq!(&m.bytes[m.blank..m.blank + 2], b"\r\n");
    prop_assert!(m.end >= m.blank + 2 && m.end <= m.bytes.len());
    Ok(())
}

/// What is read without parsing is what the parser reads.
fn sketched(bytes: &[u8], message: &Message, valid: bool) -> Result<(), TestCaseError> {
    let Some(via) = top_via(bytes) else { return Ok(()) };
    prop_assert_eq!(Some(via), message.via());
    let Some(sketch) = Sketch::of(bytes).filter(|_| valid) else { return Ok(()) };
    let (tag, lines) = (b"abc", b"Retry-After: 3\r\n");
    let source = "192.0.2.9:5060".parse().unwrap();
    let (mut short, mut long) = (Vec::new(), Vec::new());
    sketch.answer("503 Service Unavailable", &via, (tag, lines), source, &mut short);
    let extra = Extra { to_tag: Some(tag), lines, source: Some(source) };
    response(message, 503, "Service Unavailable", extra, &mut long);
    // Several Vias in one line, below the top, stay in one line.
    if !message.headers.iter().any(|h| h.name == Name::Via && bytes[h.value()].contains(&b',')) {
        prop_assert_eq!(String::from_utf8_lossy(&short), String::from_utf8_lossy(&long));
    }
    Ok(())
}

/// A kept message is the message.
fn kept(m: &Message) -> Result<(), TestCaseError> {
    let stored = Stored::keep(m);
    let again = stored.message();
    prop_assert_eq!(again.bytes, &m.bytes[..m.end]);
    prop_assert_eq!(again.start, m.start);
    prop_assert_eq!(again.headers, m.headers);
    prop_assert_eq!((again.headers_at, again.blank, again.end), (m.headers_at, m.blank, m.end));
    prop_assert_eq!(again.body(), m.body());
    Ok(())
}

fn touch_values(m: &Message) {
    let _ = (m.via(), m.from(), m.to(), m.cseq(), m.max_forwards(), m.retry_after(), m.lines_named("x").count());
    for name in [Name::Via, Name::Route, Name::RecordRoute, Name::Contact, Name::Supported] {
        for value in m.values(name) {
            assert_eq!(&m.bytes[value.at..value.at + value.text.len()], value.text);
            assert!(m.headers[value.header].name == name && value.next.is_none_or(|next| next > value.at));
            let _ = Via::parse(value.text).map(|via| (via.ip(), via.received_ip()));
            let uri = NameAddr::parse(value.text).and_then(|addr| Uri::parse(addr.uri));
            let _ = uri.map(|uri| (uri.params().count(), uri.socket_addr(), uri.param("lr")));
        }
    }
    let _ = Uri::parse(m.request_uri());
}

/// checklist P21, P24: what is answered parses, is valid if the request was, and has no line break but CRLF.
fn answered(m: &Message, valid: bool) -> Result<(), TestCaseError> {
    for (code, tag) in [(100, None), (503, Some(&b"tag"[..]))] {
        let mut out = Vec::new();
        let source = Some("[2001:db8::7]:6000".parse().unwrap());
        response(m, code, "Reason", Extra { to_tag: tag, source, lines: b"X: 1\r\n" }, &mut out);
        prop_assert!(out.windows(2).all(|w| (w[0] == b'\r') == (w[1] == b'\n')), "{}", out.escape_ascii());
        let mut index = Index::default();
        let parsed = parse(&out, &mut index, &Limits::default());
        let Ok(Parsed::Message(answer)) = parsed else { panic!("{parsed:?} of {}", out.escape_ascii()) };
        prop_assert_eq!(answer.code(), code);
        prop_assert!(answer.headers.iter().all(|h| !answer.value_of(h).contains(&b'\r')));
        let limits = Limits { header_bytes: 20_000, ..Limits::default() };
        prop_assert!(!valid || validate(&answer, &limits).is_ok(), "{}", out.escape_ascii());
        prop_assert_eq!(
            answer.values(Name::Via).count(),
            m.values(Name::Via).filter(|v| Via::parse(v.text).is_some()).count()
        );
    }
    Ok(())
}

/// One change to a message: at a place, by a kind, with a piece.
type Change = (prop::sample::Index, u8, prop::sample::Index);

const PIECES: [&[u8]; 30] = [
    b"\r\n",
    b"\r\n ",
    b"\n",
    b"\r",
    b"\0",
    b",",
    b";",
    b":",
    b"\"",
    b"\\",
    b"<",
    b">",
    b" ",
    b"\t",
    b"=",
    b"@",
    b"?",
    b"[",
    b"]",
    b"%",
    b"0",
    b"99999999999999999999",
    b"SIP/2.0",
    b"Via: ",
    b"\r\nVia: ",
    b"\r\nContent-Length: ",
    b"\r\n\r\n",
    b"i: ",
    b"\xff",
    b"\r\nCall-ID: x",
];

fn mutate(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let at = change.0.index(bytes.len());
    let len = 1 + change.2.index(20);
    let end = (at + len).min(bytes.len());
    match change.1 % 6 {
        0 => bytes[at] ^= 1 << (len % 8),
        1 => drop(bytes.drain(at..end)),
        2 => drop(bytes.splice(at..at, PIECES[change.2.index(PIECES.len())].iter().copied())),
        3 => drop(bytes.splice(at..end, PIECES[change.2.index(PIECES.len())].iter().copied())),
        4 => bytes.truncate(at),
        _ => {
            let copy = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, copy));
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let corpus = torture::corpus().into_iter().map(|(_, _, bytes)| bytes);
    corpus.chain([INVITE.into(), RINGING.into()]).collect()
}

#[test]
fn it_holds_for_the_torture_messages() {
    for seed in seeds() {
        holds(&seed).unwrap();
        // Cut anywhere, too.
        for len in 0..seed.len() {
            holds(&seed[..len]).unwrap();
        }
    }
}

#[test]
fn it_holds_for_mutated_messages() {
    let seeds = seeds();
    let changes = prop::collection::vec(any::<Change>(), 1..6);
    let strategy = (any::<prop::sample::Index>(), changes);
    proptest!(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() }, |((seed, changes) in strategy)| {
        let mut bytes = seed.get(&seeds).clone();
        for change in &changes {
            mutate(&mut bytes, change);
        }
        holds(&bytes)?;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_holds_for_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        holds(&bytes)?;
    }

    #[test]
    fn it_holds_for_random_pieces(picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let mut bytes = b"OPTIONS sip:h SIP/2.0\r\nv: SIP/2.0/UDP h\r\n".to_vec();
        bytes.extend(picks.iter().flat_map(|pick| PIECES[pick.index(PIECES.len())]));
        holds(&bytes)?;
    }

    #[test]
    fn values_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Uri::parse(&bytes).map(|uri| (uri.params().count(), uri.socket_addr()));
        let _ = NameAddr::parse(&bytes);
        let _ = Via::parse(&bytes);
        let _ = Name::of(&bytes);
        let with_scheme = [b"sip:", &bytes[..]].concat();
        let _ = Uri::parse(&with_scheme).map(|uri| (uri.params().count(), uri.socket_addr()));
    }

    /// Copying in any steps gives the source; what is put in between stands in between.
    #[test]
    fn splicing_changes_nothing_else(source in prop::collection::vec(any::<u8>(), 0..200), mut cuts in prop::collection::vec(0usize..200, 0..8)) {
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(source.len()));
        cuts.sort_unstable();
        let mut out = b"before".to_vec();
        let mut splice = Splice::new(&source, &mut out);
        for cut in &cuts {
            splice.copy_to(*cut);
        }
        splice.copy_to(source.len());
        prop_assert_eq!(&out[6..], &source[..]);

        let mut out = Vec::new();
        let mut splice = Splice::new(&source, &mut out);
        for pair in cuts.chunks_exact(2) {
            splice.copy_to(pair[0]).put(b"<new>").skip_to(pair[1]);
        }
        splice.copy_to(source.len());
        let mut expected = source.clone();
        for pair in cuts.chunks_exact(2).rev() {
            drop(expected.splice(pair[0]..pair[1], b"<new>".iter().copied()));
        }
        prop_assert_eq!(out, expected);
    }
}
