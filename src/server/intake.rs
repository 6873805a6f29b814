//! Receiving: datagrams in batches (`recvmmsg`) into one reused buffer.

use super::sockets::{Bound, peer_of};
use crate::flow::{Flow, Transport};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg};
use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::RawFd;

/// Datagrams of one system call.
pub const BATCH: usize = 32;
/// The largest UDP datagram fits, so nothing is ever cut. Pages that no datagram reached are never touched. The seventeen
/// cache lines on top keep the slots' beginnings, where the work is, from meeting in the same sets of the cache.
const SLOT: usize = 65_536 + 17 * 64;

/// The reused buffers of one worker.
pub struct Intake {
    plain: MultiHeaders<SockaddrStorage>,
    /// With room for the destination address.
    informed: MultiHeaders<SockaddrStorage>,
    buffer: Vec<u8>,
}

impl Default for Intake {
    fn default() -> Self {
        Intake { plain: MultiHeaders::preallocate(BATCH, None), informed: informed(), buffer: vec![0; BATCH * SLOT] }
    }
}

fn informed() -> MultiHeaders<SockaddrStorage> {
    MultiHeaders::preallocate(BATCH, Some(cmsg_space!(libc::in6_pktinfo)))
}

impl Intake {
    /// One batch: `each` sees every datagram with its flow. Returns how many came; fewer than [`BATCH`] means that
    /// the socket was empty. An error is `EAGAIN` (nothing there) or one that belongs to an earlier send.
    pub fn receive(&mut self, socket: &Bound, mut each: impl FnMut(Flow, &[u8])) -> Result<usize, Errno> {
        let headers = if socket.wildcard { &mut self.informed } else { &mut self.plain };
        let (count, blunted) = batch(socket.raw_fd(), headers, &mut self.buffer, |message, bytes| {
            let Some(remote) = message.address.as_ref().and_then(peer_of) else { return };
            let local = if socket.wildcard { destination(message) } else { None };
            let flow =
                Flow { socket: socket.ix, transport: Transport::Udp, remote, local, generation: 0, tls_name: None };
            each(flow, bytes);
        })?;
        if blunted {
            // The kernel writes the used length of the control buffer back into the header, and nix does not restore
            // it: one datagram without the information would blind its slot for good.
            self.informed = informed();
        }
        Ok(count)
    }
}

/// One `recvmmsg`. Returns the count and whether control data was cut.
fn batch(
    fd: RawFd,
    headers: &mut MultiHeaders<SockaddrStorage>,
    buffer: &mut [u8],
    mut each: impl FnMut(&RecvMsg<'_, '_, SockaddrStorage>, &[u8]),
) -> Result<(usize, bool), Errno> {
    let mut slots = buffer.chunks_exact_mut(SLOT);
    let mut slices: [[IoSliceMut; 1]; BATCH] =
        std::array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
    let (mut count, mut blunted) = (0, false);
    for message in recvmmsg(fd, headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)? {
        count += 1;
        blunted |= message.flags.contains(MsgFlags::MSG_CTRUNC);
        // An empty datagram has no slice.
        each(&message, message.iovs().next().unwrap_or_default());
    }
    Ok((count, blunted))
}

/// Which of our addresses a datagram was sent to.
fn destination(message: &RecvMsg<'_, '_, SockaddrStorage>) -> Option<IpAddr> {
    message.cmsgs().ok()?.find_map(|control| match control {
        // `spec_dst`: where an answer should come from; equals the destination unless that was a broadcast.
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()).into())
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).to_canonical()),
        _ => None,
    })
}
