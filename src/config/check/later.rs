//! Keys that later builds serve: what they must say and name, so that a file which is right today is right then
//! (TL0202, TL0203, TL0302).

use super::Model;
use super::references::{groups, ids, listener, target, unknown};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::{Gateway, Health, Limits, User};
use crate::config::lower::{Entry, Field, Given, Map, Several};
use crate::config::source::Span;
use crate::config::value::{Percent, Period, Policy, Reference, Transport};

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.listeners() {
        let Some(listener) = &entry.value else { continue };
        let tls = listener.transport.or(Transport::Udp) == Transport::Tls;
        for (key, name) in [(listener.certificate.key(), "certificate"), (listener.key.key(), "key")] {
            match key {
                None if tls && !listener.flawed => {
                    let message = format!("listener `{}` speaks tls, and has no `{name}`", entry.id);
                    report.push(Diagnostic::new(Code::WrongType, entry.span, message).help(format!("add `{name}: …`")));
                }
                Some(key) if !tls => {
                    let message = format!("listener `{}` has a `{name}`, and does not speak tls", entry.id);
                    report.push(bad(key, message, "write `transport: tls`, or delete it"));
                }
                _ => {}
            }
        }
    }
    let access = model.document.access.get();
    for entry in access.map_or(&[][..], |access| entries(&access.users)) {
        user(entry, model, report);
    }
    access.and_then(|access| access.limits.get()).into_iter().for_each(|limits| bans(limits, report));
    for entry in model.gateways() {
        entry.value.iter().for_each(|spec| gateway_keys(&entry.id, &spec.0, model, report));
    }
    lists(model, report);
    routes(model, report);
    tables(model, report);
}

fn bad(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic::new(Code::BadValue, span, message).help(help)
}

fn entries<T>(field: &Field<Map<T>>) -> &[Entry<T>] {
    field.get().map_or(&[], |map| &map.0)
}

fn user(entry: &Entry<User>, model: &Model, report: &mut Report) {
    let Some(user) = &entry.value else { return };
    match (user.password.key(), user.ha1.key()) {
        (None, None) if !user.flawed => {
            let message = format!("`access.users.{}` has neither `password` nor `ha1`", entry.id);
            let help = "add `password: { secret_file: … }`";
            report.push(Diagnostic::new(Code::WrongType, entry.span, message).help(help));
        }
        (Some(first), Some(second)) => {
            let message = format!("`access.users.{}` has both `password` and `ha1`", entry.id);
            report.push(
                bad(second.max(first), message, "keep one of the two").related(first.min(second), "the other one"),
            );
        }
        _ => {}
    }
    let listeners = user.listen.get().map_or(&[][..], |listen| &listen.0);
    listeners.iter().for_each(|name| listener(name, model, report));
}

fn bans(limits: &Limits, report: &mut Report) {
    from_and_to(&limits.ban, "`access.limits.ban`", report);
}

/// `[1m, 1h]`: the first time, and at most.
fn from_and_to(field: &Field<Several<Period>>, what: &str, report: &mut Report) {
    let Some(given) = field.given() else { return };
    let help = "write two durations: the first time, and at most, like [30s, 10m]";
    match given.value.0.as_slice() {
        [first, most] if first.value.0 <= most.value.0 => {}
        [_, most] => report.push(bad(most.span, format!("{what}: the longest is shorter than the first"), help)),
        _ => report.push(bad(given.span, format!("{what} takes two durations"), help)),
    }
}

fn gateway_keys(id: &str, gateway: &Gateway, model: &Model, report: &mut Report) {
    let named = gateway.listen.given().and_then(|name| Some((name, model.listener_named(&name.value.0)?)));
    if let Some((name, listener)) = named.and_then(|(name, at)| Some((name, model.listeners().get(at)?)))
        && let Some(spec) = &listener.value
    {
        let (ours, theirs) = (gateway.transport.or(Transport::Udp), spec.transport.or(Transport::Udp));
        if ours != theirs {
            let message =
                format!("gateway `{id}` speaks {}, and listener `{}` {}", ours.word(), listener.id, theirs.word());
            let diagnostic =
                bad(name.span, message, "name a listener of the gateway's transport, or change `transport`");
            report.push(diagnostic.related(listener.span, "this listener"));
        }
    }
    if let Some(contact) = gateway.register.get().and_then(|register| register.contact.given()) {
        listener(contact, model, report);
    }
    gateway.health.get().into_iter().for_each(|health| failing(id, health, report));
    let number = gateway.number.get().and_then(|number| number.table.given());
    number.into_iter().for_each(|name| table(name, model, report));
}

fn failing(id: &str, health: &Health, report: &mut Report) {
    from_and_to(&health.back_off, &format!("`gateways.{id}.health.back_off`"), report);
    if let (Some(share), None) = (health.failure_share.key(), health.over.key()) {
        let message = format!("`gateways.{id}.health` has a `failure_share`, and does not say over which time");
        report.push(Diagnostic::new(Code::WrongType, share, message).help("add `over: 1m`"));
    }
    if let Some(share) = health.failure_share.given().filter(|share| share.value == Percent(0)) {
        let message = format!("`gateways.{id}.health.failure_share` of nothing is always reached");
        report.push(bad(share.span, message, "write a share above 0%"));
    }
}

fn lists(model: &Model, report: &mut Report) {
    for entry in model.lists() {
        let Some(list) = &entry.value else { continue };
        let policy = list.policy.or(Policy::Ordered);
        match (policy, list.key.key()) {
            (Policy::Hash, None) if !list.flawed => {
                let message = format!("list `{}` does not say what it hashes", entry.id);
                let help = "add `key: caller`, `callee` or `call-id`";
                report.push(Diagnostic::new(Code::WrongType, entry.span, message).help(help));
            }
            (Policy::Hash, _) | (_, None) => {}
            (_, Some(key)) => {
                let message = format!("list `{}` has a `key`, and its policy is not `hash`", entry.id);
                report.push(bad(key, message, "write `policy: hash`, or delete it"));
            }
        }
        let members = list.members.get().map_or(&[][..], |members| &members.0);
        for weight in members.iter().filter_map(|member| member.value.0.weight.key()) {
            if policy != Policy::Weighted {
                let message = format!("list `{}` has a `weight`, and its policy is not `weighted`", entry.id);
                report.push(bad(weight, message, "write `policy: weighted`, or delete it"));
            }
        }
    }
}

fn routes(model: &Model, report: &mut Report) {
    for route in model.routes().iter().filter_map(|entry| entry.value.as_ref()) {
        let number = route.number.get().and_then(|number| number.table.given());
        number.into_iter().for_each(|name| table(name, model, report));
        if let Some(name) = route.lcr.given() {
            let known = entries(&model.document.lcr);
            declared(name, "lcr", "lcr:", known, report);
        }
    }
    let users = model.document.access.get().map_or(&[][..], |access| entries(&access.users));
    let files = model.groups().iter().any(|entry| entry.value.as_ref().is_some_and(|group| group.users_file.stands()));
    let matchers = model.groups().iter().filter_map(|entry| entry.value.as_ref()?.r#match.get());
    for name in matchers.flat_map(|matchers| &matchers.0).filter_map(|matcher| matcher.value.account.given()) {
        // Accounts may stand in a file of users too.
        if !files {
            declared(name, "account", "access.users:", users, report);
        }
    }
}

fn table(name: &Given<Reference>, model: &Model, report: &mut Report) {
    declared(name, "number table", "number_tables:", entries(&model.document.number_tables), report);
}

fn declared<T>(name: &Given<Reference>, kind: &str, section: &str, known: &[Entry<T>], report: &mut Report) {
    if !known.iter().any(|entry| entry.id == name.value.0) {
        report.push(unknown(kind, section, name, ids(known)));
    }
}

fn tables(model: &Model, report: &mut Report) {
    for sheet in entries(&model.document.sheets).iter().filter_map(|entry| entry.value.as_ref()) {
        let to = sheet.gateway.get().map_or(&[][..], |gateways| &gateways.0);
        to.iter().for_each(|name| target(name, model, report));
    }
    for lcr in entries(&model.document.lcr).iter().filter_map(|entry| entry.value.as_ref()) {
        let sheets = lcr.sheets.get().map_or(&[][..], |sheets| &sheets.0);
        sheets.iter().for_each(|name| declared(name, "sheet", "sheets:", entries(&model.document.sheets), report));
        groups(lcr.group.get().map_or(&[][..], |groups| &groups.0), model, report);
        lcr.to_tail.given().into_iter().for_each(|name| target(name, model, report));
    }
}
