//! Who owns a call: the worker that its Call-ID hashes to. Found without parsing the whole message.

/// The worker that owns a Call-ID. `seed` is the same for all workers of a process.
pub fn owner(call_id: &[u8], workers: usize, seed: u64) -> usize {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::with_seed(seed).build_hasher();
    hasher.write(call_id);
    (hasher.finish() % workers.max(1) as u64) as usize
}

/// The Call-ID's bytes of a datagram, by a scan for its header line alone.
pub fn peek_call_id(_datagram: &[u8]) -> Option<&[u8]> {
    todo!()
}
