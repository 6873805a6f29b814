//! Numbers that have a route at some times and none at others (TL0403): the schedules of all their prefixes leave a gap, and
//! no catch-all fills it. The span is the route that is asked first.

use super::Ground;
use super::findings::Findings;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::RouteIx;

pub fn check(ground: &Ground, found: &Findings, report: &mut Report) {
    for (ix, fate) in (0..).map(RouteIx).zip(&found.fates) {
        let Some(gap) = &fate.gap else { continue };
        let at = ground.clock(gap.instant);
        let message = format!(
            "{} has no route in group `{}` at {at}, and has one at other times",
            gap.number,
            ground.group_id(gap.group)
        );
        let diagnostic = Diagnostic::new(Code::TimeGap, ground.route_span(ix), message)
            .label("no shorter prefix and no catch-all is active then")
            .help("add a route for these times, a shorter prefix without `when`, or a catch-all");
        report.push(diagnostic);
    }
}
