//! One side of the comparison: its table, and what each of its rules comes to in the words of both sides.

use super::identity::{GroupPair, Identity};
use super::intern::Map;
use super::outcome::{NO_ROUTE, Outcomes, Side};
use super::times::{ALWAYS, NEVER, TimeId, Times, Whens};
use crate::health::Board;
use crate::route::{Cursor, Decision, Facts, GroupIx, RouteIx, Table, When};
use crate::time::{Now, Wall};
use smallvec::SmallVec;

/// A rule on the way to a cell.
#[derive(Clone, Copy, Debug)]
pub struct Rung {
    pub when: TimeId,
    pub outcome: u32,
    pub matched: usize,
    exact: bool,
}

/// What stands behind the last rule.
const NONE: Rung = Rung { when: ALWAYS, outcome: NO_ROUTE, matched: 0, exact: false };

/// The rules for a cell in the order in which they are asked, up to one that always holds.
pub type Ladder = SmallVec<[Rung; 4]>;

pub struct Half<'a> {
    pub table: &'a Table,
    pub side: Side,
    /// Of each route.
    outcomes: Vec<u32>,
    whens: Vec<TimeId>,
    /// From the group's catch-alls down to the prefix at hand.
    rungs: Vec<Rung>,
    group: Option<GroupIx>,
    board: Board,
    decision: Decision,
}

impl<'a> Half<'a> {
    pub fn new(
        table: &'a Table,
        side: Side,
        identity: &Identity,
        outcomes: &mut Outcomes,
        times: &mut Times,
    ) -> Half<'a> {
        let mut known: Map<&[When], TimeId> = Map::default();
        let mut when = |when: &'a [When]| *known.entry(when).or_insert_with(|| times.of(table.schedules(), when));
        let whens = table.routes().iter().map(|route| when(&route.when)).collect();
        let outcomes = outcomes.of_table(table, identity, side);
        let board = Board::all_up(table.gateways().len());
        Half { table, side, outcomes, whens, rungs: Vec::new(), group: None, board, decision: Decision::default() }
    }

    /// Begins a group with its catch-alls; where its prefixes begin.
    pub fn begin(&mut self, pair: &GroupPair) -> Option<Cursor> {
        self.group = match self.side {
            Side::Old => pair.old,
            Side::New => pair.new,
        };
        self.rungs.clear();
        let group = self.group?;
        for &route in self.table.catch_alls(group).iter().rev() {
            self.rungs.extend(self.rung(route, 0, false));
        }
        self.table.top(group)
    }

    pub fn has_catch_all(&self) -> bool {
        self.group.is_some_and(|group| !self.table.catch_alls(group).is_empty())
    }

    /// How many rules lie behind; for [`Half::back_to`].
    pub fn height(&self) -> usize {
        self.rungs.len()
    }
    pub fn back_to(&mut self, height: usize) {
        self.rungs.truncate(height);
    }

    /// Takes in the rules of a place; whether there are rules for longer numbers too, and for that number alone.
    pub fn climb(&mut self, place: Cursor, matched: usize) -> (bool, bool) {
        let (mut open, mut exact) = (false, false);
        let mut here: SmallVec<[Rung; 4]> = SmallVec::new();
        for rule in self.table.rules_at(place) {
            *(if rule.exact { &mut exact } else { &mut open }) = true;
            here.extend(self.rung(rule.route, matched, rule.exact));
        }
        self.rungs.extend(here.into_iter().rev());
        (open, exact)
    }

    /// `None` for a rule that never holds in the window.
    fn rung(&self, route: RouteIx, matched: usize, exact: bool) -> Option<Rung> {
        let at = route.0 as usize;
        let (when, outcome) = (*self.whens.get(at)?, *self.outcomes.get(at)?);
        (when != NEVER).then_some(Rung { when, outcome, matched, exact })
    }

    /// The rules for numbers that go on from here, or for the `whole` number of this length.
    pub fn ladder(&self, whole: Option<usize>) -> Ladder {
        let mut out = Ladder::new();
        for rung in self.rungs.iter().rev() {
            if rung.exact && whole != Some(rung.matched) {
                continue;
            }
            out.push(*rung);
            if rung.when == ALWAYS {
                break;
            }
        }
        out
    }

    /// What the table itself decides, with every gateway up.
    pub fn decide(&mut self, number: &[u8], wall: Wall) -> Option<&Decision> {
        let facts = Facts::of_group(number, self.group?);
        let now = Now { wall, ..Now::default() };
        self.table.decide(&facts, &self.board, now, &mut self.decision, None);
        Some(&self.decision)
    }
}

/// The rung that a position of [`super::times::Slice`] means.
pub fn rung_at(ladder: &Ladder, at: usize) -> Rung {
    ladder.get(at).copied().unwrap_or(NONE)
}

pub fn whens(ladder: &Ladder) -> Whens {
    ladder.iter().map(|rung| rung.when).collect()
}

/// How long numbers must be so that their length does not matter to any of these rules.
pub fn reach(ladder: &Ladder, outcomes: &Outcomes) -> usize {
    ladder.iter().map(|rung| outcomes.reach(rung.outcome, rung.matched)).max().unwrap_or(0)
}

/// Whether what these rules do with long numbers says what they do with all.
pub fn is_plain(ladder: &Ladder, outcomes: &Outcomes) -> bool {
    !ladder.iter().any(|rung| outcomes.is_limited(rung.outcome))
}

/// Whether two ladders treat all numbers alike at all times; where one is not [`is_plain`], all within their reach.
pub fn equal(old: &Ladder, new: &Ladder, outcomes: &Outcomes) -> bool {
    let same = |(a, b): (&Rung, &Rung)| {
        (a.when, a.outcome) == (b.when, b.outcome) && (a.matched == b.matched || !outcomes.is_relative(a.outcome))
    };
    old.len() == new.len() && old.iter().zip(new).all(same)
}
