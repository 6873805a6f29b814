//! What a route must say (TL0202, TL0405), and that no two rules claim the same calls (TL0401).

use super::{GroupKey, Model, Rule};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::Route;
use crate::config::lower::{Entry, Field, Given};
use crate::config::source::Span;
use crate::config::value::Prefix;
use std::collections::{HashMap, HashSet};

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.routes() {
        if let Some(route) = &entry.value {
            selects(entry, route, report);
            leads(entry, route, report);
            twice_in_one(entry, prefixes(route), report);
        }
    }
}

/// Rules that claim the same calls always, where no table will be made. Else the table finds them, and those whose times
/// meet (`lint/duplicate_rule.rs`).
pub fn duplicates(model: &Model, report: &mut Report) {
    let timed =
        |rule: &Rule| model.routes().get(rule.route).and_then(|e| e.value.as_ref()).is_none_or(|r| r.when.stands());
    let mut seen: HashMap<(GroupKey, &str, bool, u32), Rule> = HashMap::new();
    let mut told: HashSet<(usize, usize)> = HashSet::new();
    for rule in model.rules().iter().filter(|rule| !timed(rule)) {
        let key = (rule.group, rule.prefix, rule.exact, rule.priority);
        match seen.get(&key) {
            Some(first) if first.route == rule.route => {}
            Some(first) => {
                if told.insert((first.route, rule.route)) {
                    report.push(complain(model, first, rule));
                }
            }
            None => {
                seen.insert(key, *rule);
            }
        }
    }
}

/// Whether a route says `default: true`.
pub fn is_default(route: &Route) -> bool {
    route.default.get().is_some_and(|default| default.0)
}

/// A route needs a prefix, or is the catch-all.
fn selects(entry: &Entry<Route>, route: &Route, report: &mut Report) {
    let id = &entry.id;
    match (route.prefix.key(), is_default(route)) {
        (Some(prefix), true) => {
            let message = format!("route `{id}` has a prefix beside `default: true`");
            let mut diagnostic =
                Diagnostic::new(Code::NoTarget, prefix, message).label("a catch-all takes every number");
            if let Some(key) = route.default.key() {
                diagnostic = diagnostic.related(key, "the catch-all");
            }
            report.push(diagnostic.help("keep one of the two; a route with a prefix and a catch-all are two routes"));
        }
        (None, false) if !matches!(route.default, Field::Bad(_)) && !route.flawed => {
            let message = format!("route `{id}` has no `prefix`, so no call is ever its own");
            let help = "add `prefix: \"…\"`, or `default: true` if it takes everything else";
            report.push(Diagnostic::new(Code::WrongType, entry.span, message).help(help));
        }
        _ => {}
    }
    if let Some(exact) = route.exact.given().filter(|exact| exact.value.0 && is_default(route)) {
        let message = format!("route `{id}` takes every number, so `exact` says nothing");
        report.push(Diagnostic::new(Code::BadValue, exact.span, message).help("delete `exact`"));
    }
}

/// A route leads to gateways or refuses.
fn leads(entry: &Entry<Route>, route: &Route, report: &mut Report) {
    let id = &entry.id;
    if let (Some(lcr), Some(other)) = (route.lcr.key(), route.to.key().or(route.reject.key())) {
        let message = format!("route `{id}` has `lcr` beside `to` or `reject`");
        let diagnostic =
            Diagnostic::new(Code::NoTarget, lcr.max(other), message).related(lcr.min(other), "the other one");
        return report.push(diagnostic.help("keep one of them"));
    }
    match (route.to.key(), route.reject.key()) {
        (None, None) if route.lcr.stands() => {}
        (None, None) if !route.flawed => {
            let message = format!("route `{id}` has neither `to` nor `reject`");
            let help = "add `to: …` with a gateway or list, or `reject: 403`";
            report.push(Diagnostic::new(Code::NoTarget, entry.span, message).help(help));
        }
        (Some(to), Some(reject)) => {
            let message = format!("route `{id}` has both `to` and `reject`");
            let later = to.max(reject);
            let diagnostic = Diagnostic::new(Code::NoTarget, later, message).related(to.min(reject), "the other one");
            report.push(diagnostic.help("keep one of the two"));
        }
        _ => {}
    }
}

fn complain(model: &Model, first: &Rule, later: &Rule) -> Diagnostic {
    let id = |route: usize| model.routes().get(route).map_or("", |entry| &entry.id);
    let span = model.routes().get(later.route).map_or(later.span, |entry| entry.span);
    let group = model.group_id(later.group);
    let message = format!(
        "routes `{}` and `{}` both claim {} in group `{group}` with priority {}",
        id(first.route),
        id(later.route),
        later.what(),
        later.priority,
    );
    let mut diagnostic = Diagnostic::new(Code::DuplicateRule, span, message).related(first.span, "claimed here first");
    if later.span != span {
        diagnostic = diagnostic.related(later.span, "and here again");
    }
    diagnostic.help("give one of them a higher `priority`, another group, or delete it")
}

pub fn prefixes(route: &Route) -> &[Given<Prefix>] {
    route.prefix.get().map_or(&[], |prefixes| prefixes.0.as_slice())
}

/// The same prefix twice in one route.
fn twice_in_one(entry: &Entry<Route>, prefixes: &[Given<Prefix>], report: &mut Report) {
    if prefixes.len() < 2 {
        return;
    }
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for prefix in prefixes {
        if let Some(first) = seen.insert(&prefix.value.0, prefix.span).filter(|first| *first != prefix.span) {
            let message = format!("route `{}` names the prefix \"{}\" twice", entry.id, prefix.value.0);
            let diagnostic = Diagnostic::new(Code::DuplicateRule, prefix.span, message).related(first, "first here");
            report.push(diagnostic.help("delete one of the two"));
        }
    }
}
