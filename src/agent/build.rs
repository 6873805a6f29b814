//! Requests and responses, built from rsip's types.

use super::packet::{Packet, first_of_list, parameter, values};
use rsip::headers::{UntypedHeader, untyped};
use rsip::message::HeadersExt;
use rsip::{Header, Method, Param, Request, Response, SipMessage, StatusCode, Transport, Uri, Version, typed};
use std::net::SocketAddr;

const AGENT: &str = concat!("trunkline/", env!("CARGO_PKG_VERSION"));
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";
/// Every branch of RFC 3261 begins with it (§8.1.1.7).
const COOKIE: &str = "z9hG4bK";

/// Random lower-case hexadecimal digits.
pub fn token(digits: usize) -> String {
    let mut bytes = vec![0u8; digits.div_ceil(2)];
    // Without a source of randomness nothing on this machine works; a fixed token then fails loudly at the far end.
    let _ = getrandom::fill(&mut bytes);
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}

fn branch() -> String {
    format!("{COOKIE}{}", token(16))
}

/// `sip:user@address`, or `sip:address`.
pub fn uri(user: Option<&str>, address: SocketAddr) -> Uri {
    Uri {
        scheme: Some(rsip::Scheme::Sip),
        auth: user.map(|user| rsip::Auth { user: user.to_owned(), password: None }),
        host_with_port: address.into(),
        ..Uri::default()
    }
}

/// The address that a URI names, if it names one and not a host.
pub fn address(uri: &Uri) -> Option<SocketAddr> {
    match uri.host() {
        rsip::Host::IpAddr(ip) => Some(SocketAddr::new(*ip, uri.port().map_or(5060, |port| *port.value()))),
        rsip::Host::Domain(_) => None,
    }
}

/// What all requests of a dialog have in common.
#[derive(Clone, Debug)]
pub struct Parties {
    pub call_id: String,
    /// The From value, tag and all.
    pub from: String,
    /// The To value; with its tag once it is known.
    pub to: String,
}

/// A request to be: what changes from one to the next.
pub struct Draft<'a> {
    pub method: Method,
    pub target: Uri,
    pub parties: &'a Parties,
    pub cseq: u32,
    /// Headers beyond those of RFC 3261 §8.1.1: Route, Contact, Allow.
    pub more: Vec<Header>,
    pub body: Option<String>,
}

impl Draft<'_> {
    /// The request as it leaves `local`, with a branch of its own.
    pub fn request(self, local: SocketAddr) -> Request {
        let via = typed::Via {
            version: Version::V2,
            transport: Transport::Udp,
            uri: rsip::HostWithPort::from(local).into(),
            params: vec![Param::Branch(branch().into()), Param::Other("rport".into(), None)],
        };
        let mut headers: Vec<Header> = vec![
            via.into(),
            untyped::MaxForwards::from(70).into(),
            untyped::From::new(self.parties.from.as_str()).into(),
            untyped::To::new(self.parties.to.as_str()).into(),
            untyped::CallId::new(self.parties.call_id.as_str()).into(),
            typed::CSeq { seq: self.cseq, method: self.method }.into(),
        ];
        headers.extend(self.more);
        headers.push(untyped::UserAgent::new(AGENT).into());
        let body = finish(&mut headers, self.body);
        Request { method: self.method, uri: self.target, version: Version::V2, headers: headers.into(), body }
    }
}

/// The answer to a request (RFC 3261 §8.2.6): Vias, From, To, Call-ID and CSeq as they came, To with our tag.
pub fn response(
    asked: &Packet,
    code: u16,
    reason: Option<&str>,
    tag: Option<&str>,
    more: Vec<Header>,
    body: Option<String>,
) -> Option<SipMessage> {
    let request = asked.request()?;
    let mut headers = Vec::new();
    for header in request.headers.iter() {
        match header {
            Header::Via(via) if headers.is_empty() => {
                headers.push(Header::Via(received(via.value(), asked.from).into()))
            }
            Header::To(to) => headers.push(Header::To(tagged(to.value(), tag.filter(|_| code > 100)).into())),
            Header::Via(_) | Header::From(_) | Header::CallId(_) | Header::CSeq(_) => headers.push(header.clone()),
            // A dialog's route set comes from both sides of it (§12.1.1).
            Header::RecordRoute(_) if (101..300).contains(&code) && request.method == Method::Invite => {
                headers.push(header.clone());
            }
            _ => {}
        }
    }
    headers.extend(more);
    headers.push(untyped::Server::new(AGENT).into());
    let body = finish(&mut headers, body);
    Some(Response { status_code: status(code, reason), version: Version::V2, headers: headers.into(), body }.into())
}

/// Where the answer to a request goes: RFC 3261 §18.2.2, RFC 3581 §4.
pub fn answer_to(asked: &Packet) -> SocketAddr {
    let via = asked.message.via_header().map(|via| first_of_list(via.value()).to_owned()).unwrap_or_default();
    if parameter(&via, "rport").is_some() {
        return asked.from;
    }
    let sent_by = via.split_whitespace().nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
    let port = sent_by.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(5060);
    SocketAddr::new(asked.from.ip(), port)
}

/// The ACK to a final that is no 2xx: a copy of the INVITE's head with the To of the response (§17.1.1.3).
pub fn ack_to_failure(invite: &Request, answer: &Packet) -> Option<SipMessage> {
    let answer_to = answer.message.to_header().ok()?.clone();
    derived(invite, Method::Ack, Some(answer_to))
}

/// The CANCEL of an INVITE: the same request but for the method (§9.1).
pub fn cancel(invite: &Request) -> Option<SipMessage> {
    derived(invite, Method::Cancel, None)
}

fn derived(invite: &Request, method: Method, to: Option<untyped::To>) -> Option<SipMessage> {
    let seq = invite.cseq_header().ok()?.seq().ok()?;
    let mut headers: Vec<Header> = Vec::new();
    for header in invite.headers.iter() {
        match header {
            Header::To(_) => headers.push(to.clone().map_or_else(|| header.clone(), Header::To)),
            Header::CSeq(_) => headers.push(typed::CSeq { seq, method }.into()),
            Header::Via(_) | Header::MaxForwards(_) | Header::From(_) | Header::CallId(_) | Header::Route(_) => {
                headers.push(header.clone());
            }
            _ => {}
        }
    }
    let body = finish(&mut headers, None);
    Some(Request { method, uri: invite.uri.clone(), version: Version::V2, headers: headers.into(), body }.into())
}

/// Our Contact.
pub fn contact(local: SocketAddr) -> Header {
    typed::Contact { display_name: None, uri: uri(Some("trunkline"), local), params: Vec::new() }.into()
}

pub fn allow() -> Header {
    Header::Allow(ALLOW.into())
}

pub fn retry_after(seconds: u64) -> Header {
    Header::RetryAfter(seconds.to_string().into())
}

/// A body that describes one audio stream that carries nothing: these agents have no media.
pub fn sdp(local: SocketAddr) -> String {
    let ip = local.ip();
    format!(
        "v=0\r\no=trunkline 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n\
         a=rtpmap:8 PCMA/8000\r\na=inactive\r\n"
    )
}

/// The Record-Route values of a message, one each, in order.
pub fn record_routes(packet: &Packet) -> Vec<String> {
    values(&*packet.message, |header| match header {
        Header::RecordRoute(route) => Some(route.value()),
        _ => None,
    })
}

fn finish(headers: &mut Vec<Header>, body: Option<String>) -> Vec<u8> {
    if body.is_some() {
        headers.push(untyped::ContentType::new("application/sdp").into());
    }
    let body = body.unwrap_or_default().into_bytes();
    headers.push(untyped::ContentLength::from(body.len() as u32).into());
    body
}

/// The topmost Via with what we know about its sender (RFC 3581 §4).
fn received(via: &str, from: SocketAddr) -> String {
    let (first, rest) = via.split_at(first_of_list(via).len());
    let mut text = String::new();
    for (n, part) in first.split(';').enumerate() {
        if n > 0 {
            text.push(';');
        }
        text.push_str(part);
        if part.trim().eq_ignore_ascii_case("rport") {
            text.push_str(&format!("={}", from.port()));
        }
    }
    if parameter(first, "received").is_none() {
        text.push_str(&format!(";received={}", from.ip()));
    }
    text + rest
}

/// A To value with our tag, if it has none yet.
fn tagged(to: &str, tag: Option<&str>) -> String {
    match tag {
        Some(tag) if parameter(to, "tag").is_none() => format!("{to};tag={tag}"),
        _ => to.to_owned(),
    }
}

/// rsip writes the codes that it knows as one word ("503 ServiceUnavailable"): `Other` with the words apart goes out right.
fn status(code: u16, reason: Option<&str>) -> StatusCode {
    StatusCode::Other(code, reason.map_or_else(|| phrase(code), str::to_owned))
}

/// The usual reason phrase of a code.
pub fn phrase(code: u16) -> String {
    let known = StatusCode::from(code).to_string();
    let word = known.split_once(' ').map_or("", |(_, word)| word);
    let mut text = String::new();
    let mut lower = false;
    for letter in word.chars() {
        if lower && letter.is_ascii_uppercase() {
            text.push(' ');
        }
        lower = letter.is_ascii_lowercase();
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_phrases_are_words() {
        for (code, words) in [(200, "OK"), (486, "Busy Here"), (503, "Service Unavailable"), (180, "Ringing")] {
            assert_eq!(phrase(code), words);
        }
    }

    #[test]
    fn the_topmost_via_says_where_the_request_came_from() {
        let from = "127.0.0.1:7000".parse().expect("an address");
        for (via, answered) in [
            ("SIP/2.0/UDP a:5060;branch=1", "SIP/2.0/UDP a:5060;branch=1;received=127.0.0.1"),
            (
                "SIP/2.0/UDP a;rport;branch=1, SIP/2.0/UDP b",
                "SIP/2.0/UDP a;rport=7000;branch=1;received=127.0.0.1, SIP/2.0/UDP b",
            ),
        ] {
            assert_eq!(received(via, from), answered);
        }
    }
}
