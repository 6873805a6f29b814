//! Single values: what may stand bare, what needs quotes, and what hides in the text.

use super::record::not_served;
use super::{At, Lower, wrong_type};
use crate::config::diagnostic::{Code, Diagnostic, Report, Safety, Severity};
use crate::config::secrets::{self, Filled};
use crate::config::source::Span;
use crate::config::value::{bare, look_alike};
use crate::config::yaml::{Key, Node, Style, Value};
use schemars::JsonSchema;

/// What an id looks like. `x-…` keys pass here, since they are ignored wherever ids stand.
pub const ID_PATTERN: &str = "^[a-z0-9][a-z0-9._-]{0,62}$";

/// How a bare value is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Digits that can be dialled: quotes wherever a reader could see a number.
    Dialled,
    /// An id, a name, an address: no look-alikes, and no number or boolean in disguise.
    Word,
    /// Text for people.
    Free,
    /// A number or `true`/`false`: never quoted.
    Bare,
    /// Something of its own form (`30s`, `5xx`, `100MiB`): bare or quoted.
    Formed,
    /// What nobody may see: no look at it ends in a message.
    Secret,
}

/// What is wrong with a value, and what to do.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    pub code: Option<Code>,
    pub message: String,
    pub label: Option<String>,
    pub help: Option<String>,
    /// What to write instead.
    pub fix: Option<(Safety, String)>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), ..Problem::default() }
    }
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
    pub fn fix(mut self, safety: Safety, text: impl Into<String>) -> Problem {
        self.fix = Some((safety, text.into()));
        self
    }
    pub fn code(mut self, code: Code) -> Problem {
        self.code = Some(code);
        self
    }
    fn at(self, span: Span, at: &At<'_>) -> Diagnostic {
        let message = format!("`{at}`: {}", self.message);
        let mut diagnostic = Diagnostic::new(self.code.unwrap_or(Code::BadValue), span, message);
        diagnostic.label = self.label;
        diagnostic.help = self.help;
        match self.fix {
            Some((safety, text)) => diagnostic.fix(safety, span, text),
            None => diagnostic,
        }
    }
}

/// A value that is written as one text.
pub trait Scalar: Sized + JsonSchema {
    /// For `… must be WHAT`.
    const WHAT: &'static str;
    const KIND: Kind;
    fn parse(text: &str) -> Result<Self, Problem>;
    /// Whether `${ENV:…}` may stand in it: not in ids, prefixes and paths of `include`.
    const REFERS: bool = true;
    /// What stands for a value that hangs on a variable which is not set here; `text` is as written.
    fn unknown(_text: &str) -> Option<Self> {
        None
    }
    /// What of it this build does not serve, in words.
    fn unserved(&self) -> Option<&'static str> {
        None
    }
}

impl<T: Scalar> Lower for T {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        let (text, style) = match &node.value {
            Value::Text(text, style) if !node.is_nothing() => (text.as_ref(), *style),
            _ => {
                wrong_type(node, at, T::WHAT, report);
                return None;
            }
        };
        if text.contains("${") {
            return referred(text, at, node.span, report);
        }
        if let Some(problem) = disguise(text, style, T::KIND, at, node.span) {
            // The text itself is known, so the rest can be checked as if it had its quotes.
            let usable = problem.code == Code::BareDigits;
            report.push(problem);
            return usable.then(|| T::parse(text).ok()).flatten();
        }
        if matches!(T::KIND, Kind::Dialled | Kind::Word | Kind::Formed)
            && let Some(problem) = look_alike::find(text)
        {
            report.push(problem.at(node.span, at));
            return None;
        }
        match T::parse(text) {
            Ok(value) => {
                if let Some(what) = value.unserved() {
                    report.push(not_served(&format!("{what} in `{at}`"), node.span));
                }
                Some(value)
            }
            Err(problem) => {
                report.push(problem.at(node.span, at));
                None
            }
        }
    }
}

/// A number or boolean where text is needed, or quotes where none belong.
fn disguise(text: &str, style: Style, kind: Kind, at: &At<'_>, span: Span) -> Option<Diagnostic> {
    match kind {
        Kind::Dialled | Kind::Word if style == Style::Plain => {
            if let Some(reading) = bare::number_reading(text) {
                let what = if kind == Kind::Dialled { "phone digits" } else { "digits used as a name" };
                return Some(bare_digits(what, text, &reading, span));
            }
            bare::boolean_word(text).then(|| boolean_word(text, at, span))
        }
        Kind::Bare if style != Style::Plain && (bare::number_reading(text).is_some() || bare::boolean_word(text)) => {
            let diagnostic = Diagnostic::new(Code::WrongType, span, format!("`{at}` is a text here, and must not be"))
                .help("write it without quotes")
                .fix(Safety::Safe, span, text.to_owned());
            Some(diagnostic)
        }
        _ => None,
    }
}

fn bare_digits(what: &str, text: &str, reading: &str, span: Span) -> Diagnostic {
    // `0x10` or `12:30` were hardly meant as they stand; quoting digits changes nothing.
    let plain = text.strip_prefix('+').unwrap_or(text);
    let safety = if plain.bytes().all(|b| b.is_ascii_digit()) { Safety::Safe } else { Safety::Review };
    Diagnostic::new(Code::BareDigits, span, format!("{what} must be quoted"))
        .label(format!("YAML readers turn this into {reading}"))
        .help("quote it")
        .fix(safety, span.at_start(), "\"")
        .fix(safety, span.at_end(), "\"")
}

fn boolean_word(text: &str, at: &At<'_>, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::BooleanWord,
        span,
        format!("`{at}`: the bare word `{text}` means true or false to many readers"),
    )
    .help("quote it, or choose another word")
    .fix(Safety::Safe, span.at_start(), "\"")
    .fix(Safety::Safe, span.at_end(), "\"")
}

/// A value with `${ENV:…}` in it. What the variables hold is never shown, not even where it is wrong.
fn referred<T: Scalar>(text: &str, at: &At<'_>, span: Span, report: &mut Report) -> Option<T> {
    let complain = |message: String, help: &str| Diagnostic::new(Code::SecretReference, span, message).help(help);
    if !T::REFERS || T::KIND == Kind::Bare {
        let message = format!("`{at}`: a variable can't stand in {}", T::WHAT);
        report.push(complain(message, "write the value itself: ids, prefixes and patterns say what the file is about"));
        return None;
    }
    match secrets::fill(text, report.secrets()) {
        Filled::Malformed => {
            let message = format!("`{at}`: this is no reference to a variable");
            report.push(complain(message, "the only form is `${ENV:NAME}`, in quotes"));
            None
        }
        Filled::Unset(name) => {
            let diagnostic =
                complain(format!("`{at}`: the variable `{name}` is not set here"), "set it where `run` is started");
            report.push(diagnostic.severity(Severity::Note).label("`run` needs it"));
            T::unknown(text)
        }
        Filled::Known(value) => {
            let fine = value.chars().all(|c| !c.is_control());
            let read = if fine { T::parse(&value).ok() } else { None };
            match &read {
                None => {
                    let message = format!("`{at}`: with the variable's value this is not {}", T::WHAT);
                    report.push(complain(message, "look at the variable; its value is not shown here"));
                }
                Some(read) => {
                    if let Some(what) = read.unserved() {
                        report.push(not_served(&format!("{what} in `{at}`"), span));
                    }
                }
            }
            read
        }
    }
}

/// Checks a key that is an id.
pub(super) fn check_id(key: &Key<'_>, at: &At<'_>, report: &mut Report) {
    let text = key.text.as_ref();
    if key.style == Style::Plain {
        if let Some(reading) = bare::number_reading(text) {
            report.push(bare_digits("an id made of digits", text, &reading, key.span));
            return;
        }
        if bare::boolean_word(text) {
            report.push(boolean_word(text, at, key.span));
            return;
        }
    }
    if let Some(problem) = look_alike::find(text) {
        report.push(problem.at(key.span, at));
        return;
    }
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let rest = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    let reserved = matches!(text, "all" | "none") || (text == "default" && at.name() != "groups");
    let problem = if reserved {
        Problem::new(format!("the id `{text}` is reserved")).help("choose another id")
    } else if !first || !rest || text.len() > 63 {
        let tidy: String = text
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' })
            .collect();
        let help = "an id is 1 to 63 of a-z, 0-9, `.`, `_`, `-`, and begins with a letter or a digit";
        let problem = Problem::new(format!("`{text}` is no id")).help(help);
        let tidy = tidy.trim_start_matches(['.', '_', '-']);
        if tidy.is_empty() || tidy.len() > 63 { problem } else { problem.fix(Safety::Review, tidy) }
    } else {
        return;
    };
    report.push(problem.at(key.span, at));
}

/// Checks a key that is a name for people.
pub(super) fn check_name(key: &Key<'_>, at: &At<'_>, report: &mut Report) {
    let text = key.text.as_ref();
    if text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        let problem =
            Problem::new("a name of 1 to 200 characters is expected, on one line").help("write a short sentence");
        report.push(problem.at(key.span, at));
    }
}
