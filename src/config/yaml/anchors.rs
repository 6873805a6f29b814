//! Anchors, aliases and `<<` merges: expanded inside one file, within a budget.

use super::keys::Seen;
use super::read::ALIAS_NODES;
use super::{Budget, Key, Node, Value};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::source::Span;
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Anchors<'a> {
    /// The node of each anchor and how many nodes it holds; `None` while it is still open.
    known: HashMap<usize, Option<(Node<'a>, usize)>>,
}

impl<'a> Anchors<'a> {
    /// An anchor (0 = none) on a finished node of `size` nodes.
    pub fn keep(&mut self, anchor: usize, node: &Node<'a>, size: usize) {
        if anchor != 0 {
            self.known.insert(anchor, Some((node.clone(), size)));
        }
    }
    /// An anchor on a list or map that begins.
    pub fn begin(&mut self, anchor: usize) {
        if anchor != 0 {
            self.known.insert(anchor, None);
        }
    }
    pub fn end(&mut self, anchor: usize, node: &Node<'a>) {
        if anchor != 0 {
            let size = size(node);
            self.keep(anchor, node, size);
        }
    }
    /// The node that an alias stands for, paid from the budget.
    pub fn expand(&self, anchor: usize, budget: &mut Budget) -> Result<Node<'a>, String> {
        let Some(Some((node, size))) = self.known.get(&anchor) else {
            return Err("this alias stands inside the value that it repeats, which would never end".to_owned());
        };
        match budget.alias_nodes.checked_sub(*size) {
            Some(left) => {
                budget.alias_nodes = left;
                Ok(node.clone())
            }
            None => Err(format!("the aliases of this set expand to more than {ALIAS_NODES} values")),
        }
    }
}

/// How many nodes a tree holds. Depth is bounded by the reader.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|(_, value)| 1 + size(value)).sum(),
        Value::Text(..) | Value::Omitted(_) | Value::Broken => 0,
    }
}

/// Adds what `<<: *anchor` or `<<: [*a, *b]` brings: keys that the map does not have itself, the earlier of several
/// first (YAML 1.1 merge keys).
pub(super) fn expand_merges<'a>(
    entries: &mut Vec<(Key<'a>, Node<'a>)>,
    merges: Vec<Node<'a>>,
    mut seen: Seen,
    report: &mut Report,
) {
    for merge in merges {
        let span = merge.span;
        let maps = match merge.value {
            Value::Map(map) => vec![map],
            Value::List(items) => items
                .into_iter()
                .filter_map(|item| match item.value {
                    Value::Map(map) => Some(map),
                    _ => complain(item.span, report),
                })
                .collect(),
            Value::Broken => Vec::new(),
            Value::Text(..) | Value::Omitted(_) => complain(span, report).into_iter().collect(),
        };
        for (key, value) in maps.into_iter().flatten() {
            if seen.first(entries, &key.text).is_none() {
                entries.push((key, value));
            }
        }
    }
}

fn complain<T>(span: Span, report: &mut Report) -> Option<T> {
    let diagnostic = Diagnostic::new(Code::WrongType, span, "`<<` takes a map, or a list of maps")
        .help("write `<<: *name`, where `&name` stands at a map");
    report.push(diagnostic);
    None
}
