//! How a call in set-up ends, and how what is left of it goes away: finals, records, removal.

use super::call::{BranchIx, Plan, Role};
use super::leg::Close;
use super::owners::Owner;
use super::verdict::{End, Final};
use super::{Core, Effects, forward};
use crate::record::{Outcome, Party, Why};
use crate::sip::Message;
use crate::time::Now;
use crate::transaction::Fired;
use smallvec::SmallVec;

impl Core {
    /// A gateway's failure becomes the caller's (checklist X16: 503 says that *this* router is out of service, so a
    /// gateway's becomes 500).
    pub(super) fn final_passed_on(&mut self, now: Now, ix: u32, attempt: u8, message: &Message, out: &mut Effects) {
        let status = (message.code() == 503).then_some((500, "Server Internal Error"));
        let start = out.arena.len();
        if !forward::response(message, status, &mut out.arena) {
            return self.final_of_our_own(now, ix, 500, "Server Internal Error", "unreadable answer", out);
        }
        let (code, reason) = match (status, message.start) {
            (Some((code, reason)), _) => (code, reason.to_owned()),
            (None, crate::sip::Start::Response { code, reason }) => {
                (code, String::from_utf8_lossy(reason).into_owned())
            }
            _ => return,
        };
        self.send_final(now, ix, start, Final { code, reason: &reason, attempt: Some(attempt) }, out);
    }

    /// The failure kept for `final: last` or `final: best`.
    pub(super) fn final_that_was_held(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let held = self.calls.get_mut(ix as usize).and_then(|call| call.setup.as_deref_mut()?.held.take());
        let Some(held) = held else { return };
        let start = out.arena.len();
        out.arena.extend_from_slice(&held.bytes);
        let reason = crate::proxy::rows::reason_of(&held.bytes);
        let attempt = Some(held.attempt);
        self.send_final(now, ix, start, Final { code: held.code, reason: &reason, attempt }, out);
    }

    /// A final made here; `why` goes into its Warning (checklist X25), a gateway's Reason with it (A12).
    pub(super) fn final_of_our_own(
        &mut self,
        now: Now,
        ix: u32,
        code: u16,
        reason: &str,
        why: &str,
        out: &mut Effects,
    ) {
        let Some(setup) = self.calls.get_mut(ix as usize).and_then(|call| call.setup.take()) else { return };
        let start = out.arena.len();
        let message = setup.request.message();
        let mut lines = setup.reason.to_vec();
        lines.extend_from_slice(&super::reply::warning(why));
        self.own_response(&message, setup.source.remote, code, reason, &lines, &mut out.arena);
        self.put_back(ix, setup);
        self.send_final(now, ix, start, Final { code, reason, attempt: None }, out);
    }

    /// Sends the final that was appended to the arena since `start` through the server transaction: exactly one
    /// (checklist F31).
    fn send_final(&mut self, now: Now, ix: u32, start: usize, what: Final, out: &mut Effects) {
        let (timers, code) = (self.timers, what.code);
        #[cfg(feature = "sim")]
        let again = self.planted(super::Plant::SecondFinal) && (400..500).contains(&code);
        let Some(call) = self.calls.get_mut(ix as usize) else { return };
        if !call.server.respond(now.at, code, &timers) {
            out.arena.truncate(start);
            return;
        }
        out.send_from(start, *call.reply_to);
        call.last = Some(out.arena[start..].into());
        let cancelled = call.cancelled;
        let outcome = if cancelled { Outcome::Cancelled } else { Outcome::Failed };
        let mut dead_leg = None;
        if let Some(setup) = call.setup.as_deref_mut() {
            setup.seal(now, outcome, &what);
            match &setup.plan {
                Plan::Hunt(hunt) => {
                    let table = &setup.loaded.snapshot.table;
                    let gateway = what.attempt.and_then(|attempt| hunt.tried.get(usize::from(attempt)));
                    let route = hunt.route.map(|route| &table.route(route).id);
                    self.tally.call(route, gateway.map(|gateway| &table.gateway(*gateway).id), code);
                    self.counters.cancelled += u64::from(cancelled);
                    self.counters.failed += u64::from(!cancelled);
                }
                Plan::Dialog(leg) => dead_leg = leg.filter(|_| matches!(code, 408 | 481)), // checklist F27
            }
        }
        #[cfg(feature = "sim")]
        if again {
            let (start, reply_to) = (out.arena.len(), *call.reply_to);
            let last = call.last.clone().unwrap_or_default();
            out.arena.extend_from_slice(b"SIP/2.0 500 Planted");
            out.arena.extend_from_slice(&last[last.iter().position(|&c| c == b'\r').unwrap_or(0)..]);
            out.send_from(start, reply_to);
        }
        if let Some(leg) = dead_leg {
            self.leg_over(now, Close { by: Party::Router, ..leg }, out);
        }
        self.write_down(ix, false, out);
        self.settle_call(ix);
    }

    /// Emits the record of a call that was not answered, once no branch can answer it any more; or at once, when the
    /// process ends (`now_or_never`). Then the set-up is dropped, and with it the call's snapshot.
    pub(super) fn write_down(&mut self, ix: u32, now_or_never: bool, out: &mut Effects) {
        let Some(call) = self.calls.get(ix as usize).filter(|call| call.setup.is_some()) else { return };
        let may_answer = |branch: u32| self.branches.get(branch as usize).is_some_and(|b| b.client.pending());
        if call.server.proceeding() || (!now_or_never && self.branches_of(ix).into_iter().any(may_answer)) {
            return;
        }
        let Some(call) = self.calls.get_mut(ix as usize) else { return };
        if let Some(record) = call.setup.take().and_then(|setup| setup.record) {
            self.emit(crate::record::Row::Done { record }, out);
        }
    }

    /// Writes down what is not yet written, before the process ends. Calls still in set-up end on both sides: nobody
    /// would be left to cancel the phone that rings.
    pub fn close(&mut self, now: Now, out: &mut Effects) {
        let calls: Vec<u32> = self.calls.iter().map(|(ix, _)| ix as u32).collect();
        for ix in calls {
            for branch in self.branches_of(ix) {
                self.lose_branch(now, branch, Why::Cancelled, b"Reason: SIP;cause=503\r\n", out);
            }
            match self.calls.get(ix as usize).is_some_and(|call| call.cancelled) {
                true => self.cancel_done(now, ix, None, out),
                false => self.final_of_our_own(now, ix, 503, "Service Unavailable", "the router shuts down", out),
            }
            self.write_down(ix, true, out);
        }
    }

    pub(super) fn call_timer(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let timers = self.timers;
        let Some(call) = self.calls.get_mut(ix as usize) else { return };
        let again = call.server.fire(now.at, &timers) == Fired::Retransmit;
        #[cfg(feature = "sim")]
        let again = again && !(self.plant == super::Plant::NoTrying && call.server.proceeding());
        if again {
            call.answer_again(out);
        }
        self.settle_call(ix);
    }

    /// Arms the call's next deadline, or removes what is over: no transaction without a timer, no timer without a
    /// transaction (checklist T16).
    pub(super) fn settle_call(&mut self, ix: u32) {
        let Some(call) = self.calls.get_mut(ix as usize) else { return };
        if call.server.terminated() && call.newest.is_none() && call.setup.is_none() {
            call.alarm.set(&mut self.wheel, None, super::alarm::Timer::Call(ix));
            let key = call.key;
            if let Some(ack) = call.awaited_ack {
                self.awaited_acks.remove(&ack);
            }
            self.calls.remove(ix as usize);
            self.owners.remove(key, Owner::Call(ix));
            return;
        }
        if call.server.terminated() {
            // Only late answers of branches are waited for: nothing to send again.
            call.last = None;
        }
        let deadline = call.server.deadline();
        call.alarm.set(&mut self.wheel, deadline, super::alarm::Timer::Call(ix));
    }

    /// Arms the branch's next deadline, or removes it.
    pub(super) fn settle_branch(&mut self, ix: u32) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        #[cfg(feature = "sim")]
        let leak = self.plant == super::Plant::LeakedTransaction && branch.nonce.is_multiple_of(100);
        #[cfg(not(feature = "sim"))]
        let leak = false;
        if branch.client.terminated() && !leak {
            return self.drop_branch(ix);
        }
        let deadline = branch.deadline();
        branch.alarm.set(&mut self.wheel, deadline, super::alarm::Timer::Branch(ix));
    }

    fn drop_branch(&mut self, ix: u32) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        branch.alarm.set(&mut self.wheel, None, super::alarm::Timer::Branch(ix));
        let (call_ix, older) = (branch.call, branch.older);
        let newer = self.branches_of(call_ix).into_iter().take_while(|other| *other != ix).last();
        let link = match newer {
            Some(newer) => self.branches.get_mut(newer as usize).map(|branch| &mut branch.older),
            None => self.calls.get_mut(call_ix as usize).map(|call| &mut call.newest),
        };
        if let Some(link) = link.filter(|link| **link == Some(BranchIx::of(ix))) {
            *link = older;
        }
        self.branches.remove(ix as usize);
    }

    /// The client transactions of a call that still live, the newest first.
    pub(super) fn branches_of(&self, call: u32) -> SmallVec<[u32; 4]> {
        let mut next = self.calls.get(call as usize).and_then(|call| call.newest);
        let mut all = SmallVec::new();
        while let Some(ix) = next {
            all.push(ix.place());
            next = self.branches.get(ix.place() as usize).and_then(|branch| branch.older);
        }
        all
    }

    /// The branch is not needed for its call any more: another one was answered, or the process ends. `reason`: the
    /// Reason lines of its CANCEL.
    pub(super) fn lose_branch(&mut self, now: Now, ix: u32, why: Why, reason: &[u8], out: &mut Effects) {
        let Some(branch) = self.branches.get_mut(ix as usize).filter(|branch| branch.running()) else { return };
        branch.role = Role::Abandoned;
        let (call, attempt) = (branch.call, branch.attempt);
        self.count_attempt(ix, End { code: 487, why });
        // A trial call that another gateway's answer ends gives its place back.
        self.judge_nothing(ix, out);
        if let Some(setup) = self.calls.get_mut(call as usize).and_then(|call| call.setup.as_deref_mut()) {
            setup.end_attempt(now, attempt, End { code: 487, why });
        }
        self.cancel_branch(now, ix, reason, out);
        self.settle_branch(ix);
    }
}
