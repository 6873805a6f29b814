//! An emergency number that leaves as another number (TL0410): `+112` reaches nobody.

use super::Ground;
use super::ladder::takers;
use super::walk::Known;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::{Attempt, Instants, RouteIx, Strip};
use std::collections::HashSet;

pub fn check(ground: &Ground, known: &Known, instants: &mut Instants, report: &mut Report) {
    let mut told = HashSet::new();
    for (group, _) in ground.calling_out() {
        for number in &ground.guards.emergency {
            let (takers, _) = takers(ground.table(), known, group, number, instants);
            for taker in takers {
                let decision = ground.decide(group, number, taker.first);
                let changed = decision.attempts.iter().find(|attempt| attempt.number.as_slice() != number.as_bytes());
                if let Some(attempt) = changed.filter(|_| told.insert(taker.route)) {
                    report.push(complain(ground, taker.route, number, attempt));
                }
            }
        }
    }
}

fn complain(ground: &Ground, route: RouteIx, number: &str, attempt: &Attempt) -> Diagnostic {
    let table = ground.table();
    let gateway = table.gateway(attempt.gateway);
    let own = &table.route(route).number;
    let by_route = own.strip != Strip::None || !own.add.is_empty();
    let message = format!(
        "emergency number {number} leaves as {} by route `{}`, to gateway `{}`",
        String::from_utf8_lossy(&attempt.number),
        table.route(route).id,
        gateway.id,
    );
    let mut diagnostic = Diagnostic::new(Code::EmergencyRewritten, ground.route_span(route), message);
    let number = ground.route(route).and_then(|(_, route)| route.number.key());
    match number.filter(|_| by_route) {
        Some(key) => diagnostic = diagnostic.related(key, "changed here"),
        None => {
            let declared = ground.model.gateway_named(&gateway.id).and_then(|at| ground.model.gateway(at));
            if let Some(key) = declared.and_then(|gateway| gateway.number.key()) {
                diagnostic = diagnostic.related(key, "the gateway changes it here");
            }
        }
    }
    diagnostic.help(format!(
        "write `number: {{ raw: true }}` in a route for this number alone{}",
        if by_route { ", without a change" } else { "" }
    ))
}
