//! The mill: takes messages that could be real, and damages them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use trunkline::sim::Chance;

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
pub fn mutated(chance: &mut Chance, memory: &mut Memory) -> (Vec<u8>, SocketAddr) {
    let (mut bytes, mut from) = base(chance, memory);
    let hits = chance.weighted(&[(60, 0u32), (25, 1), (8, 2), (5, 4), (2, 16)]);
    for _ in 0..hits {
        damage(chance, &mut bytes, memory);
    }
    if chance.percent(5.0) {
        from = SocketAddr::from(([10, 9, 0, chance.below(255) as u8], 5060));
    }
    bytes.truncate(70_000);
    (bytes, from)
}

fn base(chance: &mut Chance, memory: &mut Memory) -> (Vec<u8>, SocketAddr) {
    let recent = memory.any(chance);
    match (chance.below(10), recent) {
        (0..4, _) | (_, None) => {
            memory.calls += u64::from(chance.percent(50.0));
            let call = memory.calls.saturating_sub(chance.below(12));
            request(chance, call)
        }
        // An answer to something the router sent, or that thing itself, back from where it went.
        (4..9, Some((bytes, to))) if !bytes.starts_with(b"SIP/2.0") => (answer(chance, &bytes), to),
        (4..9, Some((bytes, to))) => (in_dialog(chance, &bytes).unwrap_or_else(|| request(chance, memory.calls).0), to),
        (_, Some((bytes, to))) => (bytes, to),
    }
}

fn request(chance: &mut Chance, call: u64) -> (Vec<u8>, SocketAddr) {
    let method = *chance.pick(&[
        "INVITE", "INVITE", "INVITE", "OPTIONS", "MESSAGE", "REGISTER", "CANCEL", "ACK", "BYE", "PRACK", "FOO",
    ]);
    // What belongs to one call is the same in all its requests: CANCEL and ACK must match their INVITE.
    let number = call % 100_000;
    let from = SocketAddr::from(([10, 1, 0, 1 + (call % 4) as u8], 5060));
    let uri = match call % 8 {
        0 => "sip:10.0.0.1".to_string(),
        1 => format!("tel:+49{number};phone-context=x"),
        2 => format!("sips:00{number}@10.0.0.1:5061;transport=tls"),
        _ => format!("sip:00{number}@10.0.0.1;user=phone"),
    };
    let text = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{call};rport\r\nMax-Forwards: 70\r\n\
         From: \"A, B\" <sip:a@b>;tag=f{call}\r\nTo: <{uri}>\r\nCall-ID: call-{call}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@{from}>\r\nContent-Length: 4\r\n\r\nv=0\n"
    );
    (text.into_bytes(), from)
}

/// A response to a request, made by cutting and joining alone.
fn answer(chance: &mut Chance, request: &[u8]) -> Vec<u8> {
    let code = *chance.pick(&[
        "100 Trying",
        "180 Ringing",
        "183 Progress",
        "200 OK",
        "200 OK",
        "302 Moved",
        "486 Busy",
        "487 Gone",
        "503 No",
        "603 No",
    ]);
    let text = String::from_utf8_lossy(request);
    let headers = text.split_once("\r\n").map_or("", |(_, rest)| rest);
    let tagged: Vec<String> = headers
        .split("\r\n")
        .map(|line| match line.starts_with("To:") && !line.contains("tag=") {
            true => format!("{line};tag=t{}", chance.below(3)),
            false => line.to_string(),
        })
        .collect();
    format!("SIP/2.0 {code}\r\n{}", tagged.join("\r\n")).into_bytes()
}

/// A request of the dialog that a forwarded 2xx has made: its Record-Routes become Routes.
fn in_dialog(chance: &mut Chance, response: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(response).ok()?;
    let line = |name: &str| text.split("\r\n").find(|l| l.starts_with(name));
    let mut routes: Vec<String> = text
        .split("\r\n")
        .filter(|l| l.starts_with("Record-Route"))
        .map(|l| l.replace("Record-Route", "Route"))
        .collect();
    if routes.is_empty() {
        return None;
    }
    routes.reverse();
    let method = *chance.pick(&["ACK", "BYE", "INVITE", "INFO", "PRACK"]);
    let (from, to, call) = (line("From")?, line("To")?, line("Call-ID")?);
    let number = 1 + chance.below(3);
    Some(
        format!(
            "{method} sip:g@10.2.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.0.1:5060;branch=z9hG4bKd{}\r\n{}\r\n{from}\r\n{to}\r\n{call}\r\n\
             CSeq: {number} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            chance.below(10_000),
            routes.join("\r\n")
        )
        .into_bytes(),
    )
}

/// Pieces that parsers have stumbled over.
const PIECES: [&[u8]; 26] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\r\n ",
    b",",
    b";",
    b"\"",
    b"<",
    b">",
    b"%00",
    b"%",
    b"\xff\xfe",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: -1\r\n",
    b"Via: SIP/2.0/UDP [::1:5060;branch=\r\n",
    b"Via: SIP/2.0/UDP 10.0.0.1;received=;rport=99999;maddr=224.0.0.1\r\n",
    b"Route: <sip:10.0.0.1;lr>, <sip:10.0.0.1>\r\n",
    b"Route: <sip:10.9.9.9>\r\n",
    b"CSeq: 4294967296 INVITE\r\n",
    b"Max-Forwards: 256\r\n",
    b"To: sip:x;tag=\r\n",
    b"Proxy-Require: a,,b\r\n",
    b"Record-Route: <sip:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@10.0.0.1;lr>\r\n",
    b";tag=x;tag=y",
];

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
