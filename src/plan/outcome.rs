//! What a rule does with a call, as a value that both sides share: equal numbers mean equal treatment.

use super::identity::{Identity, Who};
use super::intern::{Interner, Map};
use super::path::Path;
use super::rewrite::Rewrite;
use crate::route::{Decision, GatewayIx, Member, NumberChange, Reply, Route, RouteTarget, Table};
use std::sync::Arc;

/// What one rule does, or the absence of any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// No rule takes the call, or the group is not there.
    NoRoute,
    Reject {
        code: u16,
        reason: Arc<str>,
        catch_all: bool,
    },
    To {
        /// In [`Outcomes::courses`].
        course: u32,
        /// The route's own change of the number.
        rewrite: Rewrite,
    },
}

/// Which gateways are asked in which order, each with what it does to numbers after the route.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Course {
    /// In the order of [`Course::path`].
    pub stops: Vec<Stop>,
    /// The gateways in their order, as words: equal for courses that ask the same gateways in the same way.
    pub path: Path,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stop {
    pub who: Who,
    /// The gateway's change of the number; nothing where the route is `raw`.
    pub rewrite: Rewrite,
    /// The probability of being the first, as bits.
    share: u64,
}

impl Stop {
    pub fn share(&self) -> f64 {
        f64::from_bits(self.share)
    }
}

/// Which side of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Old,
    New,
}

#[derive(Debug, Default)]
pub struct Outcomes {
    all: Interner<Outcome>,
    courses: Interner<Course>,
    /// By outcome: how long numbers must be, as far as it depends on the matched prefix and as far as it does not.
    reaches: Vec<Reach>,
    /// By outcome: some route with it leads to a list with a limit.
    limited: Vec<bool>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reach {
    fixed: usize,
    /// Added to the length of the prefix that matched.
    relative: Option<usize>,
}

/// The outcome of a call that no rule takes.
pub const NO_ROUTE: u32 = 0;

impl Outcomes {
    pub fn new() -> Outcomes {
        let mut outcomes = Outcomes::default();
        outcomes.put(Outcome::NoRoute);
        outcomes
    }

    pub fn get(&self, outcome: u32) -> &Outcome {
        self.all.get(outcome)
    }
    pub fn course(&self, course: u32) -> &Course {
        self.courses.get(course)
    }

    /// Numbers at least so long are treated alike by this outcome, as far as their length matters.
    pub fn reach(&self, outcome: u32, matched: usize) -> usize {
        let reach = self.reaches.get(outcome as usize).copied().unwrap_or_default();
        reach.fixed.max(reach.relative.map_or(0, |more| matched + more))
    }

    /// Whether the length of the prefix that matched matters.
    pub fn is_relative(&self, outcome: u32) -> bool {
        self.reaches.get(outcome as usize).is_some_and(|reach| reach.relative.is_some())
    }

    /// Whether other gateways may step in where a number is too short for those of the course: a limit keeps them from
    /// being asked else.
    pub fn is_limited(&self, outcome: u32) -> bool {
        self.limited.get(outcome as usize).is_some_and(|limited| *limited)
    }

    /// The outcome of each route of a table.
    pub fn of_table(&mut self, table: &Table, identity: &Identity, side: Side) -> Vec<u32> {
        let mut courses: Map<(&[Member], bool), u32> = Map::default();
        // Which lists are reached is not asked: limits are rare, and a cell that is looked at too closely costs time alone.
        let limits = table.lists().iter().any(|list| list.limit.is_some());
        let routes = table.routes().iter().map(|route| {
            let outcome = match &route.target {
                RouteTarget::Reject(reply) => reject(reply, route.default),
                RouteTarget::To(to) => {
                    let course = *courses
                        .entry((to.as_slice(), route.raw))
                        .or_insert_with(|| self.course_of(table, route, identity, side));
                    Outcome::To { course, rewrite: Rewrite::of(&route.number) }
                }
            };
            let outcome = self.put(outcome);
            if let (RouteTarget::To(to), Some(known)) = (&route.target, self.limited.get_mut(outcome as usize)) {
                *known |= limits && to.iter().any(|member| matches!(member, Member::List(_)));
            }
            outcome
        });
        routes.collect()
    }

    fn put(&mut self, outcome: Outcome) -> u32 {
        let at = self.all.put(outcome);
        if at as usize == self.reaches.len() {
            let reach = self.measured(at);
            self.reaches.push(reach);
            self.limited.push(false);
        }
        at
    }

    fn measured(&self, outcome: u32) -> Reach {
        let mut reach = Reach::default();
        if let Outcome::To { course, rewrite } = self.get(outcome) {
            let whole = self.course(*course).stops.iter().map(|stop| rewrite.then(&stop.rewrite));
            for rewrite in whole.chain([rewrite.clone()]) {
                match rewrite.is_relative() {
                    true => reach.relative = reach.relative.max(Some(rewrite.reach(0))),
                    false => reach.fixed = reach.fixed.max(rewrite.reach(0)),
                }
            }
        }
        reach
    }

    /// The course of a route for numbers that every change fits, with every gateway up.
    fn course_of(&mut self, table: &Table, route: &Route, identity: &Identity, side: Side) -> u32 {
        let decision = table.course(route);
        self.course_in(&decision, table, route.raw, identity, side)
    }

    /// The course of a decision, in the words of both sides.
    pub fn course_in(&mut self, decision: &Decision, table: &Table, raw: bool, identity: &Identity, side: Side) -> u32 {
        let plain = NumberChange::default();
        let attempts = &decision.attempts;
        let path =
            Path::of(&decision.order, &|at| attempts.get(at).map_or(Who::MAX, |a| who(identity, side, a.gateway)));
        let mut stops: Vec<Stop> = attempts
            .iter()
            .map(|attempt| Stop {
                who: who(identity, side, attempt.gateway),
                rewrite: Rewrite::of(if raw { &plain } else { &table.gateway(attempt.gateway).number }),
                // What is the same may have been added up in another order.
                share: ((attempt.share * 1e9).round() / 1e9).to_bits(),
            })
            .collect();
        let mut places: Map<Who, usize> = Map::default();
        for (place, who) in path.gateways().into_iter().enumerate() {
            places.entry(who).or_insert(place);
        }
        // What the decision thinks possible and no course comes to is not asked.
        stops.retain(|stop| places.contains_key(&stop.who));
        stops.sort_by_key(|stop| places.get(&stop.who).copied());
        self.courses.put(Course { stops, path })
    }
}

pub fn who(identity: &Identity, side: Side, gateway: GatewayIx) -> Who {
    let list = match side {
        Side::Old => &identity.old_gateways,
        Side::New => &identity.new_gateways,
    };
    list.get(gateway.0 as usize).copied().unwrap_or(Who::MAX)
}

fn reject(reply: &Reply, catch_all: bool) -> Outcome {
    Outcome::Reject { code: reply.code, reason: Arc::clone(&reply.reason), catch_all }
}
