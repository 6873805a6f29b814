//! The Record-Route cookie: what a request inside a dialog brings back, so that calls survive a restart
//! (CONFIG-AND-CLI (g) "The cookie"; checklist X12).
//!
//! It stands in the user part of our Record-Route URI, in lower-case base32, and is authenticated together with the
//! Call-ID: in another dialog, or with a bit changed, it is no cookie.

use crate::transaction::Fields;
use siphasher::sip::SipHasher24;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

const VERSION: u8 = 1;
const PLAIN: usize = 35;
const SEALED: usize = PLAIN + 8;
/// Characters of a cookie as written.
pub(super) const LENGTH: usize = (SEALED * 8).div_ceil(5);
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const NO_LETTER: u8 = 0x80;
/// What each character stands for, in either case.
const VALUES: [u8; 256] = {
    let mut table = [NO_LETTER; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        table[ALPHABET[value] as usize] = value as u8;
        table[ALPHABET[value].to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    table
};

/// On which side of the call the Record-Route value is used, when there are two (RFC 5658).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// One value serves both sides.
    Both,
    Caller,
    Gateway,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    /// 0: no record is kept (not an INVITE).
    pub record: u64,
    /// When the dialog's first request came, in seconds since 1970.
    pub start: u32,
    /// Short hashes: they name things to people who read a trace, and to the next process.
    pub gateway: u32,
    pub group: u16,
    pub revision: u32,
    pub listener: u8,
    pub side: Side,
    pub attempt: u8,
    /// Hash of the caller's tag: tells who sends a request inside the dialog. 32 bits: with 16, one call in 65,536 had
    /// two tags that hash alike, and its BYE closed nothing.
    pub caller_tag: u32,
    /// Where the caller's messages came from, if that is an IPv4 address: the way back when its Contact is a name.
    pub caller_flow: Option<SocketAddrV4>,
    /// Room for a CSeq that was moved by an authentication made here.
    pub cseq_shift: u16,
}

/// The keys that seal cookies: the present one, and the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct CookieKeys {
    pub present: [u8; 16],
    pub previous: Option<[u8; 16]>,
}

impl Cookie {
    pub fn put(&self, keys: &CookieKeys, call_id: &[u8], out: &mut Vec<u8>) {
        let mut bytes = [0u8; SEALED];
        let plain = self.plain(key_id(&keys.present));
        bytes[..PLAIN].copy_from_slice(&plain);
        bytes[PLAIN..].copy_from_slice(&seal(&keys.present, &plain, call_id).to_be_bytes());
        base32(&bytes, out);
    }

    /// Opens the user part of a Route URI. `None`: not a cookie, changed, or of another dialog.
    pub fn open(user: &[u8], keys: &CookieKeys, call_id: &[u8], check: bool) -> Option<Cookie> {
        let bytes = unbase32(user)?;
        let plain = &bytes[..PLAIN];
        let id = plain[0] & 0x0f;
        let sealed = u64::from_be_bytes(bytes[PLAIN..].try_into().ok()?);
        let fits = |key: &[u8; 16]| key_id(key) == id && seal(key, plain, call_id) == sealed;
        let genuine = fits(&keys.present) || keys.previous.as_ref().is_some_and(fits);
        if plain[0] >> 4 != VERSION || (check && !genuine) {
            return None;
        }
        Cookie::of_plain(plain)
    }

    fn plain(&self, key_id: u8) -> [u8; PLAIN] {
        let mut b = [0u8; PLAIN];
        b[0] = VERSION << 4 | key_id;
        b[1..9].copy_from_slice(&self.record.to_be_bytes());
        b[9..13].copy_from_slice(&self.start.to_be_bytes());
        b[13..16].copy_from_slice(&self.gateway.to_be_bytes()[1..]);
        b[16..18].copy_from_slice(&self.group.to_be_bytes());
        b[18..21].copy_from_slice(&self.revision.to_be_bytes()[1..]);
        b[21] = self.listener;
        let side = match self.side {
            Side::Both => 0,
            Side::Caller => 1,
            Side::Gateway => 2,
        };
        b[22] = side << 6 | self.attempt & 0x3f;
        b[23..27].copy_from_slice(&self.caller_tag.to_be_bytes());
        if let Some(flow) = self.caller_flow {
            b[27..31].copy_from_slice(&flow.ip().octets());
            b[31..33].copy_from_slice(&flow.port().to_be_bytes());
        }
        b[33..35].copy_from_slice(&self.cseq_shift.to_be_bytes());
        b
    }

    fn of_plain(b: &[u8]) -> Option<Cookie> {
        let array = |range: std::ops::Range<usize>| -> u64 {
            b[range].iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
        };
        let port = array(31..33) as u16;
        Some(Cookie {
            record: array(1..9),
            start: array(9..13) as u32,
            gateway: array(13..16) as u32,
            group: array(16..18) as u16,
            revision: array(18..21) as u32,
            listener: b[21],
            side: match b[22] >> 6 {
                0 => Side::Both,
                1 => Side::Caller,
                2 => Side::Gateway,
                _ => return None,
            },
            attempt: b[22] & 0x3f,
            caller_tag: array(23..27) as u32,
            caller_flow: (port != 0).then(|| SocketAddrV4::new(Ipv4Addr::from(array(27..31) as u32), port)),
            cseq_shift: array(33..35) as u16,
        })
    }
}

/// The caller's flow as the cookie has room for it.
pub(super) fn flow_room(remote: SocketAddr) -> Option<SocketAddrV4> {
    match remote {
        SocketAddr::V4(v4) => Some(v4),
        SocketAddr::V6(_) => None,
    }
}

/// A short hash of a name, the same in every process (it names, it does not protect).
pub(super) fn short(text: &[u8]) -> u32 {
    tag_hash(text) & 0x00ff_ffff
}

/// The hash of a tag, the same in every process: FNV-1a, its bits stirred once more.
pub(super) fn tag_hash(text: &[u8]) -> u32 {
    let hash = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    ((hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

fn key_id(key: &[u8; 16]) -> u8 {
    short(key) as u8 & 0x0f
}

fn seal(key: &[u8; 16], plain: &[u8], call_id: &[u8]) -> u64 {
    let mut sealed = Fields::default();
    SipHasher24::new_with_key(key).hash(sealed.add(plain).add(call_id).bytes())
}

/// Five bytes are eight characters; the last ones are cut short.
fn base32(bytes: &[u8; SEALED], out: &mut Vec<u8>) {
    let mut text = [0u8; SEALED.div_ceil(5) * 8];
    for (chunk, letters) in bytes.chunks(5).zip(text.as_chunks_mut::<8>().0) {
        let mut five = [0; 8];
        five[..chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(five);
        for (n, letter) in letters.iter_mut().enumerate() {
            *letter = ALPHABET[(bits >> (59 - 5 * n)) as usize & 31];
        }
    }
    out.extend_from_slice(&text[..LENGTH]);
}

fn unbase32(text: &[u8]) -> Option<[u8; SEALED]> {
    if text.len() != LENGTH {
        return None;
    }
    let mut whole = [ALPHABET[0]; SEALED.div_ceil(5) * 8];
    whole[..LENGTH].copy_from_slice(text);
    let mut bytes = [0u8; SEALED];
    let mut seen = 0;
    for (chunk, letters) in bytes.chunks_mut(5).zip(whole.as_chunks::<8>().0) {
        let mut bits = 0u64;
        for (n, &letter) in letters.iter().enumerate() {
            let value = VALUES[usize::from(letter)];
            seen |= value;
            bits |= u64::from(value & 31) << (59 - 5 * n);
        }
        chunk.copy_from_slice(&bits.to_be_bytes()[..chunk.len()]);
    }
    (seen & NO_LETTER == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie() -> Cookie {
        Cookie {
            record: 0x0123_4567_89ab_cdef,
            start: 1_790_000_000,
            gateway: short(b"carrier-a"),
            group: 7,
            revision: 0xabcdef,
            listener: 3,
            side: Side::Gateway,
            attempt: 2,
            caller_tag: 0xdead_beef,
            caller_flow: Some("192.0.2.1:5062".parse().unwrap()),
            cseq_shift: 0,
        }
    }

    #[test]
    fn it_comes_back_as_it_went_even_in_capitals() {
        let keys = CookieKeys { present: [1; 16], previous: None };
        let mut text = Vec::new();
        cookie().put(&keys, b"call-1", &mut text);
        assert!(text.len() == LENGTH && LENGTH <= 80, "{LENGTH}");
        assert_eq!(Cookie::open(&text, &keys, b"call-1", true), Some(cookie()));
        assert_eq!(Cookie::open(&text.to_ascii_uppercase(), &keys, b"call-1", true), Some(cookie()));
    }

    #[test]
    fn a_changed_character_or_another_dialog_spoils_it() {
        let keys = CookieKeys { present: [1; 16], previous: None };
        let mut text = Vec::new();
        cookie().put(&keys, b"call-1", &mut text);
        assert_eq!(Cookie::open(&text, &keys, b"call-2", true), None);
        // The last character may hold unused bits; every other one counts.
        for n in 0..LENGTH - 1 {
            let mut changed = text.clone();
            changed[n] = if changed[n] == b'a' { b'b' } else { b'a' };
            assert_eq!(Cookie::open(&changed, &keys, b"call-1", true), None, "character {n}");
        }
    }

    #[test]
    fn the_previous_key_is_honoured() {
        let old = CookieKeys { present: [1; 16], previous: None };
        let mut text = Vec::new();
        cookie().put(&old, b"c", &mut text);
        let rolled = CookieKeys { present: [2; 16], previous: Some([1; 16]) };
        assert_eq!(Cookie::open(&text, &rolled, b"c", true), Some(cookie()));
        let gone = CookieKeys { present: [2; 16], previous: Some([3; 16]) };
        assert_eq!(Cookie::open(&text, &gone, b"c", true), None);
    }
}
