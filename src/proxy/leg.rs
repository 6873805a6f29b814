//! Names an answered leg, and what a request inside the dialog closes.

use crate::record::{Leg, Party, RecordId};

/// What closes when a BYE is answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Close {
    pub record: RecordId,
    pub leg: Leg,
    pub by: Party,
}

/// Names a leg: attempt and callee's tag.
pub(super) fn leg(attempt: u8, callee_tag: &[u8]) -> Leg {
    Leg(u32::from(attempt) << 24 | super::cookie::short(callee_tag))
}
