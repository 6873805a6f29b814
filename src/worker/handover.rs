//! Who owns a call: the worker that its Call-ID hashes to. Found without parsing the whole message.

/// The worker that owns a Call-ID. `seed` is the same for all workers of a process.
pub fn owner(call_id: &[u8], workers: usize, seed: u64) -> usize {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::with_seed(seed).build_hasher();
    hasher.write(call_id);
    (hasher.finish() % workers.max(1) as u64) as usize
}

/// The Call-ID's bytes of a datagram, by a scan for its header line alone.
///
/// It is the parser's own line scanner and name table, so both always mean the same Call-ID: a call whose messages were
/// hashed differently would be torn between two workers.
pub fn peek_call_id(datagram: &[u8]) -> Option<&[u8]> {
    crate::sip::call_id_of(datagram)
}
