//! A received message: rsip's view of it, and what the agents ask of it.

use rsip::headers::UntypedHeader;
use rsip::message::{HasHeaders, HeadersExt};
use rsip::{Header, Method, Request, Response, SipMessage};
use std::net::SocketAddr;

/// A message, who sent it, and its first line as it came (rsip forgets the reason phrase of codes that it knows).
#[derive(Clone, Debug)]
pub struct Packet {
    pub message: Box<SipMessage>,
    pub from: SocketAddr,
    pub start_line: String,
}

impl Packet {
    /// `None` for what is no SIP message: keep-alives, garbage, methods that rsip doesn't know.
    pub fn parse(bytes: &[u8], from: SocketAddr) -> Option<Packet> {
        let message = Box::new(SipMessage::try_from(bytes).ok()?);
        message.call_id_header().ok()?;
        message.via_header().ok()?;
        let line = bytes.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
        Some(Packet { message, from, start_line: String::from_utf8_lossy(line).into_owned() })
    }

    pub fn request(&self) -> Option<&Request> {
        match &*self.message {
            SipMessage::Request(request) => Some(request),
            SipMessage::Response(_) => None,
        }
    }

    pub fn response(&self) -> Option<&Response> {
        match &*self.message {
            SipMessage::Request(_) => None,
            SipMessage::Response(response) => Some(response),
        }
    }

    /// The code of a response.
    pub fn code(&self) -> Option<u16> {
        self.response().map(|response| response.status_code.code())
    }

    /// The reason phrase of a response, as it was sent.
    pub fn reason(&self) -> &str {
        self.start_line.splitn(3, ' ').nth(2).unwrap_or_default()
    }

    /// The method of the request, or of the request that this answers.
    pub fn method(&self) -> Option<Method> {
        match &*self.message {
            SipMessage::Request(request) => Some(request.method),
            SipMessage::Response(response) => response.cseq_header().ok()?.method().ok(),
        }
    }

    pub fn call_id(&self) -> &str {
        self.message.call_id_header().map(|id| id.value()).unwrap_or_default()
    }

    pub fn cseq(&self) -> u32 {
        self.message.cseq_header().ok().and_then(|cseq| cseq.seq().ok()).unwrap_or_default()
    }

    pub fn tag_in_from(&self) -> Option<&str> {
        self.message.from_header().ok().and_then(|from| parameter(from.value(), "tag"))
    }

    pub fn tag_in_to(&self) -> Option<&str> {
        self.message.to_header().ok().and_then(|to| parameter(to.value(), "tag"))
    }

    /// The branch of the topmost Via.
    pub fn branch(&self) -> Option<&str> {
        self.message.via_header().ok().and_then(|via| parameter(first_of_list(via.value()), "branch"))
    }
}

/// The branch of a request of ours.
pub fn branch_of(request: &Request) -> Option<String> {
    let via = request.via_header().ok()?;
    parameter(first_of_list(via.value()), "branch").map(str::to_owned)
}

/// The values of all headers of one kind, in order.
pub fn values(message: &impl HasHeaders, pick: fn(&Header) -> Option<&str>) -> Vec<String> {
    message.headers().iter().filter_map(pick).map(str::to_owned).collect()
}

/// A parameter of a header value: `tag` of `"A" <sip:a@b;x=y>;tag=1`. Those inside the angle brackets are the URI's.
pub fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let after = value.rfind('>').map_or(value, |at| value.get(at..).unwrap_or_default());
    after.split(';').skip(1).find_map(|part| {
        let (key, content) = part.split_once('=').unwrap_or((part, ""));
        key.trim().eq_ignore_ascii_case(name).then(|| content.trim())
    })
}

/// The first value of a comma list of Vias (which hold no quoted commas).
pub fn first_of_list(value: &str) -> &str {
    value.split(',').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_the_header_is_not_one_of_the_uri() {
        for (value, tag) in [
            ("<sip:a@b>;tag=1", Some("1")),
            ("<sip:a@b;tag=no>", None),
            ("sip:a@b;tag=2", Some("2")),
            ("\"A;tag=no\" <sip:a@b>;x;TAG = 3", Some("3")),
        ] {
            assert_eq!(parameter(value, "tag"), tag, "{value}");
        }
    }

    #[test]
    fn the_reason_is_the_senders() {
        let bytes = b"SIP/2.0 503 No Rules matching the URI\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
        let packet = Packet::parse(bytes, "127.0.0.1:5060".parse().expect("an address")).expect("a response");
        assert_eq!((packet.code(), packet.reason()), (Some(503), "No Rules matching the URI"));
        assert_eq!((packet.method(), packet.branch()), (Some(Method::Invite), Some("z9hG4bK1")));
    }
}
