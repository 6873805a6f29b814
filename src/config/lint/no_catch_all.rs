//! A group without a catch-all, or with none at some times (TL0404): numbers that no prefix takes are refused with
//! `no_route`.

use super::Ground;
use super::findings::Findings;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::{InstantSet, Instants};

pub fn check(ground: &Ground, found: &Findings, instants: &mut Instants, report: &mut Report) {
    for (representative, caught) in &found.caught {
        let open = instants.without(InstantSet::ALWAYS, *caught);
        let Some(first) = instants.first(open) else { continue };
        let when = match *caught {
            InstantSet::NEVER => String::new(),
            _ => format!(" at some times, like {}", ground.clock(first)),
        };
        let alike = ground.alike.iter().find(|groups| groups.contains(representative));
        for &group in alike.into_iter().flatten().filter(|group| ground.table().group(**group).calls_out) {
            let message = format!("group `{}` has no catch-all{when}", ground.group_id(group));
            let diagnostic = Diagnostic::new(Code::NoCatchAll, ground.group_span(group), message)
                .label("numbers that no prefix takes are refused with `failover.no_route`")
                .help("add a route with `default: true`; it may `reject: 404`");
            report.push(diagnostic);
        }
    }
}
