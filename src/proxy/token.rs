//! The branch parameter that we put into Via: a token that finds its client transaction without a table.
//!
//! `z9hG4bKtl` + kind + 64 random bits + 32 bits of loop hash + 32 bits of place, in hex. A response is ours when the table
//! holds there a transaction with the same random bits (RFC 3261 §17.1.3, §16.6 step 8; checklist T9, X4, P23).

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
    /// 0 inside a dialog: what is sent there goes by its Route, and Max-Forwards bounds it.
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
        let mut text = [0; LENGTH];
        let (magic, rest) = text.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        rest[0] = self.kind.letter();
        hex(self.nonce, &mut rest[1..17]);
        hex(u64::from(self.loop_hash) << 32 | u64::from(self.index), &mut rest[17..33]);
        out.extend_from_slice(&text);
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
        let (nonce, last) = (unhex(&rest[1..17])?, unhex(&rest[17..33])?);
        Some(Token { kind, nonce, loop_hash: (last >> 32) as u32, index: last as u32 })
    }

    /// Finds a token in the beginning of a message that we sent, which may be cut off (an ICMP error's payload).
    pub fn find(sent: &[u8]) -> Option<Token> {
        let at = sent.windows(MAGIC.len()).position(|window| window == MAGIC)?;
        Token::parse(sent.get(at..at + LENGTH)?)
    }
}

/// Sixteen digits.
fn hex(mut value: u64, digits: &mut [u8]) {
    for digit in digits {
        *digit = b"0123456789abcdef"[(value >> 60) as usize];
        value <<= 4;
    }
}

const NO_DIGIT: u8 = 0x80;
/// What each hexadecimal digit stands for, in either case.
const DIGITS: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value];
        table[digit as usize] = value as u8;
        table[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    table
};

/// Up to sixteen digits.
fn unhex(text: &[u8]) -> Option<u64> {
    let (value, seen) = text.iter().fold((0, 0), |(value, seen): (u64, u8), &c| {
        let digit = DIGITS[usize::from(c)];
        (value << 4 | u64::from(digit & 15), seen | digit)
    });
    (seen & NO_DIGIT == 0).then_some(value)
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
