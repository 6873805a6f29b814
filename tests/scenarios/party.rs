//! A party of a story: it says what the file tells it to, and notes what it hears.

use crate::format::{Plan, Reply};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use trunkline::sim::endpoint::{Leg, ack_of_failure, cancel_of, phrase, response};
use trunkline::sim::net::Net;
use trunkline::sim::wire::{Wire, uri_of};
use trunkline::time::Instant;

/// Something heard: when, the short form, and the whole.
#[derive(Clone, Debug)]
pub struct Heard {
    pub at: Instant,
    pub short: String,
    pub text: String,
}

#[derive(Debug, Default)]
pub struct Party {
    pub name: String,
    pub address: Option<SocketAddr>,
    pub heard: Vec<Heard>,
    /// Its manner: method, and the replies to it.
    pub says: Vec<(String, Vec<Reply>)>,
    /// Requests that it sent, the latest last; the first INVITE is the one that is cancelled and acknowledged.
    sent: Vec<(String, SocketAddr)>,
    /// INVITEs that it received and owes answers to.
    invites: Vec<(String, SocketAddr)>,
    legs: Vec<Leg>,
    /// Requests that were answered: method and branch.
    known: BTreeSet<String>,
    calls: u32,
    branches: u32,
}

impl Party {
    pub fn new(name: &str, address: SocketAddr) -> Party {
        Party { name: name.to_string(), address: Some(address), ..Party::default() }
    }

    fn address(&self) -> SocketAddr {
        self.address.expect("every party has an address")
    }

    fn send(&self, net: &mut Net, now: Instant, to: SocketAddr, text: &str) {
        net.send(now, self.address(), to, text.as_bytes());
    }

    fn via(&mut self) -> String {
        self.branches += 1;
        format!("SIP/2.0/UDP {};branch=z9hG4bK-{}-{};rport", self.address(), self.name, self.branches)
    }

    fn contact(&self) -> String {
        format!("sip:{}@{}", self.name, self.address())
    }

    /// Does what a step says.
    pub fn act(
        &mut self,
        net: &mut Net,
        now: Instant,
        router: SocketAddr,
        from: Option<SocketAddr>,
        plan: &Plan,
    ) -> Result<(), String> {
        let (verb, rest) = plan.what.split_once(' ').unwrap_or((plan.what.as_str(), ""));
        match verb {
            "CANCEL" if rest.is_empty() => self.cancel(net, now, plan),
            "again" => self.again(net, now, from, rest),
            "ACK" => self.in_dialog(net, now, "ACK", plan),
            "re-INVITE" => self.in_dialog(net, now, "INVITE", plan),
            "raw" => {
                let text = rest.replace("\r\n", "\n").replace('\n', "\r\n");
                self.send(net, now, router, &text);
                Ok(())
            }
            code if code.parse::<u16>().is_ok() => {
                let reply = Reply::parse(&plan.what).ok_or(format!("`{}` is no reply", plan.what))?;
                let (invite, from) = self.invites.last().cloned().ok_or("no INVITE to answer")?;
                self.reply(net, now, &invite, from, &reply);
                Ok(())
            }
            method if rest.is_empty() && !plan.other.contains_key("uri") => self.in_dialog(net, now, method, plan),
            method => self.open(net, now, router, method, rest, plan),
        }
    }

    /// A request outside any dialog: `INVITE 4930`, `OPTIONS` with `uri`.
    fn open(
        &mut self,
        net: &mut Net,
        now: Instant,
        router: SocketAddr,
        method: &str,
        number: &str,
        plan: &Plan,
    ) -> Result<(), String> {
        let router = match plan.other.get("on") {
            Some(address) => address.parse().map_err(|_| format!("`{address}` is no address"))?,
            None => router,
        };
        let mut via = self.via();
        if let Some(branch) = plan.other.get("branch") {
            via = format!("SIP/2.0/UDP {};branch={branch};rport", self.address());
        }
        self.calls += u32::from(!plan.other.contains_key("branch"));
        let uri = plan.other.get("uri").cloned().unwrap_or(format!("sip:{number}@{router}"));
        let forwards = plan.other.get("max_forwards").map_or("70", String::as_str);
        let route = plan.other.get("route").map(|r| format!("Route: {r}\r\n")).unwrap_or_default();
        let (name, calls) = (&self.name, self.calls);
        let tag = plan.other.get("from_tag").cloned().unwrap_or(format!("{name}{calls}"));
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: {forwards}\r\n{route}From: <sip:{name}@phones.invalid>;tag={tag}\r\n\
             To: <{uri}>\r\nCall-ID: {name}-{calls}\r\nCSeq: 1 {method}\r\nContact: <{}>\r\n{}Content-Length: 0\r\n\r\n",
            self.contact(),
            plan.headers,
        );
        self.send(net, now, router, &text);
        self.sent.push((text, router));
        Ok(())
    }

    /// The INVITE sent last, once more; `again ACK`: the request of that method.
    fn again(&mut self, net: &mut Net, now: Instant, from: Option<SocketAddr>, method: &str) -> Result<(), String> {
        let wanted = if method.is_empty() { "INVITE" } else { method };
        let sent = self.sent.iter().rev().find(|(text, _)| text.starts_with(wanted));
        let (text, to) = sent.ok_or(format!("no {wanted} to repeat"))?;
        match from {
            Some(from) => drop(net.send(now, from, *to, text.as_bytes())),
            None => self.send(net, now, *to, text),
        }
        Ok(())
    }

    fn cancel(&mut self, net: &mut Net, now: Instant, plan: &Plan) -> Result<(), String> {
        let (text, to) = self.sent.iter().rev().find(|(t, _)| t.starts_with("INVITE")).ok_or("no INVITE to cancel")?;
        let wire = Wire::read(text.as_bytes()).ok_or("unreadable")?;
        let cancel = cancel_of(&wire).replace("Content-Length", &format!("{}Content-Length", plan.headers));
        self.send(net, now, *to, &cancel);
        Ok(())
    }

    /// A request of a dialog: the latest, or the one that `on` names by its remote tag.
    fn in_dialog(&mut self, net: &mut Net, now: Instant, method: &str, plan: &Plan) -> Result<(), String> {
        let via = self.via();
        let contact = self.contact();
        let wanted = plan.other.get("on").cloned().unwrap_or_default();
        let open = |l: &&mut Leg| l.remote.ends_with(&wanted) && !l.ended;
        let leg = self.legs.iter_mut().rev().find(open).ok_or(format!("no dialog for {method}"))?;
        if method != "ACK" {
            leg.cseq += 1;
        }
        let mut used = leg.clone();
        leg.ended = method == "BYE" && !plan.other.contains_key("cookie");
        match plan.other.get("cookie").map(String::as_str) {
            Some("tampered") => used.routes[0] = trunkline::sim::endpoint::tampered(&used.routes[0]),
            Some("none") => used.routes.clear(),
            // As a strict router would leave it: our URI in the request line, the target last in Route.
            Some("strict") => {
                let target = std::mem::replace(&mut used.target, uri_of(&used.routes[0]).to_string());
                used.routes.remove(0);
                used.routes.push(format!("<{target}>"));
            }
            Some(other) => return Err(format!("cookie: `{other}`?")),
            None => {}
        }
        // Without Route the request still comes to us.
        let hop = leg.next_hop().ok_or("a route without an address")?;
        let text = used.request(method, leg.cseq, &via, &contact, &plan.headers);
        net.send(now, self.address.expect("an address"), hop, text.as_bytes());
        self.sent.push((text, hop));
        Ok(())
    }

    /// Sends one response.
    pub fn reply(&mut self, net: &mut Net, now: Instant, request: &str, from: SocketAddr, reply: &Reply) {
        let Some(wire) = Wire::read(request.as_bytes()) else { return };
        let tag = format!("{}{}", self.name, reply.tag);
        let contact = format!("Contact: <{}>\r\n{}", self.contact(), reply.headers);
        let tag_of_it = (reply.code > 100).then_some(tag.as_str());
        let mut text = response(&wire, reply.code, phrase(reply.code), tag_of_it, &contact);
        if !reply.body.is_empty() {
            text = text.replace("Content-Length: 0", &format!("Content-Length: {}", reply.body.len())) + &reply.body;
        }
        if wire.method == "INVITE" && wire.to_tag().is_empty() && (101..300).contains(&reply.code) {
            let leg = Leg::of_callee(&wire, &tag);
            if !self.legs.iter().any(|l| l.local == leg.local && l.call_id == leg.call_id) {
                self.legs.push(leg);
            }
        }
        self.send(net, now, from, &text);
    }

    /// Takes a datagram. Gives the replies it calls for: when, and to which request.
    pub fn hear(&mut self, net: &mut Net, now: Instant, from: SocketAddr, wire: &Wire) -> Vec<(Reply, String)> {
        self.heard.push(Heard { at: now, short: short(wire), text: wire.text.to_string() });
        if wire.is_request() { self.request(from, wire) } else { self.response(net, now, wire) }
    }

    fn request(&mut self, from: SocketAddr, wire: &Wire) -> Vec<(Reply, String)> {
        let text = wire.text.to_string();
        let branch = wire.branch().to_string();
        if wire.method != "INVITE" && !self.known.insert(format!("{} {branch}", wire.method)) {
            return Vec::new(); // a retransmission: the first one is answered
        }
        let known = self.invites.iter().any(|(i, _)| i.contains(&branch));
        let initial = wire.to_tag().is_empty();
        if wire.method == "INVITE" {
            if known && initial {
                return Vec::new(); // a retransmission: the script says it all
            }
            self.invites.push((text.clone(), from));
        }
        let manner = match wire.method {
            "INVITE" if !initial => "re-INVITE",
            method => method,
        };
        let said = self.says.iter().find(|(m, _)| m == manner).map(|(_, replies)| replies.clone());
        let replies = said.unwrap_or_else(|| match manner {
            "ACK" | "INVITE" => Vec::new(),
            "CANCEL" => ["200", "487"].iter().filter_map(|r| Reply::parse(r)).collect(),
            _ => Reply::parse("200").into_iter().collect(),
        });
        let to_invite =
            |reply: &Reply| wire.method == "CANCEL" && reply.code != 200 || reply.headers.starts_with("To-INVITE");
        let invite = self.invites.iter().find(|(i, _)| i.contains(&branch)).map(|(i, _)| i.clone());
        let request_of = |reply: &Reply| if to_invite(reply) { invite.clone() } else { Some(text.clone()) };
        replies.into_iter().filter_map(|reply| request_of(&reply).map(|r| (reply, r))).collect()
    }

    /// What a response makes it do by itself: acknowledge finals.
    fn response(&mut self, net: &mut Net, now: Instant, wire: &Wire) -> Vec<(Reply, String)> {
        if wire.cseq_method != "INVITE" || wire.code == 100 {
            return Vec::new();
        }
        let branch = wire.branch().to_string();
        let invite = self.sent.iter().find(|(t, _)| t.starts_with("INVITE") && t.contains(&format!("{branch};")));
        let Some((invite, to)) = invite.cloned() else { return Vec::new() };
        let Some(own) = Wire::read(invite.as_bytes()) else { return Vec::new() };
        if wire.code >= 300 {
            self.send(net, now, to, &ack_of_failure(&own, wire));
            return Vec::new();
        }
        let same = |l: &Leg| l.call_id == wire.call_id && l.remote.ends_with(wire.to_tag());
        let known = self.legs.iter().position(same);
        let index = known.unwrap_or_else(|| {
            self.legs.push(Leg::of_caller(wire));
            self.legs.len() - 1
        });
        if wire.code >= 200 && !self.says.iter().any(|(m, _)| m == "no ACK") {
            let via = self.via();
            let contact = self.contact();
            let leg = &self.legs[index];
            let ack = leg.request("ACK", own.cseq, &via, &contact, "");
            if let Some(hop) = leg.next_hop() {
                self.send(net, now, hop, &ack);
                self.sent.push((ack, hop));
            }
        }
        Vec::new()
    }
}

/// A message in a few words: `INVITE`, `180 from g1`, `200 CANCEL`.
fn short(wire: &Wire) -> String {
    if wire.is_request() {
        return match (wire.method, wire.to_tag()) {
            ("INVITE", tag) if !tag.is_empty() => "re-INVITE".into(),
            (method, _) => method.into(),
        };
    }
    let method = if wire.cseq_method == "INVITE" { String::new() } else { format!(" {}", wire.cseq_method) };
    let tag = wire.to_tag();
    let from = if tag.len() < 8 && !tag.is_empty() { format!(" from {tag}") } else { String::new() };
    format!("{}{method}{from}", wire.code)
}
