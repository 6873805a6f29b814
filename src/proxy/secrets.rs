//! What must not be guessed: the CSPRNG for branches, tags and record ids, and the keyed hashes made from it
//! (checklist P23). In simulation the seed makes all of it repeatable (checklist C5).

use crate::transaction::{Fields, Matcher};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use siphasher::sip::SipHasher13;
use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroU64;

#[derive(Debug)]
pub(super) struct Secrets {
    random: ChaCha8Rng,
    /// Keys the hashes of this process: loop detection, tags, stateless branches.
    hash_key: [u8; 16],
    /// For what only has to differ: seeded as secretly, but quick.
    acks: foldhash::fast::FixedState,
    /// Keys the draws of weighted lists.
    draws: u64,
    pub matcher: Matcher,
}

impl Secrets {
    pub fn new(seed: [u8; 32]) -> Secrets {
        let mut random = ChaCha8Rng::from_seed(seed);
        let (mut hash_key, mut match_key) = ([0; 16], [0; 16]);
        random.fill_bytes(&mut hash_key);
        random.fill_bytes(&mut match_key);
        let acks = SipHasher13::new_with_key(&hash_key).hash(b"acks");
        let acks = foldhash::fast::FixedState::with_seed(acks);
        Secrets { random, hash_key, acks, draws: 0, matcher: Matcher::new(match_key) }
    }

    /// 64 random bits.
    pub fn random(&mut self) -> u64 {
        self.random.next_u64()
    }

    /// A keyed hash over length-prefixed fields.
    pub fn hash(&self, fields: &[&[u8]]) -> u64 {
        let mut laid_out = Fields::default();
        for field in fields {
            laid_out.add(field);
        }
        SipHasher13::new_with_key(&self.hash_key).hash(laid_out.bytes())
    }

    pub fn draw_by(&mut self, seed: u64) {
        self.draws = seed;
    }

    /// The bits by which weighted lists draw for one request. Keyed, so that nobody outside can choose a gateway by the
    /// Call-ID; made from the request and not drawn, so that they are the same whichever worker has the call.
    pub fn draw(&self, call_id: &[u8], branch: &[u8]) -> u64 {
        let mut laid_out = Fields::default();
        laid_out.add(call_id);
        laid_out.add(branch);
        SipHasher13::new_with_keys(self.draws, self.draws.rotate_left(32)).hash(laid_out.bytes())
    }

    /// What an answer to an INVITE and its ACK have in common (RFC 3261 §13.2.2.4): the same value for both.
    pub fn ack(&self, call_id: &[u8], cseq: u32) -> NonZeroU64 {
        let mut hasher = self.acks.build_hasher();
        hasher.write(call_id);
        hasher.write_u32(cseq);
        NonZeroU64::MIN.saturating_add(hasher.finish())
    }
}
