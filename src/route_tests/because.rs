//! Why the answer is another one than expected, where the trace can tell.

use super::Asked;
use crate::config::RouteTest;
use crate::proxy::Snapshot;
use crate::question::{inactive, why_passed, why_skipped};
use crate::route::{Outcome, WhyPassed};
use jiff::tz::TimeZone;

pub(super) fn because(test: &RouteTest, asked: &Asked, snapshot: &Snapshot, zone: &TimeZone) -> Option<String> {
    let table = &snapshot.table;
    let (answer, at) = (&asked.answer, asked.question.at);
    if answer.stranger {
        let source = asked.question.origin.ip().map_or_else(String::new, |ip| format!(" {ip}"));
        return Some(format!("no access rule admits{source}"));
    }
    if answer.decision.outcome == Outcome::NoGroup {
        return Some("no group takes calls from there".to_owned());
    }
    let expected = test.expect.route.as_ref().map(|route| &*route.value);
    let chosen = answer.decision.route.map(|route| &*table.route(route).id);
    if let Some(expected) = expected.filter(|expected| Some(*expected) != chosen) {
        let passed = answer.trace.passed_over.iter().find(|passed| *table.route(passed.route).id == *expected);
        return Some(match passed {
            Some(passed) => why_passed(passed, table, at, zone),
            None => unmatched(expected, answer.decision.group, snapshot),
        });
    }
    // A rule that would have come first is the likely reason, whatever was expected.
    let asleep = answer.trace.passed_over.iter().find(|passed| passed.why == WhyPassed::Schedule);
    if let Some(passed) = asleep.filter(|_| expected.is_none()) {
        return Some(inactive(passed, table, at, zone));
    }
    let expects = |id: &str| {
        let attempts = test.expect.attempts.iter().flat_map(|attempts| attempts.value.iter().map(|a| &a.gateway));
        let first = test.expect.first.iter().flat_map(|first| first.value.iter().map(|(gateway, _)| gateway));
        attempts.chain(first).any(|gateway| *gateway.value == *id)
    };
    let skipped = answer.decision.skipped.iter().find(|skipped| expects(&table.gateway(skipped.gateway).id))?;
    Some(format!("`{}` is skipped: {}", table.gateway(skipped.gateway).id, why_skipped(skipped.why)))
}

/// Why a route has nothing to do with a call.
fn unmatched(expected: &str, group: Option<crate::route::GroupIx>, snapshot: &Snapshot) -> String {
    let table = &snapshot.table;
    let route = table.routes().iter().find(|route| *route.id == *expected);
    match (route, group) {
        (Some(route), Some(group)) if !route.groups.contains(&group) => {
            format!("the call is in group `{}`, and route `{expected}` is not", table.group(group).id)
        }
        _ => format!("route `{expected}` does not take this number"),
    }
}
