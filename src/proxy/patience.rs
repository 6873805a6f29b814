//! The timers of a branch: retransmissions, and how long the proxy waits for a gateway (checklist F1, F8 to F10, X14).

use super::call::{Asked, Branch, Cancel, Phase, Role};
use super::verdict::End;
use super::{Core, Effects};
use crate::health::ProbeResult;
use crate::record::Why;
use crate::time::Now;
use crate::transaction::Fired;

impl Core {
    pub(super) fn branch_timer(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let timers = self.timers;
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let call_ix = branch.call;
        if let Some(Asked { cancel: Cancel::Sent(cancel), flow, .. }) = branch.asked.as_deref_mut()
            && cancel.client.fire(now.at, &timers) == Fired::Retransmit
        {
            let start = out.arena.len();
            out.arena.extend_from_slice(&cancel.bytes);
            out.send_from(start, *flow);
        }
        match branch.client.fire(now.at) {
            Fired::Retransmit => resend(branch, out),
            Fired::TimedOut => self.gave_no_sign(now, ix, out),
            Fired::Terminated | Fired::Nothing => {}
        }
        if let Some(branch) = self.branches.get(ix as usize)
            && branch.client.pending()
            && branch.asked.as_ref().and_then(|asked| asked.wait).is_some_and(|wait| wait <= now.at)
        {
            self.patience_ended(now, ix, out);
        }
        self.settle_branch(ix);
        self.write_down(call_ix, false, out);
        self.settle_call(call_ix);
    }

    /// Timer B: nothing at all in 64·T1.
    fn gave_no_sign(&mut self, now: Now, ix: u32, out: &mut Effects) {
        self.judge(ix, ProbeResult::Timeout, out);
        if self.branches.get(ix as usize).is_some_and(|branch| branch.role == Role::Running) {
            self.attempt_over(now, ix, End { code: 408, why: Why::Timeout }, None, out);
        }
    }

    /// `attempt_timeout`, `progress_timeout`, `ring_timeout`, timer C, or the time that a cancelled branch has.
    fn patience_ended(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let Some(asked) = branch.asked.as_deref_mut() else { return };
        asked.wait = None;
        let cancelled = self.calls.get(branch.call as usize).is_some_and(|call| call.cancelled);
        let why = match asked.phase {
            _ if matches!(asked.cancel, Cancel::Sent(_)) => {
                // 64·T1 after the CANCEL: it is not waited for any longer (checklist X21).
                let running = branch.role == Role::Running;
                branch.client.terminate();
                if running {
                    self.attempt_over(now, ix, End { code: 408, why: Why::Cancelled }, None, out);
                }
                return;
            }
            // Given up or lost: if a 1xx comes, its CANCEL goes out then, but it is not asked for any longer.
            _ if branch.role == Role::Abandoned => return branch.client.quiet(),
            Phase::Silent => Why::Timeout,
            Phase::Trying => Why::NoProgress,
            Phase::Ringing => Why::NoAnswer,
        };
        if why == Why::Timeout {
            // Nothing to cancel yet: if a 1xx comes later, its CANCEL goes out then (checklist F10, E2).
            branch.client.quiet();
            match cancelled {
                true => self.judge_nothing(ix, out),
                false => self.judge(ix, ProbeResult::Timeout, out),
            }
        }
        let reason = b"Reason: SIP;cause=408;text=\"Request Timeout\"\r\n";
        self.cancel_branch(now, ix, reason, out);
        let why = if cancelled { Why::Cancelled } else { why };
        self.attempt_over(now, ix, End { code: 408, why }, None, out);
    }

    /// The INVITE came back as undeliverable: at once the next gateway (checklist F2, N14).
    pub(super) fn branch_undelivered(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        if !branch.client.calling() {
            return;
        }
        let (call_ix, running) = (branch.call, branch.role == Role::Running);
        self.judge(ix, ProbeResult::Transport, out);
        if let Some(branch) = self.branches.get_mut(ix as usize) {
            branch.client.terminate();
        }
        if running {
            self.attempt_over(now, ix, End { code: 503, why: Why::Transport }, None, out);
        }
        self.settle_branch(ix);
        self.write_down(call_ix, false, out);
        self.settle_call(call_ix);
    }
}

fn resend(branch: &Branch, out: &mut Effects) {
    if let Some(Asked { sent: Some(sent), flow, .. }) = branch.asked.as_deref() {
        let start = out.arena.len();
        out.arena.extend_from_slice(sent);
        out.send_from(start, *flow);
    }
}
