//! The gateways: a UAS by the book for each INVITE that reaches one, and the host that answers probes.

use super::endpoint::{Desk, Leg, OWN_KINDS, REPEAT, RESEND, Transactions, ack_of_failure, phrase, response};
use super::errand::{CalleePlan, OnCancel};
use super::net::Net;
use super::wire::Wire;
use crate::time::Instant;
use std::net::SocketAddr;
use std::time::Duration;

const STEP: u16 = OWN_KINDS;
const HANG_UP: u16 = OWN_KINDS + 1;
const MID_CALL: u16 = OWN_KINDS + 2;

/// What one gateway does with one INVITE, or another request that opens something.
#[derive(Debug)]
pub struct Callee {
    pub address: SocketAddr,
    plan: CalleePlan,
    invite: Box<[u8]>,
    from: SocketAddr,
    branch: String,
    name: String,
    tx: Transactions,
    /// One for each answer's tag.
    legs: Vec<Leg>,
    cancelled: bool,
    /// The non-2xx final, once it is out.
    failed: bool,
    branches: u32,
}

impl Callee {
    /// Takes a new INVITE. `name` is unique in the run: its tags and branches come from it.
    pub fn new(desk: &mut Desk, plan: CalleePlan, from: SocketAddr, wire: &Wire, name: String) -> Callee {
        if let Some((delay, _, _)) = plan.steps.first() {
            desk.wake(*delay, STEP, 0);
        }
        Callee {
            address: desk.address,
            plan,
            invite: wire.text.as_bytes().into(),
            from,
            branch: wire.branch().to_string(),
            name,
            tx: Transactions::default(),
            legs: Vec::new(),
            cancelled: false,
            failed: false,
            branches: 0,
        }
    }

    /// Whether a request belongs to this one.
    pub fn owns(&self, wire: &Wire) -> bool {
        let tag = wire.to_tag();
        if tag.is_empty() || wire.method == "CANCEL" {
            return self.branch == wire.branch();
        }
        tag.strip_suffix(['a', 'b']) == Some(&self.name)
    }

    /// Whether a response answers a request of this one.
    pub fn asked(&self, wire: &Wire) -> bool {
        let branch = wire.branch();
        self.tx.outgoing.iter().any(|o| o.branch == branch)
    }

    fn tag(&self, which: u8) -> String {
        format!("{}{}", self.name, if which == 0 { 'a' } else { 'b' })
    }

    fn contact(&self) -> String {
        format!("sip:line@{}", self.address)
    }

    pub fn woken(&mut self, desk: &mut Desk, kind: u16, index: usize) {
        match kind {
            RESEND => {
                self.tx.resend(desk, index);
            }
            // A 2xx without an ACK: the dialog is ended (§13.3.1.4).
            REPEAT => {
                if self.tx.repeat(desk, index) && self.tx.incoming[index].code < 300 {
                    (0..self.legs.len()).for_each(|leg| self.in_dialog(desk, leg, "BYE"));
                }
            }
            STEP => self.step(desk, index),
            HANG_UP => self.in_dialog(desk, index, "BYE"),
            _ => {
                if let Some((_, method)) = self.plan.mid_call {
                    self.in_dialog(desk, 0, method);
                }
            }
        }
    }

    fn step(&mut self, desk: &mut Desk, index: usize) {
        let Some(&(_, code, which)) = self.plan.steps.get(index) else { return };
        let answered = !self.legs.is_empty() && which == 0;
        if self.failed || answered || (self.cancelled && self.plan.on_cancel == OnCancel::Stop) {
            return;
        }
        self.say(desk, code, which);
        if let Some((delay, _, _)) = self.plan.steps.get(index + 1) {
            desk.wake(*delay, STEP, index + 1);
        }
    }

    /// Sends one response to the INVITE.
    fn say(&mut self, desk: &mut Desk, code: u16, which: u8) {
        let invite = self.invite.clone();
        let Some(wire) = Wire::read(&invite) else { return };
        let tag = self.tag(which);
        let mut extra = format!("X-From: {}\r\n", self.name);
        if (101..300).contains(&code) {
            extra += &format!("Contact: <{}>\r\n", self.contact());
        }
        if let (503, Some(seconds)) = (code, self.plan.retry_after) {
            extra += &format!("Retry-After: {seconds}\r\n");
        }
        if code == 407 {
            extra += "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"1\"\r\n";
        }
        let text = response(&wire, code, phrase(code), (code > 100).then_some(tag.as_str()), &extra);
        if which == 1 && code >= 200 {
            // A second phone behind the gateway: its 2xx is a response of its own, told once.
            desk.send(self.from, text.as_bytes());
        } else {
            self.tx.respond(desk, &wire, self.from, code, text);
        }
        self.failed |= code >= 300;
        if (200..300).contains(&code) {
            self.answered(desk, &wire, &tag);
        }
    }

    fn answered(&mut self, desk: &mut Desk, wire: &Wire, tag: &str) {
        let index = self.legs.len();
        self.legs.push(Leg::of_callee(wire, tag));
        match self.plan.talk {
            Some(talk) if index == 0 => desk.wake(talk, HANG_UP, 0),
            // The second leg ends by itself when its 200 got lost: no ACK will ever come.
            _ if index > 0 => desk.wake(Duration::from_secs(32), HANG_UP, index),
            _ => {}
        }
        if let (0, Some((delay, _))) = (index, self.plan.mid_call) {
            desk.wake(delay, MID_CALL, 0);
        }
    }

    fn in_dialog(&mut self, desk: &mut Desk, index: usize, method: &'static str) {
        // A callee waits for the ACK before its BYE (§15).
        if method != "BYE" && self.tx.incoming.iter().any(|i| i.method == "INVITE" && !i.acked) {
            return;
        }
        if method == "BYE" && index == 0 && self.tx.incoming.iter().any(|i| i.method == "INVITE" && !i.acked) {
            return desk.wake(Duration::from_millis(300), HANG_UP, index);
        }
        self.branches += 1;
        let branch = format!("z9hG4bK{}.{}", self.name, self.branches);
        let via = format!("SIP/2.0/UDP {};branch={branch};rport", self.address);
        let contact = self.contact();
        let Some(leg) = self.legs.get_mut(index) else { return };
        if leg.ended {
            return;
        }
        leg.cseq += 1;
        leg.ended = method == "BYE";
        let text = leg.request(method, leg.cseq, &via, &contact, "");
        if let Some(hop) = leg.next_hop() {
            self.tx.request(desk, method, branch, hop, text);
        }
    }

    pub fn datagram(&mut self, desk: &mut Desk, from: SocketAddr, wire: &Wire) {
        if !wire.is_request() {
            return self.response(desk, wire);
        }
        if wire.method == "ACK" {
            // The second phone behind the gateway said its 200 once: its ACK is for nothing that repeats.
            if wire.to_tag() != self.tag(1) {
                self.tx.ack(wire);
            }
            return;
        }
        if wire.branch() == self.branch && wire.method != "CANCEL" {
            // A retransmission: the last response again, or nothing yet.
            self.tx.repeated(desk, wire);
            return;
        }
        if self.tx.repeated(desk, wire) {
            return;
        }
        match wire.method {
            "CANCEL" => self.cancel(desk, from, wire),
            _ => self.in_dialog_request(desk, from, wire),
        }
    }

    fn cancel(&mut self, desk: &mut Desk, from: SocketAddr, wire: &Wire) {
        if self.plan.on_cancel == OnCancel::Ignore {
            return;
        }
        let text = response(wire, 200, "OK", Some(&self.tag(0)), "");
        self.tx.respond(desk, wire, from, 200, text);
        let open = !self.failed && self.legs.is_empty() && !self.cancelled;
        self.cancelled = true;
        match self.plan.on_cancel {
            OnCancel::Stop if open => self.say(desk, 487, 0),
            OnCancel::AnswerAnyway if open => self.say(desk, 200, 0),
            _ => {}
        }
    }

    fn in_dialog_request(&mut self, desk: &mut Desk, from: SocketAddr, wire: &Wire) {
        let tag = wire.to_tag();
        let contact = self.contact();
        let leg = self.legs.iter_mut().find(|l| l.local.ends_with(tag));
        let (code, extra) = match leg {
            None => (481, String::new()),
            Some(leg) if leg.ended => (481, String::new()),
            Some(leg) if wire.method == "BYE" => {
                leg.ended = true;
                (200, String::new())
            }
            Some(_) => (200, format!("Contact: <{contact}>\r\n")),
        };
        let text = response(wire, code, phrase(code), None, &extra);
        self.tx.respond(desk, wire, from, code, text);
    }

    fn response(&mut self, desk: &mut Desk, wire: &Wire) {
        let Some(answered) = self.tx.response(wire) else { return };
        if wire.cseq_method != "INVITE" || wire.code < 200 {
            return;
        }
        let own = &self.tx.outgoing[answered.outgoing];
        let (bytes, to) = (own.bytes.clone(), own.to);
        let Some(invite) = Wire::read(&bytes) else { return };
        if wire.code >= 300 {
            return desk.send(to, ack_of_failure(&invite, wire).as_bytes());
        }
        let (Some(leg), contact) = (self.legs.first(), self.contact()) else { return };
        self.branches += 1;
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bK{}.{}", self.address, self.name, self.branches);
        let ack = leg.request("ACK", invite.cseq, &via, &contact, "");
        if let Some(hop) = leg.next_hop() {
            desk.send(hop, ack.as_bytes());
        }
    }
}

/// A gateway's answer to a request outside any call: probes, a MESSAGE.
pub fn answer_alone(net: &mut Net, now: Instant, address: SocketAddr, from: SocketAddr, wire: &Wire, code: u16) {
    let text = response(wire, code, phrase(code), Some("probe"), "");
    net.send(now, address, from, text.as_bytes());
}
