//! What a phone and a gateway have in common: transactions that repeat themselves, and one side of a dialog.
//!
//! Simple and by the book (RFC 3261 §12, §17), written without the router's code: the simulation trusts it.

use super::net::{Net, Token};
use super::wire::{Wire, address_of, uri_of};
use crate::time::Instant;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

pub const T1: Duration = Duration::from_millis(500);
pub const T2: Duration = Duration::from_secs(4);
/// 64·T1: timers B, F, H, J, L.
pub const LIFE: Duration = Duration::from_secs(32);

/// Wake-ups of this file; others begin at [`OWN_KINDS`].
pub const RESEND: u16 = 0;
pub const REPEAT: u16 = 1;
pub const OWN_KINDS: u16 = 2;

/// A party of one call, with its way into the network for the length of one step.
pub struct Desk<'a> {
    pub now: Instant,
    pub net: &'a mut Net,
    pub call: u64,
    pub part: u16,
    pub address: SocketAddr,
}

impl Desk<'_> {
    pub fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        self.net.send(self.now, self.address, to, bytes);
    }
    pub fn wake(&mut self, after: Duration, kind: u16, index: usize) {
        let token = Token { call: self.call, part: self.part, kind, index: index as u32 };
        self.net.wake(self.now, after, token);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Calling,
    Proceeding,
    Final(u16),
    TimedOut,
}

/// A request that was sent and repeats itself until it is answered (RFC 3261 §17.1).
#[derive(Debug)]
pub struct Outgoing {
    pub branch: String,
    pub method: &'static str,
    pub progress: Progress,
    pub bytes: Box<[u8]>,
    pub to: SocketAddr,
    every: Duration,
    until: Instant,
}

/// A response that was sent, and repeats itself where it must until the ACK (RFC 3261 §13.3.1.4, §17.2.1).
#[derive(Debug)]
pub struct Incoming {
    pub branch: String,
    pub method: String,
    pub cseq: u32,
    pub response: Box<[u8]>,
    pub code: u16,
    pub to: SocketAddr,
    pub acked: bool,
    every: Duration,
    until: Instant,
}

/// The transactions of one party of one call.
#[derive(Debug, Default)]
pub struct Transactions {
    pub outgoing: Vec<Outgoing>,
    pub incoming: Vec<Incoming>,
}

/// Whose response came in, and whether it was the first final.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    pub outgoing: usize,
    pub before: Progress,
}

impl Transactions {
    /// Sends a request and keeps repeating it.
    pub fn request(
        &mut self,
        desk: &mut Desk,
        method: &'static str,
        branch: String,
        to: SocketAddr,
        text: String,
    ) -> usize {
        let bytes = text.into_bytes().into_boxed_slice();
        desk.send(to, &bytes);
        let index = self.outgoing.len();
        desk.wake(T1, RESEND, index);
        let until = desk.now + LIFE;
        self.outgoing.push(Outgoing { branch, method, progress: Progress::Calling, bytes, to, every: T1, until });
        index
    }

    /// Timers A and E (repeat), B and F (give up).
    pub fn resend(&mut self, desk: &mut Desk, index: usize) -> bool {
        let Some(own) = self.outgoing.get_mut(index) else { return false };
        let invite = own.method == "INVITE";
        match own.progress {
            Progress::Calling => {}
            Progress::Proceeding if !invite => {}
            _ => return false,
        }
        if desk.now >= own.until {
            own.progress = Progress::TimedOut;
            return true;
        }
        desk.send(own.to, &own.bytes);
        own.every = match own.progress {
            Progress::Proceeding => T2,
            _ if invite => own.every * 2,
            _ => (own.every * 2).min(T2),
        };
        let rest = Duration::from_micros(own.until.0 - desk.now.0);
        desk.wake(own.every.min(rest), RESEND, index);
        false
    }

    /// Takes a response: which request it answers, and what was known before.
    pub fn response(&mut self, wire: &Wire) -> Option<Answered> {
        let branch = wire.branch();
        let outgoing = self.outgoing.iter().position(|o| o.branch == branch && o.method == wire.cseq_method)?;
        let own = &mut self.outgoing[outgoing];
        let before = own.progress;
        if matches!(before, Progress::Calling | Progress::Proceeding) {
            own.progress = if wire.code < 200 { Progress::Proceeding } else { Progress::Final(wire.code) };
        }
        Some(Answered { outgoing, before })
    }

    /// Sends a response and keeps it for the request's repetitions; finals to an INVITE repeat until the ACK.
    pub fn respond(&mut self, desk: &mut Desk, wire: &Wire, from: SocketAddr, code: u16, text: String) {
        let response = text.into_bytes().into_boxed_slice();
        desk.send(from, &response);
        let branch = wire.branch();
        let known = self.incoming.iter().position(|i| i.branch == branch && i.method == wire.method);
        let index = known.unwrap_or(self.incoming.len());
        let until = desk.now + LIFE;
        let own = Incoming {
            branch: branch.to_string(),
            method: wire.method.to_string(),
            cseq: wire.cseq,
            response,
            code,
            to: from,
            acked: false,
            every: T1,
            until,
        };
        match known {
            Some(at) => self.incoming[at] = own,
            None => self.incoming.push(own),
        }
        if wire.method == "INVITE" && code >= 200 {
            desk.wake(T1, REPEAT, index);
        }
    }

    /// Timer G, and the repetitions of a 2xx. True when the ACK never came.
    pub fn repeat(&mut self, desk: &mut Desk, index: usize) -> bool {
        let Some(own) = self.incoming.get_mut(index) else { return false };
        if own.acked || own.code < 200 {
            return false;
        }
        if desk.now >= own.until {
            own.acked = true;
            return true;
        }
        desk.send(own.to, &own.response);
        own.every = (own.every * 2).min(T2);
        let rest = Duration::from_micros(own.until.0 - desk.now.0);
        desk.wake(own.every.min(rest), REPEAT, index);
        false
    }

    /// Whether a request is the repetition of one that was answered: then the answer is repeated.
    pub fn repeated(&mut self, desk: &mut Desk, wire: &Wire) -> bool {
        let branch = wire.branch();
        let Some(own) = self.incoming.iter().find(|i| i.branch == branch && i.method == wire.method) else {
            return false;
        };
        // RFC 6026 §7.1: a server transaction in Accepted absorbs; the 2xx repeats by its own timer.
        if !(own.method == "INVITE" && (200..300).contains(&own.code)) {
            desk.send(own.to, &own.response);
        }
        true
    }

    /// Takes an ACK: for a non-2xx by its branch, for a 2xx by its CSeq number.
    pub fn ack(&mut self, wire: &Wire) -> Option<u16> {
        let branch = wire.branch();
        let matches = |i: &&mut Incoming| {
            i.method == "INVITE" && if i.code < 300 { i.code >= 200 && i.cseq == wire.cseq } else { i.branch == branch }
        };
        let own = self.incoming.iter_mut().find(matches)?;
        own.acked = true;
        Some(own.code)
    }

    /// Nothing of its own will be sent any more.
    pub fn quiet(&self) -> bool {
        let out = |o: &Outgoing| match o.progress {
            Progress::Calling => false,
            Progress::Proceeding => o.method == "INVITE",
            _ => true,
        };
        self.outgoing.iter().all(out) && self.incoming.iter().all(|i| i.acked || i.method != "INVITE" || i.code < 200)
    }
}

/// One side of a dialog (RFC 3261 §12).
#[derive(Clone, Debug)]
pub struct Leg {
    pub call_id: String,
    /// Values of From and To as this side writes them.
    pub local: String,
    pub remote: String,
    pub target: String,
    pub routes: Vec<String>,
    pub cseq: u32,
    /// The highest CSeq number seen from the other side.
    pub remote_cseq: u32,
    pub ended: bool,
}

impl Leg {
    /// The caller's side, made from a 2xx (or a 1xx with a tag): the route set in reverse order (§12.1.2).
    pub fn of_caller(wire: &Wire) -> Leg {
        let mut routes: Vec<String> = wire.record_routes.iter().map(|r| r.to_string()).collect();
        routes.reverse();
        Leg {
            call_id: wire.call_id.to_string(),
            local: wire.from.to_string(),
            remote: wire.to.to_string(),
            target: wire.contact.map(uri_of).unwrap_or_default().to_string(),
            routes,
            cseq: wire.cseq,
            remote_cseq: 0,
            ended: false,
        }
    }

    /// The callee's side, made from the INVITE (§12.1.1).
    pub fn of_callee(wire: &Wire, tag: &str) -> Leg {
        Leg {
            call_id: wire.call_id.to_string(),
            local: format!("{};tag={tag}", wire.to),
            remote: wire.from.to_string(),
            target: wire.contact.map(uri_of).unwrap_or_default().to_string(),
            routes: wire.record_routes.iter().map(|r| r.to_string()).collect(),
            cseq: 1_000,
            remote_cseq: wire.cseq,
            ended: false,
        }
    }

    /// Where requests of this dialog go first.
    pub fn next_hop(&self) -> Option<SocketAddr> {
        address_of(self.routes.first().map_or(self.target.as_str(), |r| uri_of(r)))
    }

    pub fn request(&self, method: &str, cseq: u32, via: &str, contact: &str, extra: &str) -> String {
        let mut text = format!("{method} {} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n", self.target);
        for route in &self.routes {
            let _ = write!(text, "Route: {route}\r\n");
        }
        let _ = write!(
            text,
            "From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: <{contact}>\r\n{extra}Content-Length: 0\r\n\r\n",
            self.local, self.remote, self.call_id
        );
        text
    }
}

/// A response by the book: all Vias, From, To with a tag, Call-ID, CSeq (§8.2.6.2).
pub fn response(wire: &Wire, code: u16, reason: &str, tag: Option<&str>, extra: &str) -> String {
    let mut text = format!("SIP/2.0 {code} {reason}\r\n");
    for via in &wire.vias {
        let _ = write!(text, "Via: {via}\r\n");
    }
    if wire.method == "INVITE" && code > 100 && code < 300 {
        for route in &wire.record_routes {
            let _ = write!(text, "Record-Route: {route}\r\n");
        }
    }
    let to_tag = match tag {
        Some(tag) if wire.to_tag().is_empty() => format!(";tag={tag}"),
        _ => String::new(),
    };
    let _ = write!(
        text,
        "From: {}\r\nTo: {}{to_tag}\r\nCall-ID: {}\r\nCSeq: {} {}\r\n{extra}Content-Length: 0\r\n\r\n",
        wire.from, wire.to, wire.call_id, wire.cseq, wire.cseq_method
    );
    text
}

/// The ACK to a non-2xx final: the INVITE's own branch and Request-URI, the response's To (§17.1.1.3).
pub fn ack_of_failure(invite: &Wire, response: &Wire) -> String {
    same_transaction("ACK", invite, response.to)
}

/// The CANCEL of an INVITE (§9.1).
pub fn cancel_of(invite: &Wire) -> String {
    same_transaction("CANCEL", invite, invite.to)
}

fn same_transaction(method: &str, invite: &Wire, to: &str) -> String {
    let mut text = format!("{method} {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\n", invite.uri, invite.vias[0]);
    for route in &invite.routes {
        let _ = write!(text, "Route: {route}\r\n");
    }
    let _ = write!(
        text,
        "From: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\nContent-Length: 0\r\n\r\n",
        invite.from, invite.call_id, invite.cseq
    );
    text
}

/// The reason phrase that goes with a code here.
pub fn phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Whatever",
    }
}

/// Changes one character of a Route's user part: what is left is base32, and not the cookie that was given out.
pub fn tampered(route: &str) -> String {
    let Some(at) = route.find('@') else { return route.to_string() };
    let mut bytes = route.as_bytes().to_vec();
    let middle = (route.find(':').map_or(0, |c| c + 1) + at) / 2;
    bytes[middle] = if bytes[middle] == b'a' { b'b' } else { b'a' };
    String::from_utf8_lossy(&bytes).into_owned()
}
