//! The changes: for each kind, in which groups, for which numbers, when.

use super::cells::{Found, NOTHING, ValueId};
use super::compare::Comparer;
use super::identity::GroupPair;
use super::intern::{Interner, Map};
use super::times::{NEVER, TimeId};
use super::verdict::{ChangeId, Form, Key};
use crate::route::ALPHABET;
use std::collections::{BTreeMap, HashSet};

/// One kind of change.
#[derive(Debug)]
pub struct Change {
    pub id: ChangeId,
    pub kind: Kind,
    /// Together, and only together, they are all calls that change in this way.
    pub parts: Vec<Part>,
}

/// `Added` and `Removed`: what had, or has, no decision but the no-route answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Changed,
    Removed,
    Added,
}

/// These numbers in these groups at these times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Positions in the plan's groups, in order.
    pub groups: Vec<usize>,
    pub time: TimeId,
    /// In [`Changes::ranges`].
    pub ranges: u32,
    /// Numbers with a character that can't be dialled too.
    pub undialable: bool,
}

/// Disjoint stretches of numbers, as long as possible, sorted: `49171*` is all numbers that begin so, `=49171` that
/// number alone.
pub type Ranges = Vec<Box<str>>;

#[derive(Debug, Default)]
pub struct Changes {
    pub list: Vec<Change>,
    pub ranges: Interner<Ranges>,
}

/// Collects what the groups' walks have found.
#[derive(Debug, Default)]
pub struct Collector {
    ranges: Interner<Ranges>,
    parts: BTreeMap<ChangeId, Vec<Part>>,
    /// Where a part of a change with these times and numbers stands, so that groups that change alike share it.
    places: Map<(ChangeId, TimeId, u32, bool), usize>,
}

/// Where a group's differences were put: the change, and the part of it.
pub type Placed = Vec<(ChangeId, usize)>;

impl Collector {
    /// Takes in what is different in a group.
    pub fn add(&mut self, group: usize, found: &Found, comparer: &Comparer<'_>) -> Placed {
        let mut by_value: BTreeMap<ValueId, Ranges> = BTreeMap::new();
        for stretch in &found.stretches {
            let digits = String::from_utf8_lossy(found.digits_of(stretch));
            let text = if stretch.exact { format!("={digits}") } else { format!("{digits}*") };
            by_value.entry(stretch.value).or_default().push(text.into());
        }
        by_value.entry(found.undialable).or_default();
        let mut by_change: BTreeMap<(ChangeId, TimeId), (Vec<Ranges>, bool)> = BTreeMap::new();
        for (value, ranges) in by_value.into_iter().filter(|(value, _)| *value != NOTHING) {
            let changes = comparer.changes_in(value);
            for (at, &pair) in changes.iter().enumerate() {
                let (all, undialable) = by_change.entry(pair).or_default();
                *undialable |= value == found.undialable;
                match at + 1 == changes.len() {
                    true => {
                        all.push(ranges);
                        break;
                    }
                    false => all.push(ranges.clone()),
                }
            }
        }
        let put = |((change, time), (ranges, undialable))| {
            (change, self.put(change, time, joined(ranges), undialable, group))
        };
        by_change.into_iter().map(put).collect()
    }

    /// Takes in a group in which the same is different as in the one that was put there.
    pub fn also(&mut self, group: usize, placed: &Placed) {
        for (change, place) in placed {
            let part = self.parts.get_mut(change).and_then(|parts| parts.get_mut(*place));
            part.into_iter().for_each(|part| part.groups.push(group));
        }
    }

    fn put(&mut self, change: ChangeId, time: TimeId, ranges: Ranges, undialable: bool, group: usize) -> usize {
        let ranges = self.ranges.put(ranges);
        let parts = self.parts.entry(change).or_default();
        let place = *self.places.entry((change, time, ranges, undialable)).or_insert(parts.len());
        match parts.get_mut(place) {
            Some(part) => part.groups.push(group),
            None => parts.push(Part { groups: vec![group], time, ranges, undialable }),
        }
        place
    }

    /// Sorted: changed, removed, added; then by the first group and the first number.
    pub fn finish(self, comparer: &Comparer<'_>, groups: &[GroupPair]) -> Changes {
        let ranges = self.ranges;
        let first = |part: &Part| {
            let group = part.groups.first().and_then(|at| groups.get(*at)).map(|pair| pair.id.clone());
            (group, ranges.get(part.ranges).first().cloned())
        };
        let mut list: Vec<Change> = self
            .parts
            .into_iter()
            .map(|(id, mut parts)| {
                parts.iter_mut().for_each(|part| part.groups.sort_unstable());
                parts.sort_by_cached_key(first);
                Change { id, kind: kind(comparer.verdicts.key(id)), parts }
            })
            .collect();
        list.sort_by_cached_key(|change| (change.kind, change.parts.first().map(first), change.id));
        Changes { list, ranges }
    }
}

impl Change {
    /// All instants at which some call changes in this way.
    pub fn time(&self, comparer: &mut Comparer<'_>) -> TimeId {
        self.parts.iter().fold(NEVER, |time, part| comparer.times.joined(part.time, time))
    }

    /// The groups of all parts, sorted.
    pub fn groups(&self) -> Vec<usize> {
        let mut groups: Vec<usize> = self.parts.iter().flat_map(|part| part.groups.iter().copied()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    pub fn undialable(&self) -> bool {
        self.parts.iter().any(|part| part.undialable)
    }
}

impl Changes {
    /// The numbers of all parts of a change: the first `most`, and how many there are.
    pub fn ranges_of(&self, change: &Change, most: usize) -> (Vec<&str>, usize) {
        let mut sets: Vec<u32> = change.parts.iter().map(|part| part.ranges).collect();
        sets.sort_unstable();
        sets.dedup();
        if let [only] = sets.as_slice() {
            let ranges = self.ranges.get(*only);
            return (ranges.iter().take(most).map(|range| &**range).collect(), ranges.len());
        }
        let mut all: Vec<&str> = sets.iter().flat_map(|set| self.ranges.get(*set)).map(|range| &**range).collect();
        all.sort_by_key(|range| order(range));
        all.dedup();
        let all = without_covered(all);
        (all.iter().take(most).copied().collect(), all.len())
    }
}

/// Ranges of several groups or times in one list: those that lie in another are left out.
fn without_covered(sorted: Vec<&str>) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    let mut prefix: Option<&str> = None;
    for range in sorted {
        let (digits, exact) = order(range);
        // Whatever a prefix covers stands right behind it.
        if prefix.is_some_and(|prefix| digits.starts_with(prefix)) {
            continue;
        }
        if !exact {
            prefix = Some(digits);
        }
        out.push(range);
    }
    out
}

/// By digits; a prefix stands before the number itself, which stands before longer ones.
fn order(range: &str) -> (&str, bool) {
    match range.strip_prefix('=') {
        Some(number) => (number, true),
        None => (range.strip_suffix('*').unwrap_or(range), false),
    }
}

/// One sorted list; what came from different cells may make up a longer stretch together.
fn joined(mut lists: Vec<Ranges>) -> Ranges {
    let several = lists.len() > 1;
    let mut all: Ranges = lists.pop().unwrap_or_default();
    lists.into_iter().for_each(|list| all.extend(list));
    if several {
        all = coalesced(all);
    }
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    all
}

/// A number with all its continuations is a prefix.
fn coalesced(ranges: Ranges) -> Ranges {
    let mut all: HashSet<Box<str>> = ranges.into_iter().collect();
    let mut longest = all.iter().map(|range| range.len()).max().unwrap_or(0);
    while longest > 0 {
        let exact: Vec<Box<str>> = all.iter().filter(|r| r.len() == longest && r.starts_with('=')).cloned().collect();
        for number in exact {
            let digits = number.get(1..).unwrap_or_default();
            let children: Vec<Box<str>> =
                ALPHABET.iter().map(|&c| format!("{digits}{}*", char::from(c)).into()).collect();
            if children.iter().all(|child| all.contains(child)) {
                for child in &children {
                    all.remove(child);
                }
                let prefix = format!("{digits}*").into();
                all.remove(&number);
                all.insert(prefix);
            }
        }
        longest -= 1;
    }
    all.into_iter().collect()
}

fn kind(key: &Key) -> Kind {
    match (&key.before, &key.after) {
        (Form::NoRoute, _) => Kind::Added,
        (_, Form::NoRoute) => Kind::Removed,
        _ => Kind::Changed,
    }
}
