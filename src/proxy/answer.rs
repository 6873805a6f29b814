//! Responses to our INVITEs, and what follows for the call (RFC 3261 §16.7; checklist X13, X15, X16, F1 to F7, F19 to
//! F21).

use super::attempt::TIMER_C;
use super::call::{Asked, Cancel, Held, Phase, Plan, Role};
use super::verdict::{End, retryable};
use super::{Core, Effects, forward};
use crate::health::ProbeResult;
use crate::record::Why;
use crate::route::{Failover, FinalAnswer};
use crate::sip::{Index, Message, Name, Parsed, Parts, parse};
use crate::time::Now;
use crate::transaction::Received;

/// RFC 3326 §2; a phone that stops ringing so shows no missed call.
const ELSEWHERE: &[u8] = b"Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";

impl Core {
    pub(super) fn invite_response(&mut self, now: Now, ix: u32, message: &Message, parts: &Parts, out: &mut Effects) {
        let code = message.code();
        let timers = self.timers;
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let received = branch.client.receive(now.at, code, &timers);
        match received {
            Received::Provisional => self.provisional(now, ix, message, out),
            Received::Success => self.success(now, ix, message, parts, out),
            Received::Failure => self.failure(now, ix, message, out),
            Received::Repeated => {
                if let Some(Asked { sent: Some(ack), flow, .. }) = branch.asked.as_deref() {
                    let start = out.arena.len();
                    out.arena.extend_from_slice(ack);
                    out.send_from(start, *flow);
                }
            }
            Received::Ignored => {}
        }
        self.settle_branch(ix);
    }

    fn provisional(&mut self, now: Now, ix: u32, message: &Message, out: &mut Effects) {
        let code = message.code();
        self.judge(ix, ProbeResult::Code { code, retry_after: None }, out);
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let call_ix = branch.call;
        let Some(asked) = branch.asked.as_deref_mut() else { return };
        if let Cancel::Wanted(reason) = &asked.cancel {
            let reason = reason.clone();
            return self.send_cancel(now, ix, &reason, out); // checklist X19, F10, E2, E9
        }
        let Some(call) = self.calls.get_mut(call_ix as usize) else { return };
        let alive = branch.role == Role::Running && call.server.proceeding() && !call.cancelled;
        if !alive {
            return;
        }
        let failover = match call.setup.as_deref() {
            Some(setup) => match &setup.plan {
                Plan::Hunt(hunt) => Some(hunt.failover.clone()),
                Plan::Dialog(_) => None,
            },
            None => return,
        };
        if code == 100 {
            if asked.phase == Phase::Silent {
                asked.phase = Phase::Trying;
                let patience = failover.as_ref().and_then(|failover| failover.progress_timeout);
                asked.wait = Some(patience.map_or(now.at + TIMER_C, |patience| asked.started + patience));
            }
            #[cfg(feature = "sim")]
            if self.plant != super::Plant::ForwardedTrying {
                return;
            }
            #[cfg(not(feature = "sim"))]
            return; // hop by hop: never forwarded (checklist X1)
        }
        ringing(now, asked, failover.as_deref());
        self.forward_provisional(now, call_ix, message, out);
    }

    fn forward_provisional(&mut self, now: Now, call_ix: u32, message: &Message, out: &mut Effects) {
        let Some(call) = self.calls.get_mut(call_ix as usize) else { return };
        let start = out.arena.len();
        if !forward::response(message, None, &mut out.arena) {
            return;
        }
        out.send_from(start, *call.reply_to);
        // The timer of the 100 is left to run out: the final most likely moves it before.
        call.server.provisional();
        if message.code() != 100 {
            call.last = Some(out.arena[start..].into());
        }
        let reliable = message
            .header(Name::Require)
            .is_some_and(|tags| tags.split(|&c| c == b',').any(|tag| tag.trim_ascii().eq_ignore_ascii_case(b"100rel")));
        if let Some(setup) = call.setup.as_deref_mut() {
            setup.progressed |= reliable || (message.code() == 183 && !message.body().is_empty());
            setup.rings(now);
        }
    }

    /// A 2xx goes to the caller whatever happened before (checklist X15, F19, F20, F21): by the server transaction
    /// while that can, else by its transport.
    fn success(&mut self, now: Now, ix: u32, message: &Message, parts: &Parts, out: &mut Effects) {
        self.judge(ix, ProbeResult::Code { code: message.code(), retry_after: None }, out);
        let timers = self.timers;
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let gateway = branch.asked.as_deref().and_then(|asked| asked.gateway);
        branch.answered();
        let (call_ix, role) = (branch.call, branch.role);
        let Some(call) = self.calls.get_mut(call_ix as usize) else { return };
        let start = out.arena.len();
        if !forward::response(message, None, &mut out.arena) {
            return;
        }
        out.send_from(start, *call.reply_to);
        let decided = !call.server.proceeding();
        let late = call.cancelled || role == Role::Abandoned || (decided && !call.server.accepted());
        if call.server.respond(now.at, message.code(), &timers) {
            call.last = None;
        }
        if !decided {
            let ack = self.secrets.ack(parts.call_id, parts.cseq.number);
            call.awaited_ack = Some(ack);
            self.awaited_acks.insert(ack);
        }
        for other in self.branches_of(call_ix) {
            if other != ix {
                self.lose_branch(now, other, Why::Lost, ELSEWHERE, out);
            }
        }
        if !decided {
            self.count_answer(call_ix, gateway, message.code());
        }
        self.answered(now, ix, message, parts.to.tag.unwrap_or_default(), late, out);
        self.settle_call(call_ix);
    }

    fn failure(&mut self, now: Now, ix: u32, message: &Message, out: &mut Effects) {
        let code = message.code();
        self.judge_final(ix, code, message.retry_after(), out);
        self.acknowledge(ix, message, out);
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        if let Some(asked) = branch.asked.as_deref_mut() {
            asked.wait = None;
        }
        let (call_ix, role) = (branch.call, branch.role);
        if role == Role::Running {
            self.attempt_over(now, ix, End { code, why: Why::Replied }, Some(message), out);
        }
        // The last branch that could still have answered may be this one.
        self.write_down(call_ix, false, out);
        self.settle_call(call_ix);
    }

    /// The ACK for a failure is ours to send, and to keep for the failure's repetitions (checklist T10).
    fn acknowledge(&mut self, ix: u32, message: &Message, out: &mut Effects) {
        let limits = self.loaded.snapshot.limits;
        let Some(asked) = self.branches.get_mut(ix as usize).and_then(|branch| branch.asked.as_deref_mut()) else {
            return;
        };
        let Some(sent) = asked.sent.take() else { return };
        let mut index = Index::default();
        let Ok(Parsed::Message(invite)) = parse(&sent, &mut index, &limits) else { return };
        let start = out.arena.len();
        forward::ack(&invite, message, &mut out.arena);
        out.send_from(start, asked.flow);
        asked.sent = Some(out.arena[start..].into());
    }

    /// A running attempt ended without a 2xx: the next gateway, or a final answer.
    pub(super) fn attempt_over(&mut self, now: Now, ix: u32, end: End, message: Option<&Message>, out: &mut Effects) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let (call_ix, attempt) = (branch.call, branch.attempt);
        branch.role = Role::Abandoned;
        self.count_attempt(ix, end);
        let Some(call) = self.calls.get_mut(call_ix as usize) else { return };
        if !call.server.proceeding() {
            return;
        }
        let cancelled = call.cancelled;
        let Some(setup) = call.setup.as_deref_mut() else { return };
        setup.end_attempt(now, attempt, end);
        if cancelled {
            #[cfg(feature = "sim")]
            if self.planted(super::Plant::HuntAfterCancel) && end.code != 487 {
                return self.next_attempt(now, call_ix, out);
            }
            // The caller's CANCEL ends the hunt for good (checklist F17, E10).
            return self.cancel_done(now, call_ix, message.filter(|_| end.code == 487).map(|m| (attempt, m)), out);
        }
        let retry = match &setup.plan {
            Plan::Hunt(hunt) => retryable(&hunt.failover, end) && !setup.progressed,
            Plan::Dialog(_) => false, // checklist X26
        };
        if let Some(message) = message {
            hold(setup, attempt, message);
        }
        if retry {
            return self.next_attempt(now, call_ix, out);
        }
        match (message, end.why) {
            (Some(message), _) => self.final_passed_on(now, call_ix, attempt, message, out),
            (None, Why::Transport) => {
                let why = "the next hop can't be reached"; // checklist X27
                self.final_of_our_own(now, call_ix, 500, "Server Internal Error", why, out)
            }
            (None, Why::NoAnswer) => {
                self.final_of_our_own(now, call_ix, 408, "Request Timeout", "rang and was not answered", out)
            }
            (None, _) => self.final_of_our_own(now, call_ix, 408, "Request Timeout", "no answer in time", out),
        }
    }

    /// Tells the health engine of an attempt's first sign of life, or of none; once an attempt.
    pub(super) fn judge(&mut self, ix: u32, result: ProbeResult, out: &mut Effects) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let call = branch.call;
        let Some(asked) = branch.asked.as_deref_mut() else { return };
        if std::mem::replace(&mut asked.judged, true) {
            return;
        }
        let trial = std::mem::take(&mut asked.trial);
        let Some(gateway) = asked.gateway else { return };
        let Some(setup) = self.calls.get(call as usize).and_then(|call| call.setup.as_deref()) else { return };
        if !trial && result.answered() && setup.loaded.board.calm(gateway) {
            return;
        }
        let gateway = setup.loaded.snapshot.table.gateway(gateway);
        out.evidence.push(crate::health::Evidence {
            id: gateway.id.clone(),
            address: gateway.address,
            transport: gateway.transport,
            trial,
            result,
        });
    }

    /// A final with Retry-After rests the gateway, also where a 1xx showed life before (checklist D7).
    fn judge_final(&mut self, ix: u32, code: u16, retry_after: Option<u32>, out: &mut Effects) {
        if code == 503
            && retry_after.is_some()
            && let Some(asked) = self.branches.get_mut(ix as usize).and_then(|branch| branch.asked.as_deref_mut())
        {
            asked.judged = false;
        }
        self.judge(ix, ProbeResult::Code { code, retry_after }, out);
    }
}

/// 101–199: the ring timer runs from the first, timer C from each (checklist X13).
fn ringing(now: Now, asked: &mut Asked, failover: Option<&Failover>) {
    asked.phase = Phase::Ringing;
    let rang_at = *asked.rang_at.get_or_insert(now.at);
    let timer_c = now.at + TIMER_C;
    asked.wait = Some(failover.map_or(timer_c, |failover| timer_c.min(rang_at + failover.ring_timeout)));
}

/// Keeps a failure that may become the answer (`final: last`, `final: best`), and its Reason.
fn hold(setup: &mut super::call::Setup, attempt: u8, message: &Message) {
    let reason: Vec<u8> = message
        .headers
        .iter()
        .filter(|header| header.name == Name::Reason)
        .flat_map(|header| &message.bytes[header.line()])
        .copied()
        .collect();
    setup.reason = reason.into();
    if let Plan::Hunt(hunt) = &setup.plan {
        keep(&mut setup.held, &hunt.failover.final_answer, attempt, message);
    }
}

/// Keeps a failure if it is the answer so far.
pub(super) fn keep(held: &mut Option<Held>, answer: &FinalAnswer, attempt: u8, message: &Message) {
    let code = message.code();
    let better = match answer {
        FinalAnswer::Reply(_) => return,
        FinalAnswer::Last => true,
        FinalAnswer::Best => held.as_ref().is_none_or(|held| rank(code) < rank(held.code)),
    };
    if better {
        let mut bytes = Vec::new();
        let status = (code == 503).then_some((500, "Server Internal Error"));
        if forward::response(message, status, &mut bytes) {
            *held = Some(Held { code: if code == 503 { 500 } else { code }, attempt, bytes: bytes.into() });
        }
    }
}

/// RFC 3261 §16.7 step 6: 6xx first, then the lowest class; inside 4xx those that tell how to try again (X16).
fn rank(code: u16) -> (u16, u16) {
    match code {
        600.. => (0, code),
        401 | 407 | 415 | 420 | 484 => (4, 0),
        code => (code / 100, 1),
    }
}
