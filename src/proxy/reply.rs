//! Answers made here (RFC 3261 §8.2.6): refusals, and the router's own OPTIONS.

use super::arrival::Arrival;
use super::call::Call;
use super::owners::Owner;
use super::{Core, Effects};
use crate::flow::Flow;
use crate::sip::{Extra, Message, Method, Via, put_decimal, response};
use crate::transaction::{InviteServer, Key};
use std::net::SocketAddr;

const ALLOW: &[u8] = b"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE, \
    MESSAGE, PUBLISH\r\n";

impl Core {
    /// Where responses to a request go: its source, with the port of rport or else of sent-by (RFC 3261 §18.2.2,
    /// RFC 3581 §4; checklist N3, N4: maddr is a reflector and is ignored).
    pub(super) fn reply_to(flow: &Flow, via: &Via) -> Flow {
        let port = match via.rport {
            Some(_) => flow.remote.port(),
            None => via.port.unwrap_or(5060),
        };
        Flow { remote: SocketAddr::new(flow.remote.ip(), port), ..*flow }
    }

    /// The tag of our own responses to a request: the same for each retransmission, unguessable to others.
    pub(super) fn own_tag(&self, message: &Message) -> [u8; 16] {
        let branch = message.via().and_then(|via| via.branch).unwrap_or_default();
        let from = message.from().and_then(|from| from.tag).unwrap_or_default();
        let hash = self.secrets.hash(&[b"tag", message.call_id().unwrap_or_default(), from, branch]);
        let mut tag = [0; 16];
        for (n, digit) in tag.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(hash >> (4 * n)) as usize & 15];
        }
        tag
    }

    /// Appends a response of our own to the arena. `lines` are whole header lines.
    pub(super) fn own_response(
        &self,
        message: &Message,
        source: SocketAddr,
        code: u16,
        reason: &str,
        lines: &[u8],
        out: &mut Vec<u8>,
    ) {
        let tag = self.own_tag(message);
        response(message, code, reason, Extra { to_tag: Some(&tag), lines, source: Some(source) }, out);
    }

    /// Answers without keeping anything: a repeated request gets the same answer again.
    pub(super) fn stateless_reply(
        &mut self,
        flow: &Flow,
        message: &Message,
        code: u16,
        reason: &str,
        lines: &[u8],
        out: &mut Effects,
    ) {
        let Some(via) = message.via() else { return };
        let start = out.arena.len();
        self.own_response(message, flow.remote, code, reason, lines, &mut out.arena);
        out.send_from(start, Core::reply_to(flow, &via));
    }

    /// Refuses a request of an admitted source: an INVITE with a transaction that waits for its ACK, anything else
    /// statelessly.
    pub(super) fn refuse(
        &mut self,
        arrival: &Arrival,
        key: Key,
        code: u16,
        reason: &str,
        why: &str,
        out: &mut Effects,
    ) {
        let lines = if why.is_empty() { Vec::new() } else { warning(why) };
        self.refuse_with(arrival, key, code, reason, &lines, out);
    }

    /// As [`Core::refuse`], with header lines of the caller's choice.
    pub(super) fn refuse_with(
        &mut self,
        arrival: &Arrival,
        key: Key,
        code: u16,
        reason: &str,
        lines: &[u8],
        out: &mut Effects,
    ) {
        let reply_to = Core::reply_to(&arrival.flow, &arrival.via);
        let start = out.arena.len();
        self.own_response(&arrival.message, arrival.flow.remote, code, reason, lines, &mut out.arena);
        out.send_from(start, reply_to);
        if arrival.method != Method::Invite || self.owner(key).is_some() {
            return;
        }
        let mut server = InviteServer::new(arrival.now.at, arrival.flow.transport.reliable(), &self.timers);
        server.respond(arrival.now.at, code, &self.timers);
        let mut call = Call::new(key, server, self.peers.share(&reply_to));
        call.last = Some(out.arena[start..].into());
        let ix = self.calls.insert(call) as u32;
        self.own(key, Owner::Call(ix));
        self.settle_call(ix);
    }

    /// A request for the router itself (checklist X24): stateless, and to strangers no larger than what they sent.
    pub(super) fn answer_for_ourselves(&mut self, arrival: &Arrival, key: Key, out: &mut Effects) {
        let sent = arrival.message.bytes.len();
        let stranger = !arrival.admission.admitted;
        if stranger && arrival.method != Method::Options {
            return self.stranger(arrival, key, out);
        }
        let (code, reason, lines) = match arrival.method {
            Method::Options if self.draining => (503, "Service Unavailable", b"Retry-After: 10\r\n".to_vec()),
            Method::Options => (200, "OK", [ALLOW, b"Accept: application/sdp\r\nSupported:\r\n".as_slice()].concat()),
            Method::Register => (405, "Method Not Allowed", ALLOW.to_vec()),
            _ => (405, "Method Not Allowed", ALLOW.to_vec()),
        };
        if !stranger {
            return self.refuse_with(arrival, key, code, reason, &lines, out);
        }
        let start = out.arena.len();
        self.own_response(&arrival.message, arrival.flow.remote, code, reason, &[], &mut out.arena);
        if self.stranger_may_hear(arrival.now.at, sent, out.arena.len() - start) {
            out.send_from(start, Core::reply_to(&arrival.flow, &arrival.via));
        } else {
            out.arena.truncate(start);
        }
    }

    /// A request from a source that nothing admits: silence, or 403 where `unknown: reject` stands.
    pub(super) fn stranger(&mut self, arrival: &Arrival, _key: Key, out: &mut Effects) {
        self.counters.strangers += 1;
        if !self.loaded.snapshot.access.reject_unknown || arrival.method == Method::Ack {
            return;
        }
        let start = out.arena.len();
        self.own_response(&arrival.message, arrival.flow.remote, 403, "Forbidden", &[], &mut out.arena);
        if self.stranger_may_hear(arrival.now.at, arrival.message.bytes.len(), out.arena.len() - start) {
            out.send_from(start, Core::reply_to(&arrival.flow, &arrival.via));
        } else {
            out.arena.truncate(start);
        }
    }
}

/// A Warning line that says why (RFC 3261 §20.43: 399, miscellaneous).
pub(super) fn warning(why: &str) -> Vec<u8> {
    let mut line = b"Warning: 399 trunkline \"".to_vec();
    line.extend(why.bytes().filter(|c| (b' '..=b'~').contains(c) && !matches!(c, b'"' | b'\\')));
    line.extend_from_slice(b"\"\r\n");
    line
}

/// A Retry-After line.
pub(super) fn retry_after(seconds: u64) -> Vec<u8> {
    let mut line = b"Retry-After: ".to_vec();
    put_decimal(&mut line, seconds);
    line.extend_from_slice(b"\r\n");
    line
}
