//! Several listeners, and a gateway that does not say which (TL0513): the first by id serves it, perhaps on the wrong net.

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::value::Transport;

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.gateways() {
        let Some(gateway) = entry.value.as_ref().map(|spec| &spec.0) else { continue };
        let transport = gateway.transport.or(Transport::Udp);
        let candidates = model.listeners().iter().filter(|entry| {
            entry.value.as_ref().is_none_or(|listener| listener.transport.or(Transport::Udp) == transport)
        });
        if gateway.listen.stands() || candidates.count() < 2 {
            continue;
        }
        let chosen = model.first_listener(transport).and_then(|at| model.listeners().get(at)).map_or("", |l| &l.id);
        let message = format!("gateway `{}` does not say which listener its requests leave from", entry.id);
        let diagnostic = Diagnostic::new(Code::UnsaidListener, entry.span, message)
            .label(format!("`{chosen}` is taken, the first by id"))
            .help("add `listen: …`");
        report.push(diagnostic);
    }
}
