//! A request other than INVITE outside any dialog: by the same table as a call, with the same failover, and without a
//! record (CONFIG-AND-CLI (g) "On the wire").

use super::arrival::Arrival;
use super::call::Held;
use super::hunt::{Hunt, Next};
use super::outward::{Names, Outward};
use super::verdict::{End, final_reply, retryable, verdict, why_refused};
use super::{Core, Effects, Loaded};
use crate::flow::Flow;
use crate::health::{Evidence, ProbeResult};
use crate::record::Why;
use crate::route::{Decision, GatewayIx};
use crate::sip::{Message, Method, Stored};
use crate::time::Now;
use crate::transaction::Key;
use std::sync::Arc;

/// What is needed to go on hunting.
pub(super) struct Errand {
    pub request: Stored,
    pub source: Flow,
    pub loaded: Arc<Loaded>,
    pub hunt: Hunt,
    /// The best failure so far, for `final: last` and `final: best`.
    pub held: Option<Held>,
    pub loop_hash: u32,
    pub drop_identity: bool,
    /// The gateway being tried, while nothing was heard of it; and whether it is its trial.
    pub unjudged: Option<(GatewayIx, bool)>,
}

impl Errand {
    /// Whether the request is tried elsewhere after such an end.
    pub fn goes_on(&self, end: End) -> bool {
        retryable(&self.hunt.failover, end)
    }

    /// Keeps a failure that may become the answer.
    pub fn hold(&mut self, message: &Message) {
        super::answer::keep(&mut self.held, &self.hunt.failover.final_answer, 0, message);
    }
}

impl Core {
    /// A request outside any dialog that is not an INVITE: by the same table, with the same failover, without a record.
    pub(super) fn new_exchange(
        &mut self,
        arrival: &Arrival,
        key: Key,
        loop_hash: u32,
        decision: &mut Decision,
        out: &mut Effects,
    ) {
        let failover = self.failover_of(decision);
        if let Some((_, reply)) = verdict(decision, &failover) {
            return self.refuse(arrival, key, reply.code, &reply.reason, why_refused(decision), out);
        }
        let errand = Box::new(Errand {
            request: Stored::keep(&arrival.message),
            source: arrival.flow,
            loaded: self.loaded.clone(),
            hunt: Hunt::new(decision, failover, arrival.now.at),
            held: None,
            loop_hash,
            drop_identity: !arrival.admission.trusted,
            unjudged: None,
        });
        let ix = self.hunting_exchange(arrival, key, errand);
        self.next_errand(arrival.now, ix, out);
    }

    pub(super) fn next_errand(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let Some(mut errand) = self.course(ix).and_then(|course| course.errand.take()) else { return };
        match errand.hunt.next(now.at, &errand.loaded.board, |_, _| {}) {
            Next::Attempt { attempt, trial } => {
                let token = self.exchange_token(ix, errand.loop_hash);
                let message = errand.request.message();
                // Requests that form a dialog bring the answers back through here (checklist X10).
                let forms = matches!(message.method(), Some(Method::Subscribe | Method::Refer | Method::Notify));
                let outward = Outward {
                    message,
                    source: &errand.source,
                    loaded: &errand.loaded,
                    attempt: &attempt,
                    token,
                    dialog: forms.then_some(Names { record: 0, attempt: 0 }),
                    drop_identity: errand.drop_identity,
                };
                let (flow, start) = self.send_outward(now, &outward, out);
                errand.unjudged = Some((attempt.gateway, trial));
                let patience = errand.hunt.failover.attempt_timeout;
                if let Some(course) = self.course(ix) {
                    course.errand = Some(errand);
                    course.wait = Some(now.at + patience);
                }
                self.sent_downstream(now, ix, token, flow, &out.arena[start..]);
            }
            Next::Exhausted if errand.held.is_some() => {
                let Some(held) = errand.held else { return };
                let start = out.arena.len();
                out.arena.extend_from_slice(&held.bytes);
                self.exchange_final(now, ix, start, held.code, out);
            }
            Next::Exhausted => {
                let reply = final_reply(&errand.hunt.failover);
                let message = errand.request.message();
                let start = out.arena.len();
                self.own_response(&message, errand.source.remote, reply.code, &reply.reason, &[], &mut out.arena);
                self.exchange_final(now, ix, start, reply.code, out);
            }
        }
    }

    /// Tells the health engine what a request outside a dialog showed.
    pub(super) fn judge_errand(&mut self, ix: u32, result: ProbeResult, out: &mut Effects) {
        let Some(errand) = self.course(ix).and_then(|course| course.errand.as_deref_mut()) else { return };
        let Some((gateway, trial)) = errand.unjudged.take() else { return };
        if !trial && result.answered() && errand.loaded.board.calm(gateway) {
            return;
        }
        let gateway = errand.loaded.snapshot.table.gateway(gateway);
        out.evidence.push(Evidence {
            id: gateway.id.clone(),
            address: gateway.address,
            transport: gateway.transport,
            trial,
            result,
        });
    }

    /// `attempt_timeout` of a request outside a dialog.
    pub(super) fn errand_patience(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let Some(exchange) = self.exchanges.get_mut(ix as usize) else { return };
        let open = exchange.server.open();
        let Some(course) = exchange.course.as_deref_mut() else { return };
        if course.wait.is_none_or(|wait| wait > now.at) || !open {
            return;
        }
        course.wait = None;
        let end = End { code: 408, why: Why::Timeout };
        let again = course.errand.as_ref().is_some_and(|errand| errand.goes_on(end));
        self.judge_errand(ix, ProbeResult::Timeout, out);
        if again {
            self.next_errand(now, ix, out);
        }
    }
}
