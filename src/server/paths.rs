//! Which source address the kernel uses towards a peer: asked by connecting a UDP socket (nothing is sent) and looking
//! at its own address. For listeners bound to a wildcard without `advertise` (CONFIG-AND-CLI (g) "Places").

use crate::flow::{Paths, SocketIx};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Peers remembered, at most; gateways and phones' networks are far fewer, scanners are not asked about.
const PEERS: usize = 4096;
/// An interface may get another address.
const FRESH: Duration = Duration::from_secs(30);

/// The kernel's answers, cached per peer.
#[derive(Debug, Default)]
pub struct KernelPaths {
    known: HashMap<IpAddr, (IpAddr, Option<Instant>), FixedState>,
}

impl Paths for KernelPaths {
    fn source_towards(&mut self, _socket: SocketIx, peer: IpAddr) -> IpAddr {
        let now = Instant::now();
        if let Some((source, Some(until))) = self.known.get(&peer)
            && *until > now
        {
            return *source;
        }
        if self.known.len() >= PEERS {
            self.known.clear();
        }
        // Without a path there is nothing right to say; what is sent will not arrive either.
        let nowhere = if peer.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        let source = ask(peer).unwrap_or(nowhere);
        self.known.insert(peer, (source, now.checked_add(FRESH)));
        source
    }
}

fn ask(peer: IpAddr) -> std::io::Result<IpAddr> {
    let any: SocketAddr = match peer {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect((peer, 5060))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_reached_from_loopback() {
        let mut paths = KernelPaths::default();
        let peer: IpAddr = "127.0.0.5".parse().expect("address");
        assert_eq!(paths.source_towards(SocketIx(0), peer), IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(paths.known.len(), 1);
        paths.source_towards(SocketIx(0), peer);
        assert_eq!(paths.known.len(), 1);
    }
}
