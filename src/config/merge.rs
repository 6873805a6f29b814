//! Several files become one tree: maps are merged by id, and the same id twice is an error, never an override (TL0301).

use super::diagnostic::{Code, Diagnostic, Report};
use super::source::Span;
use super::yaml::{Key, Node, Value};
use std::collections::HashMap;

/// Maps whose keys may be spread over files, by their path.
const MERGED: [&str; 20] = [
    "listen",
    "access",
    "access.trusted",
    "gateways",
    "lists",
    "groups",
    "routes",
    "probing",
    "failover",
    "accounting",
    "access.users",
    "access.limits",
    "schedules",
    "guards",
    "guards.on_reload",
    "tests",
    "number_tables",
    "sheets",
    "lcr",
    "sync",
];

/// Merges the trees, root first. A file whose tree is no map is complained about.
pub(super) fn merge<'a>(trees: Vec<Node<'a>>, report: &mut Report) -> Option<Node<'a>> {
    let mut trees = trees.into_iter();
    let mut root = trees.next()?;
    let Value::Map(entries) = &mut root.value else { return Some(root) };
    let mut merger = Merger { report, seen: HashMap::new() };
    for tree in trees {
        match tree.value {
            Value::Map(more) => {
                let more = more.into_iter().filter(|(key, _)| merger.legal(key)).collect();
                merger.merge_map(entries, more, "");
            }
            _ => {
                let diagnostic = Diagnostic::new(Code::WrongType, tree.span, "a file must be a map: `key: value`");
                merger.report.push(diagnostic.help("begin with a top-level key such as `routes:`"));
            }
        }
    }
    Some(root)
}

struct Merger<'r> {
    report: &'r mut Report,
    /// Per merged map (by path): where each key was first.
    seen: HashMap<String, HashMap<String, (Span, usize)>>,
}

impl Merger<'_> {
    /// `version`, `include` and `lints` belong to the root file.
    fn legal(&mut self, key: &Key) -> bool {
        let legal = !matches!(key.text.as_ref(), "version" | "include" | "lints");
        if !legal {
            let message = format!("`{}` belongs in the root file alone", key.text);
            self.report.push(Diagnostic::new(Code::UnknownKey, key.span, message).help("delete it here"));
        }
        legal
    }

    fn merge_map<'a>(&mut self, into: &mut Vec<(Key<'a>, Node<'a>)>, from: Vec<(Key<'a>, Node<'a>)>, path: &str) {
        if !self.seen.contains_key(path) {
            let index = into.iter().enumerate().map(|(at, (key, _))| (key.text.to_string(), (key.span, at))).collect();
            self.seen.insert(path.to_owned(), index);
        }
        for (key, value) in from {
            let next = if path.is_empty() { key.text.to_string() } else { format!("{path}.{}", key.text) };
            let index = self.seen.entry(path.to_owned()).or_default();
            let Some((first, at)) = index.get(key.text.as_ref()).copied() else {
                index.insert(key.text.to_string(), (key.span, into.len()));
                into.push((key, value));
                continue;
            };
            match (into.get_mut(at).map(|(_, node)| &mut node.value), value.value) {
                (Some(Value::Map(have)), Value::Map(more)) if MERGED.contains(&next.as_str()) => {
                    self.merge_map(have, more, &next);
                }
                (_, Value::Broken) | (Some(Value::Broken), _) => {}
                _ => self.twice(&key, first, &next),
            }
        }
    }

    fn twice(&mut self, key: &Key, first: Span, path: &str) {
        let diagnostic = Diagnostic::new(Code::DuplicateId, key.span, format!("`{path}` is declared in two files"))
            .related(first, "declared here first")
            .help("rename or delete one of the two; a later file never overrides an earlier one");
        self.report.push(diagnostic);
    }
}
