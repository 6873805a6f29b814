//! What the kernel says about our sockets: how much waits to be received, and how much it had to drop.
//!
//! Read from `/proc/net/udp` now and then, by the control side: the workers' system calls stay as they are. (A control
//! message with each datagram, `SO_RXQ_OVFL`, would cost them something for a figure that is nearly always 0.)

use super::sockets::Bound;
use std::collections::HashSet;
use std::sync::Arc;

/// Sums over our sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// Bytes that wait to be received, as the kernel counts memory.
    pub waiting: u64,
    /// Datagrams that were dropped because a receive buffer was full, since the sockets were opened.
    pub dropped: u64,
}

/// Asks the kernel; zeros where it does not say.
pub fn queues<'s>(sockets: impl Iterator<Item = &'s Arc<Bound>>) -> Queues {
    let inodes: HashSet<u64> =
        sockets.filter_map(|socket| Some(nix::sys::stat::fstat(socket.fd()).ok()?.st_ino)).collect();
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let (v4, v6) = (read("/proc/net/udp"), read("/proc/net/udp6"));
    sum(&v4, &inodes).plus(sum(&v6, &inodes))
}

impl Queues {
    fn plus(self, other: Queues) -> Queues {
        Queues { waiting: self.waiting + other.waiting, dropped: self.dropped + other.dropped }
    }
}

fn sum(text: &str, inodes: &HashSet<u64>) -> Queues {
    let lines = text.lines().skip(1).filter_map(of_line).filter(|(inode, _)| inodes.contains(inode));
    lines.fold(Queues::default(), |sum, (_, queues)| sum.plus(queues))
}

/// One line: `sl local remote st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer drops`.
fn of_line(line: &str) -> Option<(u64, Queues)> {
    let mut fields = line.split_ascii_whitespace();
    let (_, waiting) = fields.nth(4)?.split_once(':')?;
    let inode = fields.nth(4)?.parse().ok()?;
    let dropped = fields.nth(2)?.parse().ok()?;
    Some((inode, Queues { waiting: u64::from_str_radix(waiting, 16).ok()?, dropped }))
}

#[cfg(test)]
mod tests {
    use super::super::sockets::Group;
    use super::*;
    use crate::flow::SocketIx;
    use std::net::UdpSocket;

    #[test]
    fn a_line_of_proc_is_understood() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref \
                    pointer drops\n 9207: 0100007F:13C4 00000000:0000 07 00000000:00000900 00:00000000 00000000     0   \
                    0 4711 2 0000000000000000 12\n 9208: 0100007F:13C5 00000000:0000 07 00000000:00000001 00:00000000 \
                    00000000     0        0 4712 2 0000000000000000 1\n";
        assert_eq!(sum(text, &[4711].into()), Queues { waiting: 0x900, dropped: 12 });
        assert_eq!(sum("", &[4711].into()), Queues::default());
    }

    #[test]
    fn our_own_sockets_are_found_and_others_are_not() {
        let open = || Group::open(SocketIx(0), "lan".into(), ([127, 0, 0, 1], 0).into(), 2, &[]).expect("bound");
        let (group, other) = (open(), open());
        let peer = UdpSocket::bind("127.0.0.1:0").expect("a peer");
        peer.send_to(b"hello", group.local).expect("sent");
        assert!(queues(group.members().iter()).waiting > 0);
        assert_eq!(queues(other.members().iter()), Queues::default());
        // Far more than any buffer holds.
        let big = [0; 60_000];
        (0..2000).for_each(|_| drop(peer.send_to(&big, group.local)));
        assert!(queues(group.members().iter()).dropped > 0);
    }
}
