//! What we are called: the addresses of our sockets, in Via and Record-Route and as others write them.

use super::Snapshot;
use super::snapshot::Listener;
use crate::flow::{Flow, Paths, SocketIx};
use crate::sip::{Scheme, Uri};
use std::net::{IpAddr, SocketAddr};

pub(super) struct Addresses {
    /// By socket number. Listeners of earlier revisions stay: dialogs still name them.
    known: Vec<Option<Listener>>,
    /// Sockets that the present revision listens on.
    present: Vec<SocketIx>,
    paths: Box<dyn Paths>,
}

impl Addresses {
    pub fn new(paths: Box<dyn Paths>) -> Addresses {
        Addresses { known: Vec::new(), present: Vec::new(), paths }
    }

    pub fn reload(&mut self, snapshot: &Snapshot) {
        self.present.clear();
        for listener in &snapshot.listeners {
            let ix = usize::from(listener.socket.0);
            if self.known.len() <= ix {
                self.known.resize(ix + 1, None);
            }
            self.known[ix] = Some(listener.clone());
            self.present.push(listener.socket);
        }
    }

    /// The address of `socket` as `peer` reaches it: `advertise`, the bound one, or for a wildcard the address that
    /// the kernel uses towards the peer.
    pub fn of(&mut self, socket: SocketIx, peer: IpAddr, local: Option<IpAddr>) -> SocketAddr {
        let Some(Some(listener)) = self.known.get(usize::from(socket.0)) else {
            return SocketAddr::new(self.paths.source_towards(socket, peer), 5060);
        };
        if let Some(advertise) = listener.advertise {
            return advertise;
        }
        if !listener.bind.ip().is_unspecified() {
            return listener.bind;
        }
        let ip = local.unwrap_or_else(|| self.paths.source_towards(socket, peer));
        SocketAddr::new(ip, listener.bind.port())
    }

    /// As [`Addresses::of`], towards the other end of a flow.
    pub fn of_flow(&mut self, flow: &Flow) -> SocketAddr {
        self.of(flow.socket, flow.remote.ip(), flow.local)
    }

    /// The socket that others reach at `address`, if it is one of ours.
    pub fn socket_at(&mut self, address: SocketAddr) -> Option<SocketIx> {
        let Addresses { known, present, paths } = self;
        present.iter().copied().find(|socket| {
            let Some(Some(listener)) = known.get(usize::from(socket.0)) else { return false };
            listener.advertise == Some(address)
                || listener.bind == address
                || (listener.bind.ip().is_unspecified()
                    && listener.bind.port() == address.port()
                    // The kernel reaches an address of this host from that address itself.
                    && paths.source_towards(*socket, address.ip()) == address.ip())
        })
    }

    /// The local address behind one that a socket is reached at: a wildcard's own, which the peer at the other end of
    /// a dialog knows us by. `None`: the socket has but one, or it is only advertised.
    pub fn local_at(&self, socket: SocketIx, address: SocketAddr) -> Option<IpAddr> {
        let listener = self.known.get(usize::from(socket.0))?.as_ref()?;
        let wildcard = listener.bind.ip().is_unspecified() && listener.advertise.is_none();
        (wildcard && listener.bind.port() == address.port()).then_some(address.ip())
    }

    /// Whether a URI's host and port are ours (checklist X5, X7).
    pub fn is_ours(&mut self, uri: &Uri) -> bool {
        uri.scheme != Scheme::Tel && uri.socket_addr().is_some_and(|address| self.socket_at(address).is_some())
    }
}
