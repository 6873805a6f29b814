//! Time in pieces that no schedule tells apart: what asks a table about all instants at once asks about these.
//!
//! Between two edges of any schedule nothing changes; and instants at which the same schedules are active are alike, so a
//! week of opening hours is a handful of classes, however many years it is looked at. A set of instants is a set of classes,
//! by its number in [`Instants`]: equal sets have equal numbers.

use super::{ScheduleIx, Schedules, When};
use crate::mix::nth;
use crate::time::Wall;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Sets of instants, and what is known about each.
#[derive(Debug)]
pub struct Instants {
    /// The first instant of each class.
    first: Vec<Wall>,
    /// When each schedule is active.
    schedules: Vec<InstantSet>,
    sets: Vec<Box<[u64]>>,
    known: HashMap<Box<[u64]>, InstantSet, FixedState>,
    done: HashMap<(Operation, InstantSet, InstantSet), InstantSet, FixedState>,
}

/// A set of instants of one [`Instants`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstantSet(u32);

impl InstantSet {
    pub const NEVER: InstantSet = InstantSet(0);
    pub const ALWAYS: InstantSet = InstantSet(1);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Or,
    And,
    Without,
}

impl Instants {
    /// Cuts the time between two instants.
    pub fn between(schedules: &Schedules, from: Wall, until: Wall) -> Instants {
        let spans = schedules.all_spans(from, until);
        let mut edges: Vec<(Wall, usize)> = Vec::new();
        for (at, spans) in spans.iter().enumerate() {
            edges.extend(spans.edges().iter().map(|&edge| (edge, at)));
        }
        edges.sort_unstable();
        let mut active = vec![false; spans.len()];
        // The classes by which schedules are active in them; `who` is kept up to date edge by edge.
        let (mut who, mut classes) = (0u128, HashMap::with_hasher(FixedState::with_seed(1)));
        let (mut first, mut members): (Vec<Wall>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        let mut edges = edges.into_iter().peekable();
        let mut at = from;
        while at < until {
            while let Some((_, schedule)) = edges.next_if(|(edge, _)| *edge <= at) {
                active[schedule] = !active[schedule];
                who ^= mark(schedule);
            }
            classes.entry(who).or_insert_with(|| {
                first.push(at);
                members.push((0..active.len()).filter(|&n| active[n]).collect());
                first.len() - 1
            });
            at = edges.peek().map_or(until, |(edge, _)| *edge);
        }
        Instants::of_classes(first, &members, spans.len())
    }

    fn of_classes(first: Vec<Wall>, members: &[Vec<usize>], schedules: usize) -> Instants {
        let words = first.len().div_ceil(64).max(1);
        let mut out = Instants {
            first,
            schedules: Vec::new(),
            sets: Vec::new(),
            known: HashMap::with_hasher(FixedState::with_seed(2)),
            done: HashMap::with_hasher(FixedState::with_seed(3)),
        };
        out.put(vec![0; words].into());
        let mut all: Box<[u64]> = vec![0; words].into();
        (0..out.first.len()).for_each(|class| all[class / 64] |= 1 << (class % 64));
        out.put(all);
        let mut bits: Vec<Box<[u64]>> = vec![vec![0; words].into(); schedules];
        for (class, members) in members.iter().enumerate() {
            members.iter().for_each(|&schedule| bits[schedule][class / 64] |= 1 << (class % 64));
        }
        out.schedules = bits.into_iter().map(|bits| out.put(bits)).collect();
        out
    }

    /// When a schedule is active.
    pub fn of_schedule(&self, ix: ScheduleIx) -> InstantSet {
        self.schedules.get(usize::from(ix.0)).copied().unwrap_or(InstantSet::NEVER)
    }

    /// When a `when` holds.
    pub fn of(&mut self, when: &[When]) -> InstantSet {
        if when.is_empty() {
            return InstantSet::ALWAYS;
        }
        when.iter().fold(InstantSet::NEVER, |all, when| {
            let own = self.of_schedule(when.schedule);
            let own = if when.not { self.without(InstantSet::ALWAYS, own) } else { own };
            self.or(all, own)
        })
    }

    pub fn or(&mut self, a: InstantSet, b: InstantSet) -> InstantSet {
        match (a, b) {
            _ if a == b => a,
            (InstantSet::NEVER, other) | (other, InstantSet::NEVER) => other,
            (InstantSet::ALWAYS, _) | (_, InstantSet::ALWAYS) => InstantSet::ALWAYS,
            _ => self.work(Operation::Or, a.min(b), a.max(b)),
        }
    }

    pub fn and(&mut self, a: InstantSet, b: InstantSet) -> InstantSet {
        match (a, b) {
            _ if a == b => a,
            (InstantSet::ALWAYS, other) | (other, InstantSet::ALWAYS) => other,
            (InstantSet::NEVER, _) | (_, InstantSet::NEVER) => InstantSet::NEVER,
            _ => self.work(Operation::And, a.min(b), a.max(b)),
        }
    }

    /// What is in the first alone.
    pub fn without(&mut self, a: InstantSet, b: InstantSet) -> InstantSet {
        match (a, b) {
            _ if a == b => InstantSet::NEVER,
            (_, InstantSet::NEVER) => a,
            (InstantSet::NEVER, _) | (_, InstantSet::ALWAYS) => InstantSet::NEVER,
            _ => self.work(Operation::Without, a, b),
        }
    }

    /// The first instant of a set.
    pub fn first(&self, set: InstantSet) -> Option<Wall> {
        if set == InstantSet::NEVER {
            return None;
        }
        let bits = self.sets.get(set.0 as usize)?;
        let has = |class: usize| bits.get(class / 64).is_some_and(|word| word >> (class % 64) & 1 == 1);
        self.first.iter().enumerate().filter(|(class, _)| has(*class)).map(|(_, &first)| first).min()
    }

    fn work(&mut self, operation: Operation, a: InstantSet, b: InstantSet) -> InstantSet {
        if let Some(&done) = self.done.get(&(operation, a, b)) {
            return done;
        }
        let (Some(x), Some(y)) = (self.sets.get(a.0 as usize), self.sets.get(b.0 as usize)) else {
            return InstantSet::NEVER;
        };
        let bits = x.iter().zip(y).map(|(x, y)| match operation {
            Operation::Or => x | y,
            Operation::And => x & y,
            Operation::Without => x & !y,
        });
        let made = bits.collect();
        let set = self.put(made);
        self.done.insert((operation, a, b), set);
        set
    }

    fn put(&mut self, bits: Box<[u64]>) -> InstantSet {
        if let Some(&known) = self.known.get(&bits) {
            return known;
        }
        let set = InstantSet(self.sets.len() as u32);
        self.sets.push(bits.clone());
        self.known.insert(bits, set);
        set
    }
}

/// A number for each schedule, so that the sums of different sets differ.
fn mark(schedule: usize) -> u128 {
    let seed = schedule as u64 + 1;
    u128::from(nth(seed)) << 64 | u128::from(nth(seed | 1 << 32))
}
