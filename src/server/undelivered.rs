//! The error queue: ICMP errors, each with the datagram it is about (checklist N14).

use super::sockets::{Bound, peer_of};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use std::io::IoSliceMut;
use std::net::SocketAddr;

/// How many errors one wake-up reads: a flood of ICMP must not starve calls; the rest waits in the kernel.
const MOST: usize = 64;

/// Reads the errors that wait on a socket. `each` gets the peer that could not be reached and as much of the datagram
/// as came back. Errors that say nothing about the peer are dropped.
pub fn drain(socket: &Bound, buffer: &mut [u8], mut each: impl FnMut(SocketAddr, &[u8])) {
    for _ in 0..MOST {
        match next(socket, buffer) {
            Ok(Some((peer, length))) => each(peer, buffer.get(..length).unwrap_or_default()),
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

fn next(socket: &Bound, buffer: &mut [u8]) -> Result<Option<(SocketAddr, usize)>, Errno> {
    let mut control =
        cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6, libc::sock_extended_err, libc::sockaddr_in6);
    let mut slices = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket.raw_fd(), &mut slices, Some(&mut control), flags)?;
    let counts = message.cmsgs().is_ok_and(|mut list| {
        list.any(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                is_verdict(&error)
            }
            _ => false,
        })
    });
    let peer = message.address.as_ref().and_then(peer_of);
    Ok(peer.filter(|_| counts).map(|peer| (peer, message.bytes)))
}

/// Host, network and port unreachable and parameter problems are verdicts; source quench, an exceeded TTL and "too
/// big" (the retransmission goes out fragmented) are not (RFC 3261 §18.4).
fn is_verdict(error: &libc::sock_extended_err) -> bool {
    const TIME_EXCEEDED_4: u8 = 11;
    const TIME_EXCEEDED_6: u8 = 3;
    let expired = (error.ee_origin == libc::SO_EE_ORIGIN_ICMP && error.ee_type == TIME_EXCEEDED_4)
        || (error.ee_origin == libc::SO_EE_ORIGIN_ICMP6 && error.ee_type == TIME_EXCEEDED_6);
    !expired && i32::try_from(error.ee_errno).is_ok_and(|code| code != libc::EMSGSIZE && code != 0)
}
