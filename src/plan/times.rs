//! Instants: when which of two lists of rules decides, cut only where a `when` matters.

use super::intern::{Interner, Map};
use crate::route::{Schedules, Spans, When};
use crate::time::Wall;
use smallvec::SmallVec;
use std::cell::RefCell;
use std::rc::Rc;

/// A set of instants of the window, by its place in [`Times`].
pub type TimeId = u32;
/// The whole window.
pub const ALWAYS: TimeId = 0;
/// No instant of it.
pub const NEVER: TimeId = 1;

/// From which instant to which the two revisions are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Wall,
    pub until: Wall,
}

impl Window {
    /// So many days of 24 hours from an instant on.
    pub fn days(from: Wall, days: u32) -> Window {
        Window { from, until: Wall(from.0.saturating_add(i64::from(days) * 86_400_000_000)) }
    }
}

/// The conditions of some rules in their order; behind the last stands what holds when none does.
pub type Whens = SmallVec<[TimeId; 4]>;

/// In `time` the rule at `old` decides on the one side and the rule at `new` on the other; positions one past the rules
/// mean that none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub old: usize,
    pub new: usize,
    pub time: TimeId,
}

#[derive(Debug)]
pub struct Times {
    window: Window,
    sets: Interner<Spans>,
    slices: Map<(Whens, Whens), Rc<[Slice]>>,
    /// By time; asked again for each range.
    shares: RefCell<Map<TimeId, f64>>,
}

impl Times {
    pub fn new(window: Window) -> Times {
        let mut sets = Interner::default();
        sets.put(Spans::whole(window.from, window.until));
        sets.put(Spans::default());
        Times { window, sets, slices: Map::default(), shares: RefCell::default() }
    }

    pub fn window(&self) -> Window {
        self.window
    }
    pub fn get(&self, time: TimeId) -> &Spans {
        self.sets.get(time)
    }

    /// When a `when` holds. Conditions that hold at the same instants are one, whatever they are called.
    pub fn of(&mut self, schedules: &Schedules, when: &[When]) -> TimeId {
        match when {
            [] => ALWAYS,
            when => self.sets.put(schedules.spans_of(when, self.window.from, self.window.until)),
        }
    }

    /// The instants of both.
    pub fn joined(&mut self, a: TimeId, b: TimeId) -> TimeId {
        if a == b || a == ALWAYS || b == NEVER {
            return a;
        }
        let joined = self.get(a).with(self.get(b));
        self.sets.put(joined)
    }

    /// Who decides when, for rules with these conditions: the first of each side that holds.
    pub fn slices(&mut self, old: &Whens, new: &Whens) -> Rc<[Slice]> {
        let key = (old.clone(), new.clone());
        if let Some(known) = self.slices.get(&key) {
            return Rc::clone(known);
        }
        let (olds, news) = (self.turns(old), self.turns(new));
        let mut out = Vec::new();
        for (old, a) in &olds {
            for (new, b) in &news {
                let both = a.and(b);
                if !both.is_empty() {
                    out.push(Slice { old: *old, new: *new, time: self.sets.put(both) });
                }
            }
        }
        let out: Rc<[Slice]> = out.into();
        self.slices.insert(key, Rc::clone(&out));
        out
    }

    /// The part of the window in which each rule is the first that holds; last, the part in which none does.
    fn turns(&self, whens: &Whens) -> Vec<(usize, Spans)> {
        let mut left = self.get(ALWAYS).clone();
        let mut out = Vec::new();
        for (at, &when) in whens.iter().enumerate() {
            let turn = left.and(self.get(when));
            left = left.without(&turn);
            if !turn.is_empty() {
                out.push((at, turn));
            }
        }
        if !left.is_empty() {
            out.push((whens.len(), left));
        }
        out
    }

    /// The part of the week in which these instants lie: measured over the window's whole weeks, so that a weekly rhythm
    /// counts as what it is; over the window where it is shorter.
    pub fn share(&self, time: TimeId) -> f64 {
        match time {
            ALWAYS => 1.0,
            _ => *self.shares.borrow_mut().entry(time).or_insert_with(|| self.measured(time)),
        }
    }

    fn measured(&self, time: TimeId) -> f64 {
        const WEEK: i64 = 7 * 86_400_000_000;
        let Window { from, until } = self.window;
        let weeks = (until.0 - from.0) / WEEK;
        let until = if weeks > 0 { Wall(from.0 + weeks * WEEK) } else { until };
        let within = self.get(time).and(&Spans::whole(from, until));
        within.length() as f64 / ((until.0 - from.0).max(1)) as f64
    }
}
