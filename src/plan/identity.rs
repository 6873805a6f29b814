//! Who is who on the two sides: by id, and where an id is gone on one side, by what stands behind it.
//!
//! A gateway is its address, transport and listener; what it does to numbers is part of every decision. A gateway that
//! keeps its id and gets another address is another gateway: calls arrive elsewhere.

use super::intern::Map;
use crate::flow::Transport;
use crate::proxy::{Listener, Snapshot};
use crate::route::{Gateway, GatewayIx, Group, GroupIx, Matcher, Table};
use std::net::SocketAddr;
use std::sync::Arc;

/// A gateway, the same number on both sides if it is the same one.
pub type Who = u32;

#[derive(Clone, Debug)]
pub struct GroupPair {
    pub id: Arc<str>,
    /// Its id on the other side, where it was renamed.
    pub was: Option<Arc<str>>,
    pub old: Option<GroupIx>,
    pub new: Option<GroupIx>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    pub what: &'static str,
    pub from: Arc<str>,
    pub to: Arc<str>,
}

#[derive(Debug, Default)]
pub struct Identity {
    pub old_gateways: Vec<Who>,
    pub new_gateways: Vec<Who>,
    /// By [`Who`]: how it is called, on the new side where it is there.
    pub names: Vec<GatewayName>,
    pub groups: Vec<GroupPair>,
    /// Of gateways and groups.
    pub renames: Vec<Rename>,
}

#[derive(Clone, Debug)]
pub struct GatewayName {
    pub id: Arc<str>,
    /// Set where the id alone would not tell it from a gateway of the other side: the same id, another address.
    pub address: Option<Arc<str>>,
}

impl Identity {
    pub fn of(old: &Snapshot, new: &Snapshot) -> Identity {
        let mut out = Identity::default();
        out.pair_gateways(old, new);
        out.pair_groups(&old.table, &new.table);
        out
    }

    fn pair_gateways(&mut self, old: &Snapshot, new: &Snapshot) {
        let place = |snapshot: &Snapshot, gateway: &Gateway| Place::of(gateway, &snapshot.listeners, &old.listeners);
        let mut gone: Map<Place, Vec<usize>> = Map::default();
        for (at, gateway) in old.table.gateways().iter().enumerate() {
            if new.table.gateway_by_id(&gateway.id).is_none() {
                gone.entry(place(old, gateway)).or_default().push(at);
            }
        }
        self.old_gateways = (0..).take(old.table.gateways().len()).collect();
        self.names =
            old.table.gateways().iter().map(|g| GatewayName { id: Arc::clone(&g.id), address: None }).collect();
        for gateway in new.table.gateways() {
            let namesake = old.table.gateway_by_id(&gateway.id);
            let same = match namesake {
                Some(ix) => Some(ix.0 as usize).filter(|_| place(old, old.table.gateway(ix)) == place(new, gateway)),
                None => gone.get_mut(&place(new, gateway)).and_then(|list| (!list.is_empty()).then(|| list.remove(0))),
            };
            let who = match (same, namesake) {
                (Some(at), namesake) => {
                    let name = &mut self.names[at];
                    if namesake.is_none() {
                        let (from, to) = (Arc::clone(&name.id), Arc::clone(&gateway.id));
                        self.renames.push(Rename { what: "gateways", from, to: Arc::clone(&to) });
                        name.id = to;
                    }
                    at
                }
                (None, namesake) => {
                    let address = namesake.map(|_| Arc::clone(&gateway.host));
                    if let Some(ix) = namesake {
                        self.names[ix.0 as usize].address = Some(Arc::clone(&old.table.gateway(ix).host));
                    }
                    self.names.push(GatewayName { id: Arc::clone(&gateway.id), address });
                    self.names.len() - 1
                }
            };
            self.new_gateways.push(who as Who);
        }
    }

    fn pair_groups(&mut self, old: &Table, new: &Table) {
        let mut gone: Vec<GroupIx> =
            positions(old.groups().len()).filter(|ix| new.group_by_id(&old.group(*ix).id).is_none()).collect();
        for ix in positions(new.groups().len()) {
            let group = new.group(ix);
            let mut pair = GroupPair { id: Arc::clone(&group.id), was: None, old: None, new: Some(ix) };
            pair.old = old.group_by_id(&group.id);
            if pair.old.is_none() && !group.matchers.is_empty() {
                let says = self.matchers(&group.matchers, false);
                let alike = |ix: &GroupIx| self.matchers(&old.group(*ix).matchers, true) == says;
                if let Some(at) = gone.iter().position(alike) {
                    let from = Arc::clone(&old.group(gone.remove(at)).id);
                    pair.old = old.group_by_id(&from);
                    pair.was = Some(Arc::clone(&from));
                    self.renames.push(Rename { what: "groups", from, to: Arc::clone(&group.id) });
                }
            }
            self.groups.push(pair);
        }
        for ix in gone {
            self.groups.push(GroupPair { id: Arc::clone(&old.group(ix).id), was: None, old: Some(ix), new: None });
        }
        self.groups.sort_by(|a, b| a.id.cmp(&b.id));
    }

    /// Whether the same callers land in two groups.
    pub fn same_matchers(&self, old: &Group, new: &Group) -> bool {
        self.matchers(&old.matchers, true) == self.matchers(&new.matchers, false)
    }

    /// Matchers with gateways by who they are. Listeners count by their position: a group that is renamed in the same
    /// change as the listeners are moved is shown as two groups.
    fn matchers(&self, matchers: &[Matcher], old: bool) -> Vec<(Matcher, Option<Who>)> {
        let who = |ix: GatewayIx| {
            let list = if old { &self.old_gateways } else { &self.new_gateways };
            list.get(ix.0 as usize).copied()
        };
        matchers.iter().map(|m| (Matcher { gateway: None, ..m.clone() }, m.gateway.and_then(who))).collect()
    }
}

fn positions(count: usize) -> impl Iterator<Item = GroupIx> {
    (0u16..).take(count).map(GroupIx)
}

/// What a gateway is, beside what it does to numbers.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    address: SocketAddr,
    /// The name, where it is not an address.
    name: Option<Arc<str>>,
    transport: Transport,
    listener: ListenerKey,
}

impl Place {
    fn of(gateway: &Gateway, listeners: &[Listener], old: &[Listener]) -> Place {
        let is_address = gateway.host.parse::<SocketAddr>().is_ok()
            || gateway.host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        Place {
            address: gateway.address,
            name: (!is_address).then(|| Arc::clone(&gateway.host)),
            transport: gateway.transport,
            listener: ListenerKey::of(listeners.get(gateway.listener), old),
        }
    }
}

/// A listener by its id where the old side has that id, else by its socket.
#[derive(Debug, PartialEq, Eq, Hash)]
enum ListenerKey {
    Id(Arc<str>),
    Socket(Transport, SocketAddr),
    Missing,
}

impl ListenerKey {
    fn of(listener: Option<&Listener>, old: &[Listener]) -> ListenerKey {
        let Some(listener) = listener else { return ListenerKey::Missing };
        if old.iter().any(|other| other.id == listener.id) {
            return ListenerKey::Id(Arc::clone(&listener.id));
        }
        let same = |other: &&Listener| (other.transport, other.bind) == (listener.transport, listener.bind);
        match old.iter().find(same) {
            Some(other) => ListenerKey::Id(Arc::clone(&other.id)),
            None => ListenerKey::Socket(listener.transport, listener.bind),
        }
    }
}
