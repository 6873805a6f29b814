//! What chance and turns decide: the draw of weighted lists, the rotation of round-robin lists. Both come from outside, so
//! that a decision is a function of what it is given.

use super::{ListIx, Share, Table};
use crate::mix::SplitMix;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How a decision chooses where a list leaves it open.
#[derive(Clone, Copy, Debug, Default)]
pub enum Choice<'a> {
    /// Not at all: every attempt that may come, each with its exact share ([`super::Attempt::share`]), and how they may
    /// follow each other ([`super::Decision::order`]). For `explain`, `test` and `plan`.
    #[default]
    Exact,
    /// For one call: its order, and a share of 1 for the first.
    Drawn {
        /// 64 random bits of this call's.
        seed: u64,
        turns: &'a Turns,
    },
}

/// Where the round-robin lists of one table stand. Lives beside the snapshot, as health does, and is carried over a
/// reload by the lists' ids.
///
/// Shared by all workers, one atomic a list: with a counter for each worker the first calls after a start would all go
/// to the first member, once a worker, and no order of the calls as a whole would be a rotation. An uncontended
/// addition costs a few nanoseconds, a contended one less than the call's hundredth part.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    counters: Arc<[Arc<AtomicU32>]>,
}

impl Turns {
    /// All at the beginning.
    pub fn new(table: &Table) -> Turns {
        Turns { counters: table.lists().iter().map(|_| Arc::default()).collect() }
    }

    /// For the table that follows `before`: lists with the same id go on where they stood.
    pub fn carried(&self, before: &Table, table: &Table) -> Turns {
        let counter = |id: &str| {
            let old = before.lists().iter().position(|list| &*list.id == id)?;
            self.counters.get(old).cloned()
        };
        Turns { counters: table.lists().iter().map(|list| counter(&list.id).unwrap_or_default()).collect() }
    }

    /// This call's turn of a list.
    pub(super) fn take(&self, list: ListIx) -> u32 {
        self.counters.get(list.0 as usize).map_or(0, |counter| counter.fetch_add(1, Ordering::Relaxed))
    }
}

/// The random numbers of one list in one call, from the call's bits and the list's place.
fn chance(seed: u64, list: ListIx) -> SplitMix {
    // Begun with a drawn number, so that the lists of one call have nothing in common.
    SplitMix::new(SplitMix::new(seed.wrapping_add(u64::from(list.0))).draw())
}

/// The order of a list's members; without allocation for the first 32.
pub(super) type Order = SmallVec<[Share; 32]>;

/// Draws without replacement, by weight; weight 0 after all others, in order. The first *usable* member of such an order
/// has the share that it has among the usable ones, so health need not be asked here.
pub(super) fn draw(members: &[Share], seed: u64, list: ListIx) -> Order {
    let mut numbers = chance(seed, list);
    let mut left: Order = members.iter().filter(|m| m.weight > 0).copied().collect();
    let mut total: u64 = left.iter().map(|m| u64::from(m.weight)).sum();
    let mut order = Order::new();
    while left.len() > 1 {
        let mut at = numbers.below(total);
        let drawn = left.iter().position(|m| match at.checked_sub(u64::from(m.weight)) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        let member = left.remove(drawn.unwrap_or(0));
        total -= u64::from(member.weight);
        order.push(member);
    }
    order.extend(left);
    order.extend(members.iter().filter(|m| m.weight == 0).copied());
    order
}

/// Turns a list so that the usable member whose turn it is comes first, and the usable ones go on from there; those that
/// can't be used stand behind.
pub(super) fn rotate(members: &[Share], turn: u32, usable: impl Fn(&Share) -> bool) -> (Order, u32) {
    let (mut order, unusable): (Order, Order) = members.iter().copied().partition(|m| usable(m));
    let count = order.len() as u32;
    if count > 0 {
        order.rotate_left((turn % count) as usize);
    }
    order.extend(unusable);
    (order, count)
}
