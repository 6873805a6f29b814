//! A number that comes back (TL0508): a call from a gateway is sent to that gateway, and if it returns the number that it
//! got, the call is sent there again. Two machines that each believe the other knows the number play ball with it until
//! Max-Forwards is used up.

use super::Ground;
use super::ladder::takers;
use super::walk::Known;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::route::{Cursor, GatewayIx, GroupIx, Instants, RouteIx};
use std::collections::{BTreeSet, HashSet};

pub fn check(ground: &Ground, known: &Known, instants: &mut Instants, report: &mut Report) {
    let mut told = HashSet::new();
    for (gateway, group) in leading_back(ground, known) {
        let mut search = Search { ground, known, instants, gateway, group, told: &mut told, report };
        for &route in ground.table().catch_alls(group) {
            search.rule(route, "", false);
        }
        if let Some(top) = ground.table().top(group) {
            search.below(top, &mut String::new());
        }
    }
}

/// The groups in which a call from a gateway may be, for gateways that may call at all.
fn entries(ground: &Ground) -> Vec<(GatewayIx, GroupIx)> {
    let table = ground.table();
    let mut out = Vec::new();
    for (ix, gateway) in (0..).map(GatewayIx).zip(table.gateways()) {
        let ip = gateway.address.ip();
        let admission = ground.snapshot.admission(Some(gateway.listener), ip);
        // On one machine everything shares its address: that is a test, or a sidecar.
        if !admission.admitted || ip.is_loopback() {
            continue;
        }
        for (group, of_group) in (0..).map(GroupIx).zip(table.groups()) {
            let from_there = of_group.matchers.iter().any(|matcher| {
                let same = |other: GatewayIx| table.gateway(other).address.ip() == ip;
                matcher.account.is_none()
                    && (matcher.gateway.is_some_and(same) || matcher.source.is_some_and(|net| net.contains(ip)))
            });
            if from_there {
                out.push((ix, group));
            }
        }
    }
    out
}

/// The entries whose group has a route that leads back to the gateway.
fn leading_back(ground: &Ground, known: &Known) -> Vec<(GatewayIx, GroupIx)> {
    let entries: HashSet<(GatewayIx, GroupIx)> = entries(ground).into_iter().collect();
    let callers: HashSet<GatewayIx> = entries.iter().map(|(gateway, _)| *gateway).collect();
    let (mut seen, mut out) = (HashSet::new(), BTreeSet::new());
    for (ix, route) in (0..).map(RouteIx).zip(ground.table().routes()) {
        // Many routes say the same of many groups.
        if !seen.insert((known.outcomes.course(ix), &route.groups)) {
            continue;
        }
        for &gateway in known.outcomes.reach(ix).iter().filter(|gateway| callers.contains(gateway)) {
            let back = route.groups.iter().map(|&group| (gateway, group));
            out.extend(back.filter(|entry| entries.contains(entry)));
        }
    }
    out.into_iter().collect()
}

struct Search<'s, 'g> {
    ground: &'s Ground<'g>,
    known: &'s Known,
    instants: &'s mut Instants,
    gateway: GatewayIx,
    group: GroupIx,
    /// Each route and gateway is told once.
    told: &'s mut HashSet<(RouteIx, GatewayIx)>,
    report: &'s mut Report,
}

impl Search<'_, '_> {
    fn below(&mut self, place: Cursor, path: &mut String) {
        let table = self.ground.table();
        for rule in table.rules_at(place) {
            self.rule(rule.route, path, rule.exact);
        }
        for character in table.onward(place) {
            path.push(char::from(character));
            if let Some(next) = table.step(place, character) {
                self.below(next, path);
            }
            path.pop();
        }
    }

    /// A call by this rule to the gateway that it came from.
    fn rule(&mut self, ix: RouteIx, prefix: &str, exact: bool) {
        if !self.known.outcomes.reach(ix).contains(&self.gateway) || self.told.contains(&(ix, self.gateway)) {
            return;
        }
        let longer = |digits: &str| format!("{prefix}{digits}");
        let examples = if exact { vec![longer("")] } else { vec![longer("5551234"), longer("")] };
        for number in examples.into_iter().filter(|number| !number.is_empty()) {
            let Some((by, sent)) = self.sent_back(&number) else { continue };
            let Some((again, _)) = self.sent_back(&sent) else { continue };
            if self.told.insert((by, self.gateway)) {
                let diagnostic = self.complain(by, again, &number, &sent);
                self.report.push(diagnostic);
            }
            return;
        }
    }

    /// The route by which a number from the gateway goes to the gateway, and the number as it leaves.
    fn sent_back(&mut self, number: &str) -> Option<(RouteIx, String)> {
        let (takers, _) = takers(self.ground.table(), self.known, self.group, number, self.instants);
        takers.iter().find_map(|taker| {
            let decision = self.ground.decide(self.group, number, taker.first);
            let back = decision.attempts.iter().find(|attempt| attempt.gateway == self.gateway)?;
            Some((taker.route, String::from_utf8_lossy(&back.number).into_owned()))
        })
    }

    fn complain(&self, by: RouteIx, again: RouteIx, number: &str, sent: &str) -> Diagnostic {
        let table = self.ground.table();
        let (gateway, group) = (&table.gateway(self.gateway).id, self.ground.group_id(self.group));
        let message = format!(
            "a call to {number} from gateway `{gateway}` is sent to `{gateway}` by route `{}`, and would come back",
            table.route(by).id
        );
        let diagnostic = Diagnostic::new(Code::RoutingLoop, self.ground.route_span(by), message).label(format!(
            "sent there as {sent}; from there {sent} is in group `{group}` again, and goes by route `{}`",
            table.route(again).id
        ));
        diagnostic.help("let the group's routes lead elsewhere, or match these calls into a group of their own")
    }
}
