//! Declared and never used (TL0305): a gateway, a list, a schedule, a group.

use super::{GroupKey, Model, Target};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::source::Span;
use foldhash::{HashSet, HashSetExt};

pub fn check(model: &Model, report: &mut Report) {
    let mut used: HashSet<Target> = HashSet::new();
    let routes = model.routes().iter().filter_map(|entry| entry.value.as_ref());
    for to in routes.filter_map(|route| route.to.get()) {
        used.extend(model.targets(&to.0).map(|(target, _)| target));
    }
    for members in model.lists().iter().filter_map(|entry| entry.value.as_ref()?.members.get()) {
        used.extend(model.targets(&members.0).map(|(target, _)| target));
    }
    // A gateway that calls come from is used too.
    let matchers = model.groups().iter().filter_map(|entry| entry.value.as_ref()?.r#match.get());
    for reference in matchers.flat_map(|m| &m.0).filter_map(|matcher| matcher.value.gateway.get()) {
        used.extend(model.gateway_named(&reference.0).map(Target::Gateway));
    }
    for (position, entry) in model.gateways().iter().enumerate() {
        if !used.contains(&Target::Gateway(position)) {
            report.push(unused("gateway", &entry.id, entry.span, "no route, list or group names it"));
        }
    }
    for (position, entry) in model.lists().iter().enumerate() {
        if !used.contains(&Target::List(position)) {
            report.push(unused("list", &entry.id, entry.span, "no route and no other list names it"));
        }
    }
    schedules(model, report);
    let groups = model.groups_with_routes();
    for (position, entry) in model.groups().iter().enumerate() {
        if !groups.contains(&GroupKey::Declared(position)) {
            report.push(unused("group", &entry.id, entry.span, "no route is in it, so its calls are refused"));
        }
    }
}

fn schedules(model: &Model, report: &mut Report) {
    let routes = model.routes().iter().filter_map(|entry| entry.value.as_ref()?.when.get());
    let terms = routes.flat_map(|when| &when.0).flat_map(|term| &term.value.schedules);
    let except = model.schedules().iter().filter_map(|entry| entry.value.as_ref()?.except.get()).flat_map(|e| &e.0);
    let used: HashSet<&str> = terms.chain(except).map(|name| &*name.value.0).collect();
    for entry in model.schedules().iter().filter(|entry| !used.contains(&*entry.id)) {
        report.push(unused("schedule", &entry.id, entry.span, "no route and no other schedule names it"));
    }
}

fn unused(kind: &str, id: &str, span: Span, label: &str) -> Diagnostic {
    Diagnostic::new(Code::Unused, span, format!("{kind} `{id}` is never used"))
        .label(label)
        .help("use it, or delete it")
}
