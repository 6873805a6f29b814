//! A dialog as its own end sees it: RFC 3261 §12.

use super::build::{self, Draft, Parties};
use super::packet::{Packet, parameter};
use rsip::headers::{UntypedHeader, untyped};
use rsip::message::HeadersExt;
use rsip::{Header, Method, Request, Uri};
use std::net::SocketAddr;

#[derive(Clone, Debug)]
pub struct Dialog {
    parties: Parties,
    cseq: u32,
    /// The other side's Contact.
    target: Uri,
    /// Route values in the order in which they are visited.
    routes: Vec<String>,
    /// Where requests go when neither a route nor the target names an address.
    peer: SocketAddr,
}

impl Dialog {
    /// The caller's side, from its INVITE and a 2xx (§12.1.2). `via` is where the INVITE went.
    pub fn of_caller(invite: &Request, answer: &Packet, via: SocketAddr) -> Option<Dialog> {
        let mut routes = route_values(answer);
        routes.reverse();
        Some(Dialog {
            parties: Parties {
                call_id: answer.call_id().to_owned(),
                from: invite.from_header().ok()?.value().to_owned(),
                to: answer.message.to_header().ok()?.value().to_owned(),
            },
            cseq: invite.cseq_header().ok()?.seq().ok()?,
            target: target_of(answer).unwrap_or_else(|| invite.uri.clone()),
            routes,
            peer: via,
        })
    }

    /// The callee's side, from the INVITE and our tag (§12.1.1).
    pub fn of_callee(invite: &Packet, tag: &str) -> Option<Dialog> {
        let to = invite.message.to_header().ok()?.value();
        Some(Dialog {
            parties: Parties {
                call_id: invite.call_id().to_owned(),
                from: if parameter(to, "tag").is_some() { to.to_owned() } else { format!("{to};tag={tag}") },
                to: invite.message.from_header().ok()?.value().to_owned(),
            },
            cseq: 0,
            target: target_of(invite).unwrap_or_else(|| build::uri(None, invite.from)),
            routes: route_values(invite),
            peer: invite.from,
        })
    }

    /// Which 2xx of a forked INVITE this is (§13.2.2.4).
    pub fn remote_tag(&self) -> Option<&str> {
        parameter(&self.parties.to, "tag")
    }

    pub fn local_tag(&self) -> Option<&str> {
        parameter(&self.parties.from, "tag")
    }

    /// The next request in the dialog and where it goes. An ACK repeats the number of its INVITE, which is the last one.
    pub fn request(&mut self, method: Method, local: SocketAddr, body: Option<String>) -> (Request, SocketAddr) {
        if method != Method::Ack {
            self.cseq += 1;
        }
        let routes = self.routes.iter().map(|route| Header::Route(untyped::Route::new(route.as_str())));
        let offers = matches!(method, Method::Invite);
        let contact = offers.then(|| [build::contact(local), build::allow()]).into_iter().flatten();
        let more = routes.chain(contact).collect();
        let to = self.routes.first().map(|route| uri_in(route)).unwrap_or_else(|| Some(self.target.clone()));
        let to = to.as_ref().and_then(build::address).unwrap_or(self.peer);
        let (target, parties, cseq) = (self.target.clone(), &self.parties, self.cseq);
        (Draft { method, target, parties, cseq, more, body }.request(local), to)
    }

    /// A re-INVITE or its answer moves the target (§12.2).
    pub fn refresh(&mut self, packet: &Packet) {
        if let Some(target) = target_of(packet) {
            self.target = target;
        }
    }
}

fn target_of(packet: &Packet) -> Option<Uri> {
    packet.message.contact_header().ok().and_then(|contact| uri_in(contact.value()))
}

/// The URI of a name-addr or addr-spec.
fn uri_in(value: &str) -> Option<Uri> {
    let uri = match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next()?,
        // Without brackets the parameters are the header's (§20).
        None => value.split(';').next()?,
    };
    Uri::try_from(uri.trim()).ok()
}

/// The Record-Route values of a message: one a line or many in one are the same (§7.3.1).
fn route_values(packet: &Packet) -> Vec<String> {
    build::record_routes(packet).iter().flat_map(|line| split_list(line)).collect()
}

fn split_list(line: &str) -> Vec<String> {
    let mut inside = false;
    line.split(|letter| {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ => {}
        }
        letter == ',' && !inside
    })
    .map(|value| value.trim().to_owned())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(text: &str) -> Packet {
        let text = text.trim_start().replace('\n', "\r\n") + "\r\n";
        Packet::parse(text.as_bytes(), "127.0.0.1:5060".parse().expect("an address")).expect("a message")
    }

    const INVITE: &str = "
INVITE sip:1@127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:7000;branch=z9hG4bK1
From: <sip:a@127.0.0.1>;tag=a
To: <sip:1@127.0.0.1>
Call-ID: x
CSeq: 5 INVITE
Contact: sip:a@127.0.0.1:7000;x=y
Record-Route: <sip:c2@127.0.0.1:5062;lr>, <sip:c1@127.0.0.1:5061;lr>
";
    const ANSWER: &str = "
SIP/2.0 200 OK
Via: SIP/2.0/UDP 127.0.0.1:7000;branch=z9hG4bK1
From: <sip:a@127.0.0.1>;tag=a
To: <sip:1@127.0.0.1>;tag=b
Call-ID: x
CSeq: 5 INVITE
Contact: <sip:b@127.0.0.1:8000>
Record-Route: <sip:c2@127.0.0.1:5062;lr>
Record-Route: <sip:c1@127.0.0.1:5061;lr>
";

    fn head(request: &Request) -> Vec<String> {
        let wanted = |line: &&str| line.starts_with("Route") || line.starts_with("CSeq") || line.contains("SIP/2.0");
        let text = request.to_string();
        text.lines().filter(wanted).filter(|line| !line.starts_with("Via")).map(str::to_owned).collect()
    }

    #[test]
    fn the_caller_visits_the_routes_backwards() {
        let local = "127.0.0.1:7000".parse().expect("an address");
        let invite = packet(INVITE).request().expect("a request").clone();
        let mut dialog = Dialog::of_caller(&invite, &packet(ANSWER), local).expect("a dialog");
        let (ack, to) = dialog.request(Method::Ack, local, None);
        assert_eq!(to.port(), 5061);
        assert_eq!(
            head(&ack),
            [
                "ACK sip:b@127.0.0.1:8000 SIP/2.0",
                "CSeq: 5 ACK",
                "Route: <sip:c1@127.0.0.1:5061;lr>",
                "Route: <sip:c2@127.0.0.1:5062;lr>"
            ]
        );
        let (bye, _) = dialog.request(Method::Bye, local, None);
        assert_eq!(bye.cseq_header().expect("CSeq").value(), "6 BYE");
    }

    #[test]
    fn the_callee_visits_the_routes_as_they_stand() {
        let local = "127.0.0.1:8000".parse().expect("an address");
        let mut dialog = Dialog::of_callee(&packet(INVITE), "b").expect("a dialog");
        let (bye, to) = dialog.request(Method::Bye, local, None);
        assert_eq!(to.port(), 5062);
        assert_eq!(
            head(&bye),
            [
                "BYE sip:a@127.0.0.1:7000 SIP/2.0",
                "CSeq: 1 BYE",
                "Route: <sip:c2@127.0.0.1:5062;lr>",
                "Route: <sip:c1@127.0.0.1:5061;lr>"
            ]
        );
        assert_eq!(bye.from_header().expect("From").value(), "<sip:1@127.0.0.1>;tag=b");
    }
}
