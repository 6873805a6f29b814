//! From a datagram to a [`Message`]: one linear pass over the bytes, no allocation (the index is reused).
//!
//! Lines end in CRLF and in nothing else. A message with a bare CR or LF in front of its body is refused whole, so
//! what one element takes for one header can't be two for the next (checklist P21).

use super::{Header, Limits, Message, Method, Name, Start, grammar, validate};
use memchr::{memchr, memchr2};

/// The header table, reused from message to message.
#[derive(Debug, Default)]
pub struct Index {
    pub headers: Vec<Header>,
}

#[derive(Debug)]
pub enum Parsed<'a> {
    Message(Message<'a>),
    /// Only CRLF or NUL bytes (checklist P2).
    KeepAlive,
}

/// What could not be parsed. `answer` is there when it is a request of which enough could be read to reply to
/// (a Via, and whatever else is there): the message, the status code and its reason phrase. Responses and ACKs are
/// never answered.
#[derive(Debug)]
pub struct Fault<'a> {
    pub why: &'static str,
    pub answer: Option<(Message<'a>, u16, &'static str)>,
}

/// Parses one datagram. Structure only (start line, header lines, length); the values are [`super::validate`]'s.
#[expect(clippy::result_large_err, reason = "what strangers send is refused without an allocation")]
pub fn parse<'a>(bytes: &'a [u8], index: &'a mut Index, limits: &Limits) -> Result<Parsed<'a>, Fault<'a>> {
    let Some(bytes) = skip_keep_alive(bytes) else { return Ok(Parsed::KeepAlive) };
    index.headers.clear();
    let line = Line::at(bytes, 0, false).filter(|line| line.clean);
    let line = line.ok_or(Fault { why: "no start line that ends in CRLF", answer: None })?;
    let mut trouble = Trouble::default();
    let start = start_line(&bytes[..line.text_end], &mut trouble).ok_or(Fault { why: trouble.why(), answer: None })?;
    let blank = header_lines(bytes, line.end, &mut index.headers, &mut trouble);
    let blank = blank.unwrap_or_else(|| {
        trouble.note("the headers do not end in a blank line");
        bytes.len()
    });
    let mut message = Message { bytes, start, headers: &index.headers, headers_at: line.end, blank, end: bytes.len() };
    match body_end(&message) {
        Ok(end) => message.end = end,
        Err(why) => trouble.note(why),
    }
    match trouble {
        Trouble { first: None, foreign_version: false, .. } => Ok(Parsed::Message(message)),
        _ => Err(fault(message, &trouble, limits)),
    }
}

/// The Call-ID of a datagram, by a scan for its header line alone; what [`parse`] would find, wherever that succeeds.
pub fn call_id_of(datagram: &[u8]) -> Option<&[u8]> {
    let bytes = skip_keep_alive(datagram)?;
    let mut at = Line::at(bytes, 0, false)?.end;
    while !bytes.get(at..)?.starts_with(b"\r\n") {
        let line = Line::at(bytes, at, true)?;
        if let Some(header) = line.header(bytes).filter(|header| header.name == Name::CallId) {
            return bytes.get(header.value());
        }
        at = line.end;
    }
    None
}

/// The first thing that was wrong, and what it means for answering.
#[derive(Default)]
struct Trouble {
    first: Option<&'static str>,
    /// A Via line could not be read: the way back is uncertain.
    via: bool,
    /// SIP, but not 2.0.
    foreign_version: bool,
}

impl Trouble {
    fn note(&mut self, why: &'static str) {
        self.first.get_or_insert(why);
    }
    fn why(&self) -> &'static str {
        self.first.unwrap_or("the version is not SIP/2.0")
    }
}

/// The bytes from the start line on; `None` when there are only CRLF and NUL (checklist P2).
fn skip_keep_alive(bytes: &[u8]) -> Option<&[u8]> {
    if !matches!(bytes.first(), None | Some(b'\r' | b'\n' | 0)) {
        return Some(bytes);
    }
    if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return None;
    }
    let mut rest = bytes;
    while let Some(shorter) = rest.strip_prefix(b"\r\n") {
        rest = shorter;
    }
    Some(rest)
}

/// One line with the lines that continue it (checklist P7).
pub(super) struct Line {
    pub start: usize,
    /// Where its CRLF stands.
    pub text_end: usize,
    /// One past its CRLF.
    pub end: usize,
    /// False when a bare CR or LF stands in it.
    clean: bool,
}

impl Line {
    /// `None` when no CRLF follows.
    #[inline]
    pub fn at(bytes: &[u8], start: usize, folds: bool) -> Option<Line> {
        // As nearly all of them are: one line, and no other begins like its continuation.
        let hit = start + memchr2(b'\r', b'\n', bytes.get(start..)?)?;
        match bytes.get(hit..)? {
            [b'\r', b'\n', b' ' | b'\t', ..] => Line::winding(bytes, start, folds),
            [b'\r', b'\n', ..] => Some(Line { start, text_end: hit, end: hit + 2, clean: true }),
            _ => Line::winding(bytes, start, folds),
        }
    }

    #[cold]
    fn winding(bytes: &[u8], start: usize, folds: bool) -> Option<Line> {
        let mut clean = true;
        let mut from = start;
        loop {
            let hit = from + memchr2(b'\r', b'\n', bytes.get(from..)?)?;
            if !bytes[hit..].starts_with(b"\r\n") {
                clean = false;
                from = hit + 1;
            } else if folds && matches!(bytes.get(hit + 2), Some(b' ' | b'\t')) {
                from = hit + 3;
            } else {
                return Some(Line { start, text_end: hit, end: hit + 2, clean });
            }
        }
    }

    /// The header that the line holds: a token, white space maybe, a colon, the value. `None` when it is none.
    #[inline]
    pub fn header(&self, bytes: &[u8]) -> Option<Header> {
        let line = bytes.get(self.start..self.text_end).filter(|_| self.clean)?;
        let (name, colon) = match Name::spelled(line) {
            Some(known) => known,
            None => {
                let name = &line[..grammar::token_end(line, 0)];
                // A fold may not stand there: the line would be two.
                let spaces = line[name.len()..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                (!name.is_empty()).then(|| (Name::of(name), name.len() + spaces))?
            }
        };
        if line.get(colon) != Some(&b':') {
            return None;
        }
        let (front, value) = grammar::trim(&line[colon + 1..]);
        let value_start = self.start + colon + 1 + front;
        Some(Header {
            name,
            start: self.start as u32,
            value_start: value_start as u32,
            value_end: (value_start + value.len()) as u32,
            end: self.end as u32,
        })
    }
}

/// Fills the table; gives the offset of the blank line. Lines that can't be read are noted and left out.
fn header_lines(bytes: &[u8], start: usize, headers: &mut Vec<Header>, trouble: &mut Trouble) -> Option<usize> {
    let mut at = start;
    if matches!(bytes.get(at), Some(b' ' | b'\t')) {
        trouble.note("the first header line is a continuation");
    }
    while !bytes.get(at..)?.starts_with(b"\r\n") {
        let line = Line::at(bytes, at, true)?;
        match line.header(bytes) {
            Some(header) => headers.push(header),
            None => {
                trouble.via |= matches!(bytes.get(at), Some(b'v' | b'V'));
                trouble.note(match line.clean {
                    true => "a header line without a name and a colon",
                    false => "a bare CR or LF in a header line",
                });
            }
        }
        at = line.end;
    }
    Some(at)
}

/// `None` when it is not worth an answer (a response, or nothing like SIP); otherwise what is wrong is noted.
fn start_line<'a>(line: &'a [u8], trouble: &mut Trouble) -> Option<Start<'a>> {
    if line.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"SIP/")) {
        let start = status_line(line);
        if start.is_none() {
            trouble.note("a status line that is not SIP/2.0, three digits, and a phrase");
        }
        return start;
    }
    let method_end = grammar::token_end(line, 0);
    let method_text = &line[..method_end];
    let rest = line[method_end..].strip_prefix(b" ").filter(|_| method_end > 0);
    let Some(rest) = rest else {
        trouble.note("a start line that begins with no method and a space");
        return None;
    };
    let method = Method::of(method_text);
    let uri = request_target(rest, trouble).unwrap_or_else(|why| {
        trouble.note(why);
        b""
    });
    Some(Start::Request { method, method_text, uri })
}

/// What follows the method and its space: one URI, one space, the version (checklist P3).
fn request_target<'a>(rest: &'a [u8], trouble: &mut Trouble) -> Result<&'a [u8], &'static str> {
    let space = memchr(b' ', rest).ok_or("a request line without a version")?;
    let (uri, version) = (&rest[..space], &rest[space + 1..]);
    if uri.is_empty() || uri.iter().any(|&b| b < b' ' || matches!(b, b'<' | b'>' | b'"' | 0x7f)) {
        return Err("a Request-URI that is empty or holds brackets, quotes or control characters");
    }
    if version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(uri);
    }
    let number = version.get(..4).filter(|begin| begin.eq_ignore_ascii_case(b"SIP/")).map(|_| &version[4..]);
    let digits = |text: &[u8]| grammar::decimal(text).is_some();
    if number.is_some_and(|n| memchr(b'.', n).is_some_and(|dot| digits(&n[..dot]) && digits(&n[dot + 1..]))) {
        trouble.foreign_version = true;
        return Ok(uri);
    }
    Err("a request line that is not method, URI, version with single spaces between")
}

/// Three digits, 100 to 699; the phrase may be empty, or missing with its space (checklist P4).
fn status_line(line: &[u8]) -> Option<Start<'_>> {
    let rest = line.get(7..).filter(|_| line[..7].eq_ignore_ascii_case(b"SIP/2.0"))?;
    let rest = rest.strip_prefix(b" ")?;
    let code = grammar::decimal(rest.get(..3)?)? as u16;
    let reason = match rest.get(3..) {
        Some([b' ', reason @ ..]) => reason,
        Some([]) => b"",
        _ => return None,
    };
    ((100..700).contains(&code) && memchr(0, reason).is_none()).then_some(Start::Response { code, reason })
}

/// Where the body ends (checklist P12, datagrams): by Content-Length, which must be digits, the same wherever it
/// stands, and no more than came; without it, with the datagram.
fn body_end(message: &Message) -> Result<usize, &'static str> {
    let came = message.bytes.len().saturating_sub(message.blank + 2) as u64;
    let mut length = None;
    for header in message.headers.iter().filter(|h| h.name == Name::ContentLength) {
        let number = grammar::decimal(message.value_of(header)).ok_or("a Content-Length that is not a number")?;
        if length.replace(number).is_some_and(|before| before != number) {
            return Err("two Content-Length that differ");
        }
    }
    match length {
        Some(length) if length > came => Err("a Content-Length larger than what came"),
        Some(length) => Ok((message.blank + 2 + length as usize).min(message.bytes.len())),
        None => Ok(message.bytes.len()),
    }
}

/// Decides whether what could not be parsed can be answered, and how: syntax comes before the version (checklist X2).
fn fault<'a>(message: Message<'a>, trouble: &Trouble, limits: &Limits) -> Fault<'a> {
    let malformed = trouble.first.or_else(|| validate(&message, limits).err().filter(|r| r.code == 400).map(|r| r.why));
    let ack = |method: &[u8]| method == b"ACK";
    let answerable = !matches!(message.start, Start::Response { .. })
        && !ack(message.method_text())
        && !message.cseq().is_some_and(|cseq| ack(cseq.method))
        && !trouble.via
        && message.via().is_some();
    let (code, reason) = if malformed.is_some() { (400, "Bad Request") } else { (505, "Version Not Supported") };
    Fault { why: malformed.unwrap_or(trouble.why()), answer: answerable.then_some((message, code, reason)) }
}
