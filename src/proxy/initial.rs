//! A request outside any dialog: the checks of RFC 3261 §16.3, then the table decides, once, at arrival (checklist
//! X2, X8).

use super::alarm::Timer;
use super::arrival::Arrival;
use super::call::{Call, Plan, Setup};
use super::hunt::Hunt;
use super::owners::Owner;
use super::reply::{retry_after, warning};
use super::token::Token;
use super::verdict::{verdict, why_refused};
use super::{Core, Effects};
use crate::record::Outcome as Fate;
use crate::route::{self, Choice, Decision, Facts, Number};
use crate::sip::{Message, Method, Name, NameAddr, Scheme, Stored, Uri, Via};
use crate::transaction::{InviteServer, Key};

/// A refusal before any routing.
struct Check {
    code: u16,
    reason: &'static str,
    lines: Vec<u8>,
}

impl Core {
    pub(super) fn initial_request(&mut self, arrival: &Arrival, key: Key, out: &mut Effects) {
        let uri = arrival.uri();
        // Without a user there is no number to route by; to a name, whoever asks means us (checklist X24).
        let named = |uri: &Uri| arrival.method != Method::Invite && uri.ip().is_none();
        let for_us = uri.is_some_and(|uri| {
            uri.scheme != Scheme::Tel
                && uri.user.is_none_or(<[u8]>::is_empty)
                && (named(&uri) || self.addresses.is_ours(&uri))
        });
        let last_hop = arrival.max_forwards() == Some(0);
        if for_us || (arrival.method == Method::Options && last_hop) {
            return self.answer_for_ourselves(arrival, key, out);
        }
        if !arrival.admission.admitted {
            return self.stranger(arrival, key, out);
        }
        let loop_hash = self.loop_hash(arrival);
        if let Err(check) = self.check(arrival, loop_hash) {
            return self.refuse_call(arrival, key, &check, out);
        }
        if self.full() {
            // Cheap, and without a transaction: there is no room for one (checklist T16).
            let lines = [warning("too many transactions"), retry_after(10)].concat();
            return self.stateless_reply(&arrival.flow, &arrival.message, 503, "Service Unavailable", &lines, out);
        }
        if self.draining {
            let check = Check { code: 503, reason: "Service Unavailable", lines: retry_after(10) };
            return self.refuse_call(arrival, key, &check, out);
        }
        let mut decision = std::mem::take(&mut self.decision);
        let number = self.decide(arrival, uri.as_ref(), &mut decision);
        match arrival.method {
            Method::Invite => self.new_call(arrival, key, loop_hash, &number, &mut decision, out),
            _ => self.new_exchange(arrival, key, loop_hash, &mut decision, out),
        }
        self.decision = decision;
    }

    /// RFC 3261 §16.3 steps 3 to 5, and the open relay that a caller's own Route would make (checklist X3, X4, X8).
    fn check(&mut self, arrival: &Arrival, loop_hash: u32) -> Result<(), Check> {
        let message = &arrival.message;
        let bad = |code, reason, why: &str| Err(Check { code, reason, lines: warning(why) });
        if arrival.max_forwards() == Some(0) {
            return bad(483, "Too Many Hops", "Max-Forwards is used up");
        }
        let ours = |via: &Via| via.branch.and_then(Token::parse).is_some_and(|token| token.loop_hash == loop_hash);
        let mut below = message.values(Name::Via).skip(1).filter_map(|via| Via::parse(via.text));
        if ours(&arrival.via) || below.any(|via| ours(&via)) {
            return bad(482, "Loop Detected", "this request was here before, unchanged");
        }
        if message.header(Name::MaxBreadth).is_some_and(|breadth| breadth == b"0") {
            return bad(440, "Max-Breadth Exceeded", "Max-Breadth is used up");
        }
        if let Some(lines) = unsupported(message) {
            return Err(Check { code: 420, reason: "Bad Extension", lines });
        }
        let foreign = message.values(Name::Route).any(|route| {
            let uri = NameAddr::parse(route.text).and_then(|route| Uri::parse(route.uri));
            !uri.is_some_and(|uri| self.addresses.is_ours(&uri))
        });
        if foreign {
            return bad(403, "Forbidden", "Route names a host that is not this router");
        }
        Ok(())
    }

    /// Refuses a request before any routing. A call has its record all the same (CONFIG-AND-CLI (g) "Records"), unless
    /// its message was at fault: only what passed validation is a call (checklist F31).
    fn refuse_call(&mut self, arrival: &Arrival, key: Key, check: &Check, out: &mut Effects) {
        self.refuse_with(arrival, key, check.code, check.reason, &check.lines, out);
        if arrival.method != Method::Invite || !matches!(check.code, 403 | 503) {
            return;
        }
        self.counters.calls += 1;
        self.counters.rejected += 1;
        self.tally.call(None, None, check.code);
        if self.loaded.snapshot.records {
            let mut number = Number::new();
            route::clean(arrival.uri().and_then(|uri| uri.user).unwrap_or_default(), &mut number);
            let record = self.new_record(arrival, &number, &Decision::default());
            self.close_unanswered(record, arrival.now, Fate::Rejected, check.code, check.reason, out);
        }
    }

    /// What decides the routing of a request, hashed (RFC 3261 §16.6 step 8, RFC 5393 §4.2).
    fn loop_hash(&self, arrival: &Arrival) -> u32 {
        let message = &arrival.message;
        let header = |name| message.header(name).unwrap_or_default();
        let cseq = arrival.cseq().to_be_bytes();
        let fields = [
            b"loop".as_slice(),
            message.request_uri(),
            header(Name::Route),
            arrival.sender_tag(),
            arrival.receiver_tag(),
            arrival.call_id(),
            &cseq,
            message.method_text(),
            header(Name::ProxyRequire),
            header(Name::ProxyAuthorization),
        ];
        self.secrets.hash(&fields) as u32
    }

    /// Asks the table. Gives back the cleaned number.
    fn decide(&mut self, arrival: &Arrival, uri: Option<&Uri>, decision: &mut Decision) -> Number {
        let loaded = &self.loaded;
        let mut number = Number::new();
        route::clean(uri.and_then(|uri| uri.user).unwrap_or_default(), &mut number);
        let from = arrival.parts.and_then(|parts| Uri::parse(parts.from.uri));
        let facts = Facts {
            number: &number,
            user: from.and_then(|from| from.user).unwrap_or_default(),
            domain: from.map(|from| from.host).unwrap_or_default(),
            source: arrival.flow.remote.ip(),
            gateway: arrival.admission.gateway,
            trusted: arrival.admission.trusted,
            listener: arrival.admission.listener,
            account: None,
            group: None,
            choice: Choice::Drawn {
                // What nothing asks for is not hashed.
                seed: match loaded.snapshot.table.draws() {
                    true => self.secrets.draw(arrival.call_id(), arrival.via.branch.unwrap_or_default()),
                    false => 0,
                },
                turns: &loaded.turns,
            },
        };
        loaded.snapshot.table.decide(&facts, &loaded.board, arrival.now, decision, None);
        number
    }

    fn new_call(
        &mut self,
        arrival: &Arrival,
        key: Key,
        loop_hash: u32,
        number: &Number,
        decision: &mut Decision,
        out: &mut Effects,
    ) {
        self.counters.calls += 1;
        let loaded = self.loaded.clone();
        let failover = self.failover_of(decision);
        let record = loaded.snapshot.records.then(|| self.new_record(arrival, number, decision));
        if let Some((fate, reply)) = verdict(decision, &failover) {
            self.counters.rejected += u64::from(fate == Fate::Rejected);
            self.counters.failed += u64::from(fate == Fate::Failed);
            let route = decision.route.map(|route| &loaded.snapshot.table.route(route).id);
            self.tally.call(route, None, reply.code);
            self.refuse(arrival, key, reply.code, &reply.reason, why_refused(decision), out);
            if let Some(record) = record {
                self.close_unanswered(record, arrival.now, fate, reply.code, &reply.reason, out);
            }
            return;
        }
        let setup = Setup {
            request: Stored::keep(&arrival.message),
            source: arrival.flow,
            plan: Plan::Hunt(Hunt::new(decision, failover, arrival.now.at)),
            record,
            held: None,
            reason: Box::default(),
            loop_hash,
            // RFC 3325 §5: from outside the trust domain an asserted identity is not believed (checklist A7).
            drop_identity: !arrival.admission.trusted,
            progressed: false,
            loaded,
        };
        let ix = self.accept_invite(arrival, key, setup);
        self.next_attempt(arrival.now, ix, out);
    }

    /// Makes the INVITE's server transaction. Its 100 goes out when nothing else has by then (checklist X1): a gateway on the
    /// same network rings sooner, and a datagram is a tenth of what a call costs.
    pub(super) fn accept_invite(&mut self, arrival: &Arrival, key: Key, setup: Setup) -> u32 {
        let reply_to = Core::reply_to(&arrival.flow, &arrival.via);
        let server = InviteServer::new(arrival.now.at, arrival.flow.transport.reliable(), &self.timers);
        let deadline = server.deadline();
        let mut call = Call::new(key, server, self.peers.share(&reply_to));
        call.setup = Some(Box::new(setup));
        let ix = self.calls.insert(call) as u32;
        if let Some(call) = self.calls.get_mut(ix as usize) {
            call.alarm.set(&mut self.wheel, deadline, Timer::Call(ix));
        }
        self.own(key, Owner::Call(ix));
        ix
    }

    /// The failover settings that hold for a decision: its route's, or the defaults.
    pub(super) fn failover_of(&self, decision: &Decision) -> std::sync::Arc<crate::route::Failover> {
        let table = &self.loaded.snapshot.table;
        match decision.route {
            Some(route) => table.route(route).failover.clone(),
            None => table.failover().clone(),
        }
    }
}

/// The Unsupported lines of a 420: nothing that Proxy-Require could ask for is supported (RFC 3261 §16.3 step 5).
pub(super) fn unsupported(message: &Message) -> Option<Vec<u8>> {
    let mut lines = Vec::new();
    for header in message.headers.iter().filter(|header| header.name == Name::ProxyRequire) {
        lines.extend_from_slice(b"Unsupported: ");
        lines.extend_from_slice(message.value_of(header));
        lines.extend_from_slice(b"\r\n");
    }
    (!lines.is_empty()).then_some(lines)
}
