//! What must not be guessed: the CSPRNG for branches, tags and record ids, and the keyed hashes made from it
//! (checklist P23). In simulation the seed makes all of it repeatable (checklist C5).

use crate::sip::Message;
use crate::transaction::Matcher;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::num::NonZeroU64;

#[derive(Debug)]
pub(super) struct Secrets {
    random: ChaCha8Rng,
    /// Keys the hashes of this process: loop detection, tags, stateless branches.
    hash_key: [u8; 16],
    pub matcher: Matcher,
}

impl Secrets {
    pub fn new(seed: [u8; 32]) -> Secrets {
        let mut random = ChaCha8Rng::from_seed(seed);
        let (mut hash_key, mut match_key) = ([0; 16], [0; 16]);
        random.fill_bytes(&mut hash_key);
        random.fill_bytes(&mut match_key);
        Secrets { random, hash_key, matcher: Matcher::new(match_key) }
    }

    /// 64 random bits.
    pub fn random(&mut self) -> u64 {
        self.random.next_u64()
    }

    /// A keyed hash over length-prefixed fields.
    pub fn hash(&self, fields: &[&[u8]]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        for field in fields {
            hasher.write_usize(field.len());
            hasher.write(field);
        }
        hasher.finish()
    }

    /// What an answer to an INVITE and its ACK have in common (RFC 3261 §13.2.2.4): the same value for both.
    pub fn ack(&self, message: &Message) -> NonZeroU64 {
        let number = message.cseq().map_or(0, |cseq| cseq.number);
        let hash = self.hash(&[b"awaited", message.call_id().unwrap_or_default(), &number.to_be_bytes()]);
        NonZeroU64::MIN.saturating_add(hash)
    }
}
