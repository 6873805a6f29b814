//! A flow: where a message came from, or goes to. Effects carry flows, never bare addresses, so that streams
//! and TLS identities fit in without a change of shape.

use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, SocketAddr};

/// The transport protocols of SIP that trunkline knows (RFC 3261 §18; RFC 5922 for TLS).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Transport {
    /// Whether the transport delivers by itself, so that timers A, E, G, K, I, D, J are off (RFC 3261 §17).
    pub fn reliable(self) -> bool {
        !matches!(self, Transport::Udp)
    }

    /// The token of a Via header: `UDP`, `TCP`, `TLS`.
    pub fn via(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        }
    }

    /// The word of the configuration: `udp`, `tcp`, `tls`.
    pub fn word(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        }
    }
}

/// A bound socket, numbered for the life of the process: a reload that keeps a listener keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketIx(pub u16);

/// A TLS identity that was verified, numbered for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TlsNameIx(pub u32);

/// Socket, transport, remote address, connection generation and verified TLS name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    pub socket: SocketIx,
    pub transport: Transport,
    pub remote: SocketAddr,
    /// The local address a datagram came in on, known for wildcard sockets alone; an answer leaves from it.
    pub local: Option<IpAddr>,
    /// Which connection to `remote` (streams); 0 for datagrams.
    pub generation: u32,
    /// Whom the peer's certificate was verified to be.
    pub tls_name: Option<TlsNameIx>,
}

impl Flow {
    /// A datagram flow.
    pub fn udp(socket: SocketIx, remote: SocketAddr) -> Flow {
        Flow { socket, transport: Transport::Udp, remote, local: None, generation: 0, tls_name: None }
    }
}

/// The hash of a Call-ID that says which worker owns its call. With a secret seed nobody outside can aim at one of them.
pub fn call_hash(call_id: &[u8], seed: u64) -> u64 {
    let mut hasher = foldhash::fast::FixedState::with_seed(seed).build_hasher();
    hasher.write(call_id);
    hasher.finish()
}

/// Asks the kernel (or the simulated network) which source address it uses towards a peer; for listeners bound to a
/// wildcard without `advertise`. The answer is cached by the implementation.
pub trait Paths: Send {
    fn source_towards(&mut self, socket: SocketIx, peer: IpAddr) -> IpAddr;
}
