//! Flows as transactions keep them: thousands of transactions speak with few peers, so they share one copy each.

use crate::flow::Flow;
use std::net::IpAddr;
use std::sync::Arc;

/// A flow that is shared with whoever else uses it: eight bytes.
pub(super) type Peer = Arc<Flow>;

/// The flows met last, one a slot. A flow that is not among them gets a copy of its own: nothing but memory is lost.
#[derive(Debug)]
pub(super) struct Peers([Option<Peer>; SLOTS]);

const SLOTS: usize = 64;

impl Default for Peers {
    fn default() -> Peers {
        Peers([const { None }; SLOTS])
    }
}

impl Peers {
    pub fn share(&mut self, flow: &Flow) -> Peer {
        let last = match flow.remote.ip() {
            IpAddr::V4(ip) => ip.octets()[3],
            IpAddr::V6(ip) => ip.octets()[15],
        };
        let slot = &mut self.0[usize::from(flow.remote.port() ^ flow.socket.0 ^ u16::from(last)) % SLOTS];
        match slot {
            Some(peer) if **peer == *flow => peer.clone(),
            _ => slot.insert(Arc::new(*flow)).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::SocketIx;

    #[test]
    fn a_flow_is_kept_once_and_goes_with_its_last_user() {
        let mut peers = Peers::default();
        let flow = |port| Flow::udp(SocketIx(0), ([192, 0, 2, 1], port).into());
        let (one, same) = (peers.share(&flow(5060)), peers.share(&flow(5060)));
        assert!(Arc::ptr_eq(&one, &same));
        let other = peers.share(&flow(5060 + SLOTS as u16));
        assert_eq!(*other, flow(5060 + SLOTS as u16));
        drop(same);
        assert_eq!((Arc::strong_count(&one), Arc::strong_count(&other)), (1, 2));
    }
}
