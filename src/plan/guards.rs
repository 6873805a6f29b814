//! Guards: what a change may not do without somebody's word. Their values are read from the old side, so a change can't
//! loosen what holds it.

use super::blast::{self, BlastRadius};
use super::{Comparison, Lookup, Move, Moves, Window, declared, widened_access};
use crate::config::{Code, Compiled, Watched};
use crate::time::Wall;

/// Groups with fewer declared ranges have no share worth guarding: one of three is a third.
pub const FEWEST_RANGES: u32 = 10;

/// One guard, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `max-change`, or a tripwire: `changed:emergency:112`.
    pub id: String,
    pub kind: GuardKind,
    pub measured: f64,
    pub limit: f64,
    pub tripped: bool,
    pub accepted: bool,
    /// One line for people, without a full stop.
    pub says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardKind {
    MaxChange,
    Tripwire,
}

impl GuardKind {
    pub fn code(self) -> Code {
        match self {
            GuardKind::MaxChange => Code::MaxChange,
            GuardKind::Tripwire => Code::Tripwire,
        }
    }
}

impl Finding {
    /// Whether it stands in the way.
    pub fn holds_up(&self) -> bool {
        self.tripped && !self.accepted
    }

    fn tripwire(id: String, count: usize, says: String) -> Finding {
        let kind = GuardKind::Tripwire;
        Finding { id, kind, measured: count as f64, limit: 0.0, tripped: true, accepted: false, says }
    }
}

/// Holds `new` against the guards of `old` for a reload: what `guards.on_reload` of the running revision asks for, over
/// the 400 days from `now` on. `accepted` are ids of findings.
pub fn on_reload(old: &Compiled, new: &Compiled, now: Wall, accepted: &[String]) -> Vec<Finding> {
    let watched = &old.guards.on_reload;
    if watched.max_change.is_none() && !watched.changed && !watched.opened {
        // Nothing that the decisions of both sides have to be compared for.
        return judge(old, new, None, watched, accepted);
    }
    let window = Window::days(now, 400);
    let mut comparison = Comparison::of(&old.snapshot, &new.snapshot, window, &old.guards.premium);
    let moves = comparison.moved(&old.snapshot, &new.snapshot, &old.guards.emergency);
    let blast = blast::by_ranges(&comparison);
    judge(old, new, Some((&comparison, &blast, &moves)), watched, accepted)
}

/// What the guards of the old side say. Without a comparison only those that need none are asked.
pub fn judge(
    old: &Compiled,
    new: &Compiled,
    compared: Option<(&Comparison<'_>, &BlastRadius, &Moves)>,
    watched: &Watched,
    accepted: &[String],
) -> Vec<Finding> {
    let mut out = Vec::new();
    if let Some((comparison, blast, moves)) = compared {
        out.extend(watched.max_change.map(|limit| max_change(comparison, blast, limit)));
        if watched.changed {
            emergency(old, comparison, moves, &mut out);
            catch_alls(comparison, &mut out);
        }
        if watched.opened {
            opened(comparison, &mut out);
            opened_by_moving(moves, &mut out);
        }
    }
    if watched.widened {
        widened(old, new, &mut out);
    }
    if watched.emptied {
        emptied(old, new, &mut out);
    }
    if watched.halved {
        halved(old, new, &mut out);
    }
    for finding in &mut out {
        finding.accepted = finding.tripped && accepted.contains(&finding.id);
    }
    out
}

/// The worst group; those with few ranges don't count.
fn max_change(comparison: &Comparison<'_>, blast: &BlastRadius, limit: f64) -> Finding {
    let weighty = |at: usize| comparison.weights.get(at).is_some_and(|weight| weight.declared >= FEWEST_RANGES);
    let shares = blast.groups.iter().filter(|(at, _)| weighty(*at)).map(|(at, touched)| (*at, touched.share()));
    let worst = shares.max_by(|a, b| a.1.total_cmp(&b.1));
    let measured = worst.map_or(0.0, |(_, share)| share);
    let group = worst.and_then(|(at, _)| comparison.groups.get(at)).map_or("", |pair| &pair.id);
    let tripped = exceeds(measured, limit);
    let says = match (tripped, group) {
        (true, group) => format!("{group} {} exceeds it", percent(measured)),
        (false, "") => format!("no group has {FEWEST_RANGES} ranges, so none is held to it"),
        (false, group) => format!("{group} {} is the most", percent(measured)),
    };
    Finding { id: "max-change".to_owned(), kind: GuardKind::MaxChange, measured, limit, tripped, accepted: false, says }
}

/// Shares are sums of fractions: what comes to 15 % is not beyond 15 % for its last bit.
fn exceeds(measured: f64, limit: f64) -> bool {
    measured > limit + 1e-9
}

fn emergency(old: &Compiled, comparison: &Comparison<'_>, moves: &Moves, out: &mut Vec<Finding>) {
    if old.guards.emergency.is_empty() {
        return;
    }
    let lookup = Lookup::of(comparison);
    for number in &old.guards.emergency {
        let groups: Vec<&str> = comparison
            .groups
            .iter()
            .enumerate()
            .filter(|(at, pair)| pair.old.is_some() && !lookup.changes(*at, number.as_bytes()).is_empty())
            .map(|(_, pair)| &*pair.id)
            .collect();
        let moved: Vec<String> = moves.moves.iter().filter(|m| m.emergency.contains(number)).map(who).collect();
        let moved: Vec<&str> = moved.iter().map(String::as_str).collect();
        let mut says = Vec::new();
        if !groups.is_empty() {
            says.push(format!("in {}", and(&groups)));
        }
        if !moved.is_empty() {
            says.push(format!("for {}", and(&moved)));
        }
        if !says.is_empty() {
            let says = format!("calls to {number} are treated differently {}", says.join(" and "));
            out.push(Finding::tripwire(format!("changed:emergency:{number}"), groups.len() + moved.len(), says));
        }
    }
}

fn catch_alls(comparison: &Comparison<'_>, out: &mut Vec<Finding>) {
    for (pair, weight) in comparison.groups.iter().zip(&comparison.weights) {
        if weight.catch_all && pair.old.is_some() && pair.new.is_some() {
            let says = format!("numbers that no prefix takes are treated differently in {}", pair.id);
            out.push(Finding::tripwire(format!("changed:catch-all:{}", pair.id), 1, says));
        }
    }
}

/// What was barred by a route of its own and now leaves for a premium destination.
fn opened(comparison: &Comparison<'_>, out: &mut Vec<Finding>) {
    let premium = comparison.changes.list.iter().filter(|change| comparison.key(change).premium);
    let parts: Vec<_> = premium.flat_map(|change| &change.parts).collect();
    for (at, pair) in comparison.groups.iter().enumerate() {
        let of_group = parts.iter().filter(|part| part.groups.contains(&at));
        let ranges: Vec<&str> =
            of_group.flat_map(|part| comparison.changes.ranges.get(part.ranges)).map(|range| &**range).collect();
        if let Some(first) = ranges.first() {
            let more = if ranges.len() > 1 { format!(" and {} more", ranges.len() - 1) } else { String::new() };
            let says = format!("{}{more} was barred for {}", first.trim_matches(['=', '*']), pair.id);
            out.push(Finding::tripwire(format!("opened:premium:{}", pair.id), ranges.len(), says));
        }
    }
}

/// What callers who change groups may do then, and might not before.
fn opened_by_moving(moves: &Moves, out: &mut Vec<Finding>) {
    for (moved, to, number) in moves.moves.iter().filter_map(|m| Some((m, m.to.as_ref()?, m.opened.as_ref()?))) {
        let (id, says) = (format!("opened:premium:{to}"), format!("{number} was barred for {}", who(moved)));
        match out.iter_mut().find(|finding| finding.id == id) {
            Some(known) => known.says = format!("{}; {says}", known.says),
            None => out.push(Finding::tripwire(id, 1, says)),
        }
    }
}

/// The callers of a move, for a line.
fn who(moved: &Move) -> String {
    let first = moved.callers.first().map_or("", String::as_str);
    match moved.callers.len() {
        0 | 1 => format!("callers who change groups ({first})"),
        n => format!("callers who change groups ({first} and {} more)", n - 1),
    }
}

fn widened(old: &Compiled, new: &Compiled, out: &mut Vec<Finding>) {
    let address = widened_access(&old.snapshot, &new.snapshot).map(|(net, listener)| {
        let whole = if net.address.is_ipv4() { 32 } else { 128 };
        let source =
            if net.length == whole { net.address.to_string() } else { format!("{}/{}", net.address, net.length) };
        format!("{source} may call on {listener}, and could not before")
    });
    let user = || {
        let user =
            |path: &str| path.strip_prefix("access.users.").and_then(|rest| rest.split('.').next()).map(str::to_owned);
        let olds: Vec<String> = old.fields.keys().filter_map(|path| user(path)).collect();
        let news = new.fields.keys().filter_map(|path| user(path)).find(|id| !olds.contains(id))?;
        Some(format!("the user {news} may call, and was not there before"))
    };
    if let Some(says) = address.or_else(user) {
        out.push(Finding::tripwire("widened:access".to_owned(), 1, says));
    }
}

fn emptied(old: &Compiled, new: &Compiled, out: &mut Vec<Finding>) {
    let identity = super::identity::Identity::of(&old.snapshot, &new.snapshot);
    for pair in &identity.groups {
        let before = pair.old.is_some_and(|group| old.snapshot.table.has_routes(group));
        let after = pair.new.is_some_and(|group| new.snapshot.table.has_routes(group));
        if before && !after {
            let says = match pair.new {
                Some(_) => format!("{} would be left without routes", pair.id),
                None => format!("{} had routes, and is gone", pair.id),
            };
            out.push(Finding::tripwire(format!("emptied:{}", pair.id), 1, says));
        }
    }
}

fn halved(old: &Compiled, new: &Compiled, out: &mut Vec<Finding>) {
    let declared = declared::between(&old.snapshot, &new.snapshot);
    let table = &old.snapshot.table;
    for (what, gone, of) in [
        ("routes", declared.routes.removed, table.routes().len()),
        ("gateways", declared.gateways.removed, table.gateways().len()),
    ] {
        if gone * 2 > of {
            let says = format!("{gone} of {of} {what} would be gone");
            out.push(Finding { limit: of as f64 / 2.0, ..Finding::tripwire(format!("halved:{what}"), gone, says) });
        }
    }
}

/// `14.2 %`; what is not nothing never looks like it.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p > 0.0 && p < 0.05 => "under 0.1 %".to_owned(),
        p if (99.95..100.0).contains(&p) => "over 99.9 %".to_owned(),
        p => format!("{p:.1} %").replace(".0 %", " %"),
    }
}

fn and(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] if most.len() < 4 => format!("{} and {last}", most.join(", ")),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more groups", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn a_share_does_not_exceed_itself() {
        let parts = 0.1 + 0.05;
        assert!(parts > 0.15 && !exceeds(parts, 0.15));
        assert!(exceeds(0.1501, 0.15) && exceeds(1e-6, 0.0) && !exceeds(0.0, 0.0));
    }
}
