//! What a change of the files does to calls: two compiled revisions are compared as functions from a group, a number and an
//! instant to a decision, with every gateway up. No I/O: files, revisions and the clock belong to whoever asks.
//!
//! The way: `identity` says who is who on both sides; `half` and `outcome` put what rules do into numbers that can be
//! compared; `cells` walks the prefixes of both sides at once; `times` cuts time where conditions matter; `change`
//! gathers what is different, and `calendar` says when; `moved` finds callers who change groups. [`guards`] looks at what comes out.

mod access;
pub mod blast;
pub mod calendar;
mod cells;
mod change;
mod compare;
pub mod declared;
pub mod guards;
mod half;
mod identity;
mod intern;
mod lookup;
mod moved;
mod outcome;
mod path;
mod rewrite;
pub mod settings;
pub mod text_only;
mod times;
mod verdict;
mod wording;

pub use change::{Change, Changes, Kind, Part, Ranges};
pub use compare::Shown;
pub use identity::{GatewayName, GroupPair, Rename};
pub use lookup::Lookup;
pub use moved::{Move, Moves};
pub use outcome::{Course, Side, Stop};
pub use path::{Path, Way};
pub use rewrite::{Rewrite, Take};
pub use times::{ALWAYS, TimeId, Window};
pub use verdict::{Form, Key};

use crate::proxy::Snapshot;
use crate::route::{Decision, GroupIx, Net, Spans, Table};
use crate::time::Wall;
use change::Collector;
use compare::Comparer;

/// What is different between two revisions.
pub struct Comparison<'a> {
    comparer: Comparer<'a>,
    pub groups: Vec<GroupPair>,
    pub changes: Changes,
    /// By group.
    pub weights: Vec<Weight>,
}

/// A group's declared ranges: prefixes, exact numbers and the catch-all of either side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weight {
    pub declared: u32,
    /// How many of them changed, each counted by the part of the week in which it differs.
    pub changed: f64,
    /// What the group does with numbers that no prefix takes changed.
    pub catch_all: bool,
}

impl Weight {
    fn of(found: &cells::Found) -> Weight {
        let catch_all = found.undialable != cells::NOTHING;
        Weight { declared: found.declared, changed: found.changed, catch_all }
    }
}

impl<'a> Comparison<'a> {
    /// Compares from one instant to another. `premium` are the destinations of which a change shall say that they were
    /// opened.
    pub fn of(old: &'a Snapshot, new: &'a Snapshot, window: Window, premium: &[String]) -> Comparison<'a> {
        let mut comparer = Comparer::new(old, new, window, premium);
        let groups = comparer.identity.groups.clone();
        let mut collector = Collector::default();
        let mut weights = vec![Weight::default(); groups.len()];
        let mut last: Option<(usize, Weight, change::Placed)> = None;
        for (at, alike) in alike(&groups, &old.table, &new.table) {
            // Groups with the same rules are walked once, one behind the other.
            let known = last.take().filter(|(walked, ..)| *walked == alike);
            let (weight, placed) = match (known, groups.get(at)) {
                (Some((_, weight, placed)), _) => {
                    collector.also(at, &placed);
                    (weight, placed)
                }
                (None, Some(pair)) => {
                    let found = cells::walk(&mut comparer, pair);
                    (Weight::of(&found), collector.add(at, &found, &comparer))
                }
                (None, None) => continue,
            };
            if let Some(slot) = weights.get_mut(at) {
                *slot = weight;
            }
            last = Some((alike, weight, placed));
        }
        let changes = collector.finish(&comparer, &groups);
        Comparison { comparer, groups, changes, weights }
    }

    pub fn window(&self) -> Window {
        self.comparer.times.window()
    }
    pub fn key(&self, change: &Change) -> &Key {
        self.comparer.verdicts.key(change.id)
    }
    pub fn course(&self, course: u32) -> &Course {
        self.comparer.outcomes.course(course)
    }
    pub fn gateway(&self, stop: &Stop) -> Option<&GatewayName> {
        self.comparer.identity.names.get(stop.who as usize)
    }
    pub fn spans(&self, time: TimeId) -> &Spans {
        self.comparer.times.get(time)
    }
    /// All instants at which some call changes in this way.
    pub fn time_of(&mut self, change: &Change) -> TimeId {
        change.time(&mut self.comparer)
    }
    pub fn renames(&self) -> &[Rename] {
        &self.comparer.identity.renames
    }

    /// What the routes themselves make of the numbers of a change, where both sides' routes do the same.
    pub fn shown(&self, change: &Change) -> Option<&Shown> {
        self.comparer.shown(change.id)
    }

    /// What the two tables themselves decide about a call, with every gateway up.
    pub fn decide(&mut self, group: usize, number: &[u8], wall: Wall) -> [Option<Decision>; 2] {
        let Some(pair) = self.groups.get(group) else { return [None, None] };
        [Side::Old, Side::New].map(|side| {
            let half = self.comparer.half(side);
            half.begin(pair);
            half.decide(number, wall).cloned()
        })
    }

    /// The part of the week that a set of instants makes up.
    pub fn share(&self, time: TimeId) -> f64 {
        self.comparer.times.share(time)
    }
}

/// The groups in an order in which those with the same routes on both sides follow each other, each with the first of its
/// kind.
fn alike(groups: &[GroupPair], old: &Table, new: &Table) -> Vec<(usize, usize)> {
    let kind = |table: &Table, group: Option<GroupIx>| group.map(|group| table.first_alike(group));
    let same =
        |a: &GroupPair, b: &GroupPair| kind(old, a.old) == kind(old, b.old) && kind(new, a.new) == kind(new, b.new);
    let mut kinds: Vec<Vec<usize>> = Vec::new();
    for (at, pair) in groups.iter().enumerate() {
        let kind =
            kinds.iter_mut().find(|kind| kind.first().and_then(|f| groups.get(*f)).is_some_and(|f| same(f, pair)));
        match kind {
            Some(kind) => kind.push(at),
            None => kinds.push(vec![at]),
        }
    }
    kinds.into_iter().flat_map(|kind| kind.clone().into_iter().map(move |at| (at, kind[0]))).collect()
}

/// A source that the new side admits and the old one did not, and on which listener.
pub fn widened_access(old: &Snapshot, new: &Snapshot) -> Option<(Net, String)> {
    access::widened(old, new)
}
