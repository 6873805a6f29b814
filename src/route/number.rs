//! Dialled numbers: cleaning (checklist P17), strip and add.

use super::{Number, NumberChange, Strip};

/// What can be dialled, in byte order.
pub const ALPHABET: [u8; 17] = *b"#*+0123456789ABCD";

/// Positions of the dialable characters in [`ALPHABET`], [`NOT_DIALABLE`] for every other byte. Byte order, so that a
/// sorted list of prefixes is sorted by symbol too.
const SYMBOLS: [u8; 256] = {
    let mut table = [NOT_DIALABLE; 256];
    let mut i = 0;
    while i < ALPHABET.len() {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
};

pub(super) const NOT_DIALABLE: u8 = 0xff;

/// The position of a character in the alphabet, 0 to 16, or [`NOT_DIALABLE`].
pub(super) fn symbol(character: u8) -> u8 {
    SYMBOLS[usize::from(character)]
}

/// The dialled number of a Request-URI's user part: up to `;`, percent-decoded, without `-`, `.`, `(`, `)`.
///
/// The cut comes before the decoding, so an escaped `%3B` stays in the number (and makes it undialable); separators go
/// after it, so `%2D` is one too. An escape that is none (`%zz`) stays as it stands.
pub fn clean(user: &[u8], out: &mut Number) {
    out.clear();
    let end = user.iter().position(|&c| c == b';').unwrap_or(user.len());
    out.extend(unescaped(&user[..end]).filter(|c| !matches!(c, b'-' | b'.' | b'(' | b')')));
}

/// Whether every character is one that can be dialled: `0-9 + * # A-D`. True for an empty number.
pub fn dialable(number: &[u8]) -> bool {
    number.iter().all(|&c| symbol(c) != NOT_DIALABLE)
}

/// Applies `change` in place: strip, then add. `matched` is the length of the prefix that matched.
/// False when there is less to strip than `change` asks; the number is then unspecified.
pub fn change(number: &mut Number, change: &NumberChange, matched: usize) -> bool {
    let strip = match change.strip {
        Strip::None => 0,
        Strip::Digits(n) => usize::from(n),
        Strip::Matched => matched,
    };
    if strip > number.len() {
        return false;
    }
    number.drain(..strip);
    number.insert_from_slice(0, change.add.as_bytes());
    true
}

/// The bytes of a URI component with `%HH` decoded (RFC 3261 §19.1.2); an escape that is none stays as it stands.
pub(super) fn unescaped(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (&first, tail) = rest.split_first()?;
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = after;
            return Some(high << 4 | low);
        }
        rest = tail;
        Some(first)
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}
