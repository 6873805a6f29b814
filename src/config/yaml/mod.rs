//! YAML as a tree that keeps places and styles. All values are text here; the field that reads one decides its type.
//!
//! Only [`read`] and [`syntax`] know the parser crate, so another one can take its place.

mod anchors;
mod keys;
mod problem;
mod read;
pub mod syntax;

pub use read::{Budget, read};

use super::source::Span;
use std::borrow::Cow;

#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub span: Span,
    pub value: Value<'a>,
}

#[derive(Clone, Debug)]
pub enum Value<'a> {
    Text(Cow<'a, str>, Style),
    /// Nothing stands there; the span of a comment that looks as if it had swallowed the value (`#31#`, but not `# text`).
    Omitted(Option<Span>),
    List(Vec<Node<'a>>),
    /// Keys are texts, in their order, each once.
    Map(Vec<(Key<'a>, Node<'a>)>),
    /// Was complained about already.
    Broken,
}

/// A key of a map.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    pub span: Span,
    pub text: Cow<'a, str>,
    pub style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Bare: other readers may take it for a number, a boolean or null.
    Plain,
    Quoted,
    /// `|` or `>`.
    Block,
}

impl<'a> Node<'a> {
    /// What it is, for people: `a list`.
    pub fn what(&self) -> &'static str {
        match &self.value {
            Value::Text(..) => "a single value",
            Value::Omitted(_) => "nothing",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Broken => "broken",
        }
    }

    /// Whether there is no value: omitted, or one of YAML's words for nothing.
    pub fn is_nothing(&self) -> bool {
        match &self.value {
            Value::Omitted(_) => true,
            Value::Text(text, Style::Plain) => matches!(text.as_ref(), "~" | "null" | "Null" | "NULL"),
            _ => false,
        }
    }

    pub fn map(&self) -> Option<&[(Key<'a>, Node<'a>)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of this map.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.map()?.iter().find(|(k, _)| k.text == key).map(|(_, value)| value)
    }
}
