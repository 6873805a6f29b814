//! What the tests reached: routes, and attempts as pairs of a route and a gateway.

use super::Verdict;
use crate::config::Compiled;
use crate::route::{Member, RouteIx, RouteTarget, Table};
use std::collections::{BTreeMap, BTreeSet};

/// So many of so many, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share<T> {
    pub reached: usize,
    pub total: usize,
    /// In the order of the files.
    pub missing: Vec<T>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub routes: Share<RouteIx>,
    /// A pair counts when a test's call may be tried at that gateway by that route.
    pub attempts: Share<(RouteIx, String)>,
}

impl Coverage {
    pub fn of(verdicts: &[Verdict], compiled: &Compiled) -> Coverage {
        let table = &compiled.snapshot.table;
        let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for got in verdicts.iter().filter_map(Verdict::got) {
            if let Some(route) = &got.route {
                reached.entry(route).or_default().extend(got.attempts.iter().map(|attempt| &*attempt.gateway));
            }
        }
        let mut routes = Share { reached: 0, total: table.routes().len(), missing: Vec::new() };
        let mut attempts = Share { reached: 0, total: 0, missing: Vec::new() };
        for ix in in_file_order(compiled) {
            let of_route = reached.get(&*table.route(ix).id);
            match of_route {
                Some(_) => routes.reached += 1,
                None => routes.missing.push(ix),
            }
            for gateway in gateways(ix, table) {
                attempts.total += 1;
                match of_route.is_some_and(|reached| reached.contains(gateway)) {
                    true => attempts.reached += 1,
                    false => attempts.missing.push((ix, gateway.to_owned())),
                }
            }
        }
        Coverage { routes, attempts }
    }
}

impl<T> Share<T> {
    /// From 0 to 1; of nothing everything is reached.
    pub fn fraction(&self) -> f64 {
        if self.total == 0 { 1.0 } else { self.reached as f64 / self.total as f64 }
    }
}

fn in_file_order(compiled: &Compiled) -> Vec<RouteIx> {
    let mut routes: Vec<RouteIx> = (0..).take(compiled.route_spans.len()).map(RouteIx).collect();
    routes.sort_by_key(|ix| compiled.route_spans.get(ix.0 as usize).copied());
    routes
}

/// The gateways that a route's lists may come to, each once, in their order.
fn gateways(ix: RouteIx, table: &Table) -> Vec<&str> {
    let RouteTarget::To(to) = &table.route(ix).target else { return Vec::new() };
    let (mut found, mut lists) = (Vec::new(), BTreeSet::new());
    let mut waiting: Vec<Member> = to.iter().rev().copied().collect();
    while let Some(member) = waiting.pop() {
        match member {
            Member::Gateway(gateway) if !found.contains(&gateway) => found.push(gateway),
            Member::Gateway(_) => {}
            Member::List(list) if lists.insert(list.0) => {
                waiting.extend(table.list(list).members.iter().rev().map(|share| share.to));
            }
            Member::List(_) => {}
        }
    }
    found.into_iter().map(|gateway| &*table.gateway(gateway).id).collect()
}
