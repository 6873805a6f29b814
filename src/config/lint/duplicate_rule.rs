//! Two routes that claim the same calls with equal priority at the same instant (TL0401). Those that are active always are
//! found without a table (`check/routes.rs`).

use super::Ground;
use super::findings::Findings;
use crate::config::diagnostic::{Code, Diagnostic, Report};

pub fn check(ground: &Ground, found: &Findings, report: &mut Report) {
    for claim in &found.claims {
        let (a, b) = claim.routes;
        let (first, later) = if ground.route_span(a) < ground.route_span(b) { (a, b) } else { (b, a) };
        let id = |ix| &ground.table().route(ix).id;
        let what = match (claim.prefix.as_str(), claim.exact) {
            ("", _) => "the catch-all".to_owned(),
            (prefix, true) => format!("the exact number \"{prefix}\""),
            (prefix, false) => format!("prefix \"{prefix}\""),
        };
        let message = format!(
            "routes `{}` and `{}` both claim {what} in group `{}` with priority {}",
            id(first),
            id(later),
            ground.group_id(claim.group),
            ground.table().route(later).priority,
        );
        let at = ground.clock(claim.instant);
        let diagnostic = Diagnostic::new(Code::DuplicateRule, ground.route_span(later), message)
            .label(format!("both are active at {at}"))
            .related(ground.route_span(first), "the other one");
        report.push(diagnostic.help("give one of them a higher `priority`, or schedules that do not meet"));
    }
}
