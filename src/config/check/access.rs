//! Who gets in, and where they end up (TL0507, TL0512).

use super::{GroupKey, Model};
use crate::config::diagnostic::{Code, Diagnostic, Report, Severity};
use crate::config::document::Match;
use crate::config::lower::Given;
use crate::config::value::{Network, Unknown};
use std::net::IpAddr;

pub fn check(model: &Model, report: &mut Report) {
    let Some(access) = model.document.access.get() else { return };
    if let Some(unknown) = access.unknown.given().filter(|unknown| unknown.value == Unknown::Reject) {
        let diagnostic = Diagnostic::new(Code::LoudAccess, unknown.span, "strangers are answered, scanners among them")
            .label("an answer tells them that a router listens here");
        report.push(diagnostic.help("write `drop`: who may not call needs no answer"));
    }
    let trusted = access.trusted.get().map_or(&[][..], |trusted| &trusted.0);
    for source in trusted.iter().filter_map(|entry| entry.value.as_ref()).filter_map(|spec| spec.0.sources.get()) {
        source.0.iter().filter_map(wide).for_each(|diagnostic| report.push(diagnostic));
    }
    if access.gateways.get().is_some_and(|gateways| gateways.0) {
        gateways_without_group(model, report);
    }
}

fn wide(network: &Given<Network>) -> Option<Diagnostic> {
    let net = network.value.0;
    let diagnostic = |message: String| Diagnostic::new(Code::LoudAccess, network.span, message);
    if net.length == 0 {
        let everybody = diagnostic(format!("`{}/0` trusts everybody on the network", net.address));
        return Some(everybody.severity(Severity::Error).help("name the networks that may call"));
    }
    let widest = if net.address.is_ipv4() { 24 } else { 48 };
    (net.length < widest && public(net.address)).then(|| {
        diagnostic(format!("a public network wider than /{widest} is trusted"))
            .label("whoever has an address in it calls at your expense")
            .help("name the addresses that really call")
    })
}

/// Whether an address is reachable from everywhere: not private, shared, local, or for documentation.
pub(super) fn public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation() || shared)
        }
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()),
    }
}

/// A gateway that may call in and whose calls no group takes: they never fall into `default`.
fn gateways_without_group(model: &Model, report: &mut Report) {
    let matchers: Vec<&Match> = (0..model.groups().len())
        .filter(|at| model.group_id(GroupKey::Declared(*at)) != "default")
        .filter_map(|at| model.groups().get(at)?.value.as_ref()?.r#match.get())
        .flat_map(|matchers| matchers.0.iter().map(|given| &given.value))
        .collect();
    for (position, entry) in model.gateways().iter().enumerate() {
        let Some(address) = model.gateway(position).and_then(|gateway| gateway.address.get()) else { continue };
        if matchers.iter().any(|matcher| may_match(matcher, address.to.ip(), model)) {
            continue;
        }
        let message = format!("calls from gateway `{}` may enter, but no group takes them", entry.id);
        let mut diagnostic = Diagnostic::new(Code::GatewayInDefault, entry.span, message)
            .label("they would be refused with 403")
            .help(format!(
                "add `{{ gateway: {} }}` to a group's `match`; calls from gateways are never in `default`",
                entry.id
            ));
        if let Some(gateways) = model.document.access.get().and_then(|access| access.gateways.given()) {
            diagnostic = diagnostic.related(gateways.span, "gateways may call in");
        }
        report.push(diagnostic);
    }
}

/// Whether a call from `ip` can match, whatever else it says.
fn may_match(matcher: &Match, ip: IpAddr, model: &Model) -> bool {
    let by_gateway = matcher.gateway.get().is_none_or(|reference| {
        let gateway = model.gateway_named(&reference.0).and_then(|at| model.gateway(at));
        // One that is not declared was complained about; it may have been meant.
        gateway.and_then(|gateway| gateway.address.get()).is_none_or(|address| address.to.ip() == ip)
    });
    let by_source = matcher.source.get().is_none_or(|network| {
        let net = network.0;
        match (net.address, ip) {
            (IpAddr::V4(net_ip), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(net.length);
                net_ip.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(net_ip), IpAddr::V6(ip)) => {
                let shift = 128 - u32::from(net.length);
                net_ip.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    });
    by_gateway && by_source
}
