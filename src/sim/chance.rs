//! Chance: one seeded generator, so that a run replays from its seed (checklist C5).
//!
//! SplitMix64: small, fast, and good enough to draw delays and moods. The router's own tokens come from its CSPRNG,
//! seeded from here.

use crate::mix::SplitMix;
use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};
use std::ops::RangeInclusive;

/// A seeded source of chance. Two with the same seed give the same draws.
#[derive(Clone, Debug)]
pub struct Chance(SplitMix);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(SplitMix::new(seed ^ 0x5bd1_e995_9e37_79b9))
    }

    /// A generator of its own for a part of the run: what one part draws never shifts another's draws.
    pub fn part(seed: u64, part: u64) -> Chance {
        let mut mixed = Chance::new(seed);
        let salt = mixed.draw().wrapping_add(part.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let mut own = Chance(SplitMix::new(salt));
        own.draw();
        own
    }

    /// A generator of its own for one event, named by anything that can be hashed.
    pub fn of(seed: u64, event: impl Hash) -> Chance {
        Chance::new(FixedState::with_seed(seed).hash_one(event))
    }

    pub fn draw(&mut self) -> u64 {
        self.0.draw()
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    pub fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// True in `percent` of 100 draws.
    pub fn percent(&mut self, percent: f64) -> bool {
        percent > 0.0 && (self.draw() >> 11) as f64 / ((1u64 << 53) as f64) * 100.0 < percent
    }

    /// One of the items.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// One of the items, each with its weight.
    pub fn weighted<T: Copy>(&mut self, items: &[(u64, T)]) -> T {
        let mut at = self.below(items.iter().map(|(w, _)| w).sum());
        for (weight, item) in items {
            if at < *weight {
                return *item;
            }
            at -= weight;
        }
        items[items.len() - 1].1
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// 32 bytes, for the seed of a worker's CSPRNG.
    pub fn seed(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.draw().to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replays_and_parts_do_not_meet() {
        let draws = |mut c: Chance| (0..8).map(|_| c.below(1000)).collect::<Vec<_>>();
        assert_eq!(draws(Chance::part(7, 1)), draws(Chance::part(7, 1)));
        assert_ne!(draws(Chance::part(7, 1)), draws(Chance::part(7, 2)));
        assert_ne!(draws(Chance::part(7, 1)), draws(Chance::part(8, 1)));
    }

    #[test]
    fn percent_is_a_share() {
        let mut chance = Chance::new(1);
        let hits = (0..100_000).filter(|_| chance.percent(5.0)).count();
        assert!((4_500..5_500).contains(&hits), "{hits}");
    }
}
