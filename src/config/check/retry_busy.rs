//! A call that is repeated elsewhere after "busy" (TL0511): the same phone rings again, by another trunk.

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::lower::{Field, Several};
use crate::config::settings;
use crate::config::source::Span;
use crate::config::value::RetryOn;
use crate::route::Failover;

/// 486 Busy Here. (600 and 603 are never repeated at all.)
const BUSY: u16 = 486;

pub fn check(model: &Model, report: &mut Report) {
    let root = settings::failover(model.document.failover.get());
    if let Some(own) = model.document.failover.get() {
        repeats(&root, &own.retry_on, own.never_on.key(), report);
    }
    for own in model.routes().iter().filter_map(|entry| entry.value.as_ref()?.failover.get()) {
        let failover = settings::route_failover(&root, own);
        repeats(&failover, &own.retry_on, own.never_on.key(), report);
    }
}

/// `never_on` is the place of that key, if it stands beside.
fn repeats(failover: &Failover, retry_on: &Field<Several<RetryOn>>, never_on: Option<Span>, report: &mut Report) {
    if !failover.retry_on.contains(BUSY) || failover.never_on.contains(BUSY) {
        return;
    }
    let member = retry_on.get().and_then(|codes| codes.0.iter().find(|code| code.value.covers(BUSY)));
    let Some(span) = member.map(|member| member.span).or(never_on) else { return };
    let diagnostic = Diagnostic::new(Code::RetryBusy, span, "a busy call is repeated by the next gateway")
        .label(format!("this lets {BUSY} go on"))
        .help(format!("leave {BUSY} in `never_on`: whoever is busy is busy by every trunk"));
    report.push(diagnostic);
}
