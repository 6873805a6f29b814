//! Transactions other than INVITE: one way inside a dialog, the same hunt as a call's outside (checklist T13, X26, X27).

use super::alarm::{Alarm, Timer};
use super::arrival::Arrival;
use super::course::{Course, Exchange};
use super::dialog::Way;
use super::errand::Errand;
use super::forward;
use super::owners::Owner;
use super::token::{Kind, Token};
use super::verdict::End;
use super::{Core, Effects};
use crate::flow::Flow;
use crate::health::ProbeResult;
use crate::record::Why;
use crate::sip::{Extra, Index, Message, Parsed, parse, response};
use crate::time::Now;
use crate::transaction::{Again, Fired, Key, NonInviteClient, NonInviteServer, Received};

impl Core {
    /// A request of our own answering, kept for its retransmissions (CANCEL; RFC 3261 §9.2).
    pub(super) fn answered_exchange(
        &mut self,
        arrival: &Arrival,
        key: Key,
        code: u16,
        reason: &str,
        out: &mut Effects,
    ) {
        let start = out.arena.len();
        self.own_response(&arrival.message, arrival.flow.remote, code, reason, &[], &mut out.arena);
        let mut exchange = self.blank_exchange(arrival, key);
        out.send_from(start, *exchange.reply_to);
        exchange.server.respond(arrival.now.at, &self.timers);
        exchange.keep(&out.arena[start..]);
        self.insert_exchange(exchange);
    }

    pub(super) fn exchange_in_dialog(&mut self, arrival: &Arrival, key: Key, way: &Way, out: &mut Effects) {
        let mut exchange = self.blank_exchange(arrival, key);
        exchange.course = Some(Box::new(Course::new(arrival, self.close_of(arrival, way), None)));
        let ix = self.insert_exchange(exchange);
        let token = self.exchange_token(ix, 0);
        let start = self.forward_in_dialog(arrival, way, token, out);
        self.sent_downstream(arrival.now, ix, token, way.flow, &out.arena[start..]);
    }

    /// Outside a dialog: gateways are asked, one after the other.
    pub(super) fn hunting_exchange(&mut self, arrival: &Arrival, key: Key, errand: Box<Errand>) -> u32 {
        let mut exchange = self.blank_exchange(arrival, key);
        exchange.course = Some(Box::new(Course::new(arrival, None, Some(errand))));
        self.insert_exchange(exchange)
    }

    fn blank_exchange(&mut self, arrival: &Arrival, key: Key) -> Exchange {
        Exchange {
            key,
            server: NonInviteServer::new(arrival.now.at, &self.timers, arrival.flow.transport.reliable()),
            reply_to: self.peers.share(&Core::reply_to(&arrival.flow, &arrival.via)),
            last: None,
            nonce: 0,
            course: None,
            alarm: Alarm::default(),
        }
    }

    /// The request's way downstream, until its final went up.
    pub(super) fn course(&mut self, ix: u32) -> Option<&mut Course> {
        self.exchanges.get_mut(ix as usize)?.course.as_deref_mut()
    }

    fn insert_exchange(&mut self, exchange: Exchange) -> u32 {
        let key = exchange.key;
        let ix = self.exchanges.insert(exchange) as u32;
        self.own(key, Owner::Exchange(ix));
        self.settle_exchange(ix);
        ix
    }

    pub(super) fn exchange_token(&mut self, ix: u32, loop_hash: u32) -> Token {
        Token { kind: Kind::NonInvite, nonce: self.secrets.random(), loop_hash, index: ix }
    }

    pub(super) fn sent_downstream(&mut self, now: Now, ix: u32, token: Token, flow: Flow, bytes: &[u8]) {
        let timers = self.timers;
        let Some(exchange) = self.exchanges.get_mut(ix as usize) else { return };
        exchange.nonce = token.nonce;
        let Some(course) = exchange.course.as_deref_mut() else { return };
        course.flow = flow;
        course.client = Some(NonInviteClient::new(now.at, &timers, flow.transport.reliable()));
        course.sent = Some(bytes.into());
        self.settle_exchange(ix);
    }

    /// Sends the final that was appended to the arena since `start`.
    pub(super) fn exchange_final(&mut self, now: Now, ix: u32, start: usize, code: u16, out: &mut Effects) {
        let timers = self.timers;
        let Some(exchange) = self.exchanges.get_mut(ix as usize) else { return };
        if !exchange.server.respond(now.at, &timers) {
            return out.arena.truncate(start);
        }
        out.send_from(start, *exchange.reply_to);
        exchange.keep(&out.arena[start..]);
        self.exchange_closes(now, ix, Some(code), out);
        if let Some(exchange) = self.exchanges.get_mut(ix as usize) {
            exchange.course = None;
        }
    }

    /// What ends a leg: a BYE's final or silence, 408 and 481 to anything (checklist F27) that is not about something
    /// else than the call: a provisional response (RFC 3262 §3) or a subscription (RFC 6665 §4.1.3).
    fn exchange_closes(&mut self, now: Now, ix: u32, code: Option<u16>, out: &mut Effects) {
        let Some(course) = self.course(ix) else { return };
        let aside = [b"PRACK".as_slice(), b"SUBSCRIBE", b"NOTIFY", b"REFER"].contains(&&*course.method);
        let dead = matches!(code, Some(408 | 481)) && !aside;
        if !course.bye && !dead {
            return;
        }
        let bye = course.bye;
        if let Some(mut close) = course.close.take() {
            if !bye {
                close.by = crate::record::Party::Router;
            }
            self.leg_over(now, close, out);
        }
    }

    /// The request came again.
    pub(super) fn exchange_again(&mut self, ix: u32, flow: &Flow, message: &Message, out: &mut Effects) -> bool {
        let Some(exchange) = self.exchanges.get(ix as usize) else { return false };
        if exchange.server.again() == Again::Resend
            && let Some(last) = &exchange.last
        {
            let start = out.arena.len();
            last.restore(message, flow.remote, &mut out.arena);
            out.send_from(start, *exchange.reply_to);
        }
        true
    }

    pub(super) fn exchange_response(&mut self, now: Now, ix: u32, method: &[u8], message: &Message, out: &mut Effects) {
        let (timers, code) = (self.timers, message.code());
        let Some(course) = self.course(ix) else { return };
        // checklist T9: the CSeq method is part of the match.
        let asked = course.method.as_slice() == method;
        let Some(client) = course.client.as_mut().filter(|_| asked) else {
            self.counters.strays += 1;
            return;
        };
        match client.receive(now.at, code, &timers) {
            Received::Provisional => {
                // No 1xx is forwarded but the 100 that is ours (checklist T13); it shows life all the same.
                course.wait = None;
                self.judge_errand(ix, ProbeResult::Code { code, retry_after: None }, out);
            }
            Received::Success | Received::Failure => {
                course.wait = None;
                let retry_after = (code == 503).then(|| message.retry_after()).flatten();
                self.judge_errand(ix, ProbeResult::Code { code, retry_after }, out);
                self.exchange_replied(now, ix, message, out);
            }
            Received::Repeated | Received::Ignored => {}
        }
        self.settle_exchange(ix);
    }

    fn exchange_replied(&mut self, now: Now, ix: u32, message: &Message, out: &mut Effects) {
        let code = message.code();
        let Some(exchange) = self.exchanges.get_mut(ix as usize) else { return };
        if !exchange.server.open() {
            return;
        }
        let end = End { code, why: Why::Replied };
        let errand = exchange.course.as_mut().and_then(|course| course.errand.as_mut());
        if let Some(errand) = errand.filter(|errand| errand.goes_on(end)) {
            errand.hold(message);
            return self.next_errand(now, ix, out);
        }
        let status = (code == 503).then_some((500, "Server Internal Error"));
        let start = out.arena.len();
        if forward::response(message, status, &mut out.arena) {
            self.exchange_final(now, ix, start, code, out);
        }
    }

    pub(super) fn exchange_timer(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let timers = self.timers;
        let Some(exchange) = self.exchanges.get_mut(ix as usize) else { return };
        if let Some(course) = exchange.course.as_deref_mut() {
            match course.client.as_mut().map_or(Fired::Nothing, |client| client.fire(now.at, &timers)) {
                Fired::Retransmit => {
                    if let Some(sent) = &course.sent {
                        let start = out.arena.len();
                        out.arena.extend_from_slice(sent);
                        out.send_from(start, course.flow);
                    }
                }
                Fired::TimedOut => self.exchange_gave_no_sign(now, ix, out),
                Fired::Terminated => (course.client, course.sent) = (None, None),
                Fired::Nothing => {}
            }
        }
        let Some(exchange) = self.exchanges.get_mut(ix as usize) else { return };
        if exchange.server.fire(now.at) == Fired::Retransmit {
            self.exchange_trying(ix, out);
        }
        self.errand_patience(now, ix, out);
        self.settle_exchange(ix);
    }

    /// Timer F: silence. No 408 is sent (checklist T13), and a final that comes later is not forwarded.
    fn exchange_gave_no_sign(&mut self, now: Now, ix: u32, out: &mut Effects) {
        self.judge_errand(ix, ProbeResult::Timeout, out);
        self.exchange_closes(now, ix, None, out);
        if let Some(exchange) = self.exchanges.get_mut(ix as usize) {
            exchange.server.terminate();
            exchange.course = None;
        }
    }

    pub(super) fn exchange_undelivered(&mut self, now: Now, ix: u32, out: &mut Effects) {
        if self.exchanges.get(ix as usize).is_none_or(|exchange| exchange.silent_flow().is_none()) {
            return;
        }
        self.judge_errand(ix, ProbeResult::Transport, out);
        let Some(course) = self.course(ix) else { return };
        let end = End { code: 503, why: Why::Transport };
        let again = course.errand.as_ref().is_some_and(|errand| errand.goes_on(end));
        course.client = None;
        match again {
            true => self.next_errand(now, ix, out),
            // checklist X27: a transport error is a 503, and a 503 goes up as 500.
            false => self.exchange_failed(now, ix, 500, "Server Internal Error", out),
        }
        self.settle_exchange(ix);
    }

    /// 100 Trying, once the sender's timer E has grown to T2 (RFC 4320 §4.1).
    fn exchange_trying(&mut self, ix: u32, out: &mut Effects) {
        let start = out.arena.len();
        if !self.response_from_sent(ix, 100, "Trying", &mut out.arena) {
            return;
        }
        if let Some(exchange) = self.exchanges.get_mut(ix as usize) {
            out.send_from(start, *exchange.reply_to);
            exchange.keep(&out.arena[start..]);
        }
    }

    fn exchange_failed(&mut self, now: Now, ix: u32, code: u16, reason: &str, out: &mut Effects) {
        let start = out.arena.len();
        if self.response_from_sent(ix, code, reason, &mut out.arena) {
            self.exchange_final(now, ix, start, code, out);
        }
    }

    /// A response of our own, made from the request as it was sent downstream: all but our own Via is in it, so the
    /// request as it came need not be kept.
    fn response_from_sent(&self, ix: u32, code: u16, reason: &str, out: &mut Vec<u8>) -> bool {
        let limits = self.loaded.snapshot.limits;
        let course = self.exchanges.get(ix as usize).and_then(|exchange| exchange.course.as_deref());
        let Some(sent) = course.and_then(|course| course.sent.as_deref()) else { return false };
        let (mut index, mut draft) = (Index::default(), Vec::new());
        let Ok(Parsed::Message(request)) = parse(sent, &mut index, &limits) else { return false };
        let tag = self.own_tag(&request);
        let to_tag = (code != 100).then_some(tag.as_slice());
        response(&request, code, reason, Extra { to_tag, lines: &[], source: None }, &mut draft);
        let Ok(Parsed::Message(draft)) = parse(&draft, &mut index, &limits) else { return false };
        forward::response(&draft, None, out)
    }

    fn settle_exchange(&mut self, ix: u32) {
        let Some(exchange) = self.exchanges.get_mut(ix as usize) else { return };
        let (mut client, mut wait) = (None, None);
        if let Some(course) = exchange.course.as_deref_mut() {
            if course.client.as_ref().is_some_and(NonInviteClient::terminated) {
                (course.client, course.sent) = (None, None);
            }
            client = course.client.as_ref().and_then(NonInviteClient::deadline);
            wait = course.wait.filter(|_| exchange.server.open());
        }
        if exchange.server.terminated() && !exchange.waiting() {
            exchange.alarm.set(&mut self.wheel, None, Timer::Exchange(ix));
            let key = exchange.key;
            self.exchanges.remove(ix as usize);
            self.owners.remove(key, Owner::Exchange(ix));
            return;
        }
        let deadline = client.into_iter().chain(exchange.server.deadline()).chain(wait).min();
        exchange.alarm.set(&mut self.wheel, deadline, Timer::Exchange(ix));
    }
}
