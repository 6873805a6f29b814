//! Refusals to one caller, sent as one long datagram that the kernel cuts (generic segmentation offload): most of what
//! refusing a call costs is sending the answer, and a train of thirty passes the kernel's layers once.
//!
//! Refusals alone: an ICMP error of a train names its first datagram only, and what we send to gateways needs its own.
//! They have the same length as a rule ([`crate::proxy`] pads them).

use crate::proxy::{Effects, Send};

/// Shorter ones are not worth the trouble.
const LEAST: usize = 4;
/// Longer ones might not fit into what lies between us and the caller (IPv6 guarantees 1,280 with its headers).
const LONGEST: usize = 1200;

/// Whether there are enough refusals for a train.
pub fn are_many(effects: &Effects) -> bool {
    effects.sends.iter().filter(|send| is_refusal(effects, send)).take(LEAST).count() == LEAST
}

/// How many datagrams at the beginning make a train; or else (0) how many there are before the next one begins.
pub fn couple(sends: &[&Send], effects: &Effects) -> (usize, usize) {
    let mut at = 0;
    while let Some(rest) = sends.get(at..).filter(|rest| !rest.is_empty()) {
        let length = train(rest, effects);
        if length >= LEAST {
            return if at == 0 { (length, length) } else { (0, at) };
        }
        at += length;
    }
    (0, sends.len())
}

/// How many refusals of one length to one peer stand at the beginning; at least 1.
fn train(sends: &[&Send], effects: &Effects) -> usize {
    let Some(first) = sends.first().filter(|send| is_refusal(effects, send)) else { return 1 };
    let length = |send: &Send| send.end - send.start;
    let alike = |send: &&&Send| send.flow == first.flow && length(send) == length(first) && is_refusal(effects, send);
    sends.iter().take_while(alike).count().max(1)
}

fn is_refusal(effects: &Effects, send: &Send) -> bool {
    let bytes = effects.bytes(send);
    bytes.len() <= LONGEST && bytes.starts_with(b"SIP/2.0 503 ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Flow, SocketIx};

    fn effects(sends: &[(&str, u16)]) -> Effects {
        let mut effects = Effects::default();
        for (text, port) in sends {
            let start = effects.arena.len();
            effects.arena.extend_from_slice(text.as_bytes());
            effects.send_from(start, Flow::udp(SocketIx(0), ([127, 0, 0, 1], *port).into()));
        }
        effects
    }

    #[test]
    fn only_refusals_of_one_length_to_one_peer_are_coupled() {
        let (no, long, ok) = ("SIP/2.0 503 No", "SIP/2.0 503 No, not now", "SIP/2.0 200 OK");
        type Sends<'a> = &'a [(&'a str, u16)];
        let cases: [(Sends, (usize, usize)); 6] = [
            (&[(no, 1); 5], (5, 5)),
            (&[(ok, 1); 5], (0, 5)),
            (&[(no, 1); 3], (0, 3)),
            (&[(no, 1), (no, 1), (no, 2), (no, 2)], (0, 4)),
            (&[(no, 1), (no, 1), (no, 1), (no, 1), (long, 1)], (4, 4)),
            (&[(ok, 1), (long, 1), (no, 1), (no, 1), (no, 1), (no, 1)], (0, 2)),
        ];
        for (sends, expected) in cases {
            let effects = effects(sends);
            let sends: Vec<&Send> = effects.sends.iter().collect();
            assert_eq!(couple(&sends, &effects), expected, "{effects:?}");
        }
    }
}
