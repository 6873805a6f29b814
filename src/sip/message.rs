//! A parsed message: a cheap copyable view on its bytes, and the owned form that a transaction keeps.

use super::grammar::class;
use super::header::same_header;
use super::{Header, Name, NameAddr, Values, Via, grammar};

/// Methods that the router treats in a way of their own; all others are [`Method::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Prack,
    Update,
    Info,
    Refer,
    Notify,
    Subscribe,
    Message,
    Publish,
    Other,
}

impl Method {
    /// Methods compare with their case (RFC 3261 §7.1); one that is not known is proxied like any (checklist P15).
    pub fn of(text: &[u8]) -> Method {
        match text {
            b"INVITE" => Method::Invite,
            b"ACK" => Method::Ack,
            b"BYE" => Method::Bye,
            b"CANCEL" => Method::Cancel,
            b"OPTIONS" => Method::Options,
            b"REGISTER" => Method::Register,
            b"PRACK" => Method::Prack,
            b"UPDATE" => Method::Update,
            b"INFO" => Method::Info,
            b"REFER" => Method::Refer,
            b"NOTIFY" => Method::Notify,
            b"SUBSCRIBE" => Method::Subscribe,
            b"MESSAGE" => Method::Message,
            b"PUBLISH" => Method::Publish,
            _ => Method::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    Request { method: Method, method_text: &'a [u8], uri: &'a [u8] },
    Response { code: u16, reason: &'a [u8] },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    pub number: u32,
    pub method: &'a [u8],
}

impl<'a> CSeq<'a> {
    pub(super) fn parse(value: &'a [u8]) -> Option<CSeq<'a>> {
        let digits = grammar::end_of(value, 0, class::DIGIT);
        let number = grammar::decimal(value.get(..digits)?).filter(|n| *n < 1 << 31)?;
        let at = grammar::skip_lws(value, digits);
        let method = value.get(at..).filter(|m| at > digits && grammar::is_token(m))?;
        Some(CSeq { number: number as u32, method })
    }
}

/// A view on a parsed message. Values may hold folded lines (CRLF and white space) where the sender folded them.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub bytes: &'a [u8],
    pub start: Start<'a>,
    pub headers: &'a [Header],
    /// Offset of the first header line.
    pub headers_at: usize,
    /// Offset of the blank line that ends the headers (`bytes[blank..blank + 2]` is CRLF).
    pub blank: usize,
    /// End of the body: by Content-Length, or of the datagram. What follows is not part of the message.
    pub end: usize,
}

impl<'a> Message<'a> {
    pub fn method(&self) -> Option<Method> {
        match self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }
    /// The method's bytes; empty for a response.
    pub fn method_text(&self) -> &'a [u8] {
        match self.start {
            Start::Request { method_text, .. } => method_text,
            Start::Response { .. } => b"",
        }
    }
    /// The Request-URI's bytes; empty for a response.
    pub fn request_uri(&self) -> &'a [u8] {
        match self.start {
            Start::Request { uri, .. } => uri,
            Start::Response { .. } => b"",
        }
    }
    /// The status code; 0 for a request.
    pub fn code(&self) -> u16 {
        match self.start {
            Start::Request { .. } => 0,
            Start::Response { code, .. } => code,
        }
    }
    /// The value of the first header with this name.
    pub fn header(&self, name: Name) -> Option<&'a [u8]> {
        self.headers.iter().find(|h| h.name == name).map(|h| self.value_of(h))
    }
    /// The name of a header line as it stands, white space before the colon left out.
    pub fn name_text(&self, header: &Header) -> &'a [u8] {
        let line = self.bytes.get(header.line()).unwrap_or_default();
        line.get(..grammar::token_end(line, 0)).unwrap_or_default()
    }
    /// All lines of a header by its name, for headers that [`Name`] does not list: compact and long forms, any case,
    /// any spacing are the same header (checklist P5, P6).
    pub fn lines_named<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a Header> + use<'a, 'n> {
        let message = *self;
        self.headers.iter().filter(move |h| same_header(message.name_text(h), name.as_bytes()))
    }
    /// The bytes of a header's value.
    pub fn value_of(&self, header: &Header) -> &'a [u8] {
        self.bytes.get(header.value()).unwrap_or_default()
    }
    /// The single values of a comma-list header over all its lines, in order (checklist P8).
    pub fn values(&self, name: Name) -> Values<'a> {
        Values::new(*self, name)
    }
    /// The topmost Via; `None` when there is none or it can't be read.
    pub fn via(&self) -> Option<Via<'a>> {
        let value = self.values(Name::Via).next()?;
        Via::parse(value.text)
    }
    pub fn from(&self) -> Option<NameAddr<'a>> {
        NameAddr::parse(self.header(Name::From)?)
    }
    pub fn to(&self) -> Option<NameAddr<'a>> {
        NameAddr::parse(self.header(Name::To)?)
    }
    pub fn call_id(&self) -> Option<&'a [u8]> {
        self.header(Name::CallId)
    }
    /// `None` when missing, malformed, or 2^31 and above (checklist P14).
    pub fn cseq(&self) -> Option<CSeq<'a>> {
        CSeq::parse(self.header(Name::CSeq)?)
    }
    /// `None` when missing; `Some(Err(()))` when it is not a number up to 255 (checklist X3).
    pub fn max_forwards(&self) -> Option<Result<u8, ()>> {
        let number = grammar::decimal(self.header(Name::MaxForwards)?);
        Some(number.and_then(|n| u8::try_from(n).ok()).ok_or(()))
    }
    /// Seconds of Retry-After, its parameters and comment left out; `None` when missing or unreadable. A number that
    /// is too large becomes the largest (RFC 4475 §3.1.2.5).
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.header(Name::RetryAfter)?;
        let digits = grammar::end_of(value, 0, class::DIGIT);
        let next = value.get(grammar::skip_lws(value, digits));
        if !matches!(next, None | Some(b';' | b'(')) {
            return None;
        }
        grammar::decimal(value.get(..digits)?).map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    }
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(self.blank + 2..self.end).unwrap_or_default()
    }
}

/// The start line of a kept message, as offsets.
#[derive(Clone, Copy, Debug)]
enum KeptStart {
    Request { method: Method, method_end: usize, uri_end: usize },
    Response { code: u16, reason_at: usize, reason_end: usize },
}

/// A message kept for later: its bytes and offsets, two allocations.
#[derive(Clone, Debug)]
pub struct Stored {
    bytes: Box<[u8]>,
    headers: Box<[Header]>,
    start: KeptStart,
    headers_at: usize,
    blank: usize,
}

impl Stored {
    /// Copies a message (the bytes up to `end` only).
    pub fn keep(message: &Message) -> Stored {
        let start = match message.start {
            Start::Request { method, method_text, uri } => {
                let method_end = method_text.len();
                KeptStart::Request { method, method_end, uri_end: method_end + 1 + uri.len() }
            }
            Start::Response { code, reason } => {
                // The reason phrase ends where the line does: before the CRLF in front of the headers.
                let reason_end = message.headers_at.saturating_sub(2);
                KeptStart::Response { code, reason_at: reason_end.saturating_sub(reason.len()), reason_end }
            }
        };
        Stored {
            bytes: message.bytes.get(..message.end).unwrap_or(message.bytes).into(),
            headers: message.headers.into(),
            start,
            headers_at: message.headers_at,
            blank: message.blank,
        }
    }

    /// The view again, without parsing.
    pub fn message(&self) -> Message<'_> {
        let text = |from: usize, to: usize| self.bytes.get(from..to).unwrap_or_default();
        let start = match self.start {
            KeptStart::Request { method, method_end, uri_end } => {
                Start::Request { method, method_text: text(0, method_end), uri: text(method_end + 1, uri_end) }
            }
            KeptStart::Response { code, reason_at, reason_end } => {
                Start::Response { code, reason: text(reason_at, reason_end) }
            }
        };
        Message {
            bytes: &self.bytes,
            start,
            headers: &self.headers,
            headers_at: self.headers_at,
            blank: self.blank,
            end: self.bytes.len(),
        }
    }
}
