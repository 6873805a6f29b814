//! What a reload changed, in one line for the log: routes and gateways added, removed, edited. The meaning of a change
//! is the business of `plan`; this counts declarations.

use crate::flow::Transport;
use crate::proxy::Snapshot;
use crate::route::{Failover, Group, List, Member, Policy, Probing, Route, RouteTarget, Table};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

/// How many declarations of each kind are new, gone, or different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub added: usize,
    pub removed: usize,
    pub edited: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub routes: Count,
    pub gateways: Count,
    pub lists: Count,
    pub groups: Count,
    pub listeners: Count,
    /// Access, limits or defaults.
    pub settings: bool,
}

/// Compares two snapshots by the ids of what they declare.
pub fn between(old: &Snapshot, new: &Snapshot) -> Difference {
    let (a, b) = (&old.table, &new.table);
    Difference {
        routes: count(routes(a), routes(b)),
        gateways: count(gateways(old), gateways(new)),
        lists: count(lists(a), lists(b)),
        groups: count(groups(a), groups(b)),
        listeners: count(listeners(old), listeners(new)),
        settings: settings(old) != settings(new),
    }
}

fn count<T: PartialEq>(old: BTreeMap<&str, T>, new: BTreeMap<&str, T>) -> Count {
    let added = new.keys().filter(|id| !old.contains_key(*id)).count();
    let removed = old.keys().filter(|id| !new.contains_key(*id)).count();
    let edited = new.iter().filter(|(id, now)| old.get(*id).is_some_and(|then| then != *now)).count();
    Count { added, removed, edited }
}

/// A route by what it says, with ids instead of positions, which shift when something is added before them.
#[derive(PartialEq)]
struct RouteSays<'a> {
    prefixes: &'a [std::sync::Arc<str>],
    flags: (bool, bool, bool, u16),
    groups: Vec<&'a str>,
    to: Option<Vec<&'a str>>,
    reject: Option<&'a crate::route::Reply>,
    number: &'a crate::route::NumberChange,
    failover: &'a Failover,
}

fn routes(table: &Table) -> BTreeMap<&str, RouteSays<'_>> {
    let says = |route| -> RouteSays<'_> { route_says(table, route) };
    table.routes().iter().map(|route| (&*route.id, says(route))).collect()
}

fn route_says<'a>(table: &'a Table, route: &'a Route) -> RouteSays<'a> {
    let (to, reject) = match &route.target {
        RouteTarget::To(members) => (Some(member_ids(table, members)), None),
        RouteTarget::Reject(reply) => (None, Some(reply)),
    };
    RouteSays {
        prefixes: &route.prefixes,
        flags: (route.default, route.exact, route.raw, route.priority),
        groups: route.groups.iter().map(|ix| &*table.group(*ix).id).collect(),
        to,
        reject,
        number: &route.number,
        failover: &route.failover,
    }
}

fn member_ids<'a>(table: &'a Table, members: &[Member]) -> Vec<&'a str> {
    let id = |member: &Member| match member {
        Member::Gateway(ix) => &*table.gateway(*ix).id,
        Member::List(ix) => &*table.list(*ix).id,
    };
    members.iter().map(id).collect()
}

type GatewaySays<'a> =
    (SocketAddr, Transport, Option<&'a str>, &'a crate::route::NumberChange, &'a Probing, &'a [std::sync::Arc<str>]);

fn gateways(snapshot: &Snapshot) -> BTreeMap<&str, GatewaySays<'_>> {
    let listener = |position: usize| snapshot.listeners.get(position).map(|listener| &*listener.id);
    let all = snapshot.table.gateways().iter();
    all.map(|g| (&*g.id, (g.address, g.transport, listener(g.listener), &g.number, &g.probing, &*g.tags))).collect()
}

type ListSays<'a> = (Policy, Option<u16>, Vec<(&'a str, u32)>);

fn lists(table: &Table) -> BTreeMap<&str, ListSays<'_>> {
    let members = |list: &List| list.members.iter().map(|share| share.to).collect::<Vec<_>>();
    let weights = |list: &List| list.members.iter().map(|share| share.weight).collect::<Vec<_>>();
    let says = |list| {
        let members = member_ids(table, &members(list)).into_iter().zip(weights(list)).collect();
        (list.policy, list.limit, members)
    };
    table.lists().iter().map(|list| (&*list.id, says(list))).collect()
}

/// Matchers hold positions of gateways: their text, with ids, is compared.
fn groups(table: &Table) -> BTreeMap<&str, (bool, String)> {
    let says = |group: &Group| (group.calls_out, matchers(table, group));
    table.groups().iter().map(|group| (&*group.id, says(group))).collect()
}

fn matchers(table: &Table, group: &Group) -> String {
    use fmt::Write;
    let mut text = String::new();
    for matcher in &group.matchers {
        let gateway = matcher.gateway.map(|ix| table.gateway(ix).id.clone());
        let without = crate::route::Matcher { gateway: None, ..matcher.clone() };
        // Writing to a string can't fail.
        let _ = write!(text, "{gateway:?} {without:?};");
    }
    text
}

fn listeners(snapshot: &Snapshot) -> BTreeMap<&str, (Transport, SocketAddr, Option<SocketAddr>)> {
    snapshot.listeners.iter().map(|l| (&*l.id, (l.transport, l.bind, l.advertise))).collect()
}

fn settings(snapshot: &Snapshot) -> String {
    format!("{:?} {:?} {:?} {}", snapshot.access, snapshot.limits, snapshot.table.failover(), snapshot.records)
}

impl fmt::Display for Difference {
    /// `2 routes edited, 1 gateway added`; `nothing that is declared`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (name, count) in [
            ("route", self.routes),
            ("gateway", self.gateways),
            ("list", self.lists),
            ("group", self.groups),
            ("listener", self.listeners),
        ] {
            for (n, what) in [(count.added, "added"), (count.removed, "removed"), (count.edited, "edited")] {
                if n > 0 {
                    parts.push(format!("{n} {name}{} {what}", if n == 1 { "" } else { "s" }));
                }
            }
        }
        if self.settings {
            parts.push("settings edited".to_owned());
        }
        if parts.is_empty() { f.write_str("no declaration changed") } else { f.write_str(&parts.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FileSet, compile};

    const BEFORE: &str = r#"
version: 1
access: { trusted: { pbx: ["192.0.2.10"] } }
gateways: { b: "192.0.2.2:5060", c: "192.0.2.3:5060" }
routes:
  every: { default: true, to: [b, c] }
  uk: { prefix: "0044", to: [c, b] }
"#;

    fn change(from: &str, to: &str) -> String {
        let snapshot = |text: &str| {
            let (compiled, said) = compile(&FileSet::of(&[("routes.yaml", text)]));
            compiled.unwrap_or_else(|| panic!("{}", said.human(false))).snapshot
        };
        between(&snapshot(BEFORE), &snapshot(&BEFORE.replace(from, to))).to_string()
    }

    #[test]
    fn counts_declarations_not_positions() {
        let cases = [
            ("version: 1\n", "version: 1\n# a comment\n", "no declaration changed"),
            ("gateways: { b:", "gateways: { a: \"192.0.2.1:5060\", b:", "1 gateway added"),
            ("to: [c, b] }", "to: [b] }", "1 route edited"),
            ("  uk:", "  britain:", "1 route added, 1 route removed"),
            ("192.0.2.3:5060", "192.0.2.3:5070", "1 gateway edited"),
            ("192.0.2.10", "192.0.2.11", "settings edited"),
        ];
        for (from, to, said) in cases {
            assert_eq!(change(from, to), said, "{from} -> {to}");
        }
    }
}
