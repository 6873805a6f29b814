//! What a route does, whoever calls: the numbers it takes, in which groups, and what stands in its way.

use super::human::{gives_up, reply};
use crate::config::clock;
use crate::config::{Compiled, Diagnostics, nearest};
use crate::route::{Member, Policy, Route, RouteIx, RouteTarget, Share, Strip, Table, When};
use crate::time::Wall;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;
use std::fmt::Write;

/// More rules than these in one row are a count.
const SHOWN: usize = 5;

/// The route of that id; the error says what was nearly meant.
pub(super) fn find(what: &str, table: &Table) -> Result<RouteIx, String> {
    let found = (0..).zip(table.routes()).find(|(_, route)| *route.id == *what);
    found.map(|(ix, _)| RouteIx(ix)).ok_or_else(|| {
        let routes = table.routes().iter().map(|route| &*route.id);
        let near = nearest(what, routes).map_or(String::new(), |near| format!("; did you mean the route `{near}`?"));
        format!("`{what}` is neither a number that can be dialled, nor a code like TL0104, nor a route{near}")
    })
}

/// How another rule stands to this one, in a group that both are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// The same prefix, and asked first.
    Before,
    /// A longer prefix: takes a part of its numbers.
    Inside,
    /// A shorter prefix: takes its numbers when this one can't.
    Behind,
}

/// What a route's neighbours are.
struct Neighbours<'t> {
    before: Vec<&'t Route>,
    inside: Vec<&'t Route>,
    behind: Vec<&'t Route>,
}

impl<'t> Neighbours<'t> {
    fn of(ix: RouteIx, table: &'t Table) -> Neighbours<'t> {
        let own = table.route(ix);
        let mut found = Neighbours { before: Vec::new(), inside: Vec::new(), behind: Vec::new() };
        for (_, other) in (0..).zip(table.routes()).filter(|(at, _)| RouteIx(*at) != ix) {
            if !other.groups.iter().any(|group| own.groups.contains(group)) {
                continue;
            }
            let list = match stands(own, other) {
                None => continue,
                Some(Stands::Before) => &mut found.before,
                Some(Stands::Inside) => &mut found.inside,
                Some(Stands::Behind) => &mut found.behind,
            };
            list.push(other);
        }
        // As they are asked: the longest prefix first, catch-alls last.
        let longest = |route: &&Route| route.prefixes.iter().map(|prefix| prefix.len()).max().unwrap_or(0);
        let order =
            |route: &&Route| (route.default, Reverse(longest(route)), Reverse(route.exact), Reverse(route.priority));
        found.before.sort_by_key(order);
        found.inside.sort_by_key(order);
        found.behind.sort_by_key(order);
        found
    }
}

fn stands(own: &Route, other: &Route) -> Option<Stands> {
    let first = (other.exact, other.priority) > (own.exact, own.priority);
    match (own.default, other.default) {
        (true, true) => return first.then_some(Stands::Before),
        (true, false) => return Some(Stands::Inside),
        (false, true) => return Some(Stands::Behind),
        (false, false) => {}
    }
    let pairs = || own.prefixes.iter().flat_map(|mine| other.prefixes.iter().map(move |theirs| (mine, theirs)));
    let longer = |a: &str, b: &str| a.len() > b.len() && a.starts_with(b);
    if pairs().any(|(mine, theirs)| mine == theirs && first) {
        Some(Stands::Before)
    } else if !own.exact && pairs().any(|(mine, theirs)| longer(theirs, mine) || mine == theirs && other.exact) {
        Some(Stands::Inside)
    } else if pairs().any(|(mine, theirs)| (longer(mine, theirs) || mine == theirs) && !other.exact) {
        Some(Stands::Behind)
    } else {
        None
    }
}

/// What the compiler complains about at this route.
fn findings<'d>(route: &Route, diagnostics: &'d Diagnostics) -> impl Iterator<Item = String> + 'd {
    let (place, named) = (route.place.to_string(), format!("`{}`", route.id));
    diagnostics.list().iter().filter_map(move |found| {
        let here = diagnostics.sources().line(found.span) == place && found.message.contains(&named);
        here.then(|| format!("{}[{}] {}", found.severity.word(), found.code, found.message))
    })
}

pub(super) fn human(ix: RouteIx, at: Wall, compiled: &Compiled, diagnostics: &Diagnostics) -> String {
    let table = &compiled.snapshot.table;
    let route = table.route(ix);
    let mut out = String::new();
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "{label:<15} {text}");
    };
    line("route", &format!("{:<32} {}", route.id, route.place));
    line("groups", &groups(route, table).join(", "));
    line("takes", &takes(route));
    if !route.when.is_empty() {
        line("when", &when(route, at, table, &compiled.zone));
    }
    if route.priority > 0 {
        line("priority", &route.priority.to_string());
    }
    match &route.target {
        RouteTarget::Reject(refused) => line("refused", &reply(refused)),
        RouteTarget::To(members) => {
            line("to", &targets(members, table).join(", "));
            line("number", &change(route));
            line("gives up after", &gives_up(&route.failover));
        }
    }
    let neighbours = Neighbours::of(ix, table);
    let named = |routes: &[&Route]| {
        let shown = routes.iter().take(SHOWN).map(|route| format!("{} ({})", route.id, route.place));
        let mut text = shown.collect::<Vec<_>>().join(", ");
        if routes.len() > SHOWN {
            let _ = write!(text, ", and {} more", routes.len() - SHOWN);
        }
        text
    };
    for (label, routes) in [
        ("asked before", &neighbours.before),
        ("takes a part", &neighbours.inside),
        ("next in line", &neighbours.behind),
    ] {
        if !routes.is_empty() {
            line(label, &named(routes));
        }
    }
    for finding in findings(route, diagnostics) {
        line("found", &finding);
    }
    out
}

/// `trunkline/explain-route/1`: what a route does, whoever calls.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RouteDocument<'a> {
    schema: &'static str,
    revision: &'a str,
    route: &'a str,
    /// Where it stands: `routes.yaml:80`.
    place: &'a str,
    groups: Vec<&'a str>,
    prefixes: Vec<&'a str>,
    /// It takes every number that no prefix takes.
    default: bool,
    /// It takes its prefixes as whole numbers.
    exact: bool,
    /// The schedules, any of which makes it active; always, where there are none.
    when: Vec<String>,
    /// Whether it is active at the instant that was asked about.
    active: bool,
    priority: u16,
    /// Gateways and lists in order; empty where it refuses.
    to: Vec<String>,
    reject: Option<RouteReject<'a>>,
    /// What becomes of the number, in words.
    number: String,
    /// Routes of the same prefix that are asked first.
    asked_before: Vec<&'a str>,
    /// Routes of longer prefixes, which take a part of its numbers.
    takes_a_part: Vec<&'a str>,
    /// Routes that take its numbers where it can't.
    next_in_line: Vec<&'a str>,
    /// What `validate` says about it.
    found: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RouteReject<'a> {
    code: u16,
    reason: &'a str,
}

pub(super) fn document<'a>(
    ix: RouteIx,
    at: Wall,
    compiled: &'a Compiled,
    diagnostics: &Diagnostics,
) -> RouteDocument<'a> {
    let snapshot = &compiled.snapshot;
    let table = &snapshot.table;
    let route = table.route(ix);
    let neighbours = Neighbours::of(ix, table);
    let ids = |routes: &[&'a Route]| routes.iter().map(|route| &*route.id).collect();
    let (to, reject) = match &route.target {
        RouteTarget::Reject(reply) => (Vec::new(), Some(RouteReject { code: reply.code, reason: &reply.reason })),
        RouteTarget::To(members) => (targets(members, table), None),
    };
    RouteDocument {
        schema: "trunkline/explain-route/1",
        revision: &snapshot.revision,
        route: &route.id,
        place: &route.place,
        groups: groups(route, table),
        prefixes: route.prefixes.iter().map(|prefix| &**prefix).collect(),
        default: route.default,
        exact: route.exact,
        when: terms(route, table),
        active: table.active(ix, at),
        priority: route.priority,
        to,
        reject,
        number: change(route),
        asked_before: ids(&neighbours.before),
        takes_a_part: ids(&neighbours.inside),
        next_in_line: ids(&neighbours.behind),
        found: findings(route, diagnostics).collect(),
    }
}

fn groups<'t>(route: &Route, table: &'t Table) -> Vec<&'t str> {
    route.groups.iter().map(|group| &*table.group(*group).id).collect()
}

/// The terms of `when` as they are written.
fn terms(route: &Route, table: &Table) -> Vec<String> {
    let id = |when: &When| table.schedules().get(when.schedule).map_or("", |schedule| &*schedule.id).to_owned();
    let term = |when: &When| if when.not { format!("not {}", id(when)) } else { id(when) };
    route.when.iter().map(term).collect()
}

/// `open: active (tue 10:30; until: tue 18:00)`.
fn when(route: &Route, at: Wall, table: &Table, zone: &TimeZone) -> String {
    let terms = terms(route, table).join(", or ");
    let holds = table.schedules().holds(&route.when, at);
    let (word, next) = if holds { ("active", "until") } else { ("not active", "next") };
    let edge = table.schedules().next_edge_of(&route.when, at);
    let edge = edge.map_or_else(|| "never".to_owned(), |edge| clock(edge, zone, true));
    format!("{terms}: {word} ({}; {next}: {edge})", clock(at, zone, true))
}

fn takes(route: &Route) -> String {
    let prefixes = route.prefixes.iter().map(|prefix| format!("{prefix:?}")).collect::<Vec<_>>().join(", ");
    match (route.default, route.exact) {
        (true, _) => "every number that no prefix takes".to_owned(),
        (_, true) => format!("exactly {prefixes}"),
        _ => format!("numbers that begin with {prefixes}"),
    }
}

fn targets(members: &[Member], table: &Table) -> Vec<String> {
    let name = |member: &Member| match member {
        Member::Gateway(gateway) => table.gateway(*gateway).id.to_string(),
        Member::List(list) => {
            let list = table.list(*list);
            let policy = match list.policy {
                Policy::Ordered => "ordered",
                Policy::Weighted => "weighted",
                Policy::RoundRobin => "round-robin",
            };
            let part = |share: &Share| match (share.to, list.policy) {
                (Member::Gateway(gateway), Policy::Weighted) => {
                    format!("{} {}", table.gateway(gateway).id, share.weight)
                }
                (Member::Gateway(gateway), _) => table.gateway(gateway).id.to_string(),
                (Member::List(list), Policy::Weighted) => format!("{} {}", table.list(list).id, share.weight),
                (Member::List(list), _) => table.list(list).id.to_string(),
            };
            let parts = list.members.iter().map(part).collect::<Vec<_>>().join(", ");
            format!("{} ({policy}: {parts})", list.id)
        }
    };
    members.iter().map(name).collect()
}

fn change(route: &Route) -> String {
    let mut parts = Vec::new();
    match route.number.strip {
        Strip::None => {}
        Strip::Digits(n) => parts.push(format!("strip {n}")),
        Strip::Matched => parts.push("strip the prefix".to_owned()),
    }
    if !route.number.add.is_empty() {
        parts.push(format!("add {:?}", route.number.add));
    }
    parts.push(if route.raw { "no change by the gateway".to_owned() } else { "then the gateway's change".to_owned() });
    parts.join(", ")
}
