//! A response without what its request brings along: what is kept for that request's repetitions.
//!
//! Via, From, To, Call-ID and CSeq of a response are its request's (RFC 3261 §8.2.6.2, §16.7 step 3), and a request that
//! comes again is the same request. Of the 300 bytes of a BYE's final, kept for timer J, some 80 are left.

use super::build::{To, fields_of};
use super::parse::Line;
use super::{Message, Name};
use std::net::SocketAddr;

/// See the module. Status line, To where it is not the request's, other header lines, body.
#[derive(Clone, Debug)]
pub struct Abridged(Box<[u8]>);

impl Abridged {
    /// Of one whole response. `tagged`: the request's To has a tag already, so that the response's is the same.
    pub fn of(response: &[u8], tagged: bool) -> Abridged {
        let mut kept = Vec::with_capacity(response.len());
        let status = Line::at(response, 0, false).map_or(response.len(), |line| line.end);
        kept.extend_from_slice(&response[..status]);
        let (mut at, mut others) = (status, status);
        while let Some(line) = Line::at(response, at, true).filter(|line| line.text_end > line.start) {
            let own = match line.header(response).map(|header| header.name) {
                Some(Name::To) if !tagged => {
                    kept.splice(status..status, response[line.start..line.end].iter().copied());
                    true
                }
                Some(Name::Via | Name::From | Name::To | Name::CallId | Name::CSeq) => true,
                _ => false,
            };
            if own {
                kept.extend_from_slice(&response[others..line.start]);
                others = line.end;
            }
            at = line.end;
        }
        kept.extend_from_slice(&response[others..]);
        Abridged(kept.as_slice().into())
    }

    /// Appends the response to `request`, which came again from `source`.
    pub fn restore(&self, request: &Message, source: SocketAddr, out: &mut Vec<u8>) {
        let kept = &*self.0;
        let status = Line::at(kept, 0, false).map_or(kept.len(), |line| line.end);
        let own_to = Line::at(kept, status, true).filter(|line| line.header(kept).is_some_and(|h| h.name == Name::To));
        let others = own_to.map_or(status, |line| line.end);
        let to = if others > status { To::Line(&kept[status..others]) } else { To::Same };
        out.extend_from_slice(&kept[..status]);
        fields_of(request, Some(source), to, out);
        out.extend_from_slice(&kept[others..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::{Extra, Index, Limits, Parsed, parse, response};

    const BYE: &str = "BYE sip:b@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP pbx;branch=z9hG4bK1;rport\r\n\
        Via: SIP/2.0/UDP phone;branch=z9hG4bK0\r\nFrom: <sip:pbx>;tag=1\r\nTo: <sip:b>;tag=2\r\nCall-ID: 1@pbx\r\n\
        CSeq: 2 BYE\r\nMax-Forwards: 70\r\n\r\n";

    fn abridged(request: &str, answer: impl Fn(&Message, SocketAddr) -> Vec<u8>, tagged: bool) -> (Vec<u8>, Abridged) {
        let source = "192.0.2.9:5070".parse().expect("an address");
        let mut index = Index::default();
        let Ok(Parsed::Message(request)) = parse(request.as_bytes(), &mut index, &Limits::default()) else { panic!() };
        let whole = answer(&request, source);
        let kept = Abridged::of(&whole, tagged);
        let mut again = Vec::new();
        kept.restore(&request, source, &mut again);
        assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&whole));
        (whole, kept)
    }

    fn ok(tag: Option<&'static [u8]>) -> impl Fn(&Message, SocketAddr) -> Vec<u8> {
        move |request, source| {
            let mut out = Vec::new();
            let lines = b"Contact: <sip:b@192.0.2.2>\r\nX-Long: a\r\n b\r\n";
            response(request, 200, "OK", Extra { to_tag: tag, lines, source: Some(source) }, &mut out);
            out
        }
    }

    #[test]
    fn what_the_request_brings_along_is_not_kept() {
        let (whole, kept) = abridged(BYE, ok(None), true);
        assert_eq!(
            String::from_utf8_lossy(&kept.0),
            "SIP/2.0 200 OK\r\nContact: <sip:b@192.0.2.2>\r\nX-Long: a\r\n b\r\nContent-Length: 0\r\n\r\n"
        );
        assert!(kept.0.len() * 2 < whole.len());
    }

    #[test]
    fn a_tag_of_the_responder_is_kept() {
        let outside = BYE.replace("BYE", "MESSAGE").replace(";tag=2", "");
        let (_, kept) = abridged(&outside, ok(Some(b"here")), false);
        assert!(kept.0.starts_with(b"SIP/2.0 200 OK\r\nTo: <sip:b>;tag=here\r\nContact"));
    }

    #[test]
    fn a_body_is_kept_though_it_looks_like_headers() {
        let with_body = |request: &Message, source| {
            let mut out = ok(None)(request, source);
            out.truncate(out.len() - b"0\r\n\r\n".len());
            out.extend_from_slice(b"13\r\n\r\nVia: nothing");
            out
        };
        let (_, kept) = abridged(BYE, with_body, true);
        assert!(kept.0.ends_with(b"Content-Length: 13\r\n\r\nVia: nothing"));
    }
}
