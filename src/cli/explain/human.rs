//! A decision as people read it.

use crate::proxy::Snapshot;
use crate::question::{Answer, Origin, Question, State};
use crate::route::{Failover, FinalAnswer, GatewayIx, Outcome, Reply, Route, Table, WhyPassed, WhySkipped};
use std::fmt::Write;
use std::time::Duration;

/// Where the places of rules stand.
const PLACE_COLUMN: usize = 64;

pub(super) fn call(question: &Question, states: &[(GatewayIx, State)], answer: &Answer, snapshot: &Snapshot) -> String {
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
    rules(&mut out, answer, table);
    for (at, attempt) in answer.decision.attempts.iter().enumerate() {
        let gateway = &table.gateway(attempt.gateway).id;
        let down = if attempt.down { "  (down; tried as the last resort)" } else { "" };
        let text = format!("{} {gateway:<16} {}{down}", at + 1, String::from_utf8_lossy(&attempt.number));
        line(&mut out, if at == 0 { "attempts" } else { "" }, &text);
    }
    for (at, skipped) in answer.decision.skipped.iter().enumerate() {
        let gateway = &table.gateway(skipped.gateway).id;
        line(&mut out, if at == 0 { "skipped" } else { "" }, &format!("{gateway:<18} {}", why_skipped(skipped.why)));
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
            None if *assumed => "  (assumed: the first trusted source; say --source, --gateway or --group)",
            None => "",
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

/// The rule that was chosen, then those that would have taken the number too.
fn rules(out: &mut String, answer: &Answer, table: &Table) {
    let mut rows: Vec<(char, &Route, String, String)> = Vec::new();
    if let Some(ix) = answer.decision.route {
        let route = table.route(ix);
        let why = match (route.default && answer.trace.prefix.is_empty(), route.exact) {
            (true, _) => "the catch-all",
            (_, true) => "the exact number",
            _ => "longest prefix",
        };
        rows.push(('>', route, answer.trace.prefix.clone(), why.to_owned()));
    }
    for passed in &answer.trace.passed_over {
        let route = table.route(passed.route);
        rows.push(('x', route, passed.prefix.clone(), why_passed(passed.why, route)));
    }
    let widest = rows.iter().map(|(_, route, ..)| route.id.len()).max().unwrap_or(0).max(12);
    for (mark, route, prefix, why) in rows {
        let prefix = if prefix.is_empty() { "default".to_owned() } else { format!("{prefix:?}") };
        let text = format!("  {mark}  {:<widest$} {prefix:<8} {why}", route.id);
        let _ = writeln!(out, "{text:<PLACE_COLUMN$} {}", route.place);
    }
}

pub(super) fn why_passed(why: WhyPassed, route: &Route) -> String {
    match why {
        WhyPassed::Prefix => "a longer prefix matches".to_owned(),
        WhyPassed::Schedule => "not active at that time".to_owned(),
        WhyPassed::Priority => format!("priority {} is lower", route.priority),
        WhyPassed::Exact => "the exact number is preferred".to_owned(),
        WhyPassed::Default => "a catch-all is asked last".to_owned(),
    }
}

fn why_skipped(why: WhySkipped) -> &'static str {
    match why {
        WhySkipped::Full => "has as many calls as it may have",
        WhySkipped::Disabled => "disabled by an operator",
        WhySkipped::Down => "known to be down",
        WhySkipped::Resting => "resting after a 503",
        WhySkipped::Trial => "half-open, and its trial call is running",
        WhySkipped::Removed => "gone with a reload",
        WhySkipped::Number => "the number is too short to strip",
        WhySkipped::Repeated => "stands earlier in the list",
    }
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
