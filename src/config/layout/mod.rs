//! One way to write a file: order of keys, quotes, spacing. Comments, anchors, shorthands and what the file means stay.
//!
//! A text goes through three forms: tokens and comments ([`syntax`]), a tree in which every comment hangs on what it
//! belongs to ([`tree`], [`comments`]), and the text that [`print`] writes. At the end both texts are compared: what
//! does not mean the same, or has lost a comment, is not given out.

mod comments;
mod order;
mod print;
mod same;
mod scalar;
mod tree;

pub use order::KEYS;

use super::diagnostic::{Code, Diagnostic, Diagnostics, Report};
use super::source::{Source, Sources, Span};
use super::yaml::syntax::syntax;

/// Formats the bytes of one file, which `path` names where something is to be said about it. It need not validate, but
/// it must parse; what keeps it from that is the error.
pub fn format(path: &str, bytes: &[u8]) -> Result<String, Box<Diagnostics>> {
    let mut report = Report::default();
    let complain = |report: Report, text: &str| {
        let source = Source::new(path.to_owned(), text.to_owned());
        Box::new(report.finish(Sources(vec![source])))
    };
    let (source, readable) = super::decode::decode(path.as_ref(), bytes, 0, &mut report);
    if !readable {
        return Err(complain(report, &source.text));
    }
    format_text(&source.text).map_err(|problem| {
        let mut report = Report::default();
        report.push(*problem);
        complain(report, &source.text)
    })
}

fn format_text(text: &str) -> Result<String, Box<Diagnostic>> {
    let text = repaired(text);
    let before = syntax(&text)?;
    if let Some(line) = directive(&text, before.tokens.first().map_or(text.len(), |token| token.range.start)) {
        return Err(cannot(line, "a line with a `%` directive"));
    }
    let mut tree =
        tree::tree(&text, &before.tokens).map_err(|at| cannot(at, "a key that is more than one line of text"))?;
    comments::attach(&mut tree, &text, &before.comments);
    order::sort(&mut tree);
    let out = print::print(&tree);
    // What follows never happens, as far as we know; if it does, the file is left as it is.
    let after =
        syntax(&out).map_err(|problem| cannot(0, &format!("what would not parse again: {}", problem.message)))?;
    match same::difference(&text, &before, &out, &after) {
        None => Ok(out),
        Some(at) => Err(cannot(at, "what cannot be written in another way without a risk for its meaning")),
    }
}

fn cannot(at: usize, what: &str) -> Box<Diagnostic> {
    let span = Span { file: 0, start: at as u32, end: at as u32 };
    let diagnostic = Diagnostic::new(Code::YamlSyntax, span, format!("here is {what}: the file is left as it is"));
    Box::new(diagnostic.help("write it the plain way, `key: value`, and format again"))
}

/// Without a byte order mark, with LF line ends.
fn repaired(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n")
}

/// The first line before `until` that begins with `%`.
fn directive(text: &str, until: usize) -> Option<usize> {
    let before = text.get(..until)?;
    if before.starts_with('%') { Some(0) } else { before.find("\n%").map(|at| at + 1) }
}
