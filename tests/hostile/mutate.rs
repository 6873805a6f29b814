//! The mill: takes messages that could be real, and damages them.

use crate::speech::{self, ANSWERS, PIECES, Within};
use std::collections::VecDeque;
use std::net::SocketAddr;
use trunkline::sim::Chance;

/// Who is where: the network that the mill's messages speak of.
pub struct Ground {
    pub router: SocketAddr,
    /// Admitted callers.
    pub phones: Vec<SocketAddr>,
    pub gateway: SocketAddr,
    /// Addresses that nothing is opened for.
    pub strangers: Vec<SocketAddr>,
}

/// What the router has sent lately: its branches, tags and cookies are what makes a mutation reach far.
#[derive(Default)]
pub struct Memory {
    sent: VecDeque<(Vec<u8>, SocketAddr)>,
    /// Calls are numbered upwards, so that a CANCEL or an ACK finds an INVITE that still lives.
    calls: u64,
}

const REMEMBERED: usize = 256;

impl Memory {
    pub fn keep(&mut self, bytes: &[u8], to: SocketAddr) {
        if bytes.len() > 8_000 {
            return;
        }
        if self.sent.len() >= REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back((bytes.to_vec(), to));
    }

    /// One of the latest, mostly: what still lives.
    fn any(&self, chance: &mut Chance) -> Option<(Vec<u8>, SocketAddr)> {
        let back = chance.weighted(&[(8, 16u64), (2, REMEMBERED as u64)]);
        let at = self.sent.len().checked_sub(1 + chance.below(back) as usize)?;
        self.sent.get(at).cloned()
    }
}

/// One datagram, and where it comes from.
pub fn mutated(chance: &mut Chance, ground: &Ground, memory: &mut Memory) -> (Vec<u8>, SocketAddr) {
    let (mut bytes, mut from) = base(chance, ground, memory);
    let hits = chance.weighted(&[(60, 0u32), (25, 1), (8, 2), (5, 4), (2, 16)]);
    for _ in 0..hits {
        damage(chance, &mut bytes, memory);
    }
    if chance.percent(5.0) {
        from = *chance.pick(&ground.strangers);
    }
    bytes.truncate(70_000);
    (bytes, from)
}

fn base(chance: &mut Chance, ground: &Ground, memory: &mut Memory) -> (Vec<u8>, SocketAddr) {
    let recent = memory.any(chance);
    match (chance.below(10), recent) {
        (0..4, _) | (_, None) => {
            memory.calls += u64::from(chance.percent(50.0));
            let call = memory.calls.saturating_sub(chance.below(12));
            request(chance, ground, call)
        }
        // An answer to something the router sent, or that thing itself, back from where it went.
        (4..9, Some((bytes, to))) if !bytes.starts_with(b"SIP/2.0") => (answer(chance, &bytes), to),
        (4..9, Some((bytes, to))) => {
            (in_dialog(chance, ground, &bytes).unwrap_or_else(|| request(chance, ground, memory.calls).0), to)
        }
        (_, Some((bytes, to))) => (bytes, to),
    }
}

fn request(chance: &mut Chance, ground: &Ground, call: u64) -> (Vec<u8>, SocketAddr) {
    let method = *chance.pick(&[
        "INVITE", "INVITE", "INVITE", "OPTIONS", "MESSAGE", "REGISTER", "CANCEL", "ACK", "BYE", "PRACK", "FOO",
    ]);
    // What belongs to one call is the same in all its requests: CANCEL and ACK must match their INVITE.
    let (number, host) = (call % 100_000, ground.router.ip());
    let from = ground.phones[(call % ground.phones.len() as u64) as usize];
    let uri = match call % 8 {
        0 => format!("sip:{host}"),
        1 => format!("tel:+49{number};phone-context=x"),
        2 => format!("sips:00{number}@{host}:5061;transport=tls"),
        _ => format!("sip:00{number}@{};user=phone", ground.router),
    };
    let call = call.to_string();
    (speech::request(&speech::Request { method, uri: &uri, from, call: &call, branch: &call }), from)
}

/// A response to a request.
fn answer(chance: &mut Chance, request: &[u8]) -> Vec<u8> {
    let line = *chance.pick(&ANSWERS);
    speech::answer(line, &format!("t{}", chance.below(3)), request)
}

/// A request of the dialog that a forwarded 2xx has made.
fn in_dialog(chance: &mut Chance, ground: &Ground, response: &[u8]) -> Option<Vec<u8>> {
    let method = *chance.pick(&["ACK", "BYE", "INVITE", "INFO", "PRACK"]);
    let (uri, branch) = (format!("sip:g@{}", ground.gateway), format!("d{}", chance.below(10_000)));
    let number = 1 + chance.below(3);
    speech::in_dialog(&Within { method, uri: &uri, via: ground.phones[0], branch: &branch, number }, response)
}

fn damage(chance: &mut Chance, bytes: &mut Vec<u8>, memory: &Memory) {
    let length = bytes.len() as u64;
    let at = chance.below(length + 1) as usize;
    let end = (at + chance.below(40) as usize).min(bytes.len());
    match chance.below(10) {
        0 if at < bytes.len() => bytes[at] = chance.draw() as u8,
        1 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        4 | 5 => {
            let piece = *chance.pick(&PIECES);
            bytes.splice(at..at, piece.iter().copied());
        }
        6 => bytes.truncate(at),
        7 => swap_lines(chance, bytes),
        8 => {
            // The head of this, the tail of another.
            if let Some((other, _)) = memory.any(chance) {
                let cut = chance.below(other.len() as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[cut..]);
            }
        }
        _ if chance.percent(2.0) => {
            let long = chance.below(66_000) as usize;
            let filler = *chance.pick(b",;\"< %a\r");
            bytes.splice(at..at, std::iter::repeat_n(filler, long));
        }
        _ => {}
    }
}

/// Swaps two header lines, or doubles one.
fn swap_lines(chance: &mut Chance, bytes: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.len() < 2 {
        return;
    }
    let (a, b) = (chance.below(lines.len() as u64) as usize, chance.below(lines.len() as u64) as usize);
    match chance.percent(50.0) {
        true => lines.swap(a, b),
        false => {
            let doubled = lines[a].clone();
            lines.insert(b, doubled);
        }
    }
    *bytes = lines.concat();
}
