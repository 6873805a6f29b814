//! What a route must say (TL0202, TL0405), and that no two rules claim the same calls (TL0401).

use super::{GroupKey, Model};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::Route;
use crate::config::lower::{Entry, Given};
use crate::config::source::Span;
use std::collections::{HashMap, HashSet};

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.routes() {
        if let Some(route) = &entry.value {
            selects(entry, route, report);
            leads(entry, route, report);
        }
    }
    duplicates(model, report);
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
        (None, false) if !matches!(route.default, super::super::lower::Field::Bad(_)) => {
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
    match (route.to.key(), route.reject.key()) {
        (None, None) => {
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

/// One rule: group, prefix (empty for the catch-all), exactness, priority.
type Rule<'d> = (GroupKey, &'d str, bool, u32);

fn duplicates<'d>(model: &Model<'d>, report: &mut Report) {
    let mut seen: HashMap<Rule<'d>, (usize, Span)> = HashMap::new();
    let mut told: HashSet<(usize, usize)> = HashSet::new();
    for (position, entry) in model.routes().iter().enumerate() {
        let Some(route) = &entry.value else { continue };
        let prefixes = prefixes(route);
        twice_in_one(entry, prefixes, report);
        let priority = route.priority.get().map_or(0, |priority| priority.0);
        let exact = route.exact.get().is_some_and(|exact| exact.0);
        let groups = model.route_groups(route);
        let rules = prefixes.iter().map(|p| (&*p.value.0, p.span)).chain(is_default(route).then_some(("", entry.span)));
        for (prefix, span) in rules {
            for group in &groups {
                let rule = (*group, prefix, exact && !is_default(route), priority);
                match seen.get(&rule).copied() {
                    Some((first, _)) if first == position => {}
                    Some((first, place)) if told.insert((first, position)) => {
                        report.push(complain(model, rule, first, (entry, span), place));
                    }
                    Some(_) => {}
                    None => {
                        seen.insert(rule, (position, span));
                    }
                }
            }
        }
    }
}

pub fn prefixes(route: &Route) -> &[Given<crate::config::value::Prefix>] {
    route.prefix.get().map_or(&[], |prefixes| prefixes.0.as_slice())
}

fn complain(model: &Model, rule: Rule, first: usize, later: (&Entry<Route>, Span), place: Span) -> Diagnostic {
    let (group, prefix, exact, priority) = rule;
    let (entry, span) = later;
    let other = model.routes().get(first).map_or("", |route| &route.id);
    let what = match (prefix, exact) {
        ("", _) => "the catch-all".to_owned(),
        (prefix, true) => format!("the exact number \"{prefix}\""),
        (prefix, false) => format!("prefix \"{prefix}\""),
    };
    let group = model.group_id(group);
    let message =
        format!("routes `{other}` and `{}` both claim {what} in group `{group}` with priority {priority}", entry.id);
    let mut diagnostic = Diagnostic::new(Code::DuplicateRule, entry.span, message).related(place, "claimed here first");
    if span != entry.span {
        diagnostic = diagnostic.related(span, "and here again");
    }
    diagnostic.help("give one of them a higher `priority`, another group, or delete it")
}

/// The same prefix twice in one route.
fn twice_in_one(entry: &Entry<Route>, prefixes: &[Given<crate::config::value::Prefix>], report: &mut Report) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for prefix in prefixes {
        if let Some(first) = seen.insert(&prefix.value.0, prefix.span).filter(|first| *first != prefix.span) {
            let message = format!("route `{}` names the prefix \"{}\" twice", entry.id, prefix.value.0);
            let diagnostic = Diagnostic::new(Code::DuplicateRule, prefix.span, message).related(first, "first here");
            report.push(diagnostic.help("delete one of the two"));
        }
    }
}
