//! One attempt: an INVITE to one gateway, in a branch of its own (checklist F15, F16).

use super::call::{Asked, Branch, BranchIx, Plan, Setup};
use super::hunt::Next;
use super::outward::{Names, Outward};
use super::token::{Kind, Token};
use super::verdict::final_reply;
use super::{Core, Effects};
use crate::route::{Attempt, FinalAnswer, GatewayIx};
use crate::time::Now;
use crate::transaction::InviteClient;
use smallvec::SmallVec;
use std::time::Duration;

/// Timer C must be longer than three minutes (checklist X14).
pub(super) const TIMER_C: Duration = Duration::from_secs(185);

impl Core {
    /// Goes on to the next gateway; when there is none, the caller gets the final answer.
    pub(super) fn next_attempt(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let Some(mut setup) = self.calls.get_mut(ix as usize).and_then(|call| call.setup.take()) else { return };
        let Plan::Hunt(hunt) = &mut setup.plan else { return };
        let mut skipped = SmallVec::<[(GatewayIx, &str); 4]>::new();
        let next = hunt.next(now.at, &setup.loaded.board, |gateway, why| skipped.push((gateway, why)));
        for (gateway, why) in skipped {
            setup.skip(gateway, why);
        }
        match next {
            Next::Attempt { attempt, trial } => {
                self.start_attempt(now, ix, &mut setup, &attempt, trial, out);
                self.put_back(ix, setup);
            }
            Next::Exhausted => {
                let answer = hunt_answer(&setup);
                self.put_back(ix, setup);
                match answer {
                    Answer::Own(reply) => {
                        self.final_of_our_own(now, ix, reply.code, &reply.reason, "no gateway took the call", out)
                    }
                    Answer::Held => self.final_that_was_held(now, ix, out),
                }
            }
        }
    }

    pub(super) fn put_back(&mut self, ix: u32, setup: Box<Setup>) {
        if let Some(call) = self.calls.get_mut(ix as usize) {
            call.setup = Some(setup);
        }
    }

    fn start_attempt(
        &mut self,
        now: Now,
        ix: u32,
        setup: &mut Setup,
        attempt: &Attempt,
        trial: bool,
        out: &mut Effects,
    ) {
        self.counters.attempts += 1;
        setup.begin_attempt(now, attempt);
        let Plan::Hunt(hunt) = &setup.plan else { return };
        let position = (hunt.tried.len().max(1) - 1) as u8;
        let patience = hunt.failover.attempt_timeout;
        let token = Token {
            kind: Kind::Invite,
            nonce: self.secrets.random(),
            loop_hash: setup.loop_hash,
            index: self.branches.vacant_key() as u32,
        };
        let record = setup.record.as_ref().map_or(0, |record| record.id.0);
        let outward = Outward {
            message: setup.request.message(),
            source: &setup.source,
            loaded: &setup.loaded,
            attempt,
            token,
            dialog: Some(Names { record, attempt: position }),
            drop_identity: setup.drop_identity,
        };
        let (flow, start) = self.send_outward(now, &outward, out);
        let mut asked = Asked::new(now.at, flow, &out.arena[start..], Some(now.at + patience));
        (asked.gateway, asked.trial) = (Some(attempt.gateway), trial);
        let client = InviteClient::new(now.at, &self.timers, flow.transport.reliable());
        self.insert_branch(Branch::new(ix, token.nonce, client, position, asked));
    }

    pub(super) fn insert_branch(&mut self, mut branch: Branch) {
        let ix = self.branches.vacant_key() as u32;
        if let Some(call) = self.calls.get_mut(branch.call as usize) {
            branch.older = call.newest.replace(BranchIx::of(ix));
        }
        self.branches.insert(branch);
        self.settle_branch(ix);
    }
}

/// What the caller hears when no gateway is left.
enum Answer {
    Own(crate::route::Reply),
    Held,
}

fn hunt_answer(setup: &Setup) -> Answer {
    let Plan::Hunt(hunt) = &setup.plan else { return Answer::Held };
    match hunt.failover.final_answer {
        FinalAnswer::Last | FinalAnswer::Best if setup.held.is_some() => Answer::Held,
        _ => Answer::Own(final_reply(&hunt.failover)),
    }
}
