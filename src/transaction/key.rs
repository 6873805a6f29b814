//! Matching requests to server transactions: RFC 3261 §17.2.3 (checklist T7, T8).

use crate::sip::{Message, Method, Name, Via};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// Identifies a server transaction: a keyed 128-bit hash of what §17.2.3 compares. With a secret key nobody outside
/// can make two requests collide, so the compared fields need not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u64; 2]);

impl Key {
    /// For a table of keys: as good as any hash of it.
    pub fn hash(self) -> u64 {
        self.0[0]
    }

    /// The other half: together they are the whole.
    pub fn rest(self) -> u64 {
        self.0[1]
    }

    #[cfg(test)]
    pub fn of(hash: u64, rest: u64) -> Key {
        Key([hash, rest])
    }
}

/// Computes [`Key`]s under one secret.
#[derive(Clone, Copy, Debug)]
pub struct Matcher {
    secret: [u8; 16],
}

impl Matcher {
    pub fn new(secret: [u8; 16]) -> Matcher {
        Matcher { secret }
    }

    /// The key of `request` as if its method were `method`: an ACK and a CANCEL look for their INVITE.
    pub fn key(&self, request: &Message, via: &Via, method: Method) -> Key {
        let mut hasher = SipHasher13::new_with_key(&self.secret);
        match via.branch {
            Some(branch) if has_cookie(branch) => {
                field(&mut hasher, &branch[7..]);
                lower_field(&mut hasher, via.host);
                hasher.write_u16(via.port.unwrap_or(0));
            }
            _ => self.key_of_2543(&mut hasher, request, via),
        }
        match method {
            Method::Other => field(&mut hasher, request.method_text()),
            method => hasher.write_u8(method as u8),
        }
        let hash = hasher.finish128();
        Key([hash.h1, hash.h2])
    }

    /// RFC 2543 peers send no cookie: the whole identity of the request counts. The To tag is left out: an ACK
    /// carries the one that our response added.
    fn key_of_2543(&self, hasher: &mut SipHasher13, request: &Message, via: &Via) {
        hasher.write_u8(1);
        field(hasher, request.request_uri());
        field(hasher, request.from().and_then(|from| from.tag).unwrap_or_default());
        field(hasher, request.header(Name::CallId).unwrap_or_default());
        hasher.write_u32(request.cseq().map_or(0, |cseq| cseq.number));
        field(hasher, via.branch.unwrap_or_default());
        lower_field(hasher, via.host);
        hasher.write_u16(via.port.unwrap_or(0));
    }
}

fn has_cookie(branch: &[u8]) -> bool {
    branch.len() > 7 && branch[..7].eq_ignore_ascii_case(b"z9hG4bK")
}

fn field(hasher: &mut SipHasher13, bytes: &[u8]) {
    hasher.write_usize(bytes.len());
    hasher.write(bytes);
}

fn lower_field(hasher: &mut SipHasher13, bytes: &[u8]) {
    hasher.write_usize(bytes.len());
    for chunk in bytes.chunks(32) {
        let mut lower = [0u8; 32];
        lower[..chunk.len()].copy_from_slice(chunk);
        lower.make_ascii_lowercase();
        hasher.write(&lower[..chunk.len()]);
    }
}
