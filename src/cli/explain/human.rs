//! A decision as people read it.

use crate::config::Compiled;
use crate::proxy::Snapshot;
use crate::question::{Answer, Origin, Question, State, percent_digits, why_passed, why_skipped};
use crate::route::{AtPosition, Failover, FinalAnswer, GatewayIx, Outcome, Position, Reply, Route, Table};
use jiff::tz::TimeZone;
use std::fmt::Write;
use std::time::Duration;

/// Where the places of rules stand.
const PLACE_COLUMN: usize = 63;

pub(super) fn call(question: &Question, states: &[(GatewayIx, State)], answer: &Answer, compiled: &Compiled) -> String {
    let (snapshot, zone) = (&compiled.snapshot, &compiled.zone);
    let mut out = String::new();
    source(&mut out, question, answer, snapshot);
    state(&mut out, states, &snapshot.table);
    if answer.stranger {
        return out;
    }
    let table = &snapshot.table;
    let line = |out: &mut String, label: &str, text: &str| {
        let _ = writeln!(out, "{label:<15} {text}");
    };
    group(&mut out, answer, table);
    let _ = writeln!(out, "number  {}", String::from_utf8_lossy(&question.number));
    rules(&mut out, question, answer, table, zone);
    attempts(&mut out, answer, table);
    for (at, skipped) in answer.decision.skipped.iter().enumerate() {
        let gateway = &table.gateway(skipped.gateway).id;
        line(&mut out, if at == 0 { "skipped" } else { "" }, &format!("{gateway:<19} {}", why_skipped(skipped.why)));
    }
    match &answer.refused {
        Some(refused) => line(&mut out, "refused", &format!("{}{}", reply(refused), why_refused(answer))),
        None => line(&mut out, "gives up after", &gives_up(&answer.failover)),
    }
    out
}

fn source(out: &mut String, question: &Question, answer: &Answer, snapshot: &Snapshot) {
    if let Origin::Source { ip, assumed, .. } = &question.origin {
        let verdict = match answer.access(snapshot) {
            Some("reject") => "  no access rule admits it: refused with 403",
            Some(_) => "  no access rule admits it: dropped without an answer",
            None if *assumed => "  (assumed: the first trusted source; say --source, --gateway, --account or --group)",
            // Whoever named it knows it.
            None => return,
        };
        let _ = writeln!(out, "source  {ip}{verdict}");
    }
    if let Origin::Account = question.origin {
        let _ = writeln!(out, "source  any address: the password admits it");
    }
}

fn state(out: &mut String, states: &[(GatewayIx, State)], table: &Table) {
    let states = states.iter().map(|(gateway, state)| format!("{} {}", table.gateway(*gateway).id, state.word()));
    let states = states.collect::<Vec<_>>().join(", ");
    if !states.is_empty() {
        let _ = writeln!(out, "state   {states}; all others up");
    }
}

fn group(out: &mut String, answer: &Answer, table: &Table) {
    let Some(group) = answer.decision.group else {
        let _ = writeln!(out, "group   none");
        return;
    };
    let next = match &answer.trace.next_best {
        Some((group, by)) => format!("{} by {by}", table.group(*group).id),
        None => "none".to_owned(),
    };
    let _ = writeln!(out, "group   {:<15} ({}; next best: {next})", table.group(group).id, answer.trace.group_by);
}

/// The rules in the order in which they are asked: those that are not active, the chosen one, those that were not needed.
fn rules(out: &mut String, question: &Question, answer: &Answer, table: &Table, zone: &TimeZone) {
    let trace = &answer.trace;
    let mut rows: Vec<(char, &Route, &str, String)> = Vec::new();
    for (at, passed) in trace.passed_over.iter().enumerate() {
        if at == trace.before {
            rows.extend(chosen(answer, table));
        }
        let route = table.route(passed.route);
        let why = why_passed(passed, table, question.at, zone);
        let why = if at == 0 && trace.before > 0 { format!("{}, but {why}", rank(route)) } else { why };
        rows.push(('x', route, &passed.prefix, why));
    }
    if trace.before == trace.passed_over.len() {
        rows.extend(chosen(answer, table));
    }
    let widest = rows.iter().map(|(_, route, ..)| route.id.len()).max().unwrap_or(0).max(12);
    for (mark, route, prefix, why) in rows {
        let prefix = if prefix.is_empty() { "default".to_owned() } else { format!("{prefix:?}") };
        let text = format!("  {mark}  {:<widest$} {prefix:<8} {why}", route.id);
        let _ = writeln!(out, "{text:<PLACE_COLUMN$}  {}", route.place);
    }
}

fn chosen<'t>(answer: &'t Answer, table: &'t Table) -> Option<(char, &'t Route, &'t str, String)> {
    let route = table.route(answer.decision.route?);
    let why = if answer.trace.before > 0 { "active" } else { rank(route) };
    Some(('>', route, &answer.trace.prefix, why.to_owned()))
}

/// What makes a rule the first one that is asked.
fn rank(route: &Route) -> &'static str {
    match (route.default, route.exact) {
        (true, _) => "the catch-all",
        (_, true) => "the exact number",
        _ => "longest prefix",
    }
}

/// The attempts position by position, with their shares where chance decides.
fn attempts(out: &mut String, answer: &Answer, table: &Table) {
    let decision = &answer.decision;
    let id = |at: usize| decision.attempts.get(at).map_or("", |attempt| &*table.gateway(attempt.gateway).id);
    let number = |at: usize| decision.attempts.get(at).map_or_else(String::new, |a| text(&a.number));
    let down = |at: usize| decision.attempts.get(at).is_some_and(|attempt| attempt.down);
    let mut rows = Vec::new();
    for Position { first, last, what } in decision.positions() {
        let place = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let (who, numbers, last_resort) = match what {
            AtPosition::One(at) => (id(at).to_owned(), number(at), down(at)),
            AtPosition::OneOf(some) => {
                let who = some.iter().map(|&(at, share)| format!("{} {} %", id(at), percent_digits(share)));
                let mut numbers: Vec<String> = some.iter().map(|&(at, _)| number(at)).collect();
                numbers.dedup();
                (who.collect::<Vec<_>>().join(" | "), numbers.join(" | "), some.iter().any(|&(at, _)| down(at)))
            }
            AtPosition::Others { of: 2 } => ("the other of the two".to_owned(), String::new(), false),
            AtPosition::Others { of } => (format!("the others of the {of}"), String::new(), false),
        };
        let last_resort = if last_resort { "  (down; tried as the last resort)" } else { "" };
        rows.push((place, who, format!("{numbers}{last_resort}")));
    }
    let widest = rows.iter().map(|(_, who, _)| who.len()).max().unwrap_or(0).max(16);
    for (at, (place, who, numbers)) in rows.iter().enumerate() {
        let label = if at == 0 { "attempts" } else { "" };
        let row = format!("{label:<15} {place} {who:<widest$}  {numbers}");
        let _ = writeln!(out, "{}", row.trim_end());
    }
}

fn text(number: &[u8]) -> String {
    String::from_utf8_lossy(number).into_owned()
}

fn why_refused(answer: &Answer) -> &'static str {
    match answer.decision.outcome {
        Outcome::NoGroup => "  (no group takes calls from there)",
        Outcome::NoRoute => "  (no route takes this number)",
        Outcome::Unusable => "  (no gateway of the route is usable)",
        Outcome::Reject(_) | Outcome::Attempts => "",
    }
}

pub(super) fn reply(reply: &Reply) -> String {
    format!("{} {:?}", reply.code, reply.reason)
}

pub(super) fn gives_up(failover: &Failover) -> String {
    let last = match &failover.final_answer {
        FinalAnswer::Reply(last) => reply(last),
        FinalAnswer::Last => "the last gateway's answer".to_owned(),
        FinalAnswer::Best => "the best of the answers".to_owned(),
    };
    let plural = if failover.max_attempts == 1 { "" } else { "s" };
    format!("{} or {} attempt{plural}, then {last}", period(failover.max_setup_time), failover.max_attempts)
}

/// In the unit of the configuration: `60s`, `1500ms`.
fn period(duration: Duration) -> String {
    match duration.as_millis() {
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}
