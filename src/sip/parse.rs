//! From a datagram to a [`Message`]: one linear pass over the bytes, no allocation (the index is reused).

use super::{Header, Limits, Message};

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
/// (a Via, and whatever else is there).
#[derive(Debug)]
pub struct Fault<'a> {
    pub why: &'static str,
    pub answer: Option<(Message<'a>, u16, &'static str)>,
}

/// Parses one datagram. Structure only (start line, header lines, length); the values are [`super::validate`]'s.
pub fn parse<'a>(_bytes: &'a [u8], _index: &'a mut Index, _limits: &Limits) -> Result<Parsed<'a>, Fault<'a>> {
    todo!()
}
