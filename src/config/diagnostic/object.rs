//! Which object of the document a place belongs to: `routes.uk-mobile.prefix`. Machines that follow a finding over many
//! revisions know it by this path, since line numbers move.

use super::{Diagnostic, Report};
use crate::config::source::{Sources, Span};
use crate::config::yaml::{self, Budget, Node, Value};
use std::collections::HashMap;

/// The path of each diagnostic's place, in their order; empty where the file has no tree or the place is in no object.
pub(super) fn paths<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>, sources: &Sources) -> Vec<String> {
    let mut trees: HashMap<u32, Option<Node<'_>>> = HashMap::new();
    diagnostics
        .map(|diagnostic| {
            let span = diagnostic.span;
            let tree = trees.entry(span.file).or_insert_with(|| {
                let text = &sources.of(span)?.text;
                yaml::read(text, span.file, &mut Budget::default(), &mut Report::default())
            });
            tree.as_ref().map_or_else(String::new, |tree| path(tree, span))
        })
        .collect()
}

/// Keys alone make the path: a member's number in its list says nothing once somebody inserts another.
fn path(tree: &Node<'_>, span: Span) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut here = tree;
    loop {
        match &here.value {
            Value::Map(entries) => {
                let holds = |at: Span, end: u32| at.file == span.file && at.start <= span.start && span.start < end;
                let found = entries.iter().find(|(key, value)| holds(key.span, value.span.end.max(key.span.end)));
                let Some((key, value)) = found else { break };
                names.push(&key.text);
                here = value;
            }
            Value::List(items) => {
                let holds = |item: &&Node<'_>| item.span.start <= span.start && span.start < item.span.end;
                let Some(item) = items.iter().find(holds) else { break };
                here = item;
            }
            Value::Text(..) | Value::Omitted(_) | Value::Broken => break,
        }
    }
    names.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::diagnostic::Code;
    use crate::config::source::Source;

    fn path_of(text: &str, needle: &str) -> String {
        let sources = Sources(vec![Source::new("r.yaml".into(), text.into())]);
        let start = text.find(needle).expect("the needle") as u32;
        let diagnostic = Diagnostic::new(Code::BadValue, Span { file: 0, start, end: start + 1 }, "");
        paths([&diagnostic].into_iter(), &sources).remove(0)
    }

    #[test]
    fn a_place_has_the_path_of_its_keys() {
        let text = "version: 1\nroutes:\n  uk:\n    prefix: [\"44\", 011]\n  fr: { prefix: \"33\", to: x }\n";
        assert_eq!(path_of(text, "011"), "routes.uk.prefix");
        assert_eq!(path_of(text, "fr"), "routes.fr");
        assert_eq!(path_of(text, "x }"), "routes.fr.to");
        assert_eq!(path_of(text, "1"), "version");
    }

    #[test]
    fn without_a_tree_there_is_no_path() {
        assert_eq!(path_of("a: [1, 2\n", "1"), "");
    }
}
