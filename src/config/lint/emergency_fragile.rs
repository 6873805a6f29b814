//! An emergency number that may reach nobody (TL0506): no route, one that refuses it, one that hangs on a schedule, or one
//! gateway. The span is the route, or the group where there is none.

use super::Ground;
use super::ladder::{Taker, takers};
use super::walk::Known;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::source::Span;
use crate::route::{GroupIx, InstantSet, Instants, Outcome};
use std::collections::HashSet;

/// A route is named once for each trouble, a group too.
struct Complaints<'r> {
    told: HashSet<(Span, &'static str)>,
    report: &'r mut Report,
}

pub fn check(ground: &Ground, known: &Known, instants: &mut Instants, report: &mut Report) {
    let mut complaints = Complaints { told: HashSet::new(), report };
    for (representative, alike) in ground.calling_out() {
        for number in &ground.guards.emergency {
            let (takers, left) = takers(ground.table(), known, representative, number, instants);
            for &group in alike.iter().filter(|group| ground.table().group(**group).calls_out) {
                let open = instants.first(left).map(|first| (left == InstantSet::ALWAYS, first));
                if let Some((always, first)) = open {
                    let when = if always { String::new() } else { format!(" at {}", ground.clock(first)) };
                    complaints.add(ground.group_span(group), "has no route", &format!("{number}{when}"), ground, group);
                }
                for taker in &takers {
                    let (span, trouble) = match trouble(ground, group, number, taker) {
                        Some(Trouble::OfGroup(words)) => (ground.group_span(group), words),
                        Some(Trouble::OfRoute(words)) => (ground.route_span(taker.route), words),
                        None => continue,
                    };
                    complaints.add(span, trouble, number, ground, group);
                }
            }
        }
    }
}

enum Trouble {
    OfGroup(&'static str),
    OfRoute(&'static str),
}

fn trouble(ground: &Ground, group: GroupIx, number: &str, taker: &Taker) -> Option<Trouble> {
    let decision = ground.decide(group, number, taker.first);
    let route = ground.table().route(taker.route);
    match decision.outcome {
        Outcome::Reject(_) if route.default => {
            Some(Trouble::OfGroup("has no route but the catch-all, which refuses it,"))
        }
        Outcome::Attempts if taker.when != InstantSet::ALWAYS => Some(Trouble::OfRoute("depends on a schedule")),
        Outcome::Attempts if decision.attempts.len() == 1 => Some(Trouble::OfRoute("has one gateway")),
        Outcome::Attempts => None,
        Outcome::Reject(_) => Some(Trouble::OfRoute("is refused")),
        Outcome::Unusable => Some(Trouble::OfRoute("can't be stripped so far")),
        Outcome::NoRoute | Outcome::NoGroup => Some(Trouble::OfGroup("has no route")),
    }
}

impl Complaints<'_> {
    fn add(&mut self, span: Span, trouble: &'static str, number: &str, ground: &Ground, group: GroupIx) {
        if !self.told.insert((span, trouble)) {
            return;
        }
        let message = format!("emergency number {number} {trouble} in group `{}`", ground.group_id(group));
        let help = match trouble {
            "has one gateway" => "add a second gateway at another address",
            "depends on a schedule" => {
                "give it a route of its own without `when`: `exact: true`, and `number: { raw: true }`"
            }
            _ => {
                "add a route with `exact: true` and two gateways for it; a group that only receives calls says `calls_out: false`"
            }
        };
        self.report.push(Diagnostic::new(Code::EmergencyFragile, span, message).help(help));
    }
}
