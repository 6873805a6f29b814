//! The phones: a UAC by the book that dials, changes its mind, talks, and hangs up.

use super::endpoint::{Desk, Leg, OWN_KINDS, Progress, Transactions, ack_of_failure, cancel_of, response, tampered};
use super::errand::{CallerPlan, CancelWhen, Errand};
use super::wire::Wire;
use std::net::SocketAddr;
use std::time::Duration;

const CANCEL: u16 = OWN_KINDS;
const HANG_UP: u16 = OWN_KINDS + 1;
const MID_CALL: u16 = OWN_KINDS + 2;

/// How a call ended for the one who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Not yet.
    Open,
    Failed(u16),
    Answered,
    /// Timer B or F: nothing came at all.
    TimedOut,
}

impl Ending {
    /// In one number: 0 open, 1 timed out, else the class or code of the final.
    pub fn short(self) -> u16 {
        match self {
            Ending::Open => 0,
            Ending::TimedOut => 1,
            Ending::Answered => 200,
            Ending::Failed(code) => code,
        }
    }
}

/// The caller of one call.
#[derive(Debug)]
pub struct Caller {
    pub plan: CallerPlan,
    /// The router's address it sends to.
    pub router: SocketAddr,
    pub ending: Ending,
    /// What it saw that no caller may see.
    pub fault: Option<String>,
    pub cancelled: bool,
    tx: Transactions,
    legs: Vec<(Leg, Box<[u8]>)>,
    branches: u32,
    name: String,
    contact: String,
}

/// Part number of every caller in its call's tokens.
pub const PART: u16 = 0;

impl Caller {
    pub fn new(plan: CallerPlan, router: SocketAddr, call: u64, address: SocketAddr) -> Caller {
        let contact = format!("sip:phone@{address}");
        Caller {
            plan,
            router,
            ending: Ending::Open,
            fault: None,
            cancelled: false,
            tx: Transactions::default(),
            legs: Vec::new(),
            branches: 0,
            name: format!("c{call}"),
            contact,
        }
    }

    fn via(&mut self, desk: &Desk) -> (String, String) {
        self.branches += 1;
        let branch = format!("z9hG4bK{}.{}", self.name, self.branches);
        // Behind a NAT the phone knows its private address alone (RFC 3581).
        let sent_by = if self.plan.nat { "192.168.7.7:5060".to_string() } else { desk.address.to_string() };
        (format!("SIP/2.0/UDP {sent_by};branch={branch};rport"), branch)
    }

    /// Sends the first request.
    pub fn start(&mut self, desk: &mut Desk) {
        let (via, branch) = self.via(desk);
        let method = self.plan.errand.method();
        let to = match self.plan.errand {
            Errand::Ping | Errand::Register => format!("sip:{}", self.router),
            _ => format!("sip:{}@{}", self.plan.number, self.router),
        };
        let body = if method == "INVITE" { "v=0\r\no=- 1 1 IN IP4 10.1.0.1\r\ns=-\r\nt=0 0\r\n" } else { "" };
        let names = if self.plan.compact { ["v", "f", "t", "i", "m", "l"] } else { LONG_NAMES };
        let [v, f, t, i, m, l] = names;
        let forwards = self.plan.max_forwards;
        let (user, name) = (&self.plan.user, &self.name);
        let text = format!(
            "{method} {to} SIP/2.0\r\n{v}: {via}\r\nMax-Forwards: {forwards}\r\n{f}: \"Phone, one\" <sip:{user}@phones.invalid>;tag={name}\r\n\
             {t}: <{to}>\r\n{i}: {name}@sim\r\nCSeq: 1 {method}\r\n{m}: <{}>\r\nX-Kept: a, b ;c\r\n{l}: {}\r\n\r\n{body}",
            self.contact,
            body.len(),
        );
        self.tx.request(desk, method, branch, self.router, text);
        if let Some(CancelWhen::After(delay)) = self.plan.cancel {
            desk.wake(delay, CANCEL, 0);
        }
    }

    pub fn woken(&mut self, desk: &mut Desk, kind: u16, index: usize) {
        match kind {
            super::endpoint::RESEND => {
                if self.tx.resend(desk, index) && index == 0 {
                    self.ending = Ending::TimedOut;
                }
            }
            super::endpoint::REPEAT => {
                self.tx.repeat(desk, index);
            }
            CANCEL => self.cancel(desk),
            HANG_UP => self.bye(desk, index),
            _ => self.mid_call(desk, index),
        }
    }

    /// CANCELs the INVITE: only after a provisional, and not after the final that it has seen (§9.1). A caller whose
    /// CANCEL crosses the 200 is drawn by the network's delays.
    fn cancel(&mut self, desk: &mut Desk) {
        if self.cancelled || self.plan.errand.method() != "INVITE" {
            return;
        }
        let may = match self.tx.outgoing[0].progress {
            Progress::Proceeding => true,
            Progress::Final(code) => code < 300 && matches!(self.plan.cancel, Some(CancelWhen::AfterAnswer)),
            Progress::Calling => {
                desk.wake(Duration::from_millis(100), CANCEL, 0);
                false
            }
            Progress::TimedOut => false,
        };
        if may {
            self.cancelled = true;
            let invite = self.tx.outgoing[0].bytes.clone();
            let Some(wire) = Wire::read(&invite) else { return };
            let branch = wire.branch().to_string();
            self.tx.request(desk, "CANCEL", branch, self.router, cancel_of(&wire));
        }
    }

    pub fn datagram(&mut self, desk: &mut Desk, from: SocketAddr, wire: &Wire) {
        if wire.is_request() {
            return self.request(desk, from, wire);
        }
        let Some(answered) = self.tx.response(wire) else { return };
        if answered.outgoing == 0 {
            self.first_response(desk, wire, answered.before);
        } else if wire.cseq_method == "INVITE" && wire.code >= 200 {
            self.confirm(desk, answered.outgoing, wire);
        }
    }

    fn first_response(&mut self, desk: &mut Desk, wire: &Wire, before: Progress) {
        let invite = wire.cseq_method == "INVITE";
        match wire.code {
            0..200 => self.provisional(desk, wire, before),
            200..300 if invite => self.answered(desk, wire),
            200..300 => self.ending = Ending::Answered,
            code => {
                if invite {
                    let own = self.tx.outgoing[0].bytes.clone();
                    if let Some(own) = Wire::read(&own) {
                        let ack = ack_of_failure(&own, wire);
                        desk.send(self.router, ack.as_bytes());
                    }
                }
                match self.ending {
                    Ending::Open | Ending::TimedOut => self.ending = Ending::Failed(code),
                    Ending::Failed(first) if first == code => {}
                    Ending::Failed(first) => self.fault = Some(format!("a {code} after the final {first}")),
                    // A final that the late answer (checklist F20) has overtaken: RFC 6026 drops it in Accepted. What
                    // the router may send after a 2xx is judged at its border.
                    Ending::Answered => {}
                }
            }
        }
    }

    fn provisional(&mut self, desk: &mut Desk, wire: &Wire, before: Progress) {
        if wire.code == 100 && wire.named("X-From").is_some() {
            self.fault = Some("a gateway's 100 reached the caller".into());
        }
        match self.plan.cancel {
            Some(CancelWhen::FirstReply(delay)) if before == Progress::Calling => desk.wake(delay, CANCEL, 0),
            Some(CancelWhen::Ringing(delay)) if wire.code > 100 => desk.wake(delay, CANCEL, 0),
            _ => {}
        }
    }

    /// A 2xx: acknowledged each time; a second leg, and one that nobody waits for, is ended at once (§13.2.2.4).
    fn answered(&mut self, desk: &mut Desk, wire: &Wire) {
        let tag = wire.to_tag();
        if let Some((leg, ack)) = self.legs.iter().find(|(l, _)| l.remote.ends_with(tag)) {
            if let Some(hop) = leg.next_hop() {
                desk.send(hop, ack);
            }
            return;
        }
        let late = matches!(self.ending, Ending::Failed(_));
        if late && self.plan.deaf {
            return;
        }
        if !late {
            self.ending = Ending::Answered;
        }
        let first = self.legs.is_empty();
        let leg = Leg::of_caller(wire);
        let (via, _) = self.via(desk);
        let ack = leg.request("ACK", wire.cseq, &via, &self.contact, "").into_bytes().into_boxed_slice();
        if let Some(hop) = leg.next_hop() {
            desk.send(hop, &ack);
        }
        let index = self.legs.len();
        self.legs.push((leg, ack));
        if !first || late || self.cancelled {
            return self.bye(desk, index);
        }
        if matches!(self.plan.cancel, Some(CancelWhen::AfterAnswer)) {
            self.cancel(desk);
        }
        desk.wake(self.plan.talk, HANG_UP, index);
        for at in 0..self.plan.mid_call.len() {
            desk.wake(self.plan.mid_call[at].0, MID_CALL, at);
        }
    }

    /// A final to a re-INVITE.
    fn confirm(&mut self, desk: &mut Desk, outgoing: usize, wire: &Wire) {
        if wire.code >= 300 {
            let own = self.tx.outgoing[outgoing].bytes.clone();
            let to = self.tx.outgoing[outgoing].to;
            if let Some(own) = Wire::read(&own) {
                desk.send(to, ack_of_failure(&own, wire).as_bytes());
            }
            return;
        }
        let (via, _) = self.via(desk);
        let Some((leg, ack)) = self.legs.first_mut() else { return };
        *ack = leg.request("ACK", wire.cseq, &via, &self.contact, "").into_bytes().into_boxed_slice();
        if let Some(hop) = leg.next_hop() {
            desk.send(hop, ack);
        }
    }

    fn bye(&mut self, desk: &mut Desk, index: usize) {
        self.in_dialog(desk, index, "BYE", false);
        if let Some((leg, _)) = self.legs.get_mut(index) {
            leg.ended = true;
        }
    }

    fn mid_call(&mut self, desk: &mut Desk, index: usize) {
        let (_, method, tampered) = self.plan.mid_call[index];
        self.in_dialog(desk, 0, method, tampered);
    }

    fn in_dialog(&mut self, desk: &mut Desk, index: usize, method: &'static str, spoilt: bool) {
        let (via, branch) = self.via(desk);
        let Some((leg, _)) = self.legs.get_mut(index) else { return };
        if leg.ended {
            return;
        }
        leg.cseq += 1;
        let Some(hop) = leg.next_hop() else { return };
        let mut sent = leg.clone();
        if spoilt && let Some(route) = sent.routes.first_mut() {
            *route = tampered(route);
        }
        let text = sent.request(method, leg.cseq, &via, &self.contact, "");
        self.tx.request(desk, method, branch, hop, text);
    }

    fn request(&mut self, desk: &mut Desk, from: SocketAddr, wire: &Wire) {
        if wire.method == "ACK" {
            self.tx.ack(wire);
            return;
        }
        if self.tx.repeated(desk, wire) {
            return;
        }
        let tag = wire.from_tag();
        let leg = self.legs.iter_mut().find(|(l, _)| l.remote.ends_with(tag)).map(|(l, _)| l);
        let (code, extra) = match (leg, wire.method) {
            (None, _) => (481, String::new()),
            (Some(leg), _) if leg.ended => (481, String::new()),
            (Some(leg), "BYE") => {
                leg.ended = true;
                (200, String::new())
            }
            (Some(_), _) => (200, format!("Contact: <{}>\r\n", self.contact)),
        };
        let text = response(wire, code, super::endpoint::phrase(code), None, &extra);
        self.tx.respond(desk, wire, from, code, text);
    }

    /// Whether nothing more will come from this side by itself.
    pub fn quiet(&self) -> bool {
        self.ending != Ending::Open && self.tx.quiet() && self.legs.iter().all(|(l, _)| l.ended)
    }
}

const LONG_NAMES: [&str; 6] = ["Via", "From", "To", "Call-ID", "Contact", "Content-Length"];
