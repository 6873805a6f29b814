//! A route that could be deleted and no call would notice (TL0406): whoever would be asked next does the same with each of
//! its calls.

use super::Ground;
use super::findings::Findings;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::RouteIx;

pub fn check(ground: &Ground, found: &Findings, report: &mut Report) {
    for (ix, fate) in (0..).map(RouteIx).zip(&found.fates) {
        let Some(instead) = fate.redundant() else { continue };
        let id = |ix| &ground.table().route(ix).id;
        let message = format!("deleting route `{}` would change no decision", id(ix));
        let diagnostic = Diagnostic::new(Code::RedundantRoute, ground.route_span(ix), message)
            .label("the rules behind it do the same with all its calls")
            .related(ground.route_span(instead), "this one, for example")
            .help(format!("delete it, or let it do something else than `{}`", id(instead)));
        report.push(diagnostic);
    }
}
