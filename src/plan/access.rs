//! Whether somebody may call who could not before.

use crate::proxy::{Listener, Snapshot};
use crate::route::Net;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A source that the new side admits on a listener and the old one did not; `None` when there is none.
///
/// A listener that is new is held against all old ones together: a second door for the same callers lets nobody new in.
pub fn widened(old: &Snapshot, new: &Snapshot) -> Option<(Net, String)> {
    new.listeners.iter().enumerate().find_map(|(at, listener)| {
        let before: Vec<Net> = match same_listener(listener, old) {
            Some(same) => admitted(old, same),
            None => (0..old.listeners.len()).flat_map(|at| admitted(old, at)).collect(),
        };
        let source = admitted(new, at).into_iter().find_map(|net| uncovered(net, &before))?;
        Some((source, listener.id.to_string()))
    })
}

/// The old side's listener that this one is.
pub(super) fn same_listener(listener: &Listener, old: &Snapshot) -> Option<usize> {
    let by_id = old.listeners.iter().position(|other| other.id == listener.id);
    let by_socket =
        || old.listeners.iter().position(|other| (other.transport, other.bind) == (listener.transport, listener.bind));
    by_id.or_else(by_socket)
}

/// Who may call on a listener.
fn admitted(snapshot: &Snapshot, listener: usize) -> Vec<Net> {
    let access = &snapshot.access;
    let here = |listeners: &[usize]| listeners.is_empty() || listeners.contains(&listener);
    let trusted = access.trusted.iter().filter(|trusted| here(&trusted.listeners));
    let mut nets: Vec<Net> = trusted.flat_map(|trusted| trusted.sources.iter().copied()).collect();
    if access.gateways {
        nets.extend(snapshot.table.gateways().iter().map(|gateway| single(gateway.address.ip().to_canonical())));
    }
    nets.into_iter().map(masked).collect()
}

pub(super) fn single(address: IpAddr) -> Net {
    let length = if address.is_ipv4() { 32 } else { 128 };
    Net { address, length }
}

/// Without the bits behind the length.
fn masked(net: Net) -> Net {
    let address = match net.address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(net.length.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(net.length.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
    };
    Net { address, ..net }
}

/// A part of `net` that lies in none of `others`.
pub(super) fn uncovered(net: Net, others: &[Net]) -> Option<Net> {
    let inside = |inner: &Net, outer: &Net| {
        inner.address.is_ipv4() == outer.address.is_ipv4()
            && inner.length >= outer.length
            && outer.contains(inner.address)
    };
    if others.iter().any(|other| inside(&net, other)) {
        return None;
    }
    let parts: Vec<Net> = others.iter().filter(|other| inside(other, &net)).copied().collect();
    match halves(net).filter(|_| !parts.is_empty()) {
        // Only the half in which the others leave a hole has to be looked into; each step is one bit longer.
        Some(halves) => halves.into_iter().find_map(|half| uncovered(half, &parts)),
        None => Some(net),
    }
}

fn halves(net: Net) -> Option<[Net; 2]> {
    let length = net.length + 1;
    let upper = match net.address {
        IpAddr::V4(ip) if net.length < 32 => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() | 1 << (32 - length))),
        IpAddr::V6(ip) if net.length < 128 => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() | 1 << (128 - length))),
        _ => return None,
    };
    Some([Net { length, ..net }, Net { address: upper, length }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Net {
        let (address, length) = text.split_once('/').unwrap();
        Net { address: address.parse().unwrap(), length: length.parse().unwrap() }
    }

    fn hole(wanted: &str, others: &[&str]) -> Option<String> {
        let others: Vec<Net> = others.iter().map(|text| net(text)).collect();
        uncovered(net(wanted), &others).map(|net| format!("{}/{}", net.address, net.length))
    }

    #[test]
    fn a_network_is_covered_by_its_parts() {
        assert_eq!(hole("10.0.0.0/24", &["10.0.0.0/8"]), None);
        assert_eq!(hole("10.0.0.0/24", &["10.0.0.0/25", "10.0.0.128/25"]), None);
        assert_eq!(hole("10.0.0.0/24", &["10.0.0.0/25"]), Some("10.0.0.128/25".into()));
        assert_eq!(hole("10.0.0.0/30", &["10.0.0.0/32", "10.0.0.1/32", "10.0.0.3/32"]), Some("10.0.0.2/32".into()));
        assert_eq!(hole("2001:db8::/32", &["2001:db8::/33", "2001:db8:8000::/33"]), None);
        assert_eq!(hole("0.0.0.0/0", &["::/0"]), Some("0.0.0.0/0".into()));
    }
}
