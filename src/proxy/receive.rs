//! A datagram comes in: parse, match to a transaction, check, and send it on its way (RFC 3261 §16.3, §17.2.3).

use super::arrival::Arrival;
use super::owners::Owner;
use super::reply::warning;
use super::token::{Kind, Token};
use super::{Core, Effects};
use crate::flow::Flow;
use crate::sip::{Fault, Message, Method, Parsed, Reject, parse, validate_below};
use crate::time::Now;
use crate::transaction::{Again, Key};

impl Core {
    pub fn datagram(&mut self, now: Now, flow: Flow, bytes: &[u8], out: &mut Effects) {
        self.counters.datagrams += 1;
        #[cfg(feature = "sim")]
        self.places.arrived(bytes);
        if self.shed_unparsed(now, &flow, bytes, out) {
            return;
        }
        let mut index = std::mem::take(&mut self.index);
        let limits = self.loaded.snapshot.limits;
        let strays = self.counters.strays;
        let mut expected = false;
        match parse(bytes, &mut index, &limits) {
            Ok(Parsed::KeepAlive) => self.counters.keep_alives += 1,
            Ok(Parsed::Message(message)) => match message.method() {
                Some(method) => self.request(now, flow, &message, method, out),
                None => {
                    self.response(now, &message, out);
                    expected = self.counters.strays == strays;
                }
            },
            Err(fault) => self.unreadable(flow, &fault, out),
        }
        // Answers that we asked for are nobody's burden.
        if !expected {
            self.overload.busiest.heard(flow.remote.ip());
        }
        self.index = index;
    }

    /// A request that could not be parsed is answered where it can be, and where its sender is known.
    fn unreadable(&mut self, flow: Flow, fault: &Fault, out: &mut Effects) {
        self.counters.malformed += 1;
        let Some((message, code, reason)) = &fault.answer else { return };
        if self.loaded.snapshot.admit(&flow).admitted {
            self.stateless_reply(&flow, message, *code, reason, &warning(fault.why), out);
        }
    }

    fn request(&mut self, now: Now, flow: Flow, message: &Message, method: Method, out: &mut Effects) {
        let Some(via) = message.via() else {
            self.counters.malformed += 1;
            return;
        };
        let matched = match method {
            Method::Ack => Method::Invite,
            method => method,
        };
        let key = self.secrets.matcher.key(message, &via, matched);
        if let Some(owner) = self.owner(key) {
            let ended = match (owner, method) {
                (Owner::Call(ix), Method::Ack) => self.ack_of_failure(now, ix),
                (Owner::Call(ix), _) => self.invite_again(ix, out),
                (Owner::Exchange(ix), _) => self.exchange_again(ix, &flow, message, out),
            };
            if ended {
                return;
            }
        }
        let begins = matches!(method, Method::Invite | Method::Ack);
        if begins && self.shed(now, &flow, message, (&via, method, key), out) {
            return;
        }
        let admission = self.loaded.snapshot.admit(&flow);
        let mut arrival = Arrival { now, flow, message: *message, via, method, admission, parts: None };
        match validate_below(message, Some(via), &self.loaded.snapshot.limits) {
            Ok(parts) => arrival.parts = Some(parts),
            Err(reject) => return self.invalid(&arrival, key, &reject, out),
        }
        match method {
            Method::Cancel => self.cancel_request(&arrival, key, out),
            _ if arrival.in_dialog() => self.request_in_dialog(&arrival, key, out),
            // An ACK without a To tag acknowledges nothing (checklist X22).
            Method::Ack => self.counters.strays += 1,
            _ => self.initial_request(&arrival, key, out),
        }
    }

    fn invalid(&mut self, arrival: &Arrival, key: Key, reject: &Reject, out: &mut Effects) {
        self.counters.malformed += 1;
        if arrival.method != Method::Ack && arrival.admission.admitted {
            self.refuse(arrival, key, reject.code, reject.reason, reject.why, out);
        }
    }

    /// The INVITE came again: its last response goes out again (checklist T11, F29).
    fn invite_again(&mut self, ix: u32, out: &mut Effects) -> bool {
        let Some(call) = self.calls.get_mut(ix as usize) else { return false };
        if call.server.again() == Again::Resend {
            call.server.provisional();
            call.answer_again(out);
        }
        true
    }

    /// An ACK whose branch is an INVITE's: true when it acknowledges our failure and ends here.
    fn ack_of_failure(&mut self, now: Now, ix: u32) -> bool {
        let timers = self.timers;
        let Some(call) = self.calls.get_mut(ix as usize) else { return false };
        let ends = call.server.ack(now.at, &timers);
        if ends {
            call.last = None;
            self.settle_call(ix);
        }
        ends
    }

    fn response(&mut self, now: Now, message: &Message, out: &mut Effects) {
        // A response whose top Via is not ours is nobody's here (checklist N5, T9).
        let top = message.via().and_then(|via| Some((via, Token::parse(via.branch?)?)));
        let Some((via, token)) = top else {
            self.counters.strays += 1;
            return;
        };
        let ix = token.index as usize;
        let known = match token.kind {
            Kind::Invite => self.branches.get(ix).is_some_and(|branch| branch.nonce == token.nonce),
            Kind::NonInvite => self.exchanges.get(ix).is_some_and(|exchange| exchange.nonce == token.nonce),
            Kind::Probe => self.probes.get(ix).is_some_and(|probe| probe.nonce == token.nonce),
            Kind::Stateless => false,
        };
        let parts = known.then(|| validate_below(message, Some(via), &self.loaded.snapshot.limits));
        let Some(Ok(parts)) = parts else {
            self.counters.strays += 1; // checklist T14, F23
            return;
        };
        // What answers a forwarded request has the caller's Via below ours: without it there is no way back, and the
        // branch goes on as if it had not come (checklist X18).
        let method = parts.cseq.method;
        let forwarded = token.kind == Kind::NonInvite || token.kind == Kind::Invite && method == b"INVITE";
        if forwarded && parts.vias < 2 {
            self.counters.strays += 1;
            return;
        }
        match token.kind {
            Kind::Invite if method == b"INVITE" => self.invite_response(now, token.index, message, &parts, out),
            Kind::Invite if method == b"CANCEL" => self.cancel_response(now, token.index, message),
            Kind::NonInvite => self.exchange_response(now, token.index, method, message, out),
            Kind::Probe => self.probe_response(token.index, message),
            _ => self.counters.strays += 1,
        }
    }
}
