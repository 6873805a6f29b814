//! The compiled table: rules by group and prefix, ready for the longest-prefix search.

use super::{Failover, Gateway, GatewayIx, Group, GroupIx, List, ListIx, Route, RouteIx};
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
    /// The defaults, for calls that no route takes.
    pub failover: Arc<Failover>,
    /// The gateway matches for the group `default` are refused: calls from a gateway need a group that names it.
    pub default_group: GroupIx,
}

#[derive(Debug)]
pub struct Table {
    draft: Draft,
}

impl Table {
    pub fn build(draft: Draft) -> Table {
        Table { draft }
    }
    pub fn gateways(&self) -> &[Gateway] {
        &self.draft.gateways
    }
    pub fn gateway(&self, ix: GatewayIx) -> &Gateway {
        &self.draft.gateways[ix.0 as usize]
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
    pub fn failover(&self) -> &Arc<Failover> {
        &self.draft.failover
    }
    pub fn gateway_by_id(&self, _id: &str) -> Option<GatewayIx> {
        todo!()
    }
    pub fn group_by_id(&self, _id: &str) -> Option<GroupIx> {
        todo!()
    }
    /// The first gateway with this address (any port), by position. Used for `access.gateways` and group matching.
    pub fn gateway_by_ip(&self, _ip: IpAddr) -> Option<GatewayIx> {
        todo!()
    }
}
