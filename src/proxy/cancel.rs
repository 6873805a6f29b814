//! CANCEL, from the caller and towards gateways (RFC 3261 §9, §16.10; checklist X19 to X21, F17 to F19).

use super::arrival::Arrival;
use super::call::{Asked, Branch, Cancel, CancelClient};
use super::{Core, Effects, forward};
use crate::health::ProbeResult;
use crate::sip::{Index, Message, Method, Name, Parsed, parse};
use crate::time::Now;
use crate::transaction::{Key, NonInviteClient};

impl Core {
    /// The caller's CANCEL: 200 at once, then each pending branch is cancelled.
    pub(super) fn cancel_request(&mut self, arrival: &Arrival, key: Key, out: &mut Effects) {
        let invite = self.secrets.matcher.key(&arrival.message, &arrival.via, Method::Invite);
        let call = match self.owner(invite) {
            Some(super::owners::Owner::Call(ix)) => ix,
            _ if arrival.admission.admitted => {
                let why = "no INVITE is known that this CANCEL belongs to";
                return self.refuse(arrival, key, 481, "Call/Transaction Does Not Exist", why, out);
            }
            _ => return self.stranger(arrival, key, out),
        };
        self.answered_exchange(arrival, key, 200, "OK", out);
        let reason = reason_lines(&arrival.message);
        self.cancel_call(arrival.now, call, &reason, out);
    }

    fn cancel_call(&mut self, now: Now, ix: u32, reason: &[u8], out: &mut Effects) {
        let Some(call) = self.calls.get_mut(ix as usize) else { return };
        // After a final a CANCEL has no effect (§9.2; E13).
        if !call.server.proceeding() || call.cancelled {
            return;
        }
        call.cancelled = true;
        let mut pending = false;
        for branch in self.branches_of(ix) {
            if self.branches.get(branch as usize).is_some_and(Branch::running) {
                pending = true;
                self.cancel_branch(now, branch, reason, out);
                self.settle_branch(branch);
            }
        }
        if !pending {
            self.cancel_done(now, ix, None, out); // checklist F18
        }
    }

    /// No branch owes an answer any more: the caller's INVITE gets its 487 (checklist X21).
    pub(super) fn cancel_done(&mut self, now: Now, ix: u32, replied: Option<(u8, &Message)>, out: &mut Effects) {
        match replied {
            Some((attempt, message)) => self.final_passed_on(now, ix, attempt, message, out),
            None => self.final_of_our_own(now, ix, 487, "Request Terminated", "the caller cancelled", out),
        }
    }

    /// Cancels one branch: now if it has shown a 1xx, else as soon as it does, never before (checklist X19).
    pub(super) fn cancel_branch(&mut self, now: Now, ix: u32, reason: &[u8], out: &mut Effects) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let Some(asked) = branch.asked.as_deref_mut().filter(|asked| !asked.cancelling()) else { return };
        #[cfg(feature = "sim")]
        let early = self.plant == super::Plant::EarlyCancel;
        #[cfg(not(feature = "sim"))]
        let early = false;
        if branch.client.calling() && !early {
            asked.cancel = Cancel::Wanted(reason.into());
        } else {
            self.send_cancel(now, ix, reason, out);
        }
    }

    /// Sends the CANCEL to where the INVITE went, and gives its final 64·T1 (checklist X20, X21).
    pub(super) fn send_cancel(&mut self, now: Now, ix: u32, reason: &[u8], out: &mut Effects) {
        let (limits, timers) = (self.loaded.snapshot.limits, self.timers);
        let Some(asked) = self.branches.get_mut(ix as usize).and_then(|branch| branch.asked.as_deref_mut()) else {
            return;
        };
        let mut index = Index::default();
        let Some(sent) = asked.sent.as_deref() else { return };
        let Ok(Parsed::Message(invite)) = parse(sent, &mut index, &limits) else { return };
        let start = out.arena.len();
        forward::cancel(&invite, reason, &mut out.arena);
        out.send_from(start, asked.flow);
        let client = NonInviteClient::new(now.at, &timers, asked.flow.transport.reliable());
        asked.cancel = Cancel::Sent(Box::new(CancelClient { client, bytes: out.arena[start..].into() }));
        asked.wait = Some(now.at + timers.long());
    }

    /// A response to our CANCEL: nothing but the end of its repetition.
    pub(super) fn cancel_response(&mut self, now: Now, ix: u32, message: &Message) {
        let timers = self.timers;
        if let Some(branch) = self.branches.get_mut(ix as usize)
            && let Some(Asked { cancel: Cancel::Sent(cancel), .. }) = branch.asked.as_deref_mut()
        {
            cancel.client.receive(now.at, message.code(), &timers);
            self.settle_branch(ix);
        }
    }

    /// Nothing was heard of a gateway in a call that its caller cancelled: no verdict on the gateway.
    pub(super) fn judge_nothing(&mut self, ix: u32, out: &mut Effects) {
        self.judge(ix, ProbeResult::Nothing, out);
    }
}

/// The Reason lines of a CANCEL, to be passed on (RFC 3326, checklist A12).
fn reason_lines(message: &Message) -> Vec<u8> {
    let reasons = message.headers.iter().filter(|header| header.name == Name::Reason);
    reasons.flat_map(|header| &message.bytes[header.line()]).copied().collect()
}
