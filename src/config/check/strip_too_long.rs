//! `strip` takes more digits than the shortest number has (TL0408): such a call skips the gateway.

use super::Model;
use super::routes::{is_default, prefixes};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::Route;
use crate::config::lower::Entry;
use crate::config::value::StripCount;

pub fn check(model: &Model, report: &mut Report) {
    let mut told = std::collections::HashSet::new();
    for (position, entry) in model.routes().iter().enumerate() {
        let Some(route) = &entry.value else { continue };
        let Some(shortest) = shortest(route) else { continue };
        let Some(left) = by_route(entry, route, shortest, report) else { continue };
        let raw = route.number.get().and_then(|number| number.raw.get()).is_some_and(|raw| raw.0);
        for &gateway in if raw { &[] } else { model.reaches().of(position) } {
            if by_gateway(model, gateway, entry, left, report, told.contains(&gateway)) {
                told.insert(gateway);
            }
        }
    }
}

/// The length of the shortest number that can match: the prefix itself. A catch-all takes at least one digit.
fn shortest(route: &Route) -> Option<usize> {
    if is_default(route) {
        return Some(1);
    }
    prefixes(route).iter().map(|prefix| prefix.value.0.len()).min()
}

/// Complains about the route's own strip; else the shortest length that a gateway gets.
fn by_route(entry: &Entry<Route>, route: &Route, shortest: usize, report: &mut Report) -> Option<usize> {
    let number = route.number.get();
    let added = number.and_then(|n| n.add.get()).map_or(0, |add| add.0.len());
    let strip = number.and_then(|n| n.strip.given());
    let count = match strip.map(|strip| strip.value) {
        None => 0,
        // Stripping the prefix that matched leaves what stands behind it, perhaps nothing.
        Some(StripCount::Matched) => shortest,
        Some(StripCount::Digits(count)) => usize::from(count),
    };
    match strip {
        Some(strip) if count > shortest => {
            let message = format!("route `{}` strips {count} digits, and a number of {shortest} can match", entry.id);
            let diagnostic = Diagnostic::new(Code::StripTooLong, strip.span, message)
                .label("such a call would find no gateway")
                .help("strip less, or make the prefix longer");
            report.push(diagnostic);
            None
        }
        _ => Some(shortest - count + added),
    }
}

/// Complains, once a gateway, about a strip that is longer than what the route leaves.
fn by_gateway(
    model: &Model,
    gateway: usize,
    route: &Entry<Route>,
    left: usize,
    report: &mut Report,
    told: bool,
) -> bool {
    let number = model.gateway(gateway).and_then(|gateway| gateway.number.get());
    let Some(strip) = number.and_then(|number| number.strip.given()) else { return false };
    if usize::from(strip.value.0) <= left || told {
        return false;
    }
    let id = model.gateways().get(gateway).map_or("", |entry| &entry.id);
    let message = format!("gateway `{id}` strips {} digits, and route `{}` can leave {left}", strip.value.0, route.id);
    let diagnostic = Diagnostic::new(Code::StripTooLong, strip.span, message)
        .label("the gateway would be skipped for such a call")
        .related(route.span, "this route")
        .help("strip less, or let the route keep more");
    report.push(diagnostic);
    true
}
