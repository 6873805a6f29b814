//! Dialled numbers: cleaning (checklist P17), strip and add.

use super::{Number, NumberChange};

/// The dialled number of a Request-URI's user part: up to `;`, percent-decoded, without `-`, `.`, `(`, `)`.
pub fn clean(_user: &[u8], _out: &mut Number) {
    todo!()
}

/// Whether every character is one that can be dialled: `0-9 + * # A-D`.
pub fn dialable(_number: &[u8]) -> bool {
    todo!()
}

/// Applies `change` in place: strip, then add. `matched` is the length of the prefix that matched.
/// False when there is less to strip than `change` asks; the number is then unspecified.
pub fn change(_number: &mut Number, _change: &NumberChange, _matched: usize) -> bool {
    todo!()
}
