//! A route that can never be chosen (TL0402): each of its rules meets one with the same prefix and a higher priority.

use super::{GroupKey, Model, Rule};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use std::collections::HashMap;

pub fn check(model: &Model, report: &mut Report) {
    let rules = model.rules();
    let mut best: HashMap<(GroupKey, &str, bool), Rule> = HashMap::new();
    for rule in &rules {
        let winner = best.entry((rule.group, rule.prefix, rule.exact)).or_insert(*rule);
        if rule.priority > winner.priority {
            *winner = *rule;
        }
    }
    let mut alive = vec![false; model.routes().len()];
    let mut loser: HashMap<usize, (Rule, Rule)> = HashMap::new();
    for rule in rules {
        let Some(winner) = best.get(&(rule.group, rule.prefix, rule.exact)) else { continue };
        if winner.priority > rule.priority {
            loser.entry(rule.route).or_insert((rule, *winner));
        } else if let Some(alive) = alive.get_mut(rule.route) {
            *alive = true;
        }
    }
    let mut shadowed: Vec<(usize, (Rule, Rule))> =
        loser.into_iter().filter(|(route, _)| alive.get(*route) == Some(&false)).collect();
    shadowed.sort_by_key(|(route, _)| *route);
    for (route, (rule, winner)) in shadowed {
        report.push(complain(model, route, &rule, &winner));
    }
}

fn complain(model: &Model, route: usize, rule: &Rule, winner: &Rule) -> Diagnostic {
    let entry = |position: usize| model.routes().get(position);
    let id = |position: usize| entry(position).map_or("", |entry| &entry.id);
    let span = |rule: &Rule| entry(rule.route).map_or(rule.span, |entry| entry.span);
    let message = format!("route `{}` can never be chosen in group `{}`", id(route), model.group_id(rule.group));
    Diagnostic::new(Code::ShadowedRoute, span(rule), message)
        .label(format!("{}, priority {}", rule.what(), rule.priority))
        .related(span(winner), format!("same prefix, priority {}, always active", winner.priority))
        .help(format!("raise its `priority` above that of `{}`, or delete it", id(winner.route)))
}
