//! What one walk over all rules finds; the lints read it.

use crate::route::{GroupIx, InstantSet, RouteIx};
use crate::time::Wall;
use std::collections::HashSet;

#[derive(Debug, Default)]
pub struct Findings {
    /// By route.
    pub fates: Vec<Fate>,
    /// Two rules for the same calls.
    pub claims: Vec<Claim>,
    told: HashSet<(RouteIx, RouteIx)>,
    /// An exact number whose continuations go elsewhere.
    pub conflicts: Vec<Conflict>,
    conflicting: HashSet<(RouteIx, RouteIx)>,
    /// When some catch-all of a group holds.
    pub caught: Vec<(GroupIx, InstantSet)>,
}

/// What becomes of a route, in all its groups and by all its prefixes.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    /// Some call is its own.
    pub alive: bool,
    /// Some of its calls would go another way without it.
    pub needed: bool,
    /// Who would take its calls, and do the same.
    pub instead: Option<RouteIx>,
    /// Why one of its rules has no call.
    pub shadow: Option<Shadow>,
    /// A number that nobody takes at some instant, and that this route is asked about first.
    pub gap: Option<Gap>,
}

#[derive(Clone, Debug)]
pub struct Shadow {
    pub group: GroupIx,
    /// Empty for a catch-all.
    pub prefix: String,
    pub exact: bool,
    /// The rules of the same prefix that are asked before it; without any, longer prefixes take every number.
    pub by: Vec<RouteIx>,
}

#[derive(Clone, Debug)]
pub struct Gap {
    pub group: GroupIx,
    pub number: String,
    pub instant: Wall,
}

#[derive(Clone, Debug)]
pub struct Claim {
    pub routes: (RouteIx, RouteIx),
    pub group: GroupIx,
    pub prefix: String,
    pub exact: bool,
    /// When both hold.
    pub instant: Wall,
}

#[derive(Clone, Debug)]
pub struct Conflict {
    pub exact: RouteIx,
    pub prefix: RouteIx,
    pub number: String,
}

/// Each pair of routes is told once, and no more than anybody reads.
const MOST_CLAIMS: usize = 1000;

impl Findings {
    pub fn new(routes: usize) -> Findings {
        Findings { fates: vec![Fate::default(); routes], ..Findings::default() }
    }
    pub fn claim(&mut self, claim: Claim) {
        if self.claims.len() < MOST_CLAIMS && self.told.insert(claim.routes) {
            self.claims.push(claim);
        }
    }
    pub fn conflict(&mut self, exact: RouteIx, prefix: RouteIx, number: &[u8]) {
        if self.conflicts.len() < MOST_CLAIMS && self.conflicting.insert((exact, prefix)) {
            let number = String::from_utf8_lossy(number).into_owned();
            self.conflicts.push(Conflict { exact, prefix, number });
        }
    }
    pub fn caught(&mut self, group: GroupIx, when: InstantSet) {
        self.caught.push((group, when));
    }
}
