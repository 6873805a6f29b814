//! Binding UDP listeners, and what every socket of ours is set to.
//!
//! - `IP_RECVERR`/`IPV6_RECVERR`: ICMP errors come back with the datagram they are about (checklist N14), without a
//!   connected socket per gateway.
//! - `IP_PKTINFO`/`IPV6_RECVPKTINFO` on wildcard sockets alone: which of our addresses a datagram was sent to, so that
//!   the answer leaves from it (RFC 3581 §4).
//! - 8 MiB receive buffer, best effort: a burst while the worker is at something else must not cost calls.
//! - `[::]` also takes IPv4; addresses are normalised, so nobody above sees `::ffff:192.0.2.1`.
//! - `SO_REUSEPORT` with several workers: a socket each, and the kernel gives all datagrams of one remote address and port
//!   to the same of them, so none overtakes another. The first is bound without it, and gets it afterwards: a second
//!   router of the same user, whose first binding is as strict, would otherwise join silently and take half of the calls.

use crate::config::Code;
use crate::flow::SocketIx;
use nix::sys::socket::{SockaddrStorage, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

const RECEIVE_BUFFER: usize = 8 << 20;
const SEND_BUFFER: usize = 1 << 20;

/// One bound UDP socket.
#[derive(Debug)]
pub struct Bound {
    pub ix: SocketIx,
    /// The address as the configuration names it: what a reload compares.
    pub bind: SocketAddr,
    /// The address it got: differs from `bind` in the port 0, and where `[::]` had to become `0.0.0.0`.
    pub local: SocketAddr,
    pub wildcard: bool,
    /// An IPv6 socket: IPv4 peers are written as mapped addresses towards the kernel.
    pub v6: bool,
    socket: UdpSocket,
}

/// The sockets of a worker, by [`SocketIx`]; those of removed listeners stay until their calls are over. A socket
/// under a number that is not its own is an heir: sent through, not listened to.
pub type Sockets = Vec<Option<Arc<Bound>>>;

/// A listener that could not be bound (TL0804).
#[derive(Debug, thiserror::Error)]
#[error("error[{code}]: listener `{id}` cannot be bound to udp {bind}: {cause}{hint}", code = Code::Bind)]
pub struct BindError {
    pub id: Arc<str>,
    pub bind: SocketAddr,
    #[source]
    pub cause: io::Error,
    hint: &'static str,
}

/// The sockets of one listener, one a worker, all bound to the same address.
#[derive(Debug)]
pub struct Group {
    /// At least one; they differ in the socket alone.
    members: Vec<Arc<Bound>>,
    first: Arc<Bound>,
}

/// What the members have in common.
impl std::ops::Deref for Group {
    type Target = Bound;
    fn deref(&self) -> &Bound {
        &self.first
    }
}

impl Group {
    /// Binds `bind` for each of `workers`. A wildcard `[::]` falls back to `0.0.0.0` on a machine without IPv6. `going` are
    /// sockets of ours that may hold the port under another address (`0.0.0.0` becomes `192.0.2.1`, or the other way
    /// round): for the moment of binding, and only then, they share it.
    pub fn open(
        ix: SocketIx,
        id: Arc<str>,
        bind: SocketAddr,
        workers: usize,
        going: &[&Group],
    ) -> Result<Group, BindError> {
        let leaving = || going.iter().flat_map(|group| group.members.iter());
        let share = |shared: bool| leaving().try_for_each(|s| SockRef::from(&s.socket).set_reuse_address(shared));
        let sockets = share(true).and_then(|()| open_all(bind, workers, !going.is_empty()));
        // Another process must not be able to bind beside us.
        let sockets = share(false).and(sockets);
        let bound = |socket: Socket| {
            let socket = UdpSocket::from(socket);
            let local = socket.local_addr()?;
            let (wildcard, v6) = (local.ip().is_unspecified(), local.is_ipv6());
            io::Result::Ok(Arc::new(Bound { ix, bind, local, wildcard, v6, socket }))
        };
        let group = sockets.and_then(|(first, more)| {
            let first: Arc<Bound> = bound(first)?;
            let mut members = vec![first.clone()];
            for socket in more {
                members.push(bound(socket)?);
            }
            Ok(Group { members, first })
        });
        group.map_err(|cause| BindError { id, bind, hint: hint(&cause), cause })
    }

    /// The socket of a worker.
    pub fn member(&self, worker: usize) -> Option<&Arc<Bound>> {
        self.members.get(worker)
    }

    pub fn members(&self) -> &[Arc<Bound>] {
        &self.members
    }
}

impl Bound {
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub fn raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// A peer as this socket's family wants it. `None`: an IPv6 peer on an IPv4 socket.
    pub fn towards(&self, peer: SocketAddr) -> Option<SockaddrStorage> {
        match (peer, self.v6) {
            (SocketAddr::V4(v4), false) => Some(v4.into()),
            (SocketAddr::V4(v4), true) => Some(SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into()),
            (SocketAddr::V6(v6), true) => Some(v6.into()),
            (SocketAddr::V6(_), false) => None,
        }
    }
}

/// A peer as the rest of the router sees it: mapped IPv4 addresses become IPv4 ones.
pub fn peer_of(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::from(*v4));
    }
    let v6 = SocketAddrV6::from(*address.as_sockaddr_in6()?);
    Some(match v6.ip().to_ipv4_mapped() {
        Some(v4) => SocketAddr::new(v4.into(), v6.port()),
        None => SocketAddr::V6(SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id())),
    })
}

fn open_all(bind: SocketAddr, workers: usize, share: bool) -> io::Result<(Socket, Vec<Socket>)> {
    let every = bind.ip().is_unspecified() && bind.is_ipv6();
    let mut first = open(bind, share, false);
    if every && first.as_ref().is_err_and(no_ipv6) {
        first = open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), bind.port()), share, false);
    }
    let first = first?;
    let mut more = Vec::new();
    if workers > 1 {
        let local = first.local_addr()?.as_socket().unwrap_or(bind);
        first.set_reuse_port(true)?;
        for _ in 1..workers {
            more.push(open(local, share, true)?);
        }
    }
    Ok((first, more))
}

fn open(bind: SocketAddr, share: bool, join: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(bind), Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))?;
    let wildcard = bind.ip().is_unspecified();
    setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
    if bind.is_ipv6() {
        socket.set_only_v6(!wildcard)?;
        setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
    }
    if wildcard {
        match bind.ip() {
            IpAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?,
            // Says the IPv4 destination too, as a mapped address.
            IpAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?,
        }
    }
    // Beyond net.core.rmem_max only with CAP_NET_ADMIN: best effort both ways.
    if setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    }
    let _ = socket.set_send_buffer_size(SEND_BUFFER);
    socket.set_reuse_address(share)?;
    socket.set_reuse_port(join)?;
    socket.bind(&SockAddr::from(bind))?;
    socket.set_reuse_address(false)?;
    Ok(socket)
}

/// Whether the kernel would refuse to bind both: the same port, and one address within the other.
pub fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}

fn no_ipv6(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| [libc::EAFNOSUPPORT, libc::EADDRNOTAVAIL].contains(&code))
}

fn hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => " (another program has this port: `ss -lunp` shows which)",
        io::ErrorKind::AddrNotAvailable => " (this machine does not have that address: `ip address` lists them)",
        io::ErrorKind::PermissionDenied => " (ports below 1024 need the capability CAP_NET_BIND_SERVICE)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(address: impl ToString, workers: usize, going: &[&Group]) -> Result<Group, BindError> {
        let address = address.to_string().parse().expect("address");
        Group::open(SocketIx(0), "lan".into(), address, workers, going)
    }

    fn bind(address: &str) -> Group {
        group(address, 1, &[]).expect("bound")
    }

    #[test]
    fn a_taken_port_names_listener_address_and_cause() {
        for (holders, comers) in [(1, 1), (2, 2), (2, 1), (1, 2)] {
            let first = group("127.0.0.1:0", holders, &[]).expect("bound");
            let text = group(first.local, comers, &[]).expect_err("taken").to_string();
            assert!(text.starts_with("error[TL0804 bind]: listener `lan` cannot be bound to udp 127.0.0.1:"), "{text}");
            assert!(text.contains("in use") && text.contains("ss -lunp"), "{text}");
        }
    }

    #[test]
    fn an_address_of_another_machine_is_refused_with_advice() {
        let error = group("192.0.2.1:5060", 1, &[]);
        assert!(error.expect_err("not ours").to_string().contains("`ip address` lists them"));
    }

    #[test]
    fn a_wildcard_can_take_over_from_an_address_and_shares_with_nobody_afterwards() {
        for workers in [1, 3] {
            let old = group("127.0.0.1:0", workers, &[]).expect("bound");
            let every: SocketAddr = (Ipv4Addr::UNSPECIFIED, old.local.port()).into();
            assert!(group(every, workers, &[]).is_err());
            let new = group(every, workers, &[&old]).expect("shared for a moment");
            assert!(group(every, workers, &[]).is_err());
            drop(old);
            assert!(group(new.local, workers, &[]).is_err());
        }
    }

    #[test]
    fn one_peer_is_always_heard_by_the_same_worker_and_many_by_all() {
        let group = group("127.0.0.1:0", 4, &[]).expect("bound");
        let mut heard = [0; 4];
        for _ in 0..64 {
            let peer = UdpSocket::bind("127.0.0.1:0").expect("a peer");
            (0..5).for_each(|n: u8| assert_eq!(peer.send_to(&[n], group.local).expect("sent"), 1));
            // Loopback delivers before `send_to` returns.
            let mut byte = [0];
            for (member, heard) in group.members().iter().zip(&mut heard) {
                let got: Vec<u8> =
                    std::iter::from_fn(|| member.socket.recv(&mut byte).is_ok().then_some(byte[0])).collect();
                assert!(got.is_empty() || got == [0, 1, 2, 3, 4], "{got:?}");
                *heard += got.len();
            }
        }
        assert_eq!(heard.iter().sum::<usize>(), 320);
        assert!(heard.iter().all(|count| *count > 0), "{heard:?}");
    }

    #[test]
    fn mapped_addresses_stay_below() {
        let socket = bind("[::]:0");
        let v4: SocketAddr = "192.0.2.7:5060".parse().expect("address");
        let raw = socket.towards(v4).expect("an IPv4 peer");
        assert_eq!(peer_of(&raw), Some(v4));
        assert_eq!(bind("127.0.0.1:0").towards("[2001:db8::1]:5060".parse().expect("address")), None);
    }
}
