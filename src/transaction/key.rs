//! Matching requests to server transactions: RFC 3261 §17.2.3 (checklist T7, T8).

use super::Fields;
use crate::sip::{Message, Method, Name, Via};
use siphasher::sip128::SipHasher13;

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
        let mut fields = Fields::default();
        match via.branch {
            Some(branch) if has_cookie(branch) => fields.number(3261).add(&branch[7..]),
            _ => older(&mut fields, request, via),
        };
        sent_by(&mut fields, via).number(method as u32);
        if method == Method::Other {
            fields.add(request.method_text());
        }
        self.hash(&fields)
    }

    /// The key of an INVITE, or of the ACK that looks for it, by its topmost Via alone; `None` for peers of RFC 2543.
    pub fn invite_key(&self, via: &Via) -> Option<Key> {
        let branch = via.branch.filter(|branch| has_cookie(branch))?;
        let mut fields = Fields::default();
        sent_by(fields.number(3261).add(&branch[7..]), via).number(Method::Invite as u32);
        Some(self.hash(&fields))
    }

    fn hash(&self, fields: &Fields) -> Key {
        let hash = SipHasher13::new_with_key(&self.secret).hash(fields.bytes());
        Key([hash.h1, hash.h2])
    }
}

fn sent_by<'f>(fields: &'f mut Fields, via: &Via) -> &'f mut Fields {
    fields.add_lower(via.host).number(u32::from(via.port.unwrap_or(0)))
}

/// RFC 2543 peers send no cookie: the whole identity of the request counts. The To tag is left out: an ACK carries the
/// one that our response added.
fn older<'f>(fields: &'f mut Fields, request: &Message, via: &Via) -> &'f mut Fields {
    fields.number(2543).add(request.request_uri());
    fields.add(request.from().and_then(|from| from.tag).unwrap_or_default());
    fields.add(request.header(Name::CallId).unwrap_or_default());
    fields.number(request.cseq().map_or(0, |cseq| cseq.number)).add(via.branch.unwrap_or_default())
}

fn has_cookie(branch: &[u8]) -> bool {
    branch.len() > 7 && branch[..7].eq_ignore_ascii_case(b"z9hG4bK")
}
