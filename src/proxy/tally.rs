//! What became of calls, by route, gateway and code, and of attempts, by gateway: for metrics and `status`. Plain counters
//! of one worker, keyed by ids, so that they mean the same after a reload. A call that ends costs a look-up; memory is
//! taken when a pair is seen for the first time.

use super::Core;
use super::call::Plan;
use super::verdict::End;
use crate::record::Why;
use crate::route::GatewayIx;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// Different (route, gateway, code) that are told apart; a scrape must stay readable. What comes beyond is counted
/// together, without names.
const MOST_KINDS: usize = 20_000;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    calls: HashTable<CallCount>,
    gateways: HashTable<GatewayCount>,
    /// Calls of kinds beyond the bound.
    others: u64,
}

/// Calls that ended alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCount {
    pub route: Option<Arc<str>>,
    /// The gateway whose answer the caller had; `None`: an answer made here.
    pub gateway: Option<Arc<str>>,
    /// The final code that the caller had.
    pub code: u16,
    pub calls: u64,
}

/// How attempts on a gateway ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayCount {
    pub gateway: Arc<str>,
    pub attempts: u64,
    pub answered: u64,
    /// On the gateway's side: silence, an error of the transport, 5xx. Busy and declined calls are none.
    pub failed: u64,
}

impl Tally {
    /// A call has its final answer.
    pub fn call(&mut self, route: Option<&Arc<str>>, gateway: Option<&Arc<str>>, code: u16) {
        let full = self.calls.len() >= MOST_KINDS;
        match self.calls.entry(hash_of_call(route, gateway, code), |c| c.is(route, gateway, code), CallCount::hash) {
            Entry::Occupied(mut count) => count.get_mut().calls += 1,
            Entry::Vacant(_) if full => self.others += 1,
            Entry::Vacant(place) => {
                place.insert(CallCount { route: route.cloned(), gateway: gateway.cloned(), code, calls: 1 });
            }
        }
    }

    /// An attempt on a gateway was answered with 2xx.
    pub fn answered(&mut self, gateway: &Arc<str>) {
        if let Some(count) = self.gateway(gateway) {
            count.attempts += 1;
            count.answered += 1;
        }
    }

    /// An attempt on a gateway ended otherwise.
    pub(super) fn ended(&mut self, gateway: &Arc<str>, end: End) {
        let failed = match end.why {
            Why::Timeout | Why::NoProgress | Why::Transport => true,
            Why::Replied => (500..600).contains(&end.code),
            Why::NoAnswer | Why::Cancelled | Why::Lost | Why::Late => false,
        };
        if let Some(count) = self.gateway(gateway) {
            count.attempts += 1;
            count.failed += u64::from(failed);
        }
    }

    fn gateway(&mut self, gateway: &Arc<str>) -> Option<&mut GatewayCount> {
        let full = self.gateways.len() >= MOST_KINDS;
        match self.gateways.entry(hash(gateway), |c| c.gateway == *gateway, |c| hash(&c.gateway)) {
            Entry::Occupied(count) => Some(count.into_mut()),
            Entry::Vacant(_) if full => None,
            Entry::Vacant(place) => {
                let count = GatewayCount { gateway: gateway.clone(), attempts: 0, answered: 0, failed: 0 };
                Some(place.insert(count).into_mut())
            }
        }
    }

    pub fn calls(&self) -> impl Iterator<Item = &CallCount> {
        self.calls.iter()
    }

    pub fn gateways(&self) -> impl Iterator<Item = &GatewayCount> {
        self.gateways.iter()
    }

    /// Calls of kinds beyond the bound.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Tally) {
        for theirs in other.calls() {
            let (route, gateway, code) = (theirs.route.as_ref(), theirs.gateway.as_ref(), theirs.code);
            match self.calls.entry(CallCount::hash(theirs), |c| c.is(route, gateway, code), CallCount::hash) {
                Entry::Occupied(mut count) => count.get_mut().calls += theirs.calls,
                Entry::Vacant(place) => drop(place.insert(theirs.clone())),
            }
        }
        for theirs in other.gateways() {
            if let Some(count) = self.gateway(&theirs.gateway) {
                count.attempts += theirs.attempts;
                count.answered += theirs.answered;
                count.failed += theirs.failed;
            }
        }
        self.others += other.others;
    }
}

impl Core {
    /// The first 2xx of a call.
    pub(super) fn count_answer(&mut self, call: u32, gateway: Option<GatewayIx>, code: u16) {
        let Some(setup) = self.calls.get(call as usize).and_then(|call| call.setup.as_deref()) else { return };
        let Plan::Hunt(hunt) = &setup.plan else { return };
        let table = &setup.loaded.snapshot.table;
        let gateway = gateway.map(|gateway| &table.gateway(gateway).id);
        self.tally.call(hunt.route.map(|route| &table.route(route).id), gateway, code);
        gateway.into_iter().for_each(|gateway| self.tally.answered(gateway));
    }

    /// An attempt that ended without a 2xx.
    pub(super) fn count_attempt(&mut self, branch: u32, end: End) {
        let Some(branch) = self.branches.get(branch as usize) else { return };
        let Some(gateway) = branch.asked.as_deref().and_then(|asked| asked.gateway) else { return };
        let Some(setup) = self.calls.get(branch.call as usize).and_then(|call| call.setup.as_deref()) else { return };
        self.tally.ended(&setup.loaded.snapshot.table.gateway(gateway).id, end);
    }
}

impl CallCount {
    fn is(&self, route: Option<&Arc<str>>, gateway: Option<&Arc<str>>, code: u16) -> bool {
        (self.route.as_ref(), self.gateway.as_ref(), self.code) == (route, gateway, code)
    }

    fn hash(&self) -> u64 {
        hash_of_call(self.route.as_ref(), self.gateway.as_ref(), self.code)
    }
}

fn hash_of_call(route: Option<&Arc<str>>, gateway: Option<&Arc<str>>, code: u16) -> u64 {
    hash((route, gateway, code))
}

fn hash<T: Hash>(value: T) -> u64 {
    FixedState::with_seed(0).hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_apart_and_added_over_workers() {
        let (route, gateway): (Arc<str>, Arc<str>) = ("intl".into(), "carrier-a".into());
        let mut first = Tally::default();
        let mut second = Tally::default();
        for tally in [&mut first, &mut second] {
            tally.call(Some(&route), Some(&gateway), 200);
            tally.call(Some(&route), Some(&gateway), 200);
            tally.call(Some(&route), None, 503);
            tally.answered(&gateway);
            tally.ended(&gateway, End { code: 486, why: Why::Replied });
            tally.ended(&gateway, End { code: 500, why: Why::Replied });
            tally.ended(&gateway, End { code: 408, why: Why::Timeout });
        }
        second.call(None, None, 404);
        first.add(&second);
        let mut calls: Vec<_> = first.calls().map(|c| (c.code, c.gateway.is_some(), c.calls)).collect();
        calls.sort_unstable();
        assert_eq!(calls, [(200, true, 4), (404, false, 1), (503, false, 2)]);
        let gateways: Vec<_> = first.gateways().map(|g| (g.attempts, g.answered, g.failed)).collect();
        assert_eq!(gateways, [(8, 2, 4)]);
    }

    #[test]
    fn beyond_the_bound_calls_are_counted_without_names() {
        let mut tally = Tally::default();
        for n in 0..MOST_KINDS + 5 {
            tally.call(Some(&format!("route-{n}").into()), None, 404);
        }
        assert_eq!((tally.calls().count(), tally.others()), (MOST_KINDS, 5));
    }
}
