//! The compiled table: rules by group and prefix, ready for the longest-prefix search.

use super::alike;
use super::group::Matchers;
use super::number::dialable;
use super::trie::{Rule, Trie};
use super::{Failover, Gateway, GatewayIx, Group, GroupIx, List, ListIx, Policy, Route, RouteIx, Schedule, Schedules};
use crate::time::Wall;
use std::net::IpAddr;
use std::sync::Arc;

/// What a table is made of. The configuration fills it after its checks: every index is in range, lists have no
/// loops, no two rules of one group, prefix, exactness and priority.
#[derive(Clone, Debug)]
pub struct Draft {
    pub gateways: Vec<Gateway>,
    pub lists: Vec<List>,
    /// Group `default` is always there (declared or not).
    pub groups: Vec<Group>,
    pub routes: Vec<Route>,
    pub schedules: Vec<Schedule>,
    /// The defaults, for calls that no route takes.
    pub failover: Arc<Failover>,
    /// The gateway matches for the group `default` are refused: calls from a gateway need a group that names it.
    pub default_group: GroupIx,
}

/// Immutable; shared by all workers through the snapshot.
#[derive(Debug)]
pub struct Table {
    draft: Draft,
    schedules: Schedules,
    /// There is a list whose order is drawn.
    draws: bool,
    pub(super) trie: Trie,
    /// For each group the first one with the same routes.
    alike: Vec<GroupIx>,
    /// The catch-alls of each group, the highest priority first.
    catch_alls: Vec<Vec<RouteIx>>,
    pub(super) matchers: Matchers,
    gateways_by_id: Vec<GatewayIx>,
    groups_by_id: Vec<GroupIx>,
    /// Sorted by address, then position.
    gateways_by_ip: Vec<(IpAddr, GatewayIx)>,
}

impl Table {
    /// Compiles a draft. A prefix that is empty or holds a character that can't be dialled can never match and is
    /// left out (the configuration refuses both, TL0203). `now` is when the table is made: around it schedules are
    /// known beforehand ([`Schedules::build`]).
    pub fn build(mut draft: Draft, now: Wall) -> Table {
        let schedules = Schedules::build(std::mem::take(&mut draft.schedules), now);
        let alike = alike::of(&draft.routes, draft.groups.len());
        let own = alike::members(&draft.routes, &alike);
        let trie = Trie::build(&alike, |group| prefix_rules(&draft.routes, own.get(usize::from(group.0))));
        let matchers = Matchers::new(&draft.groups, &draft.gateways);
        let mut gateways_by_id: Vec<_> = (0..draft.gateways.len() as u32).map(GatewayIx).collect();
        gateways_by_id.sort_by_key(|ix| draft.gateways[ix.0 as usize].id.clone());
        let mut groups_by_id: Vec<_> = (0u16..).take(draft.groups.len()).map(GroupIx).collect();
        groups_by_id.sort_by_key(|ix| draft.groups[usize::from(ix.0)].id.clone());
        let mut gateways_by_ip: Vec<_> =
            (0..).zip(&draft.gateways).map(|(ix, g)| (g.address.ip().to_canonical(), GatewayIx(ix))).collect();
        gateways_by_ip.sort_unstable();
        let catch_alls = catch_alls(&draft.routes, draft.groups.len());
        let draws = draft.lists.iter().any(|list| list.policy == Policy::Weighted);
        Table {
            draft,
            schedules,
            draws,
            trie,
            alike,
            catch_alls,
            matchers,
            gateways_by_id,
            groups_by_id,
            gateways_by_ip,
        }
    }
    /// Whether any decision may ask the seed of [`super::Choice::Drawn`].
    pub fn draws(&self) -> bool {
        self.draws
    }
    pub fn gateways(&self) -> &[Gateway] {
        &self.draft.gateways
    }
    pub fn gateway(&self, ix: GatewayIx) -> &Gateway {
        &self.draft.gateways[ix.0 as usize]
    }
    pub fn lists(&self) -> &[List] {
        &self.draft.lists
    }
    pub fn list(&self, ix: ListIx) -> &List {
        &self.draft.lists[ix.0 as usize]
    }
    pub fn groups(&self) -> &[Group] {
        &self.draft.groups
    }
    pub fn group(&self, ix: GroupIx) -> &Group {
        &self.draft.groups[usize::from(ix.0)]
    }
    pub fn routes(&self) -> &[Route] {
        &self.draft.routes
    }
    pub fn route(&self, ix: RouteIx) -> &Route {
        &self.draft.routes[ix.0 as usize]
    }
    pub fn schedules(&self) -> &Schedules {
        &self.schedules
    }
    /// Whether a route is active at an instant.
    pub fn active(&self, ix: RouteIx, wall: Wall) -> bool {
        self.schedules.holds(&self.route(ix).when, wall)
    }
    /// The catch-alls of a group, the highest priority first.
    pub fn catch_alls(&self, group: GroupIx) -> &[RouteIx] {
        self.catch_alls.get(usize::from(group.0)).map_or(&[], Vec::as_slice)
    }
    /// The defaults, for calls that no route takes.
    pub fn failover(&self) -> &Arc<Failover> {
        &self.draft.failover
    }
    pub fn default_group(&self) -> GroupIx {
        self.draft.default_group
    }
    /// The first group that has the very same routes; the group itself where none before it has.
    pub fn first_alike(&self, group: GroupIx) -> GroupIx {
        self.alike.get(usize::from(group.0)).copied().unwrap_or(group)
    }
    /// Whether any route is in a group.
    pub fn has_routes(&self, group: GroupIx) -> bool {
        self.trie.has_rules(group.0) || !self.catch_alls(group).is_empty()
    }
    pub fn gateway_by_id(&self, id: &str) -> Option<GatewayIx> {
        let found = self.gateways_by_id.binary_search_by(|&ix| (*self.gateway(ix).id).cmp(id)).ok()?;
        self.gateways_by_id.get(found).copied()
    }
    pub fn group_by_id(&self, id: &str) -> Option<GroupIx> {
        let found = self.groups_by_id.binary_search_by(|&ix| (*self.group(ix).id).cmp(id)).ok()?;
        self.groups_by_id.get(found).copied()
    }
    /// The first gateway with this address (any port), by position. Used for `access.gateways` and group matching.
    pub fn gateway_by_ip(&self, ip: IpAddr) -> Option<GatewayIx> {
        let ip = ip.to_canonical();
        let from = self.gateways_by_ip.partition_point(|&(other, _)| other < ip);
        self.gateways_by_ip.get(from).filter(|&&(found, _)| found == ip).map(|&(_, ix)| ix)
    }
}

fn prefix_rules<'a>(routes: &'a [Route], own: Option<&Vec<RouteIx>>) -> Vec<Rule<'a>> {
    let own = own.map_or(&[][..], Vec::as_slice);
    let mut rules = Vec::with_capacity(own.len());
    for &ix in own {
        let Some(route) = routes.get(ix.0 as usize) else { continue };
        let prefixes = route.prefixes.iter().map(|prefix| prefix.as_bytes());
        rules.extend(prefixes.filter(|p| !p.is_empty() && dialable(p)).map(|prefix| Rule::new(prefix, ix, route)));
    }
    rules
}

fn catch_alls(routes: &[Route], groups: usize) -> Vec<Vec<RouteIx>> {
    let mut out = vec![Vec::new(); groups];
    for (ix, route) in (0..).zip(routes).filter(|(_, route)| route.default) {
        for group in &route.groups {
            if let Some(of_group) = out.get_mut(usize::from(group.0)) {
                of_group.push(RouteIx(ix));
            }
        }
    }
    let priority = |ix: &RouteIx| std::cmp::Reverse(routes.get(ix.0 as usize).map_or(0, |r| r.priority));
    for of_group in &mut out {
        of_group.sort_by_key(priority);
        of_group.dedup();
    }
    out
}
