//! What stands outside the files of a set and in none of the outputs: variables of the environment and secret files.
//!
//! `"${ENV:NAME}"` inside a string value and `{ secret_file: path }` for a whole value are looked up after parsing, so
//! they cannot add structure.

use super::yaml::{Node, Value};
use std::collections::BTreeMap;
use std::fmt;

/// The variables and files that a set refers to. Printing it shows names alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// `None`: the variables of this process.
    variables: Option<BTreeMap<String, String>>,
    /// By the path as it is written; `None` for what could not be read.
    files: BTreeMap<String, Option<Vec<u8>>>,
}

impl Secrets {
    /// No files, and these variables instead of the process's own.
    pub fn of(variables: &[(&str, &str)]) -> Secrets {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Secrets { variables: Some(variables), files: BTreeMap::new() }
    }

    pub fn variable(&self, name: &str) -> Option<String> {
        match &self.variables {
            Some(variables) => variables.get(name).cloned(),
            None => std::env::var(name).ok(),
        }
    }

    /// The content of a file that the set names; `None` when it could not be read.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path)?.as_deref()
    }

    pub(super) fn keep(&mut self, path: String, content: Option<Vec<u8>>) {
        self.files.insert(path, content);
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.files.keys()).finish()
    }
}

/// What became of the references in a text.
pub(super) enum Filled {
    /// The text with all values in it.
    Known(String),
    /// This variable is not set.
    Unset(String),
    /// `${…}` that is no reference.
    Malformed,
}

/// Puts the values of variables into a text.
pub(super) fn fill(text: &str, secrets: &Secrets) -> Filled {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let Some((inner, after)) = rest.get(at + 2..).and_then(|tail| tail.split_once('}')) else {
            return Filled::Malformed;
        };
        let name = inner.strip_prefix("ENV:").unwrap_or_default();
        let named = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !named {
            return Filled::Malformed;
        }
        let Some(value) = secrets.variable(name) else { return Filled::Unset(name.to_owned()) };
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    Filled::Known(out)
}

/// The files outside the set that a tree names: secrets and certificates, as they are written.
pub(super) fn named_in(tree: &Node<'_>) -> Vec<String> {
    let mut out = Vec::new();
    walk(tree, &mut out);
    out
}

fn walk(node: &Node<'_>, out: &mut Vec<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| walk(item, out)),
        Value::Map(entries) => {
            for (key, value) in entries {
                match &value.value {
                    Value::Text(path, _) if matches!(key.text.as_ref(), "secret_file" | "certificate") => {
                        out.push(path.to_string());
                    }
                    _ => walk(value, out),
                }
            }
        }
        Value::Text(..) | Value::Omitted(_) | Value::Broken => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_in_and_nothing_else_is() {
        let secrets = Secrets::of(&[("USER", "anna"), ("BRACE", "a}b${ENV:USER}")]);
        let filled = |text: &str| match fill(text, &secrets) {
            Filled::Known(text) => text,
            Filled::Unset(name) => format!("unset {name}"),
            Filled::Malformed => "malformed".to_owned(),
        };
        assert_eq!(filled("x-${ENV:USER}-${ENV:USER}"), "x-anna-anna");
        // A value is never read again.
        assert_eq!(filled("${ENV:BRACE}!"), "a}b${ENV:USER}!");
        assert_eq!(filled("${ENV:NOBODY}"), "unset NOBODY");
        for text in ["${HOME}", "${ENV:}", "${ENV:A B}", "${ENV:USER", "${env:USER}", "${ENV:1A}", "${}"] {
            assert_eq!(filled(text), "malformed", "{text}");
        }
    }
}
