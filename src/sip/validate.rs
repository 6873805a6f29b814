//! What a message must satisfy before anything is done with it (RFC 3261 §16.3 steps 1 and 2; checklist P13, P14, X2).

use super::grammar::{self, class};
use super::{CSeq, Header, Limits, Message, Name, NameAddr, Scheme, Start, Uri, Via};

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
    /// `None` where it is missing, and for responses.
    pub max_forwards: Option<u8>,
    /// The topmost one; `None` for responses.
    pub route: Option<Route<'a>>,
    /// The Request-URI; `None` for responses.
    pub uri: Option<Uri<'a>>,
}

/// One Route value: its URI as it stands, and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    pub text: &'a [u8],
    pub uri: Uri<'a>,
}

impl<'a> Route<'a> {
    /// `None` when it is not a name-addr with a URI that can be read.
    pub fn parse(value: &'a [u8]) -> Option<Route<'a>> {
        let text = NameAddr::parse(value)?.uri;
        Some(Route { text, uri: Uri::parse(text)? })
    }
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
    let found = Found::in_headers(message.headers)?;
    let (via, vias) = vias(message, top, &found, limits)?;
    let mut parts = parties(message, via, vias, &found)?;
    let Start::Request { uri, .. } = message.start else { return Ok(parts) };
    if let Some(limit) = found.max_forwards {
        let number = grammar::decimal(message.value_of(limit)).and_then(|n| u8::try_from(n).ok());
        parts.max_forwards = Some(number.ok_or(bad("Max-Forwards is not a number up to 255"))?);
    }
    if found.route {
        parts.route = routes(message, limits)?;
    }
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

/// Where the headers stand that must stand there once, from one walk over all of them.
#[derive(Default)]
struct Found<'h> {
    from: Option<&'h Header>,
    to: Option<&'h Header>,
    call_id: Option<&'h Header>,
    cseq: Option<&'h Header>,
    max_forwards: Option<&'h Header>,
    route: bool,
    /// A Via line without a value.
    empty_via: bool,
}

impl<'h> Found<'h> {
    /// What must stand there once may not stand there twice (checklist P13).
    fn in_headers(headers: &'h [Header]) -> Result<Found<'h>, Reject> {
        let mut found = Found::default();
        for header in headers {
            let before = match header.name {
                Name::From => found.from.replace(header),
                Name::To => found.to.replace(header),
                Name::CallId => found.call_id.replace(header),
                Name::CSeq => found.cseq.replace(header),
                Name::MaxForwards => found.max_forwards.replace(header),
                Name::Via => {
                    found.empty_via |= header.value_start == header.value_end;
                    None
                }
                Name::Route => {
                    found.route = true;
                    None
                }
                _ => None,
            };
            if before.is_some() {
                return Err(bad(twice(header.name)));
            }
        }
        Ok(found)
    }
}

fn twice(name: Name) -> &'static str {
    match name {
        Name::From => "From stands there twice",
        Name::To => "To stands there twice",
        Name::CallId => "Call-ID stands there twice",
        Name::CSeq => "CSeq stands there twice",
        _ => "Max-Forwards stands there twice",
    }
}

/// The topmost Via, and how many there are; all can be read.
fn vias<'a>(
    message: &Message<'a>,
    known: Option<Via<'a>>,
    found: &Found,
    limits: &Limits,
) -> Result<(Via<'a>, usize), Reject> {
    // It would leave it open which line is the top one.
    if found.empty_via {
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

/// From, To, Call-ID and CSeq: they name the dialog, so all must be readable. Their URIs are looked at in the request that
/// begins it; what follows inside it, and responses, repeat them.
fn parties<'a>(message: &Message<'a>, via: Via<'a>, vias: usize, found: &Found) -> Result<Parts<'a>, Reject> {
    let value = |header: Option<&Header>| header.map(|header| message.value_of(header));
    let to = value(found.to).and_then(NameAddr::parse);
    let begins = message.method().is_some() && to.is_some_and(|to| to.tag.is_none());
    // Schemes that nobody knows do not matter here (checklist P16).
    let readable = |party: &NameAddr| !begins || Uri::parse(party.uri).is_some();
    let from = value(found.from).and_then(NameAddr::parse).filter(readable);
    let from = from.ok_or(bad("From is missing or can't be read"))?;
    let to = to.filter(readable).ok_or(bad("To is missing or can't be read"))?;
    let call_id = value(found.call_id).filter(|id| !id.is_empty() && !grammar::has(id, class::CONTROL));
    let call_id = call_id.ok_or(bad("Call-ID is missing or can't be read"))?;
    let cseq = value(found.cseq).and_then(CSeq::parse).ok_or(bad("CSeq is missing or can't be read"))?;
    // checklist P14
    if message.method().is_some() && cseq.method != message.method_text() {
        return Err(bad("CSeq names another method than the request line"));
    }
    Ok(Parts { via, vias, from, to, call_id, cseq, max_forwards: None, route: None, uri: None })
}

/// Gives the topmost; all can be read.
fn routes<'a>(message: &Message<'a>, limits: &Limits) -> Result<Option<Route<'a>>, Reject> {
    let mut top = None;
    for (nth, value) in message.values(Name::Route).enumerate() {
        if nth >= limits.routes {
            return Err(too_large("more Route entries than the limit"));
        }
        let route = Route::parse(value.text).ok_or(bad("a Route that can't be read"))?;
        top.get_or_insert(route);
    }
    Ok(top)
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
