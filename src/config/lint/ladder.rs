//! The rules that take one number, in the order in which they are asked, and when each of them does.

use super::walk::Known;
use crate::route::{GroupIx, InstantSet, Instants, RouteIx, Table, dialable};
use crate::time::Wall;

/// A rule and the instants at which it takes the number.
#[derive(Clone, Copy, Debug)]
pub struct Taker {
    pub route: RouteIx,
    pub when: InstantSet,
    /// The first of these instants.
    pub first: Wall,
}

/// Who takes a number, and when nobody does.
pub fn takers(
    table: &Table,
    known: &Known,
    group: GroupIx,
    number: &str,
    instants: &mut Instants,
) -> (Vec<Taker>, InstantSet) {
    let mut rules: Vec<RouteIx> = Vec::new();
    // From the shortest prefix to the longest; turned round below.
    let mut places = Vec::new();
    let mut place = table.top(group).filter(|_| dialable(number.as_bytes()));
    for (at, character) in number.bytes().enumerate() {
        place = place.and_then(|place| table.step(place, character));
        let Some(place) = place else { break };
        places.push((place, at + 1 == number.len()));
    }
    for (place, whole) in places.into_iter().rev() {
        rules.extend(table.rules_at(place).filter(|rule| !rule.exact || whole).map(|rule| rule.route));
    }
    rules.extend(table.catch_alls(group));
    let (mut left, mut out) = (InstantSet::ALWAYS, Vec::new());
    for route in rules {
        let own = known.when.get(route.0 as usize).copied().unwrap_or(InstantSet::NEVER);
        let when = instants.and(left, own);
        left = instants.without(left, own);
        if let Some(first) = instants.first(when) {
            out.push(Taker { route, when, first });
        }
    }
    (out, left)
}
