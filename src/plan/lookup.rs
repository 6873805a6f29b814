//! Which changes a single call meets: the ranges of a comparison, ready to be asked.

use super::intern::Map;
use super::{Comparison, TimeId};
use crate::route::dialable;
use crate::time::Wall;

/// Where a change says something about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    change: usize,
    part: usize,
}

pub struct Lookup<'c, 'a> {
    comparison: &'c Comparison<'a>,
    /// By range, as it is written.
    places: Map<&'c str, Vec<Place>>,
    undialable: Vec<Place>,
}

impl<'c, 'a> Lookup<'c, 'a> {
    pub fn of(comparison: &'c Comparison<'a>) -> Lookup<'c, 'a> {
        let mut lookup = Lookup { comparison, places: Map::default(), undialable: Vec::new() };
        for (change, entry) in comparison.changes.list.iter().enumerate() {
            for (part, of) in entry.parts.iter().enumerate() {
                let place = Place { change, part };
                for range in comparison.changes.ranges.get(of.ranges) {
                    lookup.places.entry(range).or_default().push(place);
                }
                if of.undialable {
                    lookup.undialable.push(place);
                }
            }
        }
        lookup
    }

    /// The changes that calls to a number in a group show, each with the instants at which they do.
    pub fn changes(&self, group: usize, number: &[u8]) -> Vec<(usize, TimeId)> {
        let mut places: Vec<Place> = Vec::new();
        if dialable(number) {
            let number = String::from_utf8_lossy(number);
            places.extend(self.at(&format!("={number}")));
            let prefix = |length| number.get(..length).map(|digits| format!("{digits}*"));
            places.extend((0..=number.len()).filter_map(prefix).flat_map(|range| self.at(&range)));
        } else {
            places.extend(&self.undialable);
        }
        let parts = places.into_iter().filter_map(|place| {
            let part = self.comparison.changes.list.get(place.change)?.parts.get(place.part)?;
            part.groups.binary_search(&group).is_ok().then_some((place.change, part.time))
        });
        parts.collect()
    }

    fn at(&self, range: &str) -> impl Iterator<Item = Place> + use<'_> {
        self.places.get(range).into_iter().flatten().copied()
    }

    /// The change that a call at an instant shows; `None` when both sides treat it alike.
    pub fn change_at(&self, group: usize, number: &[u8], wall: Wall) -> Option<usize> {
        let changes = self.changes(group, number);
        changes.into_iter().find(|(_, time)| self.comparison.spans(*time).active(wall)).map(|(change, _)| change)
    }

    /// The part of the week in which calls to a number in a group are treated differently.
    pub fn share(&self, group: usize, number: &[u8]) -> f64 {
        self.changes(group, number).iter().map(|(_, time)| self.comparison.share(*time)).sum()
    }
}
