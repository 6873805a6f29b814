//! One armed deadline of one transaction: its earliest timer, whichever that is.

use crate::time::Instant;
use crate::transaction::{Ticket, Wheel};

/// What a timer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    Call(u32),
    Branch(u32),
    Exchange(u32),
    Probe(u32),
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    armed: Option<(Ticket, Instant)>,
}

impl Alarm {
    /// Arms for `at`, or disarms.
    pub fn set(&mut self, wheel: &mut Wheel<Timer>, at: Option<Instant>, timer: Timer) {
        match (self.armed, at) {
            (Some((_, armed)), Some(at)) if armed == at => return,
            (Some((ticket, _)), _) => wheel.cancel(ticket),
            _ => {}
        }
        self.armed = at.map(|at| (wheel.arm(at, timer), at));
    }

    /// The wheel has fired it.
    pub fn spent(&mut self) {
        self.armed = None;
    }
}
