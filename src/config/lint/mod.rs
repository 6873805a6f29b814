//! Lints and errors that need the compiled table: what it does with every number of every group at every instant. One file
//! a lint; each knows its code, and its page stands in `diagnostic/pages`. None of them guesses: an example that is printed
//! has been decided by the table.

mod dead_schedule;
mod dst_edge;
mod duplicate_rule;
mod emergency_fragile;
mod emergency_rewritten;
mod exact_conflict;
mod findings;
mod ground;
mod ladder;
mod no_catch_all;
mod outcomes;
mod premium;
mod redundant_route;
mod routing_loop;
mod shadowed_route;
mod time_gap;
mod walk;

pub use ground::Ground;

use super::diagnostic::Report;
use crate::route::{Instants, Table};
use crate::time::Wall;
use findings::Findings;
use outcomes::Outcomes;
use walk::Known;

const HOUR: i64 = 3_600_000_000;
/// How far ahead instants are looked at: what no schedule reaches in ten years is never.
const AHEAD: i64 = 24 * HOUR * 3653;

/// Runs all of them.
pub fn all(ground: &Ground, report: &mut Report) {
    let table = ground.table();
    let mut instants = instants(table, ground.now);
    let known = known(table, &mut instants);
    let mut found = Findings::new(table.routes().len());
    for groups in &ground.alike {
        if let Some(&group) = groups.first() {
            walk::walk(table, &known, group, &mut instants, &mut found);
        }
    }
    duplicate_rule::check(ground, &found, report);
    shadowed_route::check(ground, &found, report);
    time_gap::check(ground, &found, report);
    no_catch_all::check(ground, &found, &mut instants, report);
    redundant_route::check(ground, &found, report);
    exact_conflict::check(ground, &found, report);
    dead_schedule::check(ground, &instants, report);
    dst_edge::check(ground, report);
    emergency_rewritten::check(ground, &known, &mut instants, report);
    emergency_fragile::check(ground, &known, &mut instants, report);
    premium::check(ground, &known, &mut instants, report);
    routing_loop::check(ground, &known, &mut instants, report);
}

/// From the hour that has begun, so that examples are round.
fn instants(table: &Table, now: Wall) -> Instants {
    let from = now.0 - now.0.rem_euclid(HOUR);
    Instants::between(table.schedules(), Wall(from), Wall(from.saturating_add(AHEAD)))
}

fn known(table: &Table, instants: &mut Instants) -> Known {
    let when = table.routes().iter().map(|route| instants.of(&route.when)).collect();
    Known { when, outcomes: Outcomes::new(table) }
}
