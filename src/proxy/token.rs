//! The branch parameter that we put into Via: a token that finds its client transaction without a table.
//!
//! `z9hG4bKtl` + kind + 64 random bits + 32 bits of loop hash + 32 bits of slab index, in hex. A response is ours when
//! the index holds a transaction with the same random bits (RFC 3261 §17.1.3, §16.6 step 8; checklist T9, X4, P23).

const MAGIC: &[u8] = b"z9hG4bKtl";
/// Bytes of a branch made here.
pub(super) const LENGTH: usize = MAGIC.len() + 1 + 16 + 8 + 8;

/// Which table the index points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Invite,
    NonInvite,
    Probe,
    /// An ACK for a 2xx: no transaction (RFC 3261 §16.11).
    Stateless,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub nonce: u64,
    pub loop_hash: u32,
    pub index: u32,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::Invite => b'i',
            Kind::NonInvite => b'n',
            Kind::Probe => b'p',
            Kind::Stateless => b's',
        }
    }
}

impl Token {
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.push(self.kind.letter());
        hex(self.nonce, 16, out);
        hex(u64::from(self.loop_hash), 8, out);
        hex(u64::from(self.index), 8, out);
    }

    /// `None` for a branch that was not made by a trunkline.
    pub fn parse(branch: &[u8]) -> Option<Token> {
        if branch.len() != LENGTH || !branch[..MAGIC.len()].eq_ignore_ascii_case(MAGIC) {
            return None;
        }
        let rest = &branch[MAGIC.len()..];
        let kind = match rest[0].to_ascii_lowercase() {
            b'i' => Kind::Invite,
            b'n' => Kind::NonInvite,
            b'p' => Kind::Probe,
            b's' => Kind::Stateless,
            _ => return None,
        };
        Some(Token {
            kind,
            nonce: unhex(&rest[1..17])?,
            loop_hash: unhex(&rest[17..25])? as u32,
            index: unhex(&rest[25..33])? as u32,
        })
    }

    /// Finds a token in the beginning of a message that we sent, which may be cut off (an ICMP error's payload).
    pub fn find(sent: &[u8]) -> Option<Token> {
        let at = sent.windows(MAGIC.len()).position(|window| window == MAGIC)?;
        Token::parse(sent.get(at..at + LENGTH)?)
    }
}

fn hex(value: u64, digits: u32, out: &mut Vec<u8>) {
    for n in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(value >> (4 * n)) as usize & 15]);
    }
}

fn unhex(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0u64, |value, &c| Some(value << 4 | u64::from((c as char).to_digit(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_way_there_and_back_in_any_case() {
        let token = Token { kind: Kind::Invite, nonce: 0x0123_4567_89ab_cdef, loop_hash: 0xdead_beef, index: 77 };
        let mut text = Vec::new();
        token.put(&mut text);
        assert_eq!(text.len(), LENGTH);
        assert_eq!(Token::parse(&text), Some(token));
        assert_eq!(Token::parse(&text.to_ascii_uppercase()), Some(token));
        let sent = [b"INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=".as_slice(), &text, b";rp"].concat();
        assert_eq!(Token::find(&sent), Some(token));
        assert_eq!(Token::find(&sent[..60]), None);
    }

    #[test]
    fn other_branches_are_not_ours() {
        for other in ["", "z9hG4bK", "z9hG4bK776asdhds", "z9hG4bKtlx0000000000000000000000000000000f"] {
            assert_eq!(Token::parse(other.as_bytes()), None, "{other}");
        }
    }
}
