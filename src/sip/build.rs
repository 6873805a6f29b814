//! Responses made here (RFC 3261 §8.2.6; checklist X1, X25).

use super::{Message, Via};
use std::net::SocketAddr;

/// What a generated response carries beyond the copied headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// Added to To when it has none; `None` for 100.
    pub to_tag: Option<&'a [u8]>,
    /// Whole header lines with their CRLF, written before Content-Length.
    pub lines: &'a [u8],
    /// Where the request came from: received and rport of the top Via are set by it (RFC 3261 §18.2.1, RFC 3581 §4).
    pub source: Option<SocketAddr>,
}

/// Appends a response to `request`: all Vias, From, To, Call-ID, CSeq copied (Timestamp for 100), Content-Length 0.
pub fn response(_request: &Message, _code: u16, _reason: &str, _extra: Extra, _out: &mut Vec<u8>) {
    todo!()
}

/// Appends one Via value, with received and rport as `source` demands. Used for forwarding, too.
pub fn stamped_via(_value: &[u8], _via: &Via, _source: SocketAddr, _out: &mut Vec<u8>) {
    todo!()
}
