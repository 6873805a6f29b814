//! What one object must be like by itself, beyond the form of its values (TL0202, TL0203, TL0207).

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report, Safety};
use crate::config::document::{Group, Probing};
use crate::config::lower::Entry;
use crate::config::source::Span;
use std::net::IpAddr;
use std::time::Duration;

/// One place is kept for the group `default`.
const MOST_GROUPS: usize = u16::MAX as usize - 1;
/// What a table numbers with 16 bits, with room for the schedules that a `when` makes.
const MOST_SCHEDULES: usize = 10_000;
const MOST_NOTS: usize = 50_000;
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

pub fn check(model: &Model, report: &mut Report) {
    version(model, report);
    how_many(model, report);
    listeners(model, report);
    for (position, entry) in model.gateways().iter().enumerate() {
        if let Some(gateway) = &entry.value {
            probing(gateway.0.probing.get(), report);
            family(position, model, report);
        }
    }
    probing(model.document.probing.get(), report);
    for entry in model.groups() {
        group(entry, report);
    }
    let members = model.lists().iter().filter_map(|entry| Some((entry, entry.value.as_ref()?.members.given()?)));
    for (entry, members) in members.filter(|(_, members)| members.value.0.is_empty()) {
        report.push(empty(members.span, &format!("list `{}` has no members", entry.id), "name at least one gateway"));
    }
    let trusted = model.document.access.get().and_then(|access| access.trusted.get());
    let sources =
        trusted.into_iter().flat_map(|map| &map.0).filter_map(|e| Some((e, e.value.as_ref()?.0.sources.given()?)));
    for (entry, sources) in sources.filter(|(_, sources)| sources.value.0.is_empty()) {
        let help = "name at least one address, or delete the entry";
        report.push(empty(sources.span, &format!("`access.trusted.{}` has no sources", entry.id), help));
    }
    accounting(model, report);
}

fn accounting(model: &Model, report: &mut Report) {
    let Some(accounting) = model.document.accounting.get() else { return };
    let file = accounting.file.get().and_then(|file| file.path.get());
    let database = accounting.sqlite.get().and_then(|database| database.path.given());
    if let (Some(file), Some(database)) = (file, database)
        && file.0 == database.value.0
    {
        let message = format!("`accounting.sqlite.path`: `{}` is the path of the JSON lines, too", file.0);
        report.push(Diagnostic::new(Code::BadValue, database.span, message).help("name two files"));
    }
}

fn empty(span: Span, message: &str, help: &str) -> Diagnostic {
    Diagnostic::new(Code::BadValue, span, message).help(help)
}

fn version(model: &Model, report: &mut Report) {
    if let Some(given) = model.document.version.given().filter(|given| given.value.0 != 1) {
        let message = format!("version {} of the file format is not supported", given.value.0);
        let help = "this build reads version 1";
        report.push(Diagnostic::new(Code::Version, given.span, message).help(help).fix(
            Safety::Review,
            given.span,
            "1",
        ));
    }
}

/// A table numbers its groups and schedules with 16 bits.
fn how_many(model: &Model, report: &mut Report) {
    if let Some(over) = model.groups().get(MOST_GROUPS) {
        let message = format!("more than {MOST_GROUPS} groups");
        report.push(Diagnostic::new(Code::Limits, over.span, message).help("one group may have many matchers"));
    }
    if let Some(over) = model.schedules().get(MOST_SCHEDULES) {
        let message = format!("more than {MOST_SCHEDULES} schedules");
        report.push(Diagnostic::new(Code::Limits, over.span, message).help("several routes may name one schedule"));
    }
    // Each makes a schedule of its own.
    let routes = model.routes().iter().filter_map(|entry| entry.value.as_ref()?.when.get());
    let mut nots = routes.flat_map(|when| &when.0).filter(|term| term.value.not && term.value.schedules.len() > 1);
    if let Some(over) = nots.nth(MOST_NOTS) {
        let message = format!("more than {MOST_NOTS} terms that are `not` several schedules");
        let help = "declare a schedule with `except`, and name it in the routes";
        report.push(Diagnostic::new(Code::Limits, over.span, message).help(help));
    }
}

/// Two listeners on one socket.
fn listeners(model: &Model, report: &mut Report) {
    let mut seen: Vec<(std::net::SocketAddr, Span, &str)> = Vec::new();
    for entry in model.listeners() {
        let Some(bind) = entry.value.as_ref().and_then(|listener| listener.bind.given()) else { continue };
        if let Some((_, first, id)) = seen.iter().find(|(address, ..)| *address == bind.value.0) {
            let message = format!("listeners `{id}` and `{}` bind the same address", entry.id);
            let diagnostic = Diagnostic::new(Code::BadValue, bind.span, message).related(*first, "bound here first");
            report.push(diagnostic.help("give one of them another port or address, or delete it"));
        } else {
            seen.push((bind.value.0, bind.span, &entry.id));
        }
    }
}

/// An IPv4 gateway cannot be reached from an IPv6 socket, nor the other way round; `[::]` serves both.
fn family(gateway: usize, model: &Model, report: &mut Report) {
    let Some(gateway) = model.gateway(gateway) else { return };
    // What a name leads to is not known here.
    let Some(address) = gateway.address.given().filter(|address| !address.value.named) else { return };
    let Some(listener) = model.listener_of(gateway).and_then(|at| model.listeners().get(at)) else { return };
    let Some(bind) = listener.value.as_ref().and_then(|listener| listener.bind.given()) else { return };
    let reachable = match (bind.value.0.ip(), address.value.to.ip()) {
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => true,
        (IpAddr::V6(bound), IpAddr::V4(_)) => bound.is_unspecified(),
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    };
    if reachable {
        return;
    }
    let (have, need) = if address.value.to.is_ipv4() { ("an IPv6", "IPv4") } else { ("an IPv4", "IPv6") };
    let message =
        format!("`{}` cannot be reached from listener `{}`, which is {have} socket", address.value.host, listener.id);
    let diagnostic = Diagnostic::new(Code::BadValue, address.span, message).related(bind.span, "bound here");
    report.push(diagnostic.help(format!("name an {need} listener under `listen`, or bind this one to \"[::]:5060\"")));
}

fn probing(probing: Option<&Probing>, report: &mut Report) {
    let Some(probing) = probing else { return };
    for given in [&probing.interval, &probing.down_interval].into_iter().filter_map(|field| field.given()) {
        if given.value.0 < SHORTEST_INTERVAL {
            report.push(empty(given.span, "probes more often than every 100ms", "write at least 100ms"));
        }
    }
    let up_on = probing.up_on.get().map_or(&[][..], |codes| &codes.0);
    for code in up_on.iter().filter(|code| code.value.is(408)) {
        report.push(empty(code.span, "a 408 to a probe is always a failure", "delete it here"));
    }
}

fn group(entry: &Entry<Group>, report: &mut Report) {
    let Some(group) = &entry.value else { return };
    if &*entry.id == "default" {
        if let Some(key) = group.r#match.key() {
            let message = "the group `default` cannot have `match`: it takes what no other group matches";
            report.push(empty(key, message, "declare another group for these calls"));
        }
        return;
    }
    if !group.r#match.stands() && !group.users_file.stands() && !group.flawed {
        let message = format!("group `{}` has no `match`, so no call is ever in it", entry.id);
        report.push(
            Diagnostic::new(Code::WrongType, entry.span, message)
                .help("say which calls belong to it: `match: [{ source: \"192.168.10.10\" }]`"),
        );
    }
    let Some(matchers) = group.r#match.given() else { return };
    if matchers.value.0.is_empty() {
        report.push(empty(
            matchers.span,
            &format!("group `{}` has an empty `match`, so no call is ever in it", entry.id),
            "add a matcher",
        ));
    }
    for matcher in &matchers.value.0 {
        let m = &matcher.value;
        let says = m.account.stands()
            || m.user.stands()
            || m.domain.stands()
            || m.source.stands()
            || m.gateway.stands()
            || m.listener.stands();
        if !says && !m.flawed {
            let help = "name an account, user, domain, source, gateway or listener; calls that nothing matches are in the group `default`";
            report.push(empty(matcher.span, "a matcher without keys", help));
        }
    }
}
