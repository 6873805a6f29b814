//! Premium numbers that a call can reach: from a group that needs neither a password nor a trusted source (TL0504), or at
//! all (TL0505). `guards.premium` names them as they leave towards a gateway, 00 being +.
//!
//! For each rule and each of its gateways the numbers are found that would leave with a premium prefix; the table then
//! decides them, so that barred ones and those of other rules are not counted.

use super::Ground;
use super::ladder::takers;
use super::walk::Known;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::{Cursor, Gateway, GroupIx, InstantSet, Instants, Matcher, NumberChange, Route, RouteIx, Strip};
use crate::time::Wall;
use std::collections::HashSet;

/// A call that reaches one.
struct Reached {
    dialled: String,
    leaves: String,
    gateway: String,
    /// Where schedules have a say.
    at: Option<Wall>,
}

pub fn check(ground: &Ground, known: &Known, instants: &mut Instants, report: &mut Report) {
    if ground.guards.premium.is_empty() {
        return;
    }
    let premium: Vec<String> = ground.guards.premium.iter().flat_map(|premium| spellings(premium)).collect();
    for groups in &ground.alike {
        let Some(&first) = groups.first() else { continue };
        let mut search = Search { ground, known, instants, premium: &premium, group: first, tried: HashSet::new() };
        let Some(reached) = search.run() else { continue };
        for &group in groups {
            report_group(ground, group, &reached, report);
        }
    }
}

fn report_group(ground: &Ground, group: GroupIx, reached: &Reached, report: &mut Report) {
    let id = ground.group_id(group);
    let Reached { dialled, leaves, gateway, at } = reached;
    let at = at.map_or_else(String::new, |at| format!(" at {}", ground.clock(at)));
    let example = format!("{dialled} leaves as {leaves} to `{gateway}`{at}");
    let open = ground.table().group(group).matchers.iter().position(|matcher| !authenticated(ground, matcher));
    if let Some(open) = open {
        let message =
            format!("group `{id}` needs neither a password nor a trusted source, and reaches premium numbers");
        let mut diagnostic =
            Diagnostic::new(Code::PremiumUnauthenticated, ground.group_span(group), message).label(example);
        let matchers = ground.group(group).and_then(|entry| entry.value.as_ref()?.r#match.get());
        if let Some(matcher) = matchers.and_then(|matchers| matchers.0.get(open)) {
            diagnostic = diagnostic.related(matcher.span, "whoever calls so is in it");
        }
        report.push(
            diagnostic
                .help("match a trusted source, a gateway or an account, or bar these prefixes with `reject: 403`"),
        );
    } else if ground.table().group(group).calls_out {
        let diagnostic = Diagnostic::new(
            Code::PremiumOpen,
            ground.group_span(group),
            format!("group `{id}` reaches premium numbers"),
        )
        .label(example);
        report.push(diagnostic.help(
            "bar these prefixes with `reject: 403`; if it is meant, say so above it: `# trunkline: allow premium-open -- reason`",
        ));
    }
}

/// A digest account, a gateway, or a source that lies in a trusted one.
fn authenticated(ground: &Ground, matcher: &Matcher) -> bool {
    let trusted = || ground.snapshot.access.trusted.iter().flat_map(|trusted| &trusted.sources);
    matcher.account.is_some()
        || matcher.gateway.is_some()
        || matcher.source.is_some_and(|net| trusted().any(|t| t.depth() <= net.depth() && t.contains(net.address)))
}

struct Search<'s, 'g> {
    ground: &'s Ground<'g>,
    known: &'s Known,
    instants: &'s mut Instants,
    /// In all spellings.
    premium: &'s [String],
    group: GroupIx,
    tried: HashSet<String>,
}

impl Search<'_, '_> {
    fn run(&mut self) -> Option<Reached> {
        let table = self.ground.table();
        for &route in table.catch_alls(self.group) {
            if let Some(found) = self.rule(route, "", false) {
                return Some(found);
            }
        }
        self.below(table.top(self.group)?, &mut String::new())
    }

    fn below(&mut self, place: Cursor, path: &mut String) -> Option<Reached> {
        let table = self.ground.table();
        for rule in table.rules_at(place) {
            if let Some(found) = self.rule(rule.route, path, rule.exact) {
                return Some(found);
            }
        }
        for character in table.onward(place) {
            path.push(char::from(character));
            let found = table.step(place, character).and_then(|next| self.below(next, path));
            path.pop();
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Tries the numbers of one rule that would leave with a premium prefix.
    fn rule(&mut self, ix: RouteIx, prefix: &str, exact: bool) -> Option<Reached> {
        let (table, premium, known) = (self.ground.table(), self.premium, self.known);
        let route = table.route(ix);
        for gateway in known.outcomes.reach(ix).iter().map(|&gateway| table.gateway(gateway)) {
            for premium in premium.iter().filter(|premium| may_become(route, gateway, prefix, premium)) {
                let Some(number) = number_for(route, gateway, prefix, premium).filter(|number| !number.is_empty())
                else {
                    continue;
                };
                if exact && number != prefix || !self.tried.insert(number.clone()) {
                    continue;
                }
                if let Some(found) = self.decided(&number) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Whether the table lets a number leave with a premium prefix, at any time.
    fn decided(&mut self, number: &str) -> Option<Reached> {
        let (takers, _) = takers(self.ground.table(), self.known, self.group, number, self.instants);
        for taker in takers {
            let decision = self.ground.decide(self.group, number, taker.first);
            for attempt in &decision.attempts {
                let leaves = String::from_utf8_lossy(&attempt.number);
                if self.premium.iter().any(|premium| leaves.starts_with(premium)) {
                    return Some(Reached {
                        dialled: number.to_owned(),
                        leaves: leaves.into_owned(),
                        gateway: self.ground.table().gateway(attempt.gateway).id.to_string(),
                        at: (taker.when != InstantSet::ALWAYS).then_some(taker.first),
                    });
                }
            }
        }
        None
    }
}

/// `+49900` leaves as 0049900 too.
fn spellings(premium: &str) -> impl Iterator<Item = String> + use<> {
    let other = match (premium.strip_prefix('+'), premium.strip_prefix("00")) {
        (Some(rest), _) => Some(format!("00{rest}")),
        (None, Some(rest)) => Some(format!("+{rest}")),
        (None, None) => None,
    };
    std::iter::once(premium.to_owned()).chain(other)
}

/// Whether what is known of the number as it leaves agrees with `premium`: most rules are dismissed here, at little cost.
fn may_become(route: &Route, gateway: &Gateway, prefix: &str, premium: &str) -> bool {
    let nothing = NumberChange::default();
    let second = if route.raw { &nothing } else { &gateway.number };
    let from_route = route.number.add.bytes().chain(prefix.bytes().skip(strip(&route.number, prefix)));
    let leaves = second.add.bytes().chain(from_route.skip(strip(second, prefix)));
    leaves.zip(premium.bytes()).all(|(a, b)| a == b)
}

/// A number that begins with `prefix` and that the route and the gateway make into one that begins with `premium`; `None`
/// when there is none.
fn number_for(route: &Route, gateway: &Gateway, prefix: &str, premium: &str) -> Option<String> {
    let nothing = NumberChange::default();
    let second = if route.raw { &nothing } else { &gateway.number };
    // What stands behind the gateway's addition came from the route, what stands behind the route's from the caller.
    let kept = behind(premium, &second.add)?;
    let from_route = match kept {
        Kept::Any => String::new(),
        Kept::Begins(rest) => {
            format!("{}{rest}", filler(strip(second, prefix), &route.number.add, prefix, &route.number))
        }
    };
    let kept = behind(&from_route, &route.number.add)?;
    let Kept::Begins(rest) = kept else { return Some(prefix.to_owned()) };
    let strip = strip(&route.number, prefix);
    let head: String = prefix.chars().chain(std::iter::repeat('1')).take(strip).collect();
    let dialled = format!("{head}{rest}");
    // Both begin the same number, so one begins the other.
    if dialled.starts_with(prefix) { Some(dialled) } else { prefix.starts_with(&dialled).then(|| prefix.to_owned()) }
}

enum Kept<'t> {
    /// What is added says all of it.
    Any,
    /// The rest must begin so.
    Begins(&'t str),
}

/// What must stand behind `added` so that the whole begins with `wanted`.
fn behind<'t>(wanted: &'t str, added: &str) -> Option<Kept<'t>> {
    match wanted.strip_prefix(added) {
        Some(rest) => Some(Kept::Begins(rest)),
        None => added.starts_with(wanted).then_some(Kept::Any),
    }
}

fn strip(change: &NumberChange, prefix: &str) -> usize {
    match change.strip {
        Strip::None => 0,
        Strip::Digits(n) => usize::from(n),
        Strip::Matched => prefix.len(),
    }
}

/// The first `n` characters of what a route makes of a number that begins with `prefix`.
fn filler(n: usize, added: &str, prefix: &str, change: &NumberChange) -> String {
    let kept = prefix.get(strip(change, prefix)..).unwrap_or_default();
    added.chars().chain(kept.chars()).chain(std::iter::repeat('1')).take(n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_premium_prefix_needs_its_plus_or_its_two_noughts() {
        let all = |premium| spellings(premium).collect::<Vec<_>>();
        assert_eq!(all("+49900"), ["+49900", "0049900"]);
        assert_eq!(all("00881"), ["00881", "+881"]);
        assert_eq!(all("0900"), ["0900"]);
    }
}
