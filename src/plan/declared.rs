//! What was declared differently: routes, gateways and the like that were added, removed, edited or renamed. It counts
//! words; what they mean for calls is found by comparing decisions.

use super::intern::Map;
use super::wording::Wording;
use crate::proxy::Snapshot;
use crate::route::{Gateway, Group, List, Matcher, Member, Route, RouteTarget, Schedule, Table, When};
use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::sync::Arc;

/// How many declarations of one kind are new, gone, or different. A renamed one says the same under another id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub added: usize,
    pub removed: usize,
    pub edited: usize,
    /// From which id to which.
    pub renamed: Vec<(Arc<str>, Arc<str>)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    pub routes: Count,
    pub lists: Count,
    pub gateways: Count,
    pub groups: Count,
    pub schedules: Count,
    pub listeners: Count,
    /// Access, limits or defaults.
    pub settings: bool,
}

/// Compares two snapshots by the ids of what they declare.
pub fn between(old: &Snapshot, new: &Snapshot) -> Declared {
    let (a, b) = (&old.table, &new.table);
    let wording = Wording::of(a, b);
    Declared {
        routes: count_by(
            (a.routes(), b.routes()),
            |r| &r.id,
            |old, new| wording.same(old, new),
            |r| route(a, r),
            |r| route(b, r),
        ),
        lists: count(a.lists(), b.lists(), |l| &l.id, |l| list(a, l), |l| list(b, l)),
        gateways: count(a.gateways(), b.gateways(), |g| &g.id, |g| gateway(old, g), |g| gateway(new, g)),
        groups: count(a.groups(), b.groups(), |g| &g.id, |g| group(a, g), |g| group(b, g)),
        schedules: count(a.schedules().list(), b.schedules().list(), |s| &s.id, |s| schedule(a, s), |s| schedule(b, s)),
        listeners: count(
            &old.listeners,
            &new.listeners,
            |l| &l.id,
            |l| format!("{:?}", (l.transport, l.bind, l.advertise)),
            |l| format!("{:?}", (l.transport, l.bind, l.advertise)),
        ),
        settings: settings(old) != settings(new),
    }
}

/// `says` is what a declaration says apart from its id, with ids instead of positions, which shift when something is added
/// before them. Only two declarations at a time are put into words.
fn count<T>(
    old: &[T],
    new: &[T],
    id: impl Fn(&T) -> &Arc<str>,
    old_says: impl Fn(&T) -> String,
    new_says: impl Fn(&T) -> String,
) -> Count {
    count_by((old, new), id, |a, b| old_says(a) == new_says(b), &old_says, &new_says)
}

/// [`count`], with a cheaper way to tell whether two say the same.
fn count_by<T>(
    (old, new): (&[T], &[T]),
    id: impl Fn(&T) -> &Arc<str>,
    same: impl Fn(&T, &T) -> bool,
    old_says: impl Fn(&T) -> String,
    new_says: impl Fn(&T) -> String,
) -> Count {
    let sorted = |list: &[T]| {
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by(|a, b| id(&list[*a]).cmp(id(&list[*b])));
        order
    };
    let (olds, news) = (sorted(old), sorted(new));
    let (mut olds, mut news) = (olds.iter().map(|at| &old[*at]).peekable(), news.iter().map(|at| &new[*at]).peekable());
    let (mut gone, mut come, mut out) = (Vec::new(), Vec::new(), Count::default());
    loop {
        let side = match (olds.peek(), news.peek()) {
            (Some(a), Some(b)) => id(a).cmp(id(b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        match side {
            Ordering::Less => gone.extend(olds.next()),
            Ordering::Greater => come.extend(news.next()),
            Ordering::Equal => {
                if let (Some(a), Some(b)) = (olds.next(), news.next()) {
                    out.edited += usize::from(!same(a, b));
                }
            }
        }
    }
    let mut waiting: Map<String, Vec<&T>> = Map::default();
    for item in gone.iter().rev() {
        waiting.entry(old_says(item)).or_default().push(item);
    }
    for item in &come {
        let was = waiting.get_mut(&new_says(item)).and_then(Vec::pop);
        out.renamed.extend(was.map(|was| (Arc::clone(id(was)), Arc::clone(id(item)))));
    }
    (out.added, out.removed) = (come.len() - out.renamed.len(), gone.len() - out.renamed.len());
    out
}

fn route(table: &Table, route: &Route) -> String {
    let mut text = format!(
        "{:?} {:?} {:?}",
        route.prefixes,
        (route.default, route.exact, route.raw, route.priority),
        (&route.number, &route.failover)
    );
    for group in &route.groups {
        let _ = write!(text, " {}", table.group(*group).id);
    }
    whens(table, &route.when, &mut text);
    match &route.target {
        RouteTarget::Reject(reply) => {
            let _ = write!(text, " {reply:?}");
        }
        RouteTarget::To(to) => to.iter().for_each(|to| {
            let _ = write!(text, " {}", member(table, *to));
        }),
    }
    text
}

fn whens(table: &Table, whens: &[When], text: &mut String) {
    for when in whens {
        let id = table.schedules().get(when.schedule).map(|schedule| &schedule.id);
        let _ = write!(text, " {}{id:?}", if when.not { "not " } else { "" });
    }
}

fn member(table: &Table, member: Member) -> &str {
    match member {
        Member::Gateway(ix) => &table.gateway(ix).id,
        Member::List(ix) => &table.list(ix).id,
    }
}

fn list(table: &Table, list: &List) -> String {
    let mut text = format!("{:?} {:?}", list.policy, list.limit);
    for share in &list.members {
        let _ = write!(text, " {} {}", member(table, share.to), share.weight);
    }
    text
}

fn gateway(snapshot: &Snapshot, gateway: &Gateway) -> String {
    let listener = snapshot.listeners.get(gateway.listener).map(|listener| &listener.id);
    let place = (gateway.address, &gateway.host, gateway.transport, listener);
    format!("{place:?} {:?} {:?} {:?}", gateway.number, gateway.probing, gateway.tags)
}

fn group(table: &Table, group: &Group) -> String {
    let mut text = format!("{}", group.calls_out);
    for matcher in &group.matchers {
        let gateway = matcher.gateway.map(|ix| &table.gateway(ix).id);
        let without = Matcher { gateway: None, ..matcher.clone() };
        let _ = write!(text, " {gateway:?} {without:?}");
    }
    text
}

fn schedule(table: &Table, schedule: &Schedule) -> String {
    let Schedule { id: _, zone, days, hours, dates, from, until, except } = schedule;
    let mut text = format!("{:?} {days:?} {hours:?} {dates:?} {from:?} {until:?}", zone.iana_name());
    whens(table, except, &mut text);
    text
}

fn settings(snapshot: &Snapshot) -> String {
    format!("{:?} {:?} {:?} {}", snapshot.access, snapshot.limits, snapshot.table.failover(), snapshot.records)
}

impl fmt::Display for Declared {
    /// `2 routes edited, 1 gateway added`; `no declaration changed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (name, count) in [
            ("route", &self.routes),
            ("list", &self.lists),
            ("gateway", &self.gateways),
            ("group", &self.groups),
            ("schedule", &self.schedules),
            ("listener", &self.listeners),
        ] {
            let ways = [(count.added, "added"), (count.removed, "removed"), (count.edited, "edited")];
            for (n, what) in ways.into_iter().chain([(count.renamed.len(), "renamed")]) {
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
schedules: { open: { days: [mon-fri] } }
routes:
  every: { default: true, to: [b, c] }
  uk: { prefix: "0044", to: [c, b], when: open }
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
            ("to: [c, b]", "to: [b]", "1 route edited"),
            ("  uk:", "  britain:", "1 route renamed"),
            ("mon-fri", "mon-thu", "1 schedule edited"),
            ("192.0.2.3:5060", "192.0.2.3:5070", "1 gateway edited"),
            ("192.0.2.10", "192.0.2.11", "settings edited"),
        ];
        for (from, to, said) in cases {
            assert_eq!(change(from, to), said, "{from} -> {to}");
        }
    }
}
