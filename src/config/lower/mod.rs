//! From the tree to typed values: each type says what it looks like in the schema and how it is read; what does not
//! fit is complained about at its place, and the reading goes on, so that one run shows every independent error.

mod containers;
mod record;
mod scalar;

pub use containers::{Entry, FreeMap, Map, OneOrMany, Rare, Several};
pub use record::{Field, Given};
pub(super) use record::{Fields, bare_name, document};
pub use scalar::{Kind, Problem, Scalar};

use super::diagnostic::{Code, Diagnostic, Report};
use super::source::Span;
use super::yaml::{Node, Value};
use schemars::JsonSchema;
use std::fmt;

/// A type that can be read from a tree.
pub trait Lower: Sized + JsonSchema {
    /// Reads a node; `None` after a complaint.
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self>;
}

/// Where a value stands, as people write it: `routes.uk.prefix`.
#[derive(Clone, Copy, Debug)]
pub struct At<'p> {
    parent: Option<&'p At<'p>>,
    name: &'p str,
    /// The key that the value belongs to.
    pub key: Span,
}

impl<'p> At<'p> {
    /// The top of a file.
    pub fn top(key: Span) -> At<'p> {
        At { parent: None, name: "", key }
    }
    pub fn key<'c>(&'c self, name: &'c str, key: Span) -> At<'c> {
        At { parent: Some(self), name, key }
    }
    /// The last name of the path.
    pub fn name(&self) -> &str {
        self.name
    }
    pub fn is_top(&self) -> bool {
        self.parent.is_none()
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent.filter(|parent| !parent.is_top()) {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)
    }
}

/// Complains that a node is not `expected`; a node without any value is told apart.
fn wrong_type(node: &Node<'_>, at: &At<'_>, expected: &str, report: &mut Report) {
    match &node.value {
        Value::Broken => {}
        Value::Omitted(Some(comment)) => report.push(swallowed(at, *comment)),
        _ if node.is_nothing() => {
            let span = if node.span.start == node.span.end { at.key } else { node.span };
            let diagnostic = Diagnostic::new(Code::WrongType, span, format!("`{at}` has no value"))
                .label(format!("{expected} is expected"))
                .help("write the value behind the colon, or delete the key");
            report.push(diagnostic);
        }
        _ => {
            let what = if at.is_top() { "the file".to_owned() } else { format!("`{at}`") };
            let diagnostic = Diagnostic::new(Code::WrongType, first_line(node), format!("{what} must be {expected}"))
                .label(format!("this is {}", node.what()));
            let name = if at.is_top() { "key" } else { at.name() };
            report.push(match expected {
                _ if expected.starts_with("a map") => {
                    diagnostic.help(format!("write `{name}: {{ key: value }}`, or the keys indented below"))
                }
                _ if expected.starts_with("a list") => diagnostic.help(format!("write `{name}: [ … ]`, also for one")),
                _ => diagnostic,
            });
        }
    }
}

/// `prefix: #31#`: the value was lost in a comment.
fn swallowed(at: &At<'_>, comment: Span) -> Diagnostic {
    Diagnostic::new(Code::SwallowedByComment, comment, format!("`{at}` has an empty value, with text after `#`"))
        .label("YAML takes this for a comment")
        .help("a value that begins with `#` needs quotes")
        .fix(super::diagnostic::Safety::Review, comment.at_start(), "\"")
        .fix(super::diagnostic::Safety::Review, comment.at_end(), "\"")
}

/// The place to underline for a list or map: what it begins with.
fn first_line(node: &Node<'_>) -> Span {
    match &node.value {
        Value::Map(entries) => entries.first().map_or(node.span, |(key, _)| key.span),
        Value::List(items) if node.span.start == node.span.end => items.first().map_or(node.span, |item| item.span),
        _ => node.span,
    }
}
