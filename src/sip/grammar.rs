//! The basic rules of RFC 3261 §25.1 that every parser here shares: tokens, linear white space, quoted strings, hosts.
//!
//! Everything works on byte slices and goes forward only, so that the whole stays linear (checklist P22).

use memchr::{memchr, memchr2, memmem};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a byte can be part of, or what it puts an end to: classes that a scan asks for, one bit each.
pub(super) mod class {
    /// RFC 3261 §25.1 `token`.
    pub const TOKEN: u8 = 1;
    /// A host name or an IPv4 address; underscores are met in the field.
    pub const HOST: u8 = 1 << 1;
    pub const DIGIT: u8 = 1 << 2;
    /// SP, HTAB, and the CR and LF of a fold: the message parser lets no other CR or LF through.
    pub const LWS: u8 = 1 << 3;
    /// Controls and space: in no URI, tag or Call-ID.
    pub const CONTROL: u8 = 1 << 4;
    /// What may not stand in a URI at all.
    pub const NOT_URI: u8 = 1 << 5;
    /// What ends a URI in angle brackets, rightly (`>`) or not.
    pub const ENDS_URI: u8 = 1 << 6;
    /// What ends a parameter's value that is not quoted.
    pub const ENDS_VALUE: u8 = 1 << 7;
}

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        let control = b <= b' ' || b == 0x7f;
        let alphanumeric = b.is_ascii_alphanumeric();
        let mut classes = 0;
        if alphanumeric || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~') {
            classes |= class::TOKEN;
        }
        if alphanumeric || matches!(b, b'.' | b'-' | b'_') {
            classes |= class::HOST;
        }
        if b.is_ascii_digit() {
            classes |= class::DIGIT;
        }
        if matches!(b, b' ' | b'\t' | b'\r' | b'\n') {
            classes |= class::LWS;
        }
        if control {
            classes |= class::CONTROL;
        }
        if control || matches!(b, b'<' | b'>' | b'"') {
            classes |= class::NOT_URI;
        }
        if control || matches!(b, b'<' | b'>') {
            classes |= class::ENDS_URI;
        }
        if control || matches!(b, b';' | b',' | b'"') {
            classes |= class::ENDS_VALUE;
        }
        table[byte] = classes;
        byte += 1;
    }
    table
};

fn is(b: u8, class: u8) -> bool {
    CLASSES[usize::from(b)] & class != 0
}

/// Where the run of bytes of this class that begins at `at` ends.
pub(super) fn end_of(text: &[u8], mut at: usize, class: u8) -> usize {
    while text.get(at).is_some_and(|&b| is(b, class)) {
        at += 1;
    }
    at
}

/// Where the first byte of this class stands, from `at` on; the length when there is none.
pub(super) fn find(text: &[u8], mut at: usize, class: u8) -> usize {
    // Eight at a time while there are as many: branches and cookies are long.
    while let Some(block) = text.get(at..at + 8)
        && !has(block, class)
    {
        at += 8;
    }
    while text.get(at).is_some_and(|&b| !is(b, class)) {
        at += 1;
    }
    at
}

/// Whether a byte of this class stands anywhere.
pub(super) fn has(text: &[u8], class: u8) -> bool {
    text.iter().fold(0, |seen, &b| seen | CLASSES[usize::from(b)]) & class != 0
}

pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && token_end(text, 0) == text.len()
}

/// End of the token that begins at `at`.
pub(super) fn token_end(text: &[u8], at: usize) -> usize {
    end_of(text, at, class::TOKEN)
}

pub(super) fn skip_lws(text: &[u8], at: usize) -> usize {
    end_of(text, at, class::LWS)
}

/// Takes white space off both ends; the first number is how much went in front.
#[inline]
pub(super) fn trim(text: &[u8]) -> (usize, &[u8]) {
    // As nearly all header lines have it: one space in front, and none behind.
    if let [b' ', rest @ ..] = text
        && let ([first, ..], [.., last]) = (rest, rest)
        && !is(*first, class::LWS)
        && !is(*last, class::LWS)
    {
        return (1, rest);
    }
    ragged(text)
}

fn ragged(text: &[u8]) -> (usize, &[u8]) {
    let front = skip_lws(text, 0);
    let mut rest = text.get(front..).unwrap_or_default();
    while let [shorter @ .., last] = rest
        && is(*last, class::LWS)
    {
        rest = shorter;
    }
    (front, rest)
}

/// One past the closing quote of the quoted string that opens at `at`; backslash escapes are honoured (checklist P10).
/// `None` when it is not closed, or holds a NUL that is not escaped (checklist P21; RFC 3261 allows it as quoted-pair).
pub(super) fn quoted_end(text: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let hit = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if memchr(0, &text[from..hit]).is_some() {
            return None;
        }
        if text[hit] == b'"' {
            return Some(hit + 1);
        }
        from = hit + 2;
    }
}

/// A run of digits as a number, nothing else; saturates instead of overflowing. Leading zeros do no harm.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter()
        .try_fold(0u64, |sum, b| b.is_ascii_digit().then(|| sum.saturating_mul(10).saturating_add(u64::from(b - b'0'))))
}

/// The host that begins at `at` and where it ends: a name, an IPv4 address, or IPv6 in brackets, which are left out
/// (checklist P18).
pub(super) fn host(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if text.get(at) == Some(&b'[') {
        let close = at + memchr(b']', &text[at..])?;
        let inner = &text[at + 1..close];
        return matches!(ip(inner), Some(IpAddr::V6(_))).then_some((inner, close + 1));
    }
    let end = end_of(text, at, class::HOST);
    (end > at).then(|| (&text[at..end], end))
}

/// The port whose digits begin at `at`, and where they end; 0 is none (checklist P18).
pub(super) fn port(text: &[u8], at: usize) -> Option<(u16, usize)> {
    let (mut number, mut end) = (0u32, at);
    while let Some(digit @ b'0'..=b'9') = text.get(end) {
        number = (number * 10 + u32::from(digit - b'0')).min(1 << 16);
        end += 1;
    }
    let number = u16::try_from(number).ok()?;
    (number != 0).then_some((number, end))
}

/// Four decimal octets without leading zeros, as the standard library reads them.
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let (mut nth, mut number, mut digits) = (0, 0u16, 0);
    for &b in text {
        match b {
            b'0'..=b'9' if digits == 0 || number != 0 => {
                number = number * 10 + u16::from(b - b'0');
                digits += 1;
                octets[nth] = u8::try_from(number).ok()?;
            }
            b'.' if digits > 0 && nth < 3 => (nth, number, digits) = (nth + 1, 0, 0),
            _ => return None,
        }
    }
    (nth == 3 && digits > 0).then_some(Ipv4Addr::from(octets))
}

/// An address, with or without brackets, the three-colon form included (RFC 5118 §4.10).
pub(super) fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = text.strip_prefix(b"[").and_then(|t| t.strip_suffix(b"]")).unwrap_or(text);
    if let Some(v4) = ipv4(text) {
        return Some(IpAddr::V4(v4));
    }
    memchr(b':', text)?;
    let Some(three) = memmem::find(text, b":::") else {
        return std::str::from_utf8(text).ok()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    };
    // The grammar of RFC 3261 makes it in front of an IPv4 tail alone.
    let tail = std::str::from_utf8(text.get(three + 3..)?).ok()?;
    tail.parse::<Ipv4Addr>().ok()?;
    let mut buffer = [0u8; 45];
    let shorter = text.len() - 1;
    let two = buffer.get_mut(..shorter)?;
    two[..three].copy_from_slice(&text[..three]);
    two[three..].copy_from_slice(&text[three + 1..]);
    std::str::from_utf8(two).ok()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}
