//! What the tests of the message layer share: a plain INVITE, changes to it, and short ways to parse.

use trunkline::sip::{Fault, Index, Limits, Message, Parsed, parse, validate};

/// A request as a PBX sends it.
pub const INVITE: &str = "INVITE sip:+49301234@192.0.2.1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK776asdhds;rport\r\n\
    Max-Forwards: 70\r\n\
    From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n\
    To: <sip:+49301234@192.0.2.1>\r\n\
    Call-ID: a84b4c76e66710@192.0.2.9\r\n\
    CSeq: 314159 INVITE\r\n\
    Contact: <sip:alice@192.0.2.9:5070>\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 4\r\n\
    \r\n\
    v=0\n";

/// An answer to it.
pub const RINGING: &str = "SIP/2.0 180 Ringing\r\n\
    Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours\r\n\
    Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK776asdhds;rport=5070;received=192.0.2.9\r\n\
    From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n\
    To: <sip:+49301234@192.0.2.1>;tag=77\r\n\
    Call-ID: a84b4c76e66710@192.0.2.9\r\n\
    CSeq: 314159 INVITE\r\n\
    Content-Length: 0\r\n\
    \r\n";

/// The INVITE with one stretch replaced; it must stand there.
pub fn invite_with(old: &str, new: &str) -> Vec<u8> {
    assert!(INVITE.contains(old), "{old:?} is not in the INVITE");
    INVITE.replacen(old, new, 1).into_bytes()
}

/// The INVITE with more header lines below the first; `lines` without the last CRLF.
pub fn invite_and(lines: &str) -> Vec<u8> {
    invite_with("Max-Forwards: 70", &format!("{lines}\r\nMax-Forwards: 70"))
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    KeepAlive,
    /// To be answered with this code.
    Answer(u16),
    /// Nothing is sent back.
    Drop,
}

/// Runs a datagram through parser and validation, as the proxy does.
pub fn verdict(bytes: &[u8]) -> Verdict {
    verdict_within(bytes, &Limits::default())
}

pub fn verdict_within(bytes: &[u8], limits: &Limits) -> Verdict {
    let mut index = Index::default();
    match parse(bytes, &mut index, limits) {
        Ok(Parsed::KeepAlive) => Verdict::KeepAlive,
        Ok(Parsed::Message(message)) => match validate(&message, limits) {
            Ok(_) => Verdict::Good,
            Err(reject) if may_answer(&message) => Verdict::Answer(reject.code),
            Err(_) => Verdict::Drop,
        },
        Err(Fault { answer: Some((_, code, _)), .. }) => Verdict::Answer(code),
        Err(_) => Verdict::Drop,
    }
}

fn may_answer(message: &Message) -> bool {
    message.method().is_some() && message.method_text() != b"ACK" && message.via().is_some()
}

/// Parses what must parse, and hands the message to `look`.
pub fn with<T>(bytes: &[u8], look: impl FnOnce(&Message) -> T) -> T {
    let mut index = Index::default();
    match parse(bytes, &mut index, &Limits::default()) {
        Ok(Parsed::Message(message)) => look(&message),
        other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes)),
    }
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
