//! Two groups that match the same call equally well (TL0306). An example call is printed; the span is the later group.
//!
//! Specificity compares an account, the user, the network, a domain, a listener, in this order. Two matchers that are
//! equally specific and overlap are, key by key, the same matcher; so it is enough to look for equal ones.

use super::{GroupKey, Model};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::Match;
use crate::config::source::Span;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// What a matcher says, brought into one form: `*` says nothing, a gateway is its address, IPv4 counts as mapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Canonical {
    account: Option<String>,
    user: Option<(String, bool)>,
    network: Option<(Ipv6Addr, u8)>,
    domain: Option<String>,
    listener: Option<usize>,
}

pub fn check(model: &Model, report: &mut Report) {
    let mut seen: HashMap<Canonical, (usize, Span)> = HashMap::new();
    let mut told: Vec<(usize, usize)> = Vec::new();
    for (position, group) in model.groups().iter().enumerate() {
        let matchers = group.value.as_ref().and_then(|g| g.r#match.get()).map_or(&[][..], |m| &m.0);
        for matcher in matchers {
            let Some(canonical) = canonical(&matcher.value, model) else { continue };
            let Some((first, first_span)) = seen.get(&canonical).copied() else {
                seen.insert(canonical, (position, matcher.span));
                continue;
            };
            if first == position || told.contains(&(first, position)) {
                continue;
            }
            told.push((first, position));
            let other = model.group_id(GroupKey::Declared(first));
            let example = example(&canonical, model);
            let message = format!("groups `{other}` and `{}` match {example} equally well", group.id);
            let diagnostic = Diagnostic::new(Code::AmbiguousGroup, group.span, message)
                .related(first_span, format!("`{other}` matches here"))
                .related(matcher.span, format!("`{}` matches here", group.id))
                .help("add a key to one of the two matchers, or delete one of them");
            report.push(diagnostic);
        }
    }
}

/// `None` where a matcher says nothing, or names what is not declared.
fn canonical(matcher: &Match, model: &Model) -> Option<Canonical> {
    let user = matcher
        .user
        .get()
        .map(|u| (u.text.to_string(), u.prefix))
        .filter(|(text, prefix)| !(text.is_empty() && *prefix));
    let of_gateway = match matcher.gateway.get() {
        Some(reference) => {
            let gateway = model.gateway(model.gateway_named(&reference.0)?)?;
            Some((mapped(gateway.address.get()?.to.ip()), 128))
        }
        None => None,
    };
    let of_source = matcher.source.get().map(|network| {
        let shift = if network.0.address.is_ipv4() { 96 } else { 0 };
        (mapped(network.0.address), network.0.length + shift)
    });
    let listener = match matcher.listener.get() {
        Some(reference) => Some(model.listener_named(&reference.0)?),
        None => None,
    };
    let canonical = Canonical {
        account: matcher.account.get().map(|account| account.0.to_string()),
        user,
        network: of_gateway.or(of_source),
        domain: matcher.domain.get().map(|domain| domain.0.to_string()),
        listener,
    };
    let says = canonical.account.is_some()
        || canonical.user.is_some()
        || canonical.network.is_some()
        || canonical.domain.is_some()
        || canonical.listener.is_some();
    says.then_some(canonical)
}

fn mapped(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

/// A call that both take: `a call from 150@example.net at 192.168.10.10`.
fn example(canonical: &Canonical, model: &Model) -> String {
    let mut text = "a call".to_owned();
    let user = canonical.user.as_ref().map(|(user, prefix)| if *prefix { format!("{user}1") } else { user.clone() });
    match (user, &canonical.domain) {
        (Some(user), Some(domain)) => text.push_str(&format!(" from {user}@{domain}")),
        (Some(user), None) => text.push_str(&format!(" from {user}")),
        (None, Some(domain)) => text.push_str(&format!(" from anybody@{domain}")),
        (None, None) => {}
    }
    if let Some(account) = &canonical.account {
        text.push_str(&format!(" as {account}"));
    }
    if let Some((address, _)) = canonical.network {
        let address = address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4);
        text.push_str(&format!(" at {address}"));
    }
    if let Some(listener) = canonical.listener.and_then(|at| model.listeners().get(at)) {
        text.push_str(&format!(" on listener {}", listener.id));
    }
    text
}
