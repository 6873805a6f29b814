//! As much of an INVITE as refusing it takes, read in one look at each line: for a router that has no time to parse it.
//!
//! What is not written as nearly all write it (folds, several Vias in one line, white space before a colon, a header twice)
//! is not read at all: then [`super::parse`] has to look. Where both can read a message they read the same.

use super::{NameAddr, Via, grammar, stamped_via};
use memchr::{Memchr, memchr, memchr_iter, memchr2, memchr3};
use smallvec::SmallVec;
use std::net::SocketAddr;

/// The topmost Via of an INVITE or ACK; `None` for anything else, and for what has to be parsed.
pub fn top_via(datagram: &[u8]) -> Option<Via<'_>> {
    let mut lines = Lines::of(datagram);
    let first = lines.next()?;
    if !(first.starts_with(b"INVITE ") || first.starts_with(b"ACK ")) || !first.ends_with(b" SIP/2.0") {
        return None;
    }
    // It stands at the top in practice, and nowhere else is it worth a search.
    match field(lines.next()?)? {
        (Field::Via, value) => single_via(value),
        _ => None,
    }
}

/// The headers of an INVITE that a response copies.
#[derive(Clone, Debug)]
pub struct Sketch<'a> {
    vias: SmallVec<[&'a [u8]; 4]>,
    from: &'a [u8],
    to: &'a [u8],
    call_id: &'a [u8],
    cseq: &'a [u8],
}

impl<'a> Sketch<'a> {
    /// Reads an INVITE outside any dialog (no To tag); `None` for anything else, and for what has to be parsed.
    pub fn of(datagram: &'a [u8]) -> Option<Sketch<'a>> {
        let mut lines = Lines::of(datagram);
        let first = lines.next()?;
        if !first.starts_with(b"INVITE ") || !first.ends_with(b" SIP/2.0") {
            return None;
        }
        let mut vias = SmallVec::new();
        let [mut from, mut to, mut call_id, mut cseq] = [None; 4];
        loop {
            let line = lines.next()?;
            if line.is_empty() {
                break;
            }
            let (field, value) = field(line)?;
            let slot = match field {
                Field::Other => continue,
                Field::Via if memchr(b'\r', value).is_none() => {
                    vias.push(value);
                    continue;
                }
                Field::Via => return None,
                Field::From => &mut from,
                Field::To => &mut to,
                Field::CallId => &mut call_id,
                Field::CSeq => &mut cseq,
            };
            if value.is_empty() || memchr(b'\r', value).is_some() || slot.replace(value).is_some() {
                return None;
            }
        }
        let to = to.filter(|to| untagged(to))?;
        let cseq = cseq.filter(|cseq| cseq.ends_with(b" INVITE"))?;
        Some(Sketch { vias, from: from?, to, call_id: call_id?, cseq })
    }

    /// Appends an answer, as [`super::response`] makes it: `status` is code and reason, `lines` are whole header lines,
    /// `via` is [`top_via`]'s, `source` is where the request came from.
    pub fn answer(&self, status: &str, via: &Via, (tag, lines): (&[u8], &[u8]), source: SocketAddr, out: &mut Vec<u8>) {
        let put = |out: &mut Vec<u8>, parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
        put(out, &[b"SIP/2.0 ", status.as_bytes()]);
        for (n, value) in self.vias.iter().enumerate() {
            put(out, &[b"\r\nVia: "]);
            match n {
                0 => stamped_via(value, via, source, out),
                _ => put(out, &[value]),
            }
        }
        put(out, &[b"\r\nFrom: ", self.from, b"\r\nTo: ", self.to, b";tag=", tag]);
        put(out, &[b"\r\nCall-ID: ", self.call_id, b"\r\nCSeq: ", self.cseq, b"\r\n", lines]);
        put(out, &[b"Content-Length: 0\r\n\r\n"]);
    }
}

/// Whether a To has no tag, and can be read.
fn untagged(to: &[u8]) -> bool {
    // As nearly all look outside a dialog: nothing but a URI, without parameters and without a name.
    let plain = to.starts_with(b"<sip") && to.ends_with(b">") && memchr2(b';', b'"', to).is_none();
    plain || NameAddr::parse(to).is_some_and(|to| to.tag.is_none())
}

/// The header lines that matter here.
#[derive(Clone, Copy)]
enum Field {
    Via,
    From,
    To,
    CallId,
    CSeq,
    Other,
}

/// Whose line it is, and its value. `None`: it has to be parsed.
fn field(line: &[u8]) -> Option<(Field, &[u8])> {
    if let Some(found) = usual(line) {
        return Some(found);
    }
    let first = line.first()?.to_ascii_lowercase();
    if !matches!(first, b'v' | b'f' | b't' | b'c' | b'i') {
        // The first line may not begin with white space, and no other does without being a fold.
        return (first > b' ').then_some((Field::Other, line));
    }
    let (name, value) = line.split_at(memchr(b':', line)?);
    if matches!(name.last(), Some(b' ' | b'\t')) {
        return None;
    }
    // In any case, and the compact forms of RFC 3261 §7.3.3.
    let field = match lower(name).as_slice() {
        b"via" | b"v" => Field::Via,
        b"from" | b"f" => Field::From,
        b"to" | b"t" => Field::To,
        b"call-id" | b"i" => Field::CallId,
        b"cseq" => Field::CSeq,
        _ => Field::Other,
    };
    Some((field, if let Field::Other = field { value } else { grammar::trim(&value[1..]).1 }))
}

/// The lines as nearly all write them.
fn usual(line: &[u8]) -> Option<(Field, &[u8])> {
    let (name, field): (&[u8], _) = match line.first()? {
        b'V' => (b"Via: ", Field::Via),
        b'F' => (b"From: ", Field::From),
        b'T' => (b"To: ", Field::To),
        b'C' => match line.get(1)? {
            b'a' => (b"Call-ID: ", Field::CallId),
            b'S' => (b"CSeq: ", Field::CSeq),
            // Contact, Content-Type, Content-Length.
            _ => (b"Cont", Field::Other),
        },
        _ => return None,
    };
    let value = line.strip_prefix(name)?;
    let bare = |end: Option<&u8>| end.is_some_and(|c| !matches!(c, b' ' | b'\t'));
    (bare(value.first()) && bare(value.last())).then_some((field, value))
}

/// A Via line with one value.
fn single_via(value: &[u8]) -> Option<Via<'_>> {
    if memchr3(b',', b'"', b'\r', value).is_some() { None } else { Via::parse(value) }
}

/// Lines that end in CRLF and go on in no other; nothing more when one does not. A CR alone may stand in a line.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    ends: Memchr<'a>,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Lines<'a> {
        Lines { bytes, at: 0, ends: memchr_iter(b'\n', bytes) }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.ends.next()?;
        let line = self.bytes.get(self.at..end)?.strip_suffix(b"\r")?;
        // An empty line ends the headers, whatever the body begins with.
        if !line.is_empty() && matches!(self.bytes.get(end + 1), Some(b' ' | b'\t')) {
            return None;
        }
        self.at = end + 1;
        Some(line)
    }
}

/// A name in lower case; of a long one, which is none of ours, the beginning.
fn lower(name: &[u8]) -> SmallVec<[u8; 8]> {
    name.iter().take(8).map(u8::to_ascii_lowercase).collect()
}
