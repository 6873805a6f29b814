//! Responses made here (RFC 3261 §8.2.6; checklist X1, X25).

use super::{Message, Name, NameAddr, Via, put_decimal, put_ip};
use memchr::memchr;
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
///
/// Folded headers come out on one line. What a malformed request lacks is left out, of a header that stands there
/// twice the first is taken, and Vias below the top that can't be read are dropped.
pub fn response(request: &Message, code: u16, reason: &str, extra: Extra, out: &mut Vec<u8>) {
    out.extend_from_slice(b"SIP/2.0 ");
    put_decimal(out, code.into());
    out.push(b' ');
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
    // A To that can't be read gets no tag: it could land inside an open quote.
    let untagged = || request.to().is_some_and(|to: NameAddr| to.tag.is_none());
    let to = extra.to_tag.filter(|_| untagged()).map_or(To::Same, To::Tagged);
    fields_of(request, extra.source, to, out);
    if code == 100 {
        copied(request, Name::Timestamp, b"Timestamp: ", b"", out);
    }
    out.extend_from_slice(extra.lines);
    out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
}

/// To of a response.
#[derive(Clone, Copy, Debug)]
pub(super) enum To<'a> {
    /// As in the request.
    Same,
    /// With this tag.
    Tagged(&'a [u8]),
    /// A whole line with its CRLF.
    Line(&'a [u8]),
}

/// Appends the header lines that a response has from its request (RFC 3261 §8.2.6.2).
pub(super) fn fields_of(request: &Message, mut source: Option<SocketAddr>, to: To, out: &mut Vec<u8>) {
    for value in request.values(Name::Via) {
        let Some(via) = Via::parse(value.text) else { continue };
        out.extend_from_slice(b"Via: ");
        match source.take() {
            Some(source) => stamped_via(value.text, &via, source, out),
            None => unfolded(value.text, out),
        }
        out.extend_from_slice(b"\r\n");
    }
    copied(request, Name::From, b"From: ", b"", out);
    match to {
        To::Same => copied(request, Name::To, b"To: ", b"", out),
        To::Tagged(tag) => {
            copied(request, Name::To, b"To: ", b";tag=", out);
            out.extend_from_slice(tag);
            out.extend_from_slice(b"\r\n");
        }
        To::Line(line) => out.extend_from_slice(line),
    }
    copied(request, Name::CallId, b"Call-ID: ", b"", out);
    copied(request, Name::CSeq, b"CSeq: ", b"", out);
}

/// Appends one Via value, with received and rport as `source` demands; what the sender wrote there goes. Used for
/// forwarding, too.
///
/// `received` is added when sent-by is a name or another address (RFC 3261 §18.2.1, checklist N2), and always when
/// the sender asked for `rport` (RFC 3581 §4, checklist N3).
pub fn stamped_via(value: &[u8], via: &Via, source: SocketAddr, out: &mut Vec<u8>) {
    let ip = source.ip().to_canonical();
    let mut cuts = [via.received_span, via.rport_value];
    if cuts[0] > cuts[1] {
        cuts.swap(0, 1);
    }
    let mut at = 0;
    for cut in cuts.into_iter().flatten() {
        unfolded(value.get(at..cut.0).unwrap_or_default(), out);
        if Some(cut) == via.rport_value {
            out.push(b'=');
            put_decimal(out, source.port().into());
        }
        at = cut.1;
    }
    unfolded(value.get(at..via.end).unwrap_or_default(), out);
    if via.rport.is_some() || via.ip().map(|sent_by| sent_by.to_canonical()) != Some(ip) {
        out.extend_from_slice(b";received=");
        put_ip(out, ip);
    }
}

/// Copies the first header with this name, if there is one; the line is left open when something is to be appended.
fn copied(request: &Message, name: Name, label: &[u8], more: &[u8], out: &mut Vec<u8>) {
    let Some(value) = request.header(name) else { return };
    out.extend_from_slice(label);
    unfolded(value, out);
    out.extend_from_slice(if more.is_empty() { b"\r\n" } else { more });
}

/// Copies a value; a fold becomes one space (checklist P7).
fn unfolded(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some(cr) = memchr(b'\r', rest) {
        let (line, fold) = rest.split_at(cr);
        out.extend_from_slice(line.trim_ascii_end());
        out.push(b' ');
        rest = fold.trim_ascii_start();
    }
    out.extend_from_slice(rest);
}
