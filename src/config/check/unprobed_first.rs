//! A gateway without probing that is first choice somewhere (TL0510): the first calls after its death find out.

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::settings;
use crate::route::ProbeMethod;
use std::collections::BTreeMap;

pub fn check(model: &Model, report: &mut Report) {
    // Each gateway with the first route that begins with it.
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for position in 0..model.routes().len() {
        if let Some(gateway) = model.reaches().of(position).first() {
            first.entry(*gateway).or_insert(position);
        }
    }
    for (gateway, route) in first {
        let (Some(entry), Some(route)) = (model.gateways().get(gateway), model.routes().get(route)) else { continue };
        let own = model.gateway(gateway).and_then(|gateway| gateway.probing.get());
        if settings::probing(model.document.probing.get(), own).method != ProbeMethod::None {
            continue;
        }
        let span = own.and_then(|own| own.method.given()).map_or(entry.span, |method| method.span);
        let message = format!("gateway `{}` is not probed, and is the first choice of route `{}`", entry.id, route.id);
        let mut diagnostic = Diagnostic::new(Code::UnprobedFirst, span, message);
        if let Some(to) = route.value.as_ref().and_then(|route| route.to.given()) {
            diagnostic = diagnostic.related(to.span, "first here");
        }
        report.push(diagnostic.help("probe it, or put a probed gateway before it"));
    }
}
