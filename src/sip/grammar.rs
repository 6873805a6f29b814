//! The basic rules of RFC 3261 §25.1 that every parser here shares: tokens, linear white space, quoted strings, hosts.
//!
//! Everything works on byte slices and goes forward only, so that the whole stays linear (checklist P22).

use memchr::{memchr, memchr2, memmem};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        byte += 1;
    }
    table
};

pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| TOKEN[usize::from(b)])
}

/// End of the token that begins at `at`.
pub(super) fn token_end(text: &[u8], at: usize) -> usize {
    end_while(text, at, |b| TOKEN[usize::from(b)])
}

/// SP, HTAB, and the CR and LF of a fold: the message parser lets no other CR or LF through.
pub(super) fn is_lws(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

pub(super) fn skip_lws(text: &[u8], at: usize) -> usize {
    end_while(text, at, is_lws)
}

pub(super) fn end_while(text: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|&b| !wanted(b)).unwrap_or(rest.len())
}

/// Takes white space off both ends; the first number is how much went in front.
pub(super) fn trim(text: &[u8]) -> (usize, &[u8]) {
    let front = skip_lws(text, 0);
    let back = text.iter().rposition(|&b| !is_lws(b)).map_or(front, |last| last + 1);
    (front, text.get(front..back).unwrap_or_default())
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
    let end = end_while(text, at, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    (end > at).then(|| (&text[at..end], end))
}

/// The port whose digits begin at `at`, and where they end; 0 is none (checklist P18).
pub(super) fn port(text: &[u8], at: usize) -> Option<(u16, usize)> {
    let end = end_while(text, at, |b| b.is_ascii_digit());
    let number = u16::try_from(decimal(text.get(at..end)?)?).ok()?;
    (number != 0).then_some((number, end))
}

/// An address, with or without brackets, the three-colon form included (RFC 5118 §4.10).
pub(super) fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = text.strip_prefix(b"[").and_then(|t| t.strip_suffix(b"]")).unwrap_or(text);
    if memchr(b':', text).is_none() {
        // Most hosts that are no address begin with a letter.
        let numeric = text.first().is_some_and(u8::is_ascii_digit);
        return if numeric { std::str::from_utf8(text).ok()?.parse().ok().map(IpAddr::V4) } else { None };
    }
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
