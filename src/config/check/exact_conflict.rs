//! An exact number and a prefix of the same digits that lead to different places (TL0409): one digit more, and the call
//! goes elsewhere.

use super::{GroupKey, Model};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::Route;
use std::collections::{HashMap, HashSet};

pub fn check(model: &Model, report: &mut Report) {
    let rules = model.rules();
    let exact: HashMap<(GroupKey, &str), usize> =
        rules.iter().filter(|rule| rule.exact).map(|rule| ((rule.group, rule.prefix), rule.route)).collect();
    let mut told = HashSet::new();
    for rule in rules.iter().filter(|rule| !rule.exact && !rule.prefix.is_empty()) {
        let Some(other) = exact.get(&(rule.group, rule.prefix)).copied() else { continue };
        let (Some(a), Some(b)) = (model.routes().get(other), model.routes().get(rule.route)) else { continue };
        let (Some(exact_route), Some(prefix_route)) = (&a.value, &b.value) else { continue };
        if same_end(model, exact_route, prefix_route) || !told.insert((other, rule.route)) {
            continue;
        }
        let (first, later) = if a.span < b.span { (a, b) } else { (b, a) };
        let message = format!("\"{0}\" goes by route `{1}`, and \"{0}…\" by `{2}`", rule.prefix, a.id, b.id);
        let diagnostic = Diagnostic::new(Code::ExactConflict, later.span, message)
            .label("the two lead to different places")
            .related(first.span, "the other one")
            .help("if both are meant, let the two routes lead to the same place, or bar the longer numbers");
        report.push(diagnostic);
    }
}

fn same_end(model: &Model, a: &Route, b: &Route) -> bool {
    let refused = |route: &Route| route.reject.get().and_then(|spec| spec.0.code.get()).map(|code| code.0);
    refused(a) == refused(b) && model.route_reach(a) == model.route_reach(b)
}
