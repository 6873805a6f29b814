//! Whether a peer is there at all: ICMP errors from the socket's error queue (RFC 3261 §18.4).
//!
//! Without this a call to a port where nobody listens would wait for timer B, 32 seconds.

use nix::cmsg_space;
use nix::sys::socket::{MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::AsRawFd;
use tokio::net::UdpSocket;

/// Errors that are read at a time.
const MOST: usize = 64;

/// Has the kernel keep ICMP errors for this socket.
pub fn listen(socket: &UdpSocket) -> io::Result<()> {
    setsockopt(socket, sockopt::Ipv4RecvErr, &true).map_err(io::Error::from)
}

/// Whether an error about `peer` came since the last look. Errors about others are forgotten.
pub fn by(socket: &UdpSocket, peer: SocketAddr) -> bool {
    let mut buffer = [0; 64];
    let mut found = false;
    for _ in 0..MOST {
        let mut control = cmsg_space!(libc::sock_extended_err, libc::sockaddr_in);
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        match recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags) {
            // The address is where the datagram went that came back.
            Ok(message) => found |= message.address.is_some_and(|to| SocketAddr::V4(SocketAddrV4::from(to)) == peer),
            Err(_) => break,
        }
    }
    found
}
