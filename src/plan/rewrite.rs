//! What becomes of a dialled number: a route's change and a gateway's as one, and what it does to all numbers that begin
//! alike.

use crate::route::{NumberChange, Strip};
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// Digits at the beginning of a number.
pub type Digits = SmallVec<[u8; 24]>;

/// How many characters are taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Take {
    Count(u16),
    /// As many as the prefix that matched has, and so many more.
    Matched(u16),
}

/// Take characters off, then put others before the rest: a route's change and then a gateway's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rewrite {
    pub take: Take,
    pub add: Arc<str>,
}

impl Rewrite {
    /// The route's own.
    pub fn of(change: &NumberChange) -> Rewrite {
        let take = match change.strip {
            Strip::None => Take::Count(0),
            Strip::Digits(n) => Take::Count(u16::from(n)),
            Strip::Matched => Take::Matched(0),
        };
        Rewrite { take, add: Arc::clone(&change.add) }
    }

    /// This one, then a gateway's: what it takes off beyond what was added comes off the number.
    pub fn then(&self, next: &Rewrite) -> Rewrite {
        let Take::Count(strip) = next.take else {
            // A gateway can't speak of the prefix that matched: the configuration reads digits alone.
            return self.clone();
        };
        let kept = self.add.get(usize::from(strip)..).unwrap_or_default();
        let beyond = usize::from(strip).saturating_sub(self.add.len()) as u16;
        let take = match self.take {
            Take::Count(n) => Take::Count(n + beyond),
            Take::Matched(n) => Take::Matched(n + beyond),
        };
        Rewrite { take, add: format!("{}{kept}", next.add).into() }
    }

    /// How many characters come off a number whose prefix of this length matched.
    pub fn count(&self, matched: usize) -> usize {
        match self.take {
            Take::Count(n) => usize::from(n),
            Take::Matched(n) => matched + usize::from(n),
        }
    }

    /// How long a number must be to get through: what is taken off must be there, and something must be left.
    pub fn reach(&self, matched: usize) -> usize {
        self.count(matched) + usize::from(self.add.is_empty())
    }

    /// What it makes of all numbers that begin with `head`: the digits they begin with afterwards, and how many more
    /// characters, which nobody knows yet, are taken off behind the head.
    pub fn on(&self, head: &[u8], matched: usize) -> (Digits, usize) {
        let count = self.count(matched);
        let mut digits = Digits::from_slice(self.add.as_bytes());
        digits.extend_from_slice(head.get(count..).unwrap_or_default());
        (digits, count.saturating_sub(head.len()))
    }

    /// Whether the prefix that matched matters to it.
    pub fn is_relative(&self) -> bool {
        matches!(self.take, Take::Matched(_))
    }
}

impl fmt::Display for Rewrite {
    /// `strip 2, add 49`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.take {
            Take::Count(n) => write!(f, "strip {n}")?,
            Take::Matched(0) => f.write_str("strip matched")?,
            Take::Matched(n) => write!(f, "strip matched and {n} more")?,
        }
        match &*self.add {
            "" => f.write_str(", add nothing"),
            add => write!(f, ", add {add}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(take: u16, add: &str) -> Rewrite {
        Rewrite { take: Take::Count(take), add: add.into() }
    }

    #[test]
    fn two_changes_are_one() {
        assert_eq!(rewrite(2, "49").then(&rewrite(0, "+")), rewrite(2, "+49"));
        assert_eq!(rewrite(2, "49").then(&rewrite(1, "")), rewrite(2, "9"));
        assert_eq!(rewrite(2, "49").then(&rewrite(3, "0")), rewrite(3, "0"));
        let matched = Rewrite { take: Take::Matched(0), add: "".into() };
        assert_eq!(matched.then(&rewrite(1, "x")).take, Take::Matched(1));
    }

    #[test]
    fn numbers_with_the_same_beginning_become_numbers_with_the_same_beginning() {
        let (digits, more) = rewrite(2, "49").on(b"0030", 2);
        assert_eq!((digits.as_slice(), more), (&b"4930"[..], 0));
        let (digits, more) = rewrite(5, "49").on(b"0030", 2);
        assert_eq!((digits.as_slice(), more), (&b"49"[..], 1));
        assert_eq!((rewrite(2, "").reach(0), rewrite(2, "1").reach(0)), (3, 2));
    }
}
