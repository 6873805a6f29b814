//! Walks the prefixes of a group on both sides at once, and finds for all numbers and instants where the two differ.
//!
//! Numbers that no rule of either side tells apart are one cell: a number that some prefix ends with, or everything that
//! goes on from there with a character that leads nowhere. A subtree that has one answer throughout is given to the level
//! above, so what is written down are the longest stretches, not the prefixes of the files.

use super::compare::Comparer;
use super::half;
use super::identity::GroupPair;
use super::outcome::Side;
use crate::route::{ALPHABET, Cursor};
use smallvec::SmallVec;

/// What is different in a cell, by its place among [`Comparer`]'s values.
pub type ValueId = u32;
/// No difference.
pub const NOTHING: ValueId = 0;
/// A subtree with several answers; they are written down already.
const MIXED: ValueId = ValueId::MAX;

/// Changes of numbers may reach beyond the prefix; so many characters further the cells are still told apart. Beyond,
/// two changes that are different are different, even where they happen to make the same of some numbers.
const BEYOND: usize = 3;

/// Numbers that begin alike, or one number; the digits stand in [`Found::digits`].
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub start: u32,
    pub length: u8,
    pub exact: bool,
    pub value: ValueId,
}

/// What is different in one group.
#[derive(Debug, Default)]
pub struct Found {
    pub digits: Vec<u8>,
    /// In the order of the digits.
    pub stretches: Vec<Stretch>,
    /// For numbers with a character that can't be dialled: what the catch-alls alone make of them.
    pub undialable: ValueId,
    /// Prefixes, exact numbers and the catch-all of either side.
    pub declared: u32,
    /// How many of them are different, each by the part of the week in which it is.
    pub changed: f64,
}

impl Found {
    /// Whether calls to this number are among what is different.
    pub fn has(&self, number: &[u8]) -> bool {
        self.stretches.iter().any(|stretch| match stretch.exact {
            true => self.digits_of(stretch) == number,
            false => number.starts_with(self.digits_of(stretch)),
        })
    }

    pub fn digits_of(&self, stretch: &Stretch) -> &[u8] {
        self.digits.get(stretch.start as usize..).and_then(|d| d.get(..usize::from(stretch.length))).unwrap_or_default()
    }
}

/// The two sides' places under one prefix.
type Places = (Option<Cursor>, Option<Cursor>);

pub struct Walk<'w, 'a> {
    comparer: &'w mut Comparer<'a>,
    path: Vec<u8>,
    found: Found,
}

/// Compares one group.
pub fn walk(comparer: &mut Comparer<'_>, pair: &GroupPair) -> Found {
    let top = (comparer.old.begin(pair), comparer.new.begin(pair));
    let mut walk = Walk { comparer, path: Vec::new(), found: Found::default() };
    walk.catch_alls();
    let all = walk.place(top, None, BEYOND);
    if all != MIXED {
        walk.write(&[], false, all);
    }
    walk.found
}

impl Walk<'_, '_> {
    /// Numbers that can't be dialled: all their characters are unknown.
    fn catch_alls(&mut self) {
        let (old, new) = (self.comparer.old.ladder(None), self.comparer.new.ladder(None));
        self.found.undialable = self.comparer.value(&old, &new, b"", false);
        if self.comparer.old.has_catch_all() || self.comparer.new.has_catch_all() {
            self.declare(self.found.undialable);
        }
    }

    fn declare(&mut self, value: ValueId) {
        self.found.declared += 1;
        self.found.changed += self.comparer.share(value);
    }

    /// The answer for all numbers that begin with the path, or [`MIXED`]. `inherited` is the answer of the cell around
    /// this place, if it holds for every number there, however long; `beyond` says how much further cells without a rule
    /// may still be divided.
    fn place(&mut self, places: Places, inherited: Option<ValueId>, beyond: usize) -> ValueId {
        let depth = self.path.len();
        let heights = (self.comparer.old.height(), self.comparer.new.height());
        let climbed = [
            places.0.map_or((false, false), |place| self.comparer.old.climb(place, depth)),
            places.1.map_or((false, false), |place| self.comparer.new.climb(place, depth)),
        ];
        let open = climbed.iter().any(|side| side.0);
        let exact = climbed.iter().any(|side| side.1);
        let onward = match inherited {
            Some(value) if !open => Onward { value, settled: true, divided: false },
            _ => self.onward(beyond),
        };
        let itself = match exact || !onward.settled {
            true => self.itself(),
            false => onward.value,
        };
        if open {
            self.declare(onward.value);
        }
        if exact {
            self.declare(itself);
        }
        let answer = self.branches(places, itself, onward, beyond);
        self.comparer.old.back_to(heights.0);
        self.comparer.new.back_to(heights.1);
        answer
    }

    /// What holds for the numbers that go on from here past every prefix.
    fn onward(&mut self, beyond: usize) -> Onward {
        let (old, new) = (self.comparer.old.ladder(None), self.comparer.new.ladder(None));
        let value = self.comparer.value(&old, &new, &self.path, false);
        let outcomes = &self.comparer.outcomes;
        let reach = half::reach(&old, outcomes).max(half::reach(&new, outcomes));
        // Where both sides do the same with all numbers, their length does not matter.
        let plain = half::is_plain(&old, outcomes) && half::is_plain(&new, outcomes);
        let settled = value == NOTHING && plain || reach <= self.path.len();
        Onward { value, settled, divided: !settled && beyond > 0 }
    }

    /// What holds for the number that the path is.
    fn itself(&mut self) -> ValueId {
        let depth = Some(self.path.len());
        let (old, new) = (self.comparer.old.ladder(depth), self.comparer.new.ladder(depth));
        let outcomes = &self.comparer.outcomes;
        let plain = half::is_plain(&old, outcomes) && half::is_plain(&new, outcomes);
        if plain && half::equal(&old, &new, outcomes) {
            return NOTHING;
        }
        match half::reach(&old, outcomes).max(half::reach(&new, outcomes)) <= self.path.len() {
            true => self.comparer.value(&old, &new, &self.path, true),
            false => self.comparer.concrete(&self.path),
        }
    }

    /// Goes on with each character, and joins the answers.
    fn branches(&mut self, places: Places, itself: ValueId, onward: Onward, beyond: usize) -> ValueId {
        let mask = |side: Side, place: Option<Cursor>, comparer: &mut Comparer<'_>| {
            place.map_or(0, |place| comparer.half(side).table.onward_bits(place))
        };
        let (old, new) = (mask(Side::Old, places.0, self.comparer), mask(Side::New, places.1, self.comparer));
        let inherited = onward.settled.then_some(onward.value);
        let mut answers: SmallVec<[ValueId; 17]> = SmallVec::new();
        for (at, &character) in ALPHABET.iter().enumerate() {
            let led = (old | new) >> at & 1 == 1;
            if !led && !onward.divided {
                answers.push(onward.value);
                continue;
            }
            let step = |table: &crate::route::Table, place: Option<Cursor>| table.step(place?, character);
            let next = (step(self.comparer.old.table, places.0), step(self.comparer.new.table, places.1));
            self.path.push(character);
            answers.push(self.place(next, inherited, if led { BEYOND } else { beyond - 1 }));
            self.path.pop();
        }
        if itself != MIXED && answers.iter().all(|&answer| answer == itself) {
            return itself;
        }
        self.write_here(itself, &answers);
        MIXED
    }

    fn write_here(&mut self, itself: ValueId, answers: &[ValueId]) {
        let path = std::mem::take(&mut self.path);
        self.write(&path, true, itself);
        let mut longer = path.clone();
        for (&character, &answer) in ALPHABET.iter().zip(answers) {
            if answer != MIXED {
                longer.push(character);
                self.write(&longer, false, answer);
                longer.pop();
            }
        }
        self.path = path;
    }

    fn write(&mut self, digits: &[u8], exact: bool, value: ValueId) {
        if value != NOTHING {
            let (start, length) = (self.found.digits.len() as u32, digits.len() as u8);
            self.found.digits.extend_from_slice(digits);
            self.found.stretches.push(Stretch { start, length, exact, value });
        }
    }
}

/// The answer for what goes on from a place.
#[derive(Clone, Copy)]
struct Onward {
    value: ValueId,
    /// It holds for every number, however long, and for the place itself, unless an exact rule stands there.
    settled: bool,
    /// It has to be looked at character by character.
    divided: bool,
}
