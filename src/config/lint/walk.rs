//! Every rule of a group against all others: which numbers and instants are left to it, who would take them without it,
//! and what nobody takes.
//!
//! The prefixes of a group are a tree; at each place the rules that matter are those that stand there and on the way to it.
//! Numbers that go on past a place stay with it unless a longer prefix takes them, and a longer prefix can take all of
//! them only where every character leads on. So one walk, children first, answers exactly for all numbers; all instants are
//! sets of [`Instants`].

use super::findings::{Claim, Fate, Findings, Gap, Shadow};
use super::outcomes::Outcomes;
use crate::route::{ALPHABET, Cursor, GroupIx, InstantSet, Instants, RouteIx, Strip, Table};
use smallvec::SmallVec;

/// A rule in the order in which rules are asked.
#[derive(Clone, Copy, Debug)]
struct Rung {
    route: RouteIx,
    when: InstantSet,
    /// The length of its prefix.
    matched: usize,
}

/// What is known about each route, whatever the group.
pub struct Known {
    pub when: Vec<InstantSet>,
    pub outcomes: Outcomes,
}

type Rungs = SmallVec<[Rung; 4]>;

pub struct Walk<'a> {
    table: &'a Table,
    known: &'a Known,
    instants: &'a mut Instants,
    found: &'a mut Findings,
    group: GroupIx,
    path: Vec<u8>,
    /// The rules without `exact` on the way to this place, the one that is asked last first; at the bottom the catch-alls.
    above: Vec<Rung>,
    /// When any of `above` up to that one holds.
    caught: Vec<InstantSet>,
}

/// All characters lead on.
const EVERY: u32 = (1 << ALPHABET.len()) - 1;

/// Walks the rules of one group.
pub fn walk(table: &Table, known: &Known, group: GroupIx, instants: &mut Instants, found: &mut Findings) {
    let (path, above, caught) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { table, known, instants, found, group, path, above, caught };
    let catch_alls: Rungs = table.catch_alls(group).iter().map(|&route| walk.rung(route, 0)).collect();
    walk.equals(&catch_alls, false);
    let all = walk.push(&catch_alls);
    if let Some(top) = table.top(group) {
        walk.place(top);
    }
    // A number with a character that can't be dialled goes to the catch-alls in any case, so no prefix takes all.
    walk.prefixes(&catch_alls, InstantSet::NEVER, InstantSet::NEVER, 0);
    walk.found.caught(group, all);
}

impl Walk<'_> {
    fn rung(&self, route: RouteIx, matched: usize) -> Rung {
        let when = self.known.when.get(route.0 as usize).copied().unwrap_or(InstantSet::NEVER);
        Rung { route, when, matched }
    }

    /// Puts rules on top of those above, and says when any of all holds.
    fn push(&mut self, here: &[Rung]) -> InstantSet {
        for rung in here.iter().rev() {
            let before = self.caught.last().copied().unwrap_or(InstantSet::NEVER);
            self.above.push(*rung);
            let caught = self.instants.or(before, rung.when);
            self.caught.push(caught);
        }
        self.caught.last().copied().unwrap_or(InstantSet::NEVER)
    }

    /// Visits a place and all below. When every number that begins with the path is taken by a rule from here on.
    fn place(&mut self, at: Cursor) -> InstantSet {
        let (mut exact, mut here) = (Rungs::new(), Rungs::new());
        for rule in self.table.rules_at(at) {
            let rung = self.rung(rule.route, self.path.len());
            if rule.exact { exact.push(rung) } else { here.push(rung) }
        }
        let height = self.above.len();
        let caught = self.push(&here);
        let onward = self.table.onward_bits(at);
        let mut below = if onward == EVERY { InstantSet::ALWAYS } else { InstantSet::NEVER };
        for character in self.table.onward(at) {
            let Some(next) = self.table.step(at, character) else { continue };
            self.path.push(character);
            let taken = self.place(next);
            self.path.pop();
            below = self.instants.and(below, taken);
        }
        let mut taken = below;
        if !exact.is_empty() || !here.is_empty() {
            self.equals(&exact, true);
            self.equals(&here, false);
            let whole = self.exacts(&exact);
            self.prefixes(&here, whole, below, height);
            self.gaps(&exact, &here, (whole, below, caught), onward);
            self.conflicts(&exact, &here, below);
            let own = here.iter().fold(InstantSet::NEVER, |all, rung| self.instants.or(all, rung.when));
            let covered = self.instants.and(whole, below);
            taken = self.instants.or(own, covered);
        } else if onward == EVERY {
            // The number that the path is has no rule of its own.
            taken = InstantSet::NEVER;
        }
        self.above.truncate(height);
        self.caught.truncate(height);
        taken
    }

    /// The rules for the number alone. When any of them holds.
    fn exacts(&mut self, exact: &[Rung]) -> InstantSet {
        let mut left = InstantSet::ALWAYS;
        for (at, rung) in exact.iter().enumerate() {
            let own = self.instants.and(left, rung.when);
            let rest = exact.iter().skip(at + 1).chain(self.above.iter().rev());
            let next = next(self.instants, self.known, self.table, rung, own, rest);
            self.judge(rung, own, next, &exact[..at], true);
            left = self.instants.without(left, rung.when);
        }
        self.instants.without(InstantSet::ALWAYS, left)
    }

    /// The rules for all numbers that begin with the path. The number itself is taken by an exact one in `whole`, the
    /// longer ones all by longer prefixes in `below`; the rules above end at `height`.
    fn prefixes(&mut self, here: &[Rung], whole: InstantSet, below: InstantSet, height: usize) {
        let elsewhere = self.instants.and(whole, below);
        let mut left = InstantSet::ALWAYS;
        for (at, rung) in here.iter().enumerate() {
            let first = self.instants.and(left, rung.when);
            let own = self.instants.without(first, elsewhere);
            let under = height + here.len() - 1 - at;
            let rest = self.above.get(..under).unwrap_or_default().iter().rev();
            let next = next(self.instants, self.known, self.table, rung, own, rest);
            let before = if first == InstantSet::NEVER { &here[..at] } else { &[] };
            self.judge(rung, own, next, before, false);
            left = self.instants.without(left, rung.when);
        }
    }

    /// Notes what is left to a rule.
    fn judge(&mut self, rung: &Rung, own: InstantSet, next: Next, before: &[Rung], exact: bool) {
        let (instants, path, group) = (&mut *self.instants, &self.path, self.group);
        let Some(fate) = self.found.fates.get_mut(rung.route.0 as usize) else { return };
        if own != InstantSet::NEVER {
            fate.alive = true;
            match next {
                Next::Same(route) => {
                    fate.instead.get_or_insert(route);
                }
                Next::Other => fate.needed = true,
            }
            return;
        }
        if fate.alive || fate.shadow.is_some() || rung.when == InstantSet::NEVER {
            return;
        }
        let by = before.iter().filter(|other| instants.and(other.when, rung.when) != InstantSet::NEVER);
        let by = by.map(|other| other.route).collect();
        fate.shadow = Some(Shadow { group, prefix: words(path), exact, by });
    }

    /// Rules of one place and one priority that hold at the same instant.
    fn equals(&mut self, rungs: &[Rung], exact: bool) {
        for (at, later) in rungs.iter().enumerate().skip(1) {
            let priority = |rung: &Rung| self.table.route(rung.route).priority;
            for first in rungs.iter().take(at).filter(|first| priority(first) == priority(later)) {
                let both = self.instants.and(first.when, later.when);
                let Some(instant) = self.instants.first(both) else { continue };
                let claim = Claim {
                    routes: (first.route, later.route),
                    group: self.group,
                    prefix: words(&self.path),
                    exact,
                    instant,
                };
                self.found.claim(claim);
            }
        }
    }

    /// Exact numbers whose continuations go elsewhere at the same instant.
    fn conflicts(&mut self, exact: &[Rung], here: &[Rung], below: InstantSet) {
        let mut left = InstantSet::ALWAYS;
        for one in exact {
            let own = self.instants.and(left, one.when);
            left = self.instants.without(left, one.when);
            let mut open = self.instants.without(own, below);
            for other in here {
                let both = self.instants.and(open, other.when);
                open = self.instants.without(open, other.when);
                if both != InstantSet::NEVER && !self.known.outcomes.same_end(one.route, other.route) {
                    self.found.conflict(one.route, other.route, &self.path);
                }
            }
        }
    }

    /// Numbers whose rules leave some instants to nobody.
    fn gaps(
        &mut self,
        exact: &[Rung],
        here: &[Rung],
        (whole, below, caught): (InstantSet, InstantSet, InstantSet),
        onward: u32,
    ) {
        let open = self.instants.without(InstantSet::ALWAYS, caught);
        // What nobody ever takes is no gap between times.
        if self.instants.or(caught, whole) == InstantSet::NEVER {
            return;
        }
        // The number itself, then longer ones.
        let itself = self.instants.without(open, whole);
        let longer = if here.is_empty() { InstantSet::NEVER } else { self.instants.without(open, below) };
        if let Some(rung) = exact.first() {
            self.gap(rung, itself, words(&self.path));
        }
        if let Some(rung) = here.first() {
            match longer {
                InstantSet::NEVER if exact.is_empty() => self.gap(rung, itself, words(&self.path)),
                longer => {
                    let number = self.path.iter().copied().chain(beyond(onward)).map(char::from).collect();
                    self.gap(rung, longer, number);
                }
            }
        }
    }

    fn gap(&mut self, rung: &Rung, gap: InstantSet, number: String) {
        let (group, Some(instant)) = (self.group, self.instants.first(gap)) else { return };
        if let Some(fate) = self.found.fates.get_mut(rung.route.0 as usize) {
            fate.gap.get_or_insert(Gap { group, number, instant });
        }
    }
}

/// A character that leads nowhere, so that a number with it stays at the place.
fn beyond(onward: u32) -> Option<u8> {
    let free = |character: &u8| ALPHABET.iter().position(|c| c == character).is_some_and(|at| onward >> at & 1 == 0);
    b"5123467890*#+ABCD".iter().copied().find(free)
}

/// What would become of a rule's calls without it.
enum Next {
    /// The same; by this route, if by one alone or by it first.
    Same(RouteIx),
    Other,
}

/// Asks the rules behind one about its calls.
fn next<'r>(
    instants: &mut Instants,
    known: &Known,
    table: &Table,
    rung: &Rung,
    own: InstantSet,
    rest: impl Iterator<Item = &'r Rung>,
) -> Next {
    let (mut left, mut first) = (own, None);
    for other in rest {
        let taken = instants.and(left, other.when);
        if taken == InstantSet::NEVER {
            continue;
        }
        if !same(known, table, rung, other) {
            return Next::Other;
        }
        first.get_or_insert(other.route);
        left = instants.without(left, taken);
        if left == InstantSet::NEVER {
            break;
        }
    }
    match first {
        Some(route) if left == InstantSet::NEVER => Next::Same(route),
        _ => Next::Other,
    }
}

fn same(known: &Known, table: &Table, a: &Rung, b: &Rung) -> bool {
    let outcome = |rung: &Rung| known.outcomes.of.get(rung.route.0 as usize);
    let strip = |rung: &Rung| match table.route(rung.route).number.strip {
        Strip::None => 0,
        Strip::Digits(n) => usize::from(n),
        Strip::Matched => rung.matched,
    };
    let refused = |rung: &Rung| matches!(table.route(rung.route).target, crate::route::RouteTarget::Reject(_));
    outcome(a) == outcome(b) && (refused(a) || strip(a) == strip(b))
}

fn words(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

impl Fate {
    /// Deleting it would change no decision, though it decides.
    pub fn redundant(&self) -> Option<RouteIx> {
        self.instead.filter(|_| self.alive && !self.needed)
    }
}
