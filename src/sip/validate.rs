//! What a message must satisfy before anything is done with it (RFC 3261 §16.3 steps 1 and 2; checklist P13, P14, X2).

use super::grammar::{self, class};
use super::{CSeq, Limits, Message, Name, NameAddr, Scheme, Start, Uri, Via};

/// A refusal: the status code, its reason phrase, and what was wrong (for the Warning header and the log).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    pub code: u16,
    pub reason: &'static str,
    pub why: &'static str,
}

/// What was read while checking: whoever goes on with the message need not read it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The topmost one.
    pub via: Via<'a>,
    /// How many there are.
    pub vias: usize,
    pub from: NameAddr<'a>,
    pub to: NameAddr<'a>,
    pub call_id: &'a [u8],
    pub cseq: CSeq<'a>,
    /// The Request-URI; `None` for responses.
    pub uri: Option<Uri<'a>>,
}

/// Checks syntax of the headers that the router reads (400), the Request-URI's scheme (416), the limits (513, 414;
/// first, because they bound the work). The version (505) is [`super::parse`]'s. For responses: that Via, From, To,
/// Call-ID and CSeq can be read. Whether a refusal may be sent at all (not to an ACK, not without a Via) is the
/// caller's to know.
pub fn validate<'a>(message: &Message<'a>, limits: &Limits) -> Result<Parts<'a>, Reject> {
    validate_below(message, None, limits)
}

/// As [`validate`], for whoever has read the topmost Via already.
pub fn validate_below<'a>(message: &Message<'a>, top: Option<Via<'a>>, limits: &Limits) -> Result<Parts<'a>, Reject> {
    bounded(message, limits)?;
    single(message)?;
    let (via, vias) = vias(message, top, limits)?;
    let mut parts = parties(message, via, vias)?;
    let Start::Request { uri, .. } = message.start else { return Ok(parts) };
    if matches!(message.max_forwards(), Some(Err(()))) {
        return Err(bad("Max-Forwards is not a number up to 255"));
    }
    routes(message, limits)?;
    parts.uri = Some(request_uri(uri, limits)?);
    Ok(parts)
}

fn bad(why: &'static str) -> Reject {
    Reject { code: 400, reason: "Bad Request", why }
}

fn too_large(why: &'static str) -> Reject {
    Reject { code: 513, reason: "Message Too Large", why }
}

/// checklist P20
fn bounded(message: &Message, limits: &Limits) -> Result<(), Reject> {
    if message.end > limits.message_bytes {
        return Err(too_large("the message is larger than the limit"));
    }
    if message.headers.len() > limits.headers {
        return Err(too_large("more header lines than the limit"));
    }
    // Where all of them together are short enough, each is.
    let long = message.blank.saturating_sub(message.headers_at) > limits.header_bytes;
    if long && message.headers.iter().any(|h| h.line().len() > limits.header_bytes) {
        return Err(too_large("a header is longer than the limit"));
    }
    Ok(())
}

/// Headers that must stand there once are not there twice (checklist P13).
fn single(message: &Message) -> Result<(), Reject> {
    let mut seen = 0u32;
    for header in message.headers {
        let (bit, why) = match header.name {
            Name::From => (1, "From stands there twice"),
            Name::To => (2, "To stands there twice"),
            Name::CallId => (4, "Call-ID stands there twice"),
            Name::CSeq => (8, "CSeq stands there twice"),
            Name::MaxForwards => (16, "Max-Forwards stands there twice"),
            _ => continue,
        };
        if seen & bit != 0 {
            return Err(bad(why));
        }
        seen |= bit;
    }
    Ok(())
}

/// The topmost Via, and how many there are; all can be read.
fn vias<'a>(message: &Message<'a>, known: Option<Via<'a>>, limits: &Limits) -> Result<(Via<'a>, usize), Reject> {
    // A Via line without a value would leave it open which line is the top one.
    if message.headers.iter().any(|h| h.name == Name::Via && h.value().is_empty()) {
        return Err(bad("a Via that can't be read"));
    }
    let (mut top, mut count) = (known, 0);
    for value in message.values(Name::Via) {
        if count >= limits.vias {
            return Err(too_large("more Vias than the limit"));
        }
        if count > 0 || known.is_none() {
            let via = Via::parse(value.text).ok_or(bad("a Via that can't be read"))?;
            top.get_or_insert(via);
        }
        count += 1;
    }
    Ok((top.ok_or(bad("Via is missing"))?, count))
}

/// From, To, Call-ID and CSeq: they name the dialog, so all must be readable.
fn parties<'a>(message: &Message<'a>, via: Via<'a>, vias: usize) -> Result<Parts<'a>, Reject> {
    // Schemes that nobody knows do not matter here (checklist P16).
    let readable = |party: &NameAddr| Uri::parse(party.uri).is_some();
    let from = message.from().filter(readable).ok_or(bad("From is missing or can't be read"))?;
    let to = message.to().filter(readable).ok_or(bad("To is missing or can't be read"))?;
    let call_id = message.call_id().filter(|id| !id.is_empty() && !grammar::has(id, class::CONTROL));
    let call_id = call_id.ok_or(bad("Call-ID is missing or can't be read"))?;
    let cseq = message.cseq().ok_or(bad("CSeq is missing or can't be read"))?;
    // checklist P14
    if message.method().is_some() && cseq.method != message.method_text() {
        return Err(bad("CSeq names another method than the request line"));
    }
    Ok(Parts { via, vias, from, to, call_id, cseq, uri: None })
}

fn routes(message: &Message, limits: &Limits) -> Result<(), Reject> {
    for (nth, value) in message.values(Name::Route).enumerate() {
        if nth >= limits.routes {
            return Err(too_large("more Route entries than the limit"));
        }
        if NameAddr::parse(value.text).is_none_or(|route| Uri::parse(route.uri).is_none()) {
            return Err(bad("a Route that can't be read"));
        }
    }
    Ok(())
}

fn request_uri<'a>(text: &'a [u8], limits: &Limits) -> Result<Uri<'a>, Reject> {
    if text.len() > limits.uri_bytes {
        return Err(Reject {
            code: 414,
            reason: "Request-URI Too Long",
            why: "the Request-URI is longer than the limit",
        });
    }
    let Some(uri) = Uri::parse(text) else { return Err(bad("the Request-URI can't be read")) };
    if !uri.headers.is_empty() {
        // Never turned into headers, as a redirecting UA would (checklist P19).
        return Err(bad("the Request-URI holds headers"));
    }
    if uri.scheme == Scheme::Other {
        return Err(Reject { code: 416, reason: "Unsupported URI Scheme", why: "the scheme is not sip, sips or tel" });
    }
    Ok(uri)
}
