//! Sending: the datagrams of a wake-up, grouped by socket and source address, in batches (`sendmmsg`) straight from the
//! arena of the effects.
//!
//! Three things can go wrong, and only one of them is the datagram's own fault:
//! - A pending error of the socket (an ICMP answer to an earlier datagram) is reported by the next send, whoever that
//!   is for. The report clears it, so the innocent datagram is sent again.
//! - The send buffer is full: the datagram waits in a bounded backlog until the socket is writable; beyond the bound it
//!   is dropped and counted (SIP retransmits).
//! - The kernel refuses this datagram (no route, filtered, too big): it comes back as undelivered (checklist N14).

use super::sockets::Bound;
use super::trains;
use crate::flow::Flow;
use crate::proxy::{Effects, Send};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg, sendmsg, sendto};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::IpAddr;

/// Datagrams of one system call.
const BATCH: usize = 32;
/// Datagrams that wait for a full socket.
const BACKLOG: usize = 4096;
/// How often one datagram may meet somebody else's error before the error is taken for its own.
const TRIES: u32 = 4;

/// A datagram that the kernel would not take.
pub type Refused = (Flow, Vec<u8>);

/// The reused buffers of one worker, and its backlog.
pub struct Outbox {
    plain: MultiHeaders<SockaddrStorage>,
    from_v4: MultiHeaders<SockaddrStorage>,
    from_v6: MultiHeaders<SockaddrStorage>,
    order: Vec<u32>,
    /// The kernel takes trains.
    trains: bool,
    backlog: VecDeque<Refused>,
    counters: Counters,
}

/// What happened to datagrams on their way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub sent: u64,
    /// System calls that sent something.
    pub calls: u64,
    /// Had to wait for a full socket.
    pub delayed: u64,
    /// The backlog was full, or the socket is gone.
    pub dropped: u64,
    /// Refused by the kernel.
    pub refused: u64,
}

impl Counters {
    /// Those of two workers together.
    pub fn plus(self, other: Counters) -> Counters {
        Counters {
            sent: self.sent + other.sent,
            calls: self.calls + other.calls,
            delayed: self.delayed + other.delayed,
            dropped: self.dropped + other.dropped,
            refused: self.refused + other.refused,
        }
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Outbox {
            plain: MultiHeaders::preallocate(BATCH, None),
            from_v4: MultiHeaders::preallocate(BATCH, Some(cmsg_space!(libc::in_pktinfo))),
            from_v6: MultiHeaders::preallocate(BATCH, Some(cmsg_space!(libc::in6_pktinfo))),
            order: Vec::new(),
            trains: true,
            backlog: VecDeque::new(),
            counters: Counters::default(),
        }
    }
}

impl Outbox {
    /// Sends everything in `effects.sends`; what the kernel refuses is appended to `refused`.
    /// `socket` finds the socket of a flow.
    pub fn flush<'s>(
        &mut self,
        effects: &Effects,
        socket: impl Fn(&Flow) -> Option<&'s Bound>,
        refused: &mut Vec<Refused>,
    ) {
        let sends = &effects.sends;
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(0..u32::try_from(sends.len()).unwrap_or(u32::MAX));
        // Stable within a socket: two datagrams of one call keep their order. Most wake-ups are in order already.
        let trains = self.trains && trains::are_many(effects);
        let key = |i: &u32| {
            let Flow { socket, local, remote, .. } = sends[*i as usize].flow;
            // Towards one peer: what goes to different peers has no order.
            (socket, local, trains.then_some(remote), *i)
        };
        if !order.is_sorted_by_key(key) {
            order.sort_unstable_by_key(key);
        }
        let alike = |a: &u32, b: &u32| {
            let (a, b) = (&sends[*a as usize].flow, &sends[*b as usize].flow);
            a.socket == b.socket && a.local == b.local
        };
        for run in order.chunk_by(alike) {
            for part in run.chunks(BATCH) {
                let part: SmallVec<[&Send; BATCH]> = part.iter().map(|i| &sends[*i as usize]).collect();
                self.run(&part, effects, &socket, refused);
            }
        }
        self.order = order;
    }

    /// Sends what waited, as far as the sockets take it.
    pub fn resume<'s>(&mut self, socket: impl Fn(&Flow) -> Option<&'s Bound>, refused: &mut Vec<Refused>) {
        for _ in 0..self.backlog.len() {
            let Some((flow, bytes)) = self.backlog.pop_front() else { return };
            let Some(bound) = socket(&flow) else {
                self.counters.dropped += 1;
                continue;
            };
            match self.one(bound, &flow, &bytes) {
                Ok(()) => {}
                Err(Errno::EAGAIN) => {
                    // In front again: order is kept, and the other sockets' turn comes with the next call.
                    self.backlog.push_front((flow, bytes));
                    return;
                }
                Err(_) => {
                    self.counters.refused += 1;
                    refused.push((flow, bytes));
                }
            }
        }
    }

    /// The flow at the head of the backlog: poll its socket for being writable.
    pub fn waiting(&self) -> Option<&Flow> {
        self.backlog.front().map(|(flow, _)| flow)
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Datagrams of one socket and source address, at most a batch.
    fn run<'s>(
        &mut self,
        sends: &[&Send],
        effects: &Effects,
        socket: &impl Fn(&Flow) -> Option<&'s Bound>,
        refused: &mut Vec<Refused>,
    ) {
        let Some(bound) = sends.first().and_then(|send| socket(&send.flow)) else {
            self.counters.dropped += sends.len() as u64;
            return;
        };
        let (mut rest, mut tries) = (sends, 0);
        while let Some(first) = rest.first() {
            if self.backlog.iter().any(|(flow, _)| flow.socket == bound.ix) {
                self.delay(rest, effects);
                return;
            }
            match self.batch(bound, rest, effects) {
                Ok(sent) => {
                    rest = rest.get(sent..).unwrap_or_default();
                    tries = 0;
                }
                Err(Errno::EAGAIN | Errno::ENOBUFS) => {
                    self.delay(rest, effects);
                    return;
                }
                Err(Errno::EINTR) => {}
                Err(error) if tries < TRIES && may_be_anothers(error) => tries += 1,
                Err(_) => {
                    self.counters.refused += 1;
                    refused.push((first.flow, effects.bytes(first).to_vec()));
                    rest = rest.get(1..).unwrap_or_default();
                    tries = 0;
                }
            }
        }
    }

    fn batch(&mut self, bound: &Bound, sends: &[&Send], effects: &Effects) -> Result<usize, Errno> {
        let (train, others) = if self.trains { trains::couple(sends, effects) } else { (0, sends.len()) };
        if let Some(sends) = sends.get(..train).filter(|sends| !sends.is_empty()) {
            match self.train(bound, sends, effects) {
                // This kernel, or the interface on the way, does not cut them: one by one, from now on.
                Err(Errno::EINVAL | Errno::EIO | Errno::EOPNOTSUPP | Errno::ENOPROTOOPT) => self.trains = false,
                sent => return sent,
            }
        }
        match sends.get(..others.max(1)).unwrap_or(sends) {
            [send] => self.one(bound, &send.flow, effects.bytes(send)).map(|()| 1),
            sends => self.many(bound, sends, effects),
        }
    }

    /// Sends datagrams of one length to one peer as one that the kernel cuts (`UDP_SEGMENT`).
    fn train(&mut self, bound: &Bound, sends: &[&Send], effects: &Effects) -> Result<usize, Errno> {
        let Some(first) = sends.first() else { return Ok(0) };
        let peer = bound.towards(first.flow.remote).ok_or(Errno::EAFNOSUPPORT)?;
        let slices: SmallVec<[IoSlice; BATCH]> = sends.iter().map(|send| IoSlice::new(effects.bytes(send))).collect();
        let length = u16::try_from(effects.bytes(first).len()).map_err(|_| Errno::EINVAL)?;
        let source = source(bound, first.flow.local);
        let mut control: SmallVec<[ControlMessage; 2]> = SmallVec::new();
        control.push(ControlMessage::UdpGsoSegments(&length));
        match &source {
            Some(Source::V4(info)) => control.push(ControlMessage::Ipv4PacketInfo(info)),
            Some(Source::V6(info)) => control.push(ControlMessage::Ipv6PacketInfo(info)),
            None => {}
        }
        sendmsg(bound.raw_fd(), &slices, &control, MsgFlags::MSG_DONTWAIT, Some(&peer))?;
        self.count(sends.len());
        Ok(sends.len())
    }

    fn one(&mut self, bound: &Bound, flow: &Flow, bytes: &[u8]) -> Result<(), Errno> {
        let peer = bound.towards(flow.remote).ok_or(Errno::EAFNOSUPPORT)?;
        let sent = match source(bound, flow.local) {
            None => sendto(bound.raw_fd(), bytes, &peer, MsgFlags::MSG_DONTWAIT).map(|_| 1),
            Some(source) => self.send_from(bound, &[[IoSlice::new(bytes)]], &[Some(peer)], source),
        };
        sent.map(|_| self.count(1))
    }

    fn many(&mut self, bound: &Bound, sends: &[&Send], effects: &Effects) -> Result<usize, Errno> {
        let mut slices: SmallVec<[[IoSlice; 1]; BATCH]> = SmallVec::new();
        let mut peers: SmallVec<[Option<SockaddrStorage>; BATCH]> = SmallVec::new();
        for send in sends {
            // The first that cannot be addressed ends the batch; as the first of the next one it is refused.
            let Some(peer) = bound.towards(send.flow.remote) else { break };
            slices.push([IoSlice::new(effects.bytes(send))]);
            peers.push(Some(peer));
        }
        let local = sends.first().and_then(|send| send.flow.local);
        let sent = match source(bound, local) {
            _ if peers.is_empty() => Err(Errno::EAFNOSUPPORT),
            None => sendmmsg(bound.raw_fd(), &mut self.plain, slices.iter(), &peers, [], MsgFlags::MSG_DONTWAIT)
                .map(Iterator::count),
            Some(source) => self.send_from(bound, &slices, &peers, source),
        }?;
        self.count(sent);
        Ok(sent)
    }

    fn send_from(
        &mut self,
        bound: &Bound,
        slices: &[[IoSlice<'_>; 1]],
        peers: &[Option<SockaddrStorage>],
        source: Source,
    ) -> Result<usize, Errno> {
        let flags = MsgFlags::MSG_DONTWAIT;
        match source {
            Source::V4(info) => {
                let control = [ControlMessage::Ipv4PacketInfo(&info)];
                sendmmsg(bound.raw_fd(), &mut self.from_v4, slices.iter(), peers, control, flags).map(Iterator::count)
            }
            Source::V6(info) => {
                let control = [ControlMessage::Ipv6PacketInfo(&info)];
                sendmmsg(bound.raw_fd(), &mut self.from_v6, slices.iter(), peers, control, flags).map(Iterator::count)
            }
        }
    }

    fn count(&mut self, sent: usize) {
        self.counters.sent += sent as u64;
        self.counters.calls += 1;
    }

    fn delay(&mut self, sends: &[&Send], effects: &Effects) {
        let room = BACKLOG.saturating_sub(self.backlog.len()).min(sends.len());
        let (kept, lost) = sends.split_at(room);
        self.backlog.extend(kept.iter().map(|send| (send.flow, effects.bytes(send).to_vec())));
        self.counters.delayed += kept.len() as u64;
        self.counters.dropped += lost.len() as u64;
    }
}

/// Errors that ICMP leaves behind on a socket, so that they may be about an earlier datagram.
fn may_be_anothers(error: Errno) -> bool {
    use Errno::{ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, EMSGSIZE, ENETUNREACH, ENOPROTOOPT, EOPNOTSUPP, EPROTO};
    [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, EPROTO, ENOPROTOOPT, EOPNOTSUPP, EMSGSIZE].contains(&error)
}

/// The source address as the kernel takes it.
enum Source {
    V4(libc::in_pktinfo),
    V6(libc::in6_pktinfo),
}

/// Wildcard sockets alone need to be told; the kernel knows the address of the others.
fn source(bound: &Bound, local: Option<IpAddr>) -> Option<Source> {
    let local = local.filter(|_| bound.wildcard)?;
    Some(match (local, bound.v6) {
        (IpAddr::V4(v4), false) => Source::V4(libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(v4.octets()) },
            ipi_addr: libc::in_addr { s_addr: 0 },
        }),
        // To an IPv4 peer an IPv6 socket still takes the address in its own family, mapped.
        (IpAddr::V4(v4), true) => from_v6(v4.to_ipv6_mapped()),
        (IpAddr::V6(v6), _) => from_v6(v6),
    })
}

fn from_v6(address: std::net::Ipv6Addr) -> Source {
    Source::V6(libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: address.octets() }, ipi6_ifindex: 0 })
}

#[cfg(test)]
mod tests {
    use super::super::intake::Intake;
    use super::super::sockets::Group;
    use super::super::undelivered;
    use super::*;
    use crate::flow::SocketIx;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::net::{SocketAddr, UdpSocket};

    fn bound(address: &str) -> Group {
        Group::open(SocketIx(0), "lan".into(), address.parse().expect("address"), 1, &[]).expect("bound")
    }

    fn effects(peers: &[SocketAddr]) -> Effects {
        let mut effects = Effects::default();
        for (n, peer) in peers.iter().enumerate() {
            let start = effects.arena.len();
            effects.arena.extend_from_slice(format!("datagram {n}").as_bytes());
            effects.send_from(start, Flow::udp(SocketIx(0), *peer));
        }
        effects
    }

    /// A port that nobody listens on.
    fn dead() -> SocketAddr {
        UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("address")
    }

    #[test]
    fn errors_of_a_dead_peer_cost_the_others_nothing_and_come_back_with_its_datagram() {
        for address in ["127.0.0.1:0", "[::]:0"] {
            let socket = bound(address);
            let live = UdpSocket::bind("127.0.0.1:0").expect("a peer");
            let (dead, alive) = (dead(), live.local_addr().expect("address"));
            let peers: Vec<SocketAddr> = (0..100).map(|n| if n % 2 == 0 { dead } else { alive }).collect();
            let (mut outbox, mut refused) = (Outbox::default(), Vec::new());
            outbox.flush(&effects(&peers), |_| Some(&socket), &mut refused);
            assert_eq!(refused, []);
            assert_eq!(outbox.counters().sent, 100);
            let mut buffer = [0; 100];
            for n in (1..100).step_by(2) {
                let length = live.recv(&mut buffer).expect("a datagram");
                assert_eq!(buffer[..length], *format!("datagram {n}").as_bytes(), "in order, none lost");
            }
            let mut fds = [PollFd::new(socket.fd(), PollFlags::POLLIN)];
            assert_eq!(poll(&mut fds, PollTimeout::from(10_000_u16)), Ok(1), "an error waits");
            let mut told = Vec::new();
            let mut returned = [0; 2048];
            undelivered::drain(&socket, &mut returned, |peer, sent| told.push((peer, sent.to_vec())));
            assert_eq!(told.first(), Some(&(dead, b"datagram 0".to_vec())));
            assert!(told.iter().all(|(peer, _)| *peer == dead));
        }
    }

    #[test]
    fn a_train_of_refusals_arrives_as_single_datagrams_in_order_among_others() {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            let socket = bound(address);
            let peers: Vec<UdpSocket> = (0..2).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a peer")).collect();
            let mut effects = Effects::default();
            for n in 0..60 {
                let start = effects.arena.len();
                let word = if n % 10 == 7 { "200 OK" } else { "503 No" };
                effects.arena.extend_from_slice(format!("SIP/2.0 {word} {n:02}").as_bytes());
                let peer = peers[n % 2].local_addr().expect("address");
                let local = Some([127, 0, 0, 1].into());
                effects.send_from(start, Flow { local, ..Flow::udp(SocketIx(0), peer) });
            }
            let (mut outbox, mut refused) = (Outbox::default(), Vec::new());
            outbox.flush(&effects, |_| Some(&socket), &mut refused);
            assert_eq!((refused, outbox.counters().sent, outbox.trains), (vec![], 60, true));
            assert!(outbox.counters().calls < 20, "{:?}", outbox.counters());
            let mut buffer = [0; 100];
            for n in 0..60 {
                let length = peers[n % 2].recv(&mut buffer).expect("a datagram");
                let text = String::from_utf8_lossy(&buffer[..length]);
                assert!(length == 17 && text.ends_with(&format!(" {n:02}")), "{n}: {text}");
            }
        }
    }

    #[test]
    fn a_datagram_that_the_kernel_refuses_comes_back_alone() {
        let socket = bound("127.0.0.1:0");
        let live = UdpSocket::bind("127.0.0.1:0").expect("a peer");
        let alive = live.local_addr().expect("address");
        let other_family: SocketAddr = "[2001:db8::1]:5060".parse().expect("address");
        let (mut outbox, mut refused) = (Outbox::default(), Vec::new());
        outbox.flush(&effects(&[alive, other_family, alive]), |_| Some(&socket), &mut refused);
        assert_eq!(refused, [(Flow::udp(SocketIx(0), other_family), b"datagram 1".to_vec())]);
        let mut buffer = [0; 100];
        assert_eq!(live.recv(&mut buffer).expect("the first"), 10);
        assert_eq!(live.recv(&mut buffer).expect("the last"), 10);
    }

    #[test]
    fn a_wildcard_socket_hears_where_it_was_asked_and_answers_from_there() {
        for address in ["0.0.0.0:0", "[::]:0"] {
            let socket = bound(address);
            let peer = UdpSocket::bind("127.0.0.1:0").expect("a peer");
            let asked: SocketAddr = ([127, 0, 0, 9], socket.local.port()).into();
            let mut intake = Intake::default();
            for round in 0..100 {
                peer.send_to(b"hello", asked).expect("sent");
                let mut flows = Vec::new();
                let received = intake.receive(&socket, |flow, bytes| flows.push((flow, bytes.to_vec())));
                assert_eq!(received, Ok(1), "loopback delivers before `send_to` returns");
                let (flow, bytes) = flows.remove(0);
                assert_eq!((flow.local, bytes.as_slice()), (Some(asked.ip()), b"hello".as_slice()), "round {round}");
                assert_eq!(flow.remote, peer.local_addr().expect("address"));
                let mut answer = effects(&[flow.remote, flow.remote]);
                answer.sends.iter_mut().for_each(|send| send.flow = flow);
                Outbox::default().flush(&answer, |_| Some(&socket), &mut Vec::new());
                let mut buffer = [0; 100];
                for _ in 0..2 {
                    assert_eq!(peer.recv_from(&mut buffer).expect("an answer").1, asked);
                }
            }
        }
    }
}
