//! A hierarchical timing wheel: arming, cancelling and firing cost O(1) each, whatever is armed (checklist T15).
//!
//! Six levels of 64 slots over ticks of one millisecond; a deadline sits at the level of the highest bit in which it
//! differs from the present tick, and moves down as the present comes near. Deadlines are rounded up: nothing fires
//! early, but for a deadline more than 49 days ahead, which fires then: whoever armed it looks at the clock again.

use super::pieces::Pieces;
use crate::time::Instant;
use std::num::NonZeroU32;

const LEVELS: usize = 6;
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const NONE: u32 = u32::MAX;
const TICK_MICROS: u64 = 1000;

/// In `Entry::previous`: the entry is the first of its slot, and the rest of the number is level · 64 + slot.
const FIRST: u32 = 1 << 31;
/// Longest way ahead in ticks, so that the low 32 bits of a deadline say which it is.
const HORIZON: u64 = u32::MAX as u64 - 1;

/// Names one armed timer; spent when it fires or is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(NonZeroU32);

/// Sixteen bytes with a key of four.
#[derive(Clone, Copy, Debug)]
struct Entry<K> {
    key: K,
    /// The low bits of the tick.
    at: u32,
    previous: u32,
    next: u32,
}

impl Ticket {
    fn place(self) -> u32 {
        self.0.get() - 1
    }
}

#[derive(Debug)]
pub struct Wheel<K> {
    /// All ticks up to and including this one have fired.
    now: u64,
    heads: [[u32; SLOTS]; LEVELS],
    occupied: [u64; LEVELS],
    entries: Pieces<Entry<K>>,
    free: u32,
    armed: usize,
}

impl<K: Copy> Wheel<K> {
    pub fn new(now: Instant) -> Wheel<K> {
        Wheel {
            now: now.0 / TICK_MICROS,
            heads: [[NONE; SLOTS]; LEVELS],
            occupied: [0; LEVELS],
            entries: Pieces::new(),
            free: NONE,
            armed: 0,
        }
    }

    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.armed
    }

    pub fn is_empty(&self) -> bool {
        self.armed == 0
    }

    pub fn arm(&mut self, at: Instant, key: K) -> Ticket {
        let at = self.tick_of(at);
        let entry = Entry { key, at: at as u32, previous: NONE, next: NONE };
        let ix = if self.free == NONE {
            self.entries.push(entry) as u32
        } else {
            let ix = self.free;
            self.free = self.entries[ix as usize].next;
            self.entries[ix as usize] = entry;
            ix
        };
        self.armed += 1;
        self.link(ix, at);
        Ticket(NonZeroU32::MIN.saturating_add(ix))
    }

    pub fn cancel(&mut self, ticket: Ticket) {
        self.unlink(ticket.place());
        self.release(ticket.place());
    }

    /// Whether a ticket's timer fires when one armed now for `at` would.
    pub fn fires_at(&self, ticket: Ticket, at: Instant) -> bool {
        self.entries[ticket.place() as usize].at == self.tick_of(at) as u32
    }

    fn tick_of(&self, at: Instant) -> u64 {
        at.0.div_ceil(TICK_MICROS).clamp(self.now + 1, self.now + HORIZON)
    }

    /// When [`Wheel::expire`] next has something to do. May be early (a slot of a higher level is to be sorted), never
    /// late.
    pub fn next(&self) -> Option<Instant> {
        self.next_slot().map(|(_, _, tick)| Instant(tick.saturating_mul(TICK_MICROS)))
    }

    /// Appends the keys of all timers due by `now` to `fired`, earliest first.
    pub fn expire(&mut self, now: Instant, fired: &mut Vec<K>) {
        let target = now.0 / TICK_MICROS;
        while let Some((level, slot, tick)) = self.next_slot() {
            if tick > target {
                break;
            }
            self.now = self.now.max(tick);
            let mut ix = std::mem::replace(&mut self.heads[level][slot], NONE);
            self.occupied[level] &= !(1 << slot);
            // Slots are lists, last armed first; firing goes in the order of arming.
            let mut chain = smallvec::SmallVec::<[u32; 64]>::new();
            while ix != NONE {
                chain.push(ix);
                ix = self.entries[ix as usize].next;
            }
            for &ix in chain.iter().rev() {
                let Entry { key, at, .. } = self.entries[ix as usize];
                // No deadline is past: it lies less than 2^32 ticks ahead.
                let ahead = at.wrapping_sub(self.now as u32);
                if ahead == 0 {
                    fired.push(key);
                    self.release(ix);
                } else {
                    self.link(ix, self.now + u64::from(ahead));
                }
            }
        }
        self.now = self.now.max(target);
    }

    /// The earliest occupied slot: level, slot, and the tick at which it begins.
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        for level in 0..LEVELS {
            if self.occupied[level] == 0 {
                continue;
            }
            let shift = BITS * level as u32;
            let present = (self.now >> shift) & (SLOTS as u64 - 1);
            let ahead = self.occupied[level].rotate_right(present as u32).trailing_zeros() as u64;
            let slot = (present + ahead) % SLOTS as u64;
            let round = self.now >> shift >> BITS;
            // A slot behind the present one (top level only) belongs to the next round.
            let round = if slot < present { round + 1 } else { round };
            let tick = ((round << BITS) + slot) << shift;
            return Some((level, slot as usize, tick.max(self.now)));
        }
        None
    }

    fn link(&mut self, ix: u32, at: u64) {
        let differing = (at ^ self.now) | 1;
        let level = ((63 - differing.leading_zeros()) / BITS).min(LEVELS as u32 - 1) as usize;
        let slot = (at >> (BITS * level as u32)) as usize % SLOTS;
        let head = std::mem::replace(&mut self.heads[level][slot], ix);
        self.occupied[level] |= 1 << slot;
        if head != NONE {
            self.entries[head as usize].previous = ix;
        }
        let entry = &mut self.entries[ix as usize];
        entry.previous = FIRST | (level * SLOTS + slot) as u32;
        entry.next = head;
    }

    fn unlink(&mut self, ix: u32) {
        let Entry { previous, next, .. } = self.entries[ix as usize];
        debug_assert_ne!(previous, NONE, "a ticket that is spent");
        if next != NONE {
            self.entries[next as usize].previous = previous;
        }
        if previous & FIRST == 0 {
            self.entries[previous as usize].next = next;
            return;
        }
        let home = (previous & !FIRST) as usize;
        let (level, slot) = (home / SLOTS, home % SLOTS);
        self.heads[level][slot] = next;
        if next == NONE {
            self.occupied[level] &= !(1 << slot);
        }
    }

    fn release(&mut self, ix: u32) {
        let entry = &mut self.entries[ix as usize];
        (entry.previous, entry.next) = (NONE, self.free);
        self.free = ix;
        self.armed -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn fires_in_order_of_deadline_and_never_early() {
        let mut wheel = Wheel::new(Instant(0));
        let mut state = 7u64;
        let mut expected: Vec<(u64, u32)> = Vec::new();
        for key in 0..5000u32 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = state >> 33 >> (state % 20);
            wheel.arm(Instant(at), key);
            expected.push((at.div_ceil(1000).max(1), key));
        }
        expected.sort();
        let (mut fired, mut seen) = (Vec::new(), Vec::new());
        while let Some(at) = wheel.next() {
            wheel.expire(at, &mut fired);
            for key in fired.drain(..) {
                let due = expected.iter().find(|(_, k)| *k == key).unwrap().0;
                assert!(due <= at.0 / 1000 && at.0 / 1000 <= due.max(1), "key {key} due {due} fired {at:?}");
                seen.push((due, key));
            }
        }
        assert_eq!(seen.len(), 5000);
        assert!(seen.is_sorted_by_key(|(due, _)| *due));
        assert!(wheel.is_empty());
    }

    #[test]
    fn a_timer_costs_sixteen_bytes() {
        assert_eq!((size_of::<Entry<u32>>(), size_of::<Option<Ticket>>()), (16, 4));
    }

    #[test]
    fn a_deadline_beyond_the_horizon_fires_there() {
        let mut wheel = Wheel::new(Instant(1));
        let days = |n: u64| Instant(0) + Duration::from_secs(n * 86_400);
        let far = wheel.arm(days(400), 1);
        assert!(wheel.fires_at(far, days(400)) && !wheel.fires_at(far, days(40)));
        let mut fired = Vec::new();
        wheel.expire(days(49), &mut fired);
        assert!(fired.is_empty());
        wheel.expire(days(50), &mut fired);
        assert_eq!((fired, wheel.next()), (vec![1], None));
    }

    #[test]
    fn a_cancelled_timer_does_not_fire_and_leaves_nothing() {
        let mut wheel = Wheel::new(Instant(0));
        let one = wheel.arm(Instant(5_000), 1);
        let two = wheel.arm(Instant(5_000), 2);
        wheel.arm(Instant(5_000), 3);
        wheel.cancel(two);
        wheel.cancel(one);
        let mut fired = Vec::new();
        wheel.expire(Instant(0) + Duration::from_secs(1), &mut fired);
        assert_eq!(fired, [3]);
        assert_eq!((wheel.len(), wheel.next()), (0, None));
    }

    #[test]
    fn a_long_stall_fires_each_timer_once() {
        let mut wheel = Wheel::new(Instant(0));
        for n in 0..1000u64 {
            wheel.arm(Instant(n * 7_000_000), n);
        }
        let mut fired = Vec::new();
        wheel.expire(Instant(u64::MAX / 4), &mut fired);
        assert_eq!(fired, (0..1000).collect::<Vec<_>>());
        wheel.arm(Instant(u64::MAX / 4 + 5_000), 1);
        fired.clear();
        wheel.expire(Instant(u64::MAX / 4 + 10_000), &mut fired);
        assert_eq!(fired, [1]);
    }
}
