//! What must hold for any datagram at all: nothing panics, offsets are inside and in order, what is kept is what was
//! parsed, copying with nothing changed changes nothing, an answer parses again, and the hand-over finds the same Call-ID
//! as the parser.

use trunkline::sip::*;
use trunkline::worker::peek_call_id;

/// All that must hold for any datagram at all.
pub fn check(bytes: &[u8]) {
    let limits = Limits::default();
    let mut index = Index::default();
    let _ = peek_call_id(bytes);
    match parse(bytes, &mut index, &limits) {
        Ok(Parsed::KeepAlive) => assert!(bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0))),
        Ok(Parsed::Message(message)) => {
            assert_eq!(peek_call_id(bytes), message.call_id());
            well_placed(&message);
            read_alike(&message);
            spliced(&message);
            kept(&message);
            touch_values(&message);
            let valid = validate(&message, &limits).is_ok();
            answered(&message, valid);
            sketched(bytes, &message, valid);
        }
        Err(fault) => {
            if let Some((message, code, _)) = fault.answer {
                assert!(code == 400 || code == 505);
                assert!(message.via().is_some() && message.method_text() != b"ACK");
                kept(&message);
                touch_values(&message);
                answered(&message, false);
            }
        }
    }
}

/// The table's offsets are in order and cover the header lines without a gap.
fn well_placed(m: &Message) {
    let mut at = m.headers_at;
    for header in m.headers {
        assert_eq!(header.line().start, at);
        assert!(header.value_start <= header.value_end && header.value().end + 2 <= header.line().end);
        assert!(m.bytes[header.line()].ends_with(b"\r\n"));
        at = header.line().end;
    }
    assert_eq!(at, m.blank);
    assert_eq!(&m.bytes[m.blank..m.blank + 2], b"\r\n");
    assert!(m.end >= m.blank + 2 && m.end <= m.bytes.len());
}

/// A second opinion, in the plainest way: lines end at a CRLF that no white space follows; the name stands before the
/// first colon.
fn read_alike(m: &Message) {
    let mut lines = Vec::new();
    let (text, mut start) = (&m.bytes[m.headers_at..m.blank], 0);
    for at in 0..text.len() {
        if text[at..].starts_with(b"\r\n") && !matches!(text.get(at + 2), Some(b' ' | b'\t')) {
            lines.push(&text[start..at]);
            start = at + 2;
        }
    }
    assert_eq!(lines.len(), m.headers.len());
    for (line, header) in lines.iter().zip(m.headers) {
        let colon = line.iter().position(|b| *b == b':').expect("a header has a colon");
        assert_eq!(trim(m.name_text(header)), trim(&line[..colon]), "{}", line.escape_ascii());
        assert_eq!(trim(m.value_of(header)), trim(&line[colon + 1..]), "{}", line.escape_ascii());
    }
}

fn trim(text: &[u8]) -> &[u8] {
    let white = |b: &u8| b" \t\r\n".contains(b);
    let start = text.iter().position(|b| !white(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !white(b)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Each header taken out and put back in its place: the same bytes.
fn spliced(m: &Message) {
    let mut out = Vec::new();
    let mut splice = Splice::new(m.bytes, &mut out);
    for header in m.headers {
        splice.copy_to(header.line().start).put(&m.bytes[header.line()]).skip_to(header.line().end);
    }
    splice.copy_to(m.bytes.len());
    assert_eq!(out, m.bytes);
}

/// What is read without parsing is what the parser reads.
fn sketched(bytes: &[u8], message: &Message, valid: bool) {
    let Some(via) = top_via(bytes) else { return };
    assert_eq!(Some(via), message.via());
    let Some(sketch) = Sketch::of(bytes).filter(|_| valid) else { return };
    let (tag, lines) = (b"abc", b"Retry-After: 3\r\n");
    let source = "192.0.2.9:5060".parse().unwrap();
    let (mut short, mut long) = (Vec::new(), Vec::new());
    sketch.answer("503 Service Unavailable", &via, (tag, lines), source, &mut short);
    let extra = Extra { to_tag: Some(tag), lines, source: Some(source) };
    response(message, 503, "Service Unavailable", extra, &mut long);
    // Several Vias in one line, below the top, stay in one line.
    if !message.headers.iter().any(|h| h.name == Name::Via && bytes[h.value()].contains(&b',')) {
        assert_eq!(String::from_utf8_lossy(&short), String::from_utf8_lossy(&long));
    }
}

/// A kept message is the message.
fn kept(m: &Message) {
    let stored = Stored::keep(m);
    let again = stored.message();
    assert_eq!(again.bytes, &m.bytes[..m.end]);
    assert_eq!(again.start, m.start);
    assert_eq!(again.headers, m.headers);
    assert_eq!((again.headers_at, again.blank, again.end), (m.headers_at, m.blank, m.end));
    assert_eq!(again.body(), m.body());
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
fn answered(m: &Message, valid: bool) {
    for (code, tag) in [(100, None), (503, Some(&b"tag"[..]))] {
        let mut out = Vec::new();
        let source = Some("[2001:db8::7]:6000".parse().unwrap());
        response(m, code, "Reason", Extra { to_tag: tag, source, lines: b"X: 1\r\n" }, &mut out);
        assert!(out.windows(2).all(|w| (w[0] == b'\r') == (w[1] == b'\n')), "{}", out.escape_ascii());
        let mut index = Index::default();
        let parsed = parse(&out, &mut index, &Limits::default());
        let Ok(Parsed::Message(answer)) = parsed else { panic!("{parsed:?} of {}", out.escape_ascii()) };
        assert_eq!(answer.code(), code);
        assert!(answer.headers.iter().all(|h| !answer.value_of(h).contains(&b'\r')));
        let limits = Limits { header_bytes: 20_000, ..Limits::default() };
        assert!(!valid || validate(&answer, &limits).is_ok(), "{}", out.escape_ascii());
        assert_eq!(
            answer.values(Name::Via).count(),
            m.values(Name::Via).filter(|v| Via::parse(v.text).is_some()).count()
        );
    }
}
