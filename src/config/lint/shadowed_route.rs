//! A route that can never be chosen (TL0402): in each of its groups other rules take every number of each of its prefixes
//! at every instant at which it is active.

use super::Ground;
use super::findings::{Findings, Shadow};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::RouteIx;

/// Others that are named.
const SHOWN: usize = 3;

pub fn check(ground: &Ground, found: &Findings, report: &mut Report) {
    for (ix, fate) in (0..).map(RouteIx).zip(&found.fates) {
        if let Some(shadow) = fate.shadow.as_ref().filter(|_| !fate.alive) {
            report.push(complain(ground, ix, shadow));
        }
    }
}

fn complain(ground: &Ground, ix: RouteIx, shadow: &Shadow) -> Diagnostic {
    let table = ground.table();
    let route = table.route(ix);
    let what = match (shadow.prefix.as_str(), shadow.exact) {
        ("", _) => "a catch-all".to_owned(),
        (prefix, true) => format!("the exact number \"{prefix}\""),
        (prefix, false) => format!("prefix \"{prefix}\""),
    };
    let message = format!("route `{}` can never be chosen in group `{}`", route.id, ground.group_id(shadow.group));
    let mut diagnostic = Diagnostic::new(Code::ShadowedRoute, ground.route_span(ix), message)
        .label(format!("{what}, priority {}", route.priority));
    for &other in shadow.by.iter().take(SHOWN) {
        let winner = table.route(other);
        let when = if winner.when.is_empty() { "always active" } else { "active in its time" };
        let first = if winner.exact != route.exact {
            "the exact number, asked first".to_owned()
        } else {
            format!("same prefix, priority {}", winner.priority)
        };
        diagnostic = diagnostic.related(ground.route_span(other), format!("{first}, {when}"));
    }
    match shadow.by.as_slice() {
        [] => diagnostic
            .help("routes with longer prefixes take every number that begins with it; delete this one, or one of them"),
        [one] => {
            let winner = &table.route(*one).id;
            diagnostic.help(format!("raise `priority`, give `{winner}` a schedule, or delete this route"))
        }
        _ => diagnostic.help("raise `priority`, or delete this route: the others are active whenever it is"),
    }
}
