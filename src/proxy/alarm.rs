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

/// A [`Timer`] as the wheel holds it: the table in two bits, the place in thirty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed(u32);

const PLACE_BITS: u32 = 30;

impl Timer {
    fn packed(self) -> Packed {
        let (table, ix) = match self {
            Timer::Call(ix) => (0, ix),
            Timer::Branch(ix) => (1, ix),
            Timer::Exchange(ix) => (2, ix),
            Timer::Probe(ix) => (3, ix),
        };
        Packed(table << PLACE_BITS | ix)
    }
}

impl Packed {
    pub fn timer(self) -> Timer {
        let ix = self.0 & ((1 << PLACE_BITS) - 1);
        match self.0 >> PLACE_BITS {
            0 => Timer::Call(ix),
            1 => Timer::Branch(ix),
            2 => Timer::Exchange(ix),
            _ => Timer::Probe(ix),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    armed: Option<Ticket>,
}

impl Alarm {
    /// Arms for `at`, or disarms.
    pub fn set(&mut self, wheel: &mut Wheel<Packed>, at: Option<Instant>, timer: Timer) {
        if let Some(ticket) = self.armed {
            if at.is_some_and(|at| wheel.fires_at(ticket, at)) {
                return;
            }
            wheel.cancel(ticket);
        }
        self.armed = at.map(|at| wheel.arm(at, timer.packed()));
    }

    /// The wheel has fired it.
    pub fn spent(&mut self) {
        self.armed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_comes_out_as_it_went_in() {
        for timer in [Timer::Call(0), Timer::Branch(7), Timer::Exchange((1 << PLACE_BITS) - 1), Timer::Probe(1)] {
            assert_eq!(timer.packed().timer(), timer);
        }
    }
}
