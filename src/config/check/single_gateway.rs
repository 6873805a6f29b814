//! A single point of failure (TL0501): a route that reaches one gateway, or gateways that share one address.

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use std::collections::BTreeSet;
use std::net::IpAddr;

pub fn check(model: &Model, report: &mut Report) {
    let reaches = model.reaches();
    let frail: Vec<Option<String>> = reaches.kinds().iter().map(|reach| frail(model, reach)).collect();
    for (position, entry) in model.routes().iter().enumerate() {
        let Some(to) = entry.value.as_ref().and_then(|route| route.to.given()) else { continue };
        let Some(Some(what)) = reaches.kind(position).and_then(|kind| frail.get(kind)) else { continue };
        let diagnostic = Diagnostic::new(Code::SingleGateway, to.span, format!("route `{}` {what}", entry.id))
            .label("when it is down, these calls fail")
            .help("add a second gateway at another address");
        report.push(diagnostic);
    }
}

/// What is wrong with these gateways, if they go down together.
fn frail(model: &Model, reach: &[usize]) -> Option<String> {
    let addresses: BTreeSet<IpAddr> =
        reach.iter().filter_map(|gateway| Some(model.gateway(*gateway)?.address.get()?.to.ip())).collect();
    let loopback = addresses.iter().all(IpAddr::is_loopback);
    match reach {
        [one] => Some(format!("reaches gateway `{}` alone", model.gateways().get(*one).map_or("", |entry| &entry.id))),
        // On one machine everything shares its address: that is a test, or a sidecar.
        [_, _, ..] if addresses.len() == 1 && !loopback => Some("reaches gateways that share one address".to_owned()),
        _ => None,
    }
}
