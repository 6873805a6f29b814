//! What operators ask of the control side. The questions come from the tasks that speak HTTP; each is answered here, in
//! its turn with everything else.

use super::super::revisions::texts;
use super::super::serving::{Serving, Standing};
use super::Control;
use super::standing::Verdict;
use crate::admin::{PinOrder, PinOrderAnswer, ReloadAnswer, ReloadOrder, RunningSources, WatchStatus};
use std::time::Instant;
use tokio::sync::oneshot;

/// Operators who wait for a reload, or for an order of theirs, at the same time; more are told to come back.
const MOST_WAITING: usize = 64;

/// A question.
pub enum Ask {
    State(oneshot::Sender<State>),
    Sources(oneshot::Sender<RunningSources>),
    Reload(ReloadOrder, oneshot::Sender<ReloadAnswer>),
    Pin(PinOrder, oneshot::Sender<PinOrderAnswer>),
}

/// What the control side knows for `status` and metrics.
pub struct State {
    pub serving: Serving,
    pub standing: Standing,
    pub watch: WatchStatus,
    pub boot: &'static str,
    pub draining: bool,
}

/// Somebody who waits for the end of a look.
pub(super) struct Waiting {
    pub colour: bool,
    pub accept: Vec<String>,
    reply: oneshot::Sender<ReloadAnswer>,
}

impl Waiting {
    /// Whoever asked may have gone away.
    pub fn reply(self, answer: ReloadAnswer) {
        let _ = self.reply.send(answer);
    }
}

impl Control {
    pub(super) fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::State(reply) => drop(reply.send(self.state())),
            Ask::Sources(reply) => drop(reply.send(self.sources())),
            // Dropping the sender says that there is no answer.
            Ask::Pin(..) if self.pin_orders.len() >= MOST_WAITING => {}
            Ask::Reload(..) if self.waiting.len() >= MOST_WAITING => {}
            Ask::Pin(order, reply) => {
                self.pin_orders.push_back((order, reply));
                self.carry_out();
            }
            Ask::Reload(order, reply) => {
                let ReloadOrder { accept, colour, by } = order;
                tracing::info!("reload asked for by {}", if by.is_empty() { "an operator" } else { &by });
                self.waiting.push(Waiting { colour, accept, reply });
                match self.parts.pin {
                    _ if self.draining.is_some() => self.refuse(Verdict::Draining),
                    Some(_) => self.refuse_for_pin(),
                    None => self.look_anew("reload"),
                }
            }
        }
    }

    /// Carries out the orders to pin, unpin and go back: not during a look, whose finding is about what served when it
    /// began.
    pub(super) fn carry_out(&mut self) {
        while self.looking.is_none()
            && let Some((order, reply)) = self.pin_orders.pop_front()
        {
            // Whoever asked may have gone away.
            let _ = reply.send(self.pin_ordered(order));
        }
    }

    /// Tells operators at once how the reload that they ask for ends.
    pub(super) fn refuse(&mut self, verdict: Verdict) {
        self.answering.append(&mut self.waiting);
        self.conclude(verdict, None, Instant::now());
    }

    /// What those who wait for this look accept.
    pub(super) fn accepted(&self) -> Vec<String> {
        self.answering.iter().flat_map(|waiting| &waiting.accept).cloned().collect()
    }

    fn state(&self) -> State {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        State {
            serving: self.parts.serving.clone(),
            standing: self.parts.standing.clone(),
            watch: WatchStatus {
                events: self.parts.watch.is_some() && self.complaint.is_none(),
                complaint: self.complaint.clone(),
                poll_ms: millis(self.parts.poll),
                next_poll_ms: millis(self.poll_at.saturating_duration_since(Instant::now())),
            },
            boot: self.parts.boot,
            draining: self.draining.is_some(),
        }
    }

    fn sources(&self) -> RunningSources {
        let serving = &self.parts.serving;
        RunningSources {
            schema: "trunkline/sources/1".to_owned(),
            revision: serving.snapshot.revision.to_string(),
            git: serving.git.as_ref().map(|git| git.commit.clone()),
            files: texts(&serving.set),
        }
    }
}
