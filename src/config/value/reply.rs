//! Reply codes and what `retry_on`, `never_on` and `up_on` name by them.

use super::schema;
use crate::config::lower::{Kind, Problem, Scalar};
use crate::route::CodeSet;
use std::sync::Arc;

const FORMS: &str = "write a code like 503, or a class like 5xx";

/// One code, or a class of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codes {
    One(u16),
    Class(u16),
}

fn codes(text: &str) -> Result<Codes, Problem> {
    let wrong = || Problem::new(format!("`{text}` is no reply code")).help(FORMS);
    if let Some(class) = text.strip_suffix("xx") {
        return match class.parse::<u16>() {
            Ok(class) if (1..=6).contains(&class) && text.len() == 3 => Ok(Codes::Class(class)),
            _ => Err(wrong()),
        };
    }
    match text.parse::<u16>() {
        Ok(code) if (100..700).contains(&code) && text.len() == 3 => Ok(Codes::One(code)),
        _ => Err(wrong()),
    }
}

fn insert(set: &mut CodeSet, codes: Codes) {
    match codes {
        Codes::One(code) => set.insert(code),
        Codes::Class(class) => set.insert_class(class),
    }
}

/// The code of an answer that the router makes itself: 400 to 699.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalCode(pub u16);

impl Scalar for FinalCode {
    const WHAT: &'static str = "a reply code from 400 to 699";
    const KIND: Kind = Kind::Bare;
    fn parse(text: &str) -> Result<FinalCode, Problem> {
        match codes(text) {
            Ok(Codes::One(code)) if code >= 400 => Ok(FinalCode(code)),
            _ => Err(Problem::new(format!("`{text}` is no code to refuse a call with"))
                .help("write a code from 400 to 699, like 403")),
        }
    }
}

schema!(FinalCode, "FinalCode", {
    "type": "integer", "minimum": 400, "maximum": 699,
    "description": "The code of a refusal, 400 to 699",
    "examples": [403, 404, 503],
});

/// What stands behind a code in the first line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonPhrase(pub Arc<str>);

impl Scalar for ReasonPhrase {
    const WHAT: &'static str = "a text";
    const KIND: Kind = Kind::Free;
    fn parse(text: &str) -> Result<ReasonPhrase, Problem> {
        // A line end would end the answer's first line, and what follows would be a header.
        match text.chars().any(char::is_control) {
            true => Err(Problem::new("a reason is one line of text").help("write it on one line, in quotes")),
            false => Ok(ReasonPhrase(Arc::from(text))),
        }
    }
    fn unknown(text: &str) -> Option<ReasonPhrase> {
        Some(ReasonPhrase(Arc::from(text)))
    }
}

schema!(ReasonPhrase, "ReasonPhrase", {
    "type": ["string", "number", "boolean"],
    "description": "Text for people, on one line",
    "pattern": "^[^\\n\\r]*$",
});

/// A member of `never_on` or `up_on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplySet(Codes);

impl ReplySet {
    pub fn insert_into(self, set: &mut CodeSet) {
        insert(set, self.0);
    }
    /// Whether this names exactly `code`.
    pub fn is(self, code: u16) -> bool {
        self.0 == Codes::One(code)
    }
}

impl Scalar for ReplySet {
    const WHAT: &'static str = "a reply code like 503, or a class like `5xx`";
    const KIND: Kind = Kind::Formed;
    const REFERS: bool = false;
    fn parse(text: &str) -> Result<ReplySet, Problem> {
        codes(text).map(ReplySet)
    }
}

schema!(ReplySet, "ReplySet", {
    "description": "A reply code (503) or a class (5xx)",
    "anyOf": [
        { "type": "integer", "minimum": 100, "maximum": 699 },
        { "type": "string", "pattern": "^[1-6]([0-9]{2}|xx)$" },
    ],
    "examples": [404, "5xx"],
});

/// A member of `retry_on`: a code, a class, or one of the three things that are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn(Reason);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Timeout,
    Transport,
    NoAnswer,
    Reply(Codes),
}

impl RetryOn {
    pub fn insert_into(self, set: &mut CodeSet) {
        match self.0 {
            Reason::Timeout => set.timeout = true,
            Reason::Transport => set.transport = true,
            Reason::NoAnswer => set.no_answer = true,
            Reason::Reply(codes) => insert(set, codes),
        }
    }
    /// Whether this names `code`, alone or in its class.
    pub fn covers(self, code: u16) -> bool {
        match self.0 {
            Reason::Reply(Codes::One(one)) => one == code,
            Reason::Reply(Codes::Class(class)) => class == code / 100,
            _ => false,
        }
    }
}

impl Scalar for RetryOn {
    const WHAT: &'static str = "a reply code or class, `timeout`, `transport` or `no-answer`";
    const KIND: Kind = Kind::Formed;
    const REFERS: bool = false;
    fn parse(text: &str) -> Result<RetryOn, Problem> {
        let reason = match text {
            "timeout" => Reason::Timeout,
            "transport" => Reason::Transport,
            "no-answer" => Reason::NoAnswer,
            _ => Reason::Reply(codes(text).map_err(|problem| {
                problem.help(format!("{FORMS}; or one of the words timeout, transport, no-answer"))
            })?),
        };
        // A call that was taken, redirected, challenged, cancelled or declined everywhere is never tried elsewhere.
        let never = match reason {
            Reason::Reply(Codes::Class(class)) => matches!(class, 1..=3 | 6),
            Reason::Reply(Codes::One(code)) => matches!(code / 100, 1..=3 | 6) || matches!(code, 401 | 407 | 487),
            _ => false,
        };
        if never {
            let help =
                "2xx and 3xx settle the call, 401 and 407 ask the caller, 487 is its own CANCEL, 6xx speaks for all";
            return Err(Problem::new(format!("a call is never repeated after `{text}`")).help(help));
        }
        Ok(RetryOn(reason))
    }
}

schema!(RetryOn, "RetryOn", {
    "description": "A reply code (503), a class (5xx), timeout (made here), transport, or no-answer",
    "anyOf": [
        { "type": "integer", "minimum": 400, "maximum": 599, "not": { "enum": [401, 407, 487] } },
        { "type": "string", "pattern": "^([45]([0-9]{2}|xx)|timeout|transport|no-answer)$", "not": { "enum": ["401", "407", "487"] } },
    ],
    "examples": ["timeout", "transport", "5xx", 408],
});
