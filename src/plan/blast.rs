//! How much of the calls a change touches: by calls that were made, or by the ranges that are declared.

use super::{Comparison, Lookup};
use std::collections::BTreeMap;

/// Calls that were made: how many to which number in which group.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    pub calls: BTreeMap<(String, String), u64>,
    /// Calls of groups that neither side has, or of none: they were refused before a route was looked for.
    pub elsewhere: u64,
}

/// The part that is treated differently, from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlastRadius {
    pub all: f64,
    /// By position of the group; those without any weight are left out.
    pub groups: Vec<(usize, Touched)>,
    /// How many calls were weighed; `None` where declared ranges were.
    pub calls: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Touched {
    pub changed: f64,
    pub of: f64,
}

impl Touched {
    pub fn share(self) -> f64 {
        if self.of > 0.0 { self.changed / self.of } else { 0.0 }
    }
}

/// By declared ranges: each counts one, times the part of the week in which it differs.
pub fn by_ranges(comparison: &Comparison<'_>) -> BlastRadius {
    let weights = comparison.weights.iter().enumerate();
    let groups = weights
        .filter(|(_, weight)| weight.declared > 0)
        .map(|(at, weight)| (at, Touched { changed: weight.changed, of: f64::from(weight.declared) }));
    summed(groups.collect(), None)
}

/// By calls: each counts one, times the part of the week in which calls like it are treated differently.
pub fn by_calls(comparison: &Comparison<'_>, lookup: &Lookup<'_, '_>, traffic: &Traffic) -> BlastRadius {
    let mut touched: BTreeMap<usize, Touched> = BTreeMap::new();
    let mut calls = 0;
    for ((group, number), &count) in &traffic.calls {
        let named = |id: Option<&std::sync::Arc<str>>| id.is_some_and(|id| **id == **group);
        let at = comparison.groups.iter().position(|pair| named(Some(&pair.id)) || named(pair.was.as_ref()));
        let Some(at) = at else { continue };
        let of_group = touched.entry(at).or_default();
        of_group.of += count as f64;
        of_group.changed += count as f64 * lookup.share(at, number.as_bytes());
        calls += count;
    }
    summed(touched.into_iter().collect(), Some(calls))
}

fn summed(groups: Vec<(usize, Touched)>, calls: Option<u64>) -> BlastRadius {
    let all = groups.iter().fold(Touched::default(), |sum, (_, touched)| Touched {
        changed: sum.changed + touched.changed,
        of: sum.of + touched.of,
    });
    BlastRadius { all: all.share(), groups, calls }
}
