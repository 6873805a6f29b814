//! Every name must be declared (TL0302), and gateways and lists share one id space (TL0304).

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report, Safety};
use crate::config::lower::{Entry, Given};
use crate::config::names::nearest;
use crate::config::value::Reference;

pub fn check(model: &Model, report: &mut Report) {
    shared_ids(model, report);
    for list in model.lists().iter().filter_map(|entry| entry.value.as_ref()) {
        for member in list.members.get().map_or(&[][..], |members| &members.0) {
            if let Some(to) = member.value.0.to.given() {
                target(to, model, report);
            }
        }
    }
    for route in model.routes().iter().filter_map(|entry| entry.value.as_ref()) {
        for member in route.to.get().map_or(&[][..], |to| &to.0) {
            target(member, model, report);
        }
        for term in route.when.get().map_or(&[][..], |when| &when.0) {
            term.value.schedules.iter().for_each(|name| schedule(name, model, report));
        }
        groups(route.group.get().map_or(&[][..], |groups| &groups.0), model, report);
    }
    for entry in model.schedules().iter().filter_map(|entry| entry.value.as_ref()) {
        let except = entry.except.get().map_or(&[][..], |except| &except.0);
        except.iter().for_each(|name| schedule(name, model, report));
    }
    for gateway in model.gateways().iter().filter_map(|entry| entry.value.as_ref()) {
        if let Some(reference) = gateway.0.listen.given() {
            listener(reference, model, report);
        }
    }
    let trusted = model.document.access.get().and_then(|access| access.trusted.get());
    for source in trusted.into_iter().flat_map(|map| &map.0).filter_map(|entry| entry.value.as_ref()) {
        for reference in source.0.listen.get().map_or(&[][..], |listen| &listen.0) {
            listener(reference, model, report);
        }
    }
    for matcher in model.groups().iter().filter_map(|e| e.value.as_ref()?.r#match.get()).flat_map(|m| &m.0) {
        if let Some(reference) = matcher.value.gateway.given() {
            gateway(reference, model, report);
        }
        if let Some(reference) = matcher.value.listener.given() {
            listener(reference, model, report);
        }
    }
}

fn shared_ids(model: &Model, report: &mut Report) {
    for list in model.lists() {
        let Some(gateway) = model.gateway_named(&list.id).and_then(|at| model.gateways().get(at)) else { continue };
        let (first, later) =
            if list.span > gateway.span { (gateway.span, list.span) } else { (list.span, gateway.span) };
        let message = format!("a gateway and a list are both called `{}`", list.id);
        let diagnostic = Diagnostic::new(Code::SharedId, later, message).related(first, "the other one");
        report.push(diagnostic.help("`to` and `members` name either kind, so the two need different ids"));
    }
}

pub(super) fn target(reference: &Given<Reference>, model: &Model, report: &mut Report) {
    let id = &*reference.value.0;
    if model.target_named(id).is_none() {
        let known = ids(model.gateways()).chain(ids(model.lists()));
        report.push(unknown("gateway or list", "gateways:", reference, known));
    }
}

fn gateway(reference: &Given<Reference>, model: &Model, report: &mut Report) {
    if model.gateway_named(&reference.value.0).is_none() {
        report.push(unknown("gateway", "gateways:", reference, ids(model.gateways())));
    }
}

pub(super) fn listener(reference: &Given<Reference>, model: &Model, report: &mut Report) {
    let id = &*reference.value.0;
    // Without any declaration there is one listener, and this is its name.
    let implied = model.listeners().is_empty() && id == "default";
    if model.listener_named(id).is_none() && !implied {
        let default = model.listeners().is_empty().then_some("default");
        report.push(unknown("listener", "listen:", reference, ids(model.listeners()).chain(default)));
    }
}

fn schedule(reference: &Given<Reference>, model: &Model, report: &mut Report) {
    if model.schedule_named(&reference.value.0).is_none() {
        report.push(unknown("schedule", "schedules:", reference, ids(model.schedules())));
    }
}

pub(super) fn groups(references: &[Given<Reference>], model: &Model, report: &mut Report) {
    for reference in references {
        let id = &*reference.value.0;
        if id == "all" && references.len() > 1 {
            let diagnostic = Diagnostic::new(Code::BadValue, reference.span, "`all` stands for every group, and alone");
            report.push(diagnostic.help("write `group: all`"));
        } else if id != "all" && model.group_named(id).is_none() {
            report.push(unknown("group", "groups:", reference, ids(model.groups()).chain(["all", "default"])));
        }
    }
}

pub(super) fn ids<T>(entries: &[Entry<T>]) -> impl Iterator<Item = &str> {
    entries.iter().map(|entry| &*entry.id)
}

pub(super) fn unknown<'c>(
    kind: &str,
    section: &str,
    reference: &Given<Reference>,
    known: impl Iterator<Item = &'c str>,
) -> Diagnostic {
    let id = &reference.value.0;
    let diagnostic = Diagnostic::new(Code::UnknownReference, reference.span, format!("unknown {kind} `{id}`"));
    match nearest(id, known) {
        Some(near) => {
            diagnostic.help(format!("did you mean `{near}`?")).fix(Safety::Review, reference.span, near.to_owned())
        }
        None => diagnostic.help(format!("declare it under `{section}`, or use an id that is there")),
    }
}
