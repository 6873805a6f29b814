//! The forwarded copy of a request or response: changed where RFC 3261 §16.6 and §16.7 say so, and nowhere else
//! (checklist X9, X18).

use super::token::Token;
use crate::flow::Transport;
use crate::sip::{Message, Name, Splice, Via, put_addr, put_decimal, stamped_via};
use std::net::SocketAddr;

/// Our Via: transport, sent-by, branch.
#[derive(Clone, Copy, Debug)]
pub(super) struct OurVia {
    pub transport: Transport,
    pub sent_by: SocketAddr,
    pub token: Token,
}

/// How a request changes on its way through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rewrite<'a> {
    pub uri: &'a [u8],
    /// Where the request came from: stamped into the Via that was on top.
    pub source: SocketAddr,
    /// That Via, where it was read before.
    pub top: Option<Via<'a>>,
    pub via: OurVia,
    pub max_forwards: u8,
    /// Whole Record-Route lines to put on top, with CRLF; may be empty.
    pub record_route: &'a [u8],
    /// Route values to leave out at the top …
    pub drop_routes: usize,
    /// … and the last one (it became the Request-URI).
    pub drop_last_route: bool,
    /// A URI to add as the last Route value (strict next hop, §16.6 step 6).
    pub add_route: Option<&'a [u8]>,
    /// Leave out P-Asserted-Identity and P-Preferred-Identity (checklist A7).
    pub drop_identity: bool,
    /// Max-Breadth is added where there is none (RFC 5393 §5.3.3).
    pub add_breadth: bool,
}

impl OurVia {
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Via: SIP/2.0/");
        out.extend_from_slice(self.transport.via().as_bytes());
        out.push(b' ');
        put_addr(out, self.sent_by);
        out.extend_from_slice(b";branch=");
        self.token.put(out);
        out.extend_from_slice(b";rport\r\n");
    }
}

/// Appends the forwarded copy of `request` to `out`.
pub(super) fn request(message: &Message, rewrite: &Rewrite, out: &mut Vec<u8>) {
    out.extend_from_slice(message.method_text());
    out.push(b' ');
    out.extend_from_slice(rewrite.uri);
    out.extend_from_slice(b" SIP/2.0\r\n");
    rewrite.via.put(out);
    out.extend_from_slice(rewrite.record_route);
    if message.header(Name::MaxForwards).is_none() {
        max_forwards(rewrite.max_forwards, out);
    }
    if rewrite.add_breadth && message.header(Name::MaxBreadth).is_none() {
        out.extend_from_slice(b"Max-Breadth: 60\r\n");
    }
    let reroute = rewrite.drop_routes > 0 || rewrite.drop_last_route || rewrite.add_route.is_some();
    if reroute {
        routes(message, rewrite, out);
    }
    let (mut first_via, mut first_limit) = (true, true);
    let mut splice = Splice::new(message.bytes, out);
    splice.skip_to(message.headers_at);
    for header in message.headers {
        match header.name {
            Name::Via if std::mem::take(&mut first_via) => {
                let Some(top) = message.values(Name::Via).next() else { continue };
                let Some(via) = rewrite.top.or_else(|| Via::parse(top.text)) else { continue };
                splice.copy_to(top.at);
                stamped_via(top.text, &via, rewrite.source, splice.out());
                splice.skip_to(top.at + top.text.len());
            }
            Name::MaxForwards => {
                splice.copy_to(header.line().start).skip_to(header.line().end);
                if std::mem::take(&mut first_limit) {
                    max_forwards(rewrite.max_forwards, splice.out());
                }
            }
            Name::Route if reroute => {
                splice.copy_to(header.line().start).skip_to(header.line().end);
            }
            Name::PAssertedIdentity | Name::PPreferredIdentity if rewrite.drop_identity => {
                splice.copy_to(header.line().start).skip_to(header.line().end);
            }
            _ => {}
        }
    }
    splice.copy_to(message.end);
}

/// Max-Forwards of the forwarded copy: one less, 70 where there was none (checklist P13, X3).
pub(super) fn hops_left(limit: Option<u8>) -> u8 {
    limit.map_or(70, |n| n.saturating_sub(1))
}

fn max_forwards(n: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Max-Forwards: ");
    put_decimal(out, u64::from(n));
    out.extend_from_slice(b"\r\n");
}

/// One Route line with the values that stay (checklist P9).
fn routes(message: &Message, rewrite: &Rewrite, out: &mut Vec<u8>) {
    let mut separator: &[u8] = b"Route: ";
    let mut kept = message.values(Name::Route).skip(rewrite.drop_routes).peekable();
    while let Some(value) = kept.next() {
        if rewrite.drop_last_route && kept.peek().is_none() {
            break;
        }
        out.extend_from_slice(std::mem::replace(&mut separator, b", "));
        out.extend_from_slice(value.text);
    }
    if let Some(uri) = rewrite.add_route {
        out.extend_from_slice(std::mem::replace(&mut separator, b", "));
        out.push(b'<');
        out.extend_from_slice(uri);
        out.push(b'>');
    }
    if separator == b", " {
        out.extend_from_slice(b"\r\n");
    }
}

const VERSION: &[u8] = b"SIP/2.0";

/// Appends the forwarded copy of `response` without its topmost Via. False, and nothing appended, when no other Via is
/// left: then it was for us. `status` replaces the status line (checklist X16: 503 becomes 500).
pub(super) fn response(message: &Message, status: Option<(u16, &str)>, out: &mut Vec<u8>) -> bool {
    let Some(ours) = message.values(Name::Via).next() else { return false };
    let below = message.headers.get(ours.header + 1..).unwrap_or_default();
    if ours.next.is_none() && !below.iter().any(|header| header.name == Name::Via && !header.value().is_empty()) {
        return false;
    }
    if let Some((code, reason)) = status {
        out.extend_from_slice(b"SIP/2.0 ");
        put_decimal(out, u64::from(code));
        out.push(b' ');
        out.extend_from_slice(reason.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    let Some(header) = message.headers.get(ours.header) else { return false };
    let mut splice = Splice::new(message.bytes, out);
    if status.is_some() {
        splice.skip_to(message.headers_at);
    } else {
        // The version is read without case and written in capitals (RFC 3261 §7.1); line breaks before it are dropped.
        let start = message.bytes.iter().position(|c| !matches!(c, b'\r' | b'\n')).unwrap_or(0);
        splice.skip_to(start + VERSION.len()).put(VERSION);
    }
    match ours.next {
        Some(next) => splice.copy_to(ours.at).skip_to(next),
        None => splice.copy_to(header.line().start).skip_to(header.line().end),
    };
    splice.copy_to(message.end);
    true
}

/// Appends the ACK for a failure, made by the client transaction from the INVITE that it sent (RFC 3261 §17.1.1.3,
/// checklist T10).
pub(super) fn ack(invite: &Message, response: &Message, out: &mut Vec<u8>) {
    derived(invite, b"ACK", response.header(Name::To), &[], out);
}

/// Appends the CANCEL of an INVITE that was sent (RFC 3261 §9.1, checklist X20). `reason` is whole header lines.
pub(super) fn cancel(invite: &Message, reason: &[u8], out: &mut Vec<u8>) {
    derived(invite, b"CANCEL", invite.header(Name::To), reason, out);
}

/// A request with the Request-URI, top Via, Route, From, Call-ID and CSeq number of the INVITE that we sent.
fn derived(invite: &Message, method: &[u8], to: Option<&[u8]>, lines: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(invite.request_uri());
    out.extend_from_slice(b" SIP/2.0\r\n");
    let mut first_via = true;
    for header in invite.headers {
        match header.name {
            // Ours stands on a line of its own.
            Name::Via if std::mem::take(&mut first_via) => out.extend_from_slice(&invite.bytes[header.line()]),
            Name::Route | Name::From | Name::CallId => out.extend_from_slice(&invite.bytes[header.line()]),
            _ => {}
        }
    }
    out.extend_from_slice(b"To: ");
    out.extend_from_slice(to.unwrap_or_default());
    out.extend_from_slice(b"\r\nCSeq: ");
    put_decimal(out, u64::from(invite.cseq().map_or(0, |cseq| cseq.number)));
    out.push(b' ');
    out.extend_from_slice(method);
    out.extend_from_slice(b"\r\nMax-Forwards: 70\r\n");
    out.extend_from_slice(lines);
    out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
}
