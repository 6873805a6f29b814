//! Where a call that is asked about comes from, and what the access rules say about it.

use super::{Call, Key, Unanswerable};
use crate::config::nearest;
use crate::proxy::{Admission, Snapshot};
use crate::route::{GatewayIx, GroupIx, Net, Table};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// An address, on a listener. `assumed` when nobody named it.
    Source { ip: IpAddr, admission: Admission, assumed: bool },
    /// A digest user, wherever the call comes from.
    Account,
    /// A group given from outside: the matchers and the access rules are not asked.
    Group(GroupIx),
}

impl Origin {
    /// The address, where there is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Origin::Source { ip, .. } => Some(*ip),
            Origin::Account | Origin::Group(_) => None,
        }
    }
}

pub(super) fn origin(call: &Call, snapshot: &Snapshot) -> Result<Origin, Unanswerable> {
    let table = &snapshot.table;
    if let Some(id) = call.group {
        return group(id, table).map(Origin::Group);
    }
    let asked = call.listener.map(|id| listener(id, snapshot)).transpose()?;
    if let Some(id) = call.gateway {
        let gateway = table.gateway(gateway(id, table)?);
        let (ip, listener) = (gateway.address.ip(), asked.unwrap_or(gateway.listener));
        return Ok(Origin::Source { ip, admission: snapshot.admission(Some(listener), ip), assumed: false });
    }
    let (ip, assumed) = match (call.source, call.account) {
        (Some(ip), _) => (ip, false),
        (None, Some(_)) => return Ok(Origin::Account),
        (None, None) => (first_trusted(snapshot).ok_or_else(nowhere)?, true),
    };
    if asked.is_some() {
        return Ok(Origin::Source { ip, admission: snapshot.admission(asked, ip), assumed });
    }
    // Of several listeners, the first on which the source may call; else the first.
    let listeners = || (0..snapshot.listeners.len()).map(|at| snapshot.admission(Some(at), ip));
    let admission = listeners().find(|admission| admission.admitted).or_else(|| listeners().next());
    let admission = admission.unwrap_or_else(|| snapshot.admission(None, ip));
    Ok(Origin::Source { ip, admission, assumed })
}

fn nowhere() -> Unanswerable {
    let message = "it is not said where the call comes from, and no trusted source is there to assume: \
                   name a source, a gateway, an account or a group"
        .to_owned();
    Unanswerable { key: Key::Origin, message }
}

pub(super) fn gateway(id: &str, table: &Table) -> Result<GatewayIx, Unanswerable> {
    let candidates = || table.gateways().iter().map(|gateway| &*gateway.id);
    table.gateway_by_id(id).ok_or_else(|| unknown(Key::Gateway, "gateway", id, candidates()))
}

fn group(id: &str, table: &Table) -> Result<GroupIx, Unanswerable> {
    let candidates = || table.groups().iter().map(|group| &*group.id);
    table.group_by_id(id).ok_or_else(|| unknown(Key::Group, "group", id, candidates()))
}

fn listener(id: &str, snapshot: &Snapshot) -> Result<usize, Unanswerable> {
    let candidates = || snapshot.listeners.iter().map(|listener| &*listener.id);
    candidates().position(|known| known == id).ok_or_else(|| unknown(Key::Listener, "listener", id, candidates()))
}

fn unknown<'c>(key: Key, kind: &str, id: &str, candidates: impl Iterator<Item = &'c str>) -> Unanswerable {
    let near = nearest(id, candidates).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Unanswerable { key, message: format!("there is no {kind} `{id}`{near}") }
}

/// An address of the first trusted source.
fn first_trusted(snapshot: &Snapshot) -> Option<IpAddr> {
    snapshot.access.trusted.iter().flat_map(|trusted| &trusted.sources).next().map(host_of)
}

/// The first host of a network.
fn host_of(net: &Net) -> IpAddr {
    match net.address {
        IpAddr::V4(ip) if net.length < 31 => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() | 1)),
        IpAddr::V6(ip) if net.length < 127 => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() | 1)),
        single => single,
    }
}
