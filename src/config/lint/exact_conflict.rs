//! An exact number and a prefix of the same digits that lead to different places at the same time (TL0409): one digit more,
//! and the call goes elsewhere.

use super::Ground;
use super::findings::Findings;
use crate::config::diagnostic::{Code, Diagnostic, Report};

pub fn check(ground: &Ground, found: &Findings, report: &mut Report) {
    for conflict in &found.conflicts {
        let id = |ix| &ground.table().route(ix).id;
        let (exact, prefix) = (ground.route_span(conflict.exact), ground.route_span(conflict.prefix));
        let message = format!(
            "\"{0}\" goes by route `{1}`, and \"{0}…\" by `{2}`",
            conflict.number,
            id(conflict.exact),
            id(conflict.prefix)
        );
        let diagnostic = Diagnostic::new(Code::ExactConflict, exact.max(prefix), message)
            .label("the two lead to different places")
            .related(exact.min(prefix), "the other one")
            .help("if both are meant, let the two routes lead to the same place, or bar the longer numbers");
        report.push(diagnostic);
    }
}
