//! A parsed message: a cheap copyable view on its bytes, and the owned form that a transaction keeps.

use super::{Header, Name, NameAddr, Values, Via};

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
        self.headers.iter().find(|h| h.name == name).map(|h| &self.bytes[h.value()])
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
    pub fn cseq(&self) -> Option<CSeq<'a>> {
        todo!()
    }
    /// `None` when missing; `Some(Err(()))` when it is not a number up to 255 (checklist X3).
    pub fn max_forwards(&self) -> Option<Result<u8, ()>> {
        todo!()
    }
    /// Seconds of Retry-After, its parameters and comment left out; `None` when missing or unreadable.
    pub fn retry_after(&self) -> Option<u32> {
        todo!()
    }
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[(self.blank + 2).min(self.end)..self.end]
    }
}

/// A message kept for later: its bytes and offsets, two allocations.
#[derive(Clone, Debug)]
pub struct Stored {
    bytes: Box<[u8]>,
    headers: Box<[Header]>,
}

impl Stored {
    /// Copies a message (the bytes up to `end` only).
    pub fn keep(_message: &Message) -> Stored {
        todo!()
    }
    pub fn message(&self) -> Message<'_> {
        let _ = (&self.bytes, &self.headers);
        todo!()
    }
}
