//! A group without a catch-all (TL0404): numbers that no prefix takes are refused with `no_route`.

use super::{GroupKey, Model};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::source::Span;
use std::collections::BTreeMap;

pub fn check(model: &Model, report: &mut Report) {
    // Per group that has rules: the first one's place, and whether one is the catch-all.
    let mut groups: BTreeMap<GroupKey, (Span, bool)> = BTreeMap::new();
    for rule in model.rules() {
        let route = model.routes().get(rule.route).map_or(rule.span, |entry| entry.span);
        let (_, caught) = groups.entry(rule.group).or_insert((route, false));
        *caught |= rule.prefix.is_empty();
    }
    for (group, (first, _)) in groups.into_iter().filter(|(_, (_, caught))| !caught) {
        let declared = match group {
            GroupKey::Declared(position) => model.groups().get(position),
            GroupKey::Default => None,
        };
        let calls_out = declared.and_then(|entry| entry.value.as_ref()?.calls_out.get()).is_none_or(|out| out.0);
        if !calls_out {
            continue;
        }
        let message = format!("group `{}` has no catch-all", model.group_id(group));
        let diagnostic = Diagnostic::new(Code::NoCatchAll, declared.map_or(first, |entry| entry.span), message)
            .label("numbers that no prefix takes are refused with `failover.no_route`")
            .help("add a route with `default: true`; it may `reject: 404`");
        report.push(diagnostic);
    }
}
