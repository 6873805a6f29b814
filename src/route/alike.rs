//! Groups with the same routes: a route is often in all of them, and what is the same for many groups is made, kept and
//! looked at once.

use super::{GroupIx, Route, RouteIx};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// For each group the first one that is in the very same routes.
pub(super) fn of(routes: &[Route], groups: usize) -> Vec<GroupIx> {
    // Few sets of groups are named by many routes; two groups are alike if each set has both or neither.
    let mut seen: HashMap<&[GroupIx], (), FixedState> = HashMap::with_hasher(FixedState::with_seed(0));
    let mut sets: Vec<Vec<u32>> = vec![Vec::new(); groups];
    for route in routes {
        let set = seen.len() as u32;
        if seen.insert(&route.groups, ()).is_none() {
            for group in &route.groups {
                let sets = sets.get_mut(usize::from(group.0));
                // A set may name a group twice.
                if let Some(sets) = sets.filter(|sets| sets.last() != Some(&set)) {
                    sets.push(set);
                }
            }
        }
    }
    let mut first: HashMap<&[u32], GroupIx, FixedState> = HashMap::with_hasher(FixedState::with_seed(1));
    (0u16..).map(GroupIx).zip(&sets).map(|(group, sets)| *first.entry(sets).or_insert(group)).collect()
}

/// The routes of each group that is the first of its kind.
pub(super) fn members(routes: &[Route], alike: &[GroupIx]) -> Vec<Vec<RouteIx>> {
    let mut out: Vec<Vec<RouteIx>> = vec![Vec::new(); alike.len()];
    for (ix, route) in (0..).map(RouteIx).zip(routes) {
        for &group in &route.groups {
            let at = usize::from(group.0);
            if alike.get(at) == Some(&group)
                && let Some(own) = out.get_mut(at)
            {
                own.push(ix);
            }
        }
    }
    out
}
