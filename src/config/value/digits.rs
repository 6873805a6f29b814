//! What can be dialled: prefixes, digits to add, caller patterns, strip counts.

use super::schema;
use crate::config::diagnostic::Safety;
use crate::config::lower::{Kind, Problem, Scalar};
use std::sync::Arc;

const ALPHABET: &str = "digits are 0-9 + * # A-D";
/// No number is longer than this on any trunk; `pri_prefix` and friends hold 64.
const LONGEST: usize = 64;

fn dialable(text: &str) -> Result<Arc<str>, Problem> {
    let allowed = |b: u8| b.is_ascii_digit() || b"+*#ABCD".contains(&b);
    if text.len() > LONGEST {
        return Err(Problem::new(format!("{} digits; {LONGEST} are the limit", text.len())));
    }
    match text.chars().find(|c| !u8::try_from(*c).is_ok_and(allowed)) {
        None => Ok(Arc::from(text)),
        Some(c) => {
            let upper: String =
                text.chars().filter(|c| !" -.()/".contains(*c)).map(|c| c.to_ascii_uppercase()).collect();
            let problem = Problem::new(format!("`{c}` cannot be dialled")).help(ALPHABET);
            let repaired = !upper.is_empty() && upper.bytes().all(allowed);
            Err(if repaired { problem.fix(Safety::Review, format!("{upper:?}")) } else { problem })
        }
    }
}

/// The digits that a route is chosen by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prefix(pub Arc<str>);

impl Scalar for Prefix {
    const WHAT: &'static str = "digits in quotes, like \"0049\"";
    const KIND: Kind = Kind::Dialled;
    const REFERS: bool = false;
    fn parse(text: &str) -> Result<Prefix, Problem> {
        if text.is_empty() {
            return Err(
                Problem::new("an empty prefix").help("the route that takes everything else says `default: true`")
            );
        }
        dialable(text).map(Prefix)
    }
}

schema!(Prefix, "Prefix", {
    "type": "string",
    "description": "Digits, in quotes: 0-9 + * # A-D",
    "pattern": "^[0-9+*#A-D]{1,64}$",
    "examples": ["0049", "+", "*72"],
});

/// Digits that are put before a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added(pub Arc<str>);

impl Scalar for Added {
    const WHAT: &'static str = "digits in quotes, like \"+49\"";
    const KIND: Kind = Kind::Dialled;
    fn parse(text: &str) -> Result<Added, Problem> {
        dialable(text).map(Added)
    }
}

schema!(Added, "Added", {
    "type": "string",
    "description": "Digits put before the number, in quotes; after `strip`",
    "pattern": "^[0-9+*#A-D]{0,64}$",
    "examples": ["+49", "00"],
});

/// A From user, or the beginning of one with `*` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPattern {
    pub text: Arc<str>,
    pub prefix: bool,
}

impl Scalar for UserPattern {
    const WHAT: &'static str = "a user in quotes, like \"150\" or \"15*\"";
    const KIND: Kind = Kind::Dialled;
    fn parse(text: &str) -> Result<UserPattern, Problem> {
        let (body, prefix) = text.strip_suffix('*').map_or((text, false), |body| (body, true));
        if body.contains('*') {
            return Err(
                Problem::new("`*` is allowed at the end alone").help("write \"15*\" for all users that begin with 15")
            );
        }
        if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c == '@') {
            return Err(Problem::new("this is no user").help("write the part before the `@`, like \"150\""));
        }
        Ok(UserPattern { text: Arc::from(body), prefix })
    }
}

schema!(UserPattern, "UserPattern", {
    "type": "string",
    "description": "The user of the caller's From; `*` is allowed at its end",
    "pattern": "^[^@*\\s]*\\*?$",
    "minLength": 1,
    "examples": ["150", "15*"],
});

/// A number as somebody dials it, or as it leaves: visual separators are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called(pub Arc<str>);

impl Scalar for Called {
    const WHAT: &'static str = "a number in quotes, like \"0033140000000\"";
    const KIND: Kind = Kind::Dialled;
    fn parse(text: &str) -> Result<Called, Problem> {
        let wrong = text.is_empty()
            || text.len() > 128
            || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '@');
        match wrong {
            true => {
                Err(Problem::new(format!("`{text}` is no number"))
                    .help("write what is dialled, like \"0033140000000\""))
            }
            false => Ok(Called(Arc::from(text))),
        }
    }
}

schema!(Called, "Called", {
    "type": "string",
    "description": "A number, in quotes",
    "pattern": "^[^@\\s]{1,128}$",
    "examples": ["0033140000000", "+33140000000"],
});

/// Who calls: the user of a From, with `@` and the domain where it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerId {
    pub user: Arc<str>,
    pub domain: Option<Arc<str>>,
}

impl Scalar for CallerId {
    const WHAT: &'static str = "a caller in quotes, like \"101\" or \"101@example.net\"";
    const KIND: Kind = Kind::Dialled;
    fn parse(text: &str) -> Result<CallerId, Problem> {
        let (user, domain) = text.split_once('@').map_or((text, None), |(user, domain)| (user, Some(domain)));
        let clean =
            |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_control() || c.is_whitespace() || c == '@');
        match clean(user) && domain.is_none_or(clean) && text.len() <= 255 {
            true => Ok(CallerId { user: Arc::from(user), domain: domain.map(Arc::from) }),
            false => {
                Err(Problem::new(format!("`{text}` is no caller")).help("write the user of the From, like \"101\""))
            }
        }
    }
}

schema!(CallerId, "CallerId", {
    "type": "string",
    "description": "The caller's user, in quotes, with `@` and a domain where that matters",
    "pattern": "^[^@\\s]+(@[^@\\s]+)?$",
    "maxLength": 255,
    "examples": ["101", "101@example.net"],
});

/// How many digits a route takes away: a count, or as many as its prefix has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripCount {
    Digits(u8),
    Matched,
}

impl Scalar for StripCount {
    const WHAT: &'static str = "a count of digits, or `matched`";
    const KIND: Kind = Kind::Bare;
    fn parse(text: &str) -> Result<StripCount, Problem> {
        match text {
            "matched" => Ok(StripCount::Matched),
            _ => StripDigits::parse(text).map(|count| StripCount::Digits(count.0)).map_err(|problem| {
                problem.help("write a count from 0 to 64, or `matched`: as many digits as the prefix that matched")
            }),
        }
    }
}

schema!(StripCount, "StripCount", {
    "description": "How many digits are taken away, or `matched`: as many as the prefix that matched",
    "anyOf": [{ "type": "integer", "minimum": 0, "maximum": 64 }, { "const": "matched" }],
});

/// How many digits a gateway takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StripDigits(pub u8);

impl Scalar for StripDigits {
    const WHAT: &'static str = "a count of digits";
    const KIND: Kind = Kind::Bare;
    fn parse(text: &str) -> Result<StripDigits, Problem> {
        match text.parse::<u8>() {
            Ok(count) if usize::from(count) <= LONGEST && super::measure::canonical(text) => Ok(StripDigits(count)),
            _ if text == "matched" => Err(Problem::new("`matched` belongs to a route: a gateway knows no prefix")
                .help("write a count, or strip on the route")),
            _ => Err(Problem::new(format!("`{text}` is no count of digits")).help("write a whole number from 0 to 64")),
        }
    }
}

schema!(StripDigits, "StripDigits", {
    "type": "integer", "minimum": 0, "maximum": 64,
    "description": "How many digits are taken away",
});
