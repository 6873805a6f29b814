//! All keys of the routes file as a page for people, made from the JSON schema: what is there is what the reader reads.

use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::fmt::Write as _;

const OPENING: &str = "\
# The keys of the routes file

Made by `trunkline schema --keys`. [The routes file](configuration.md) says how they work together. A key in **bold** must be
there. *Not served yet*: the key belongs to the format, is read and checked, and `run` refuses a file that has it.
";

/// The page, from the schema's text.
pub fn page(schema: &str) -> String {
    let Ok(Value::Object(root)) = serde_json::from_str(schema) else { return String::new() };
    let kinds = root.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut book = Book { kinds: &kinds, waiting: VecDeque::new(), known: Vec::new() };
    let mut out = OPENING.to_owned();
    book.section("The root file", &root, "", &mut out);
    while let Some((kind, path)) = book.waiting.pop_front() {
        if let Some(record) = book.kind(&kind) {
            book.section(&format!("`{path}`"), record, &path, &mut out);
        }
    }
    book.values(&mut out);
    out
}

/// The schema on its way to the page.
struct Book<'a> {
    kinds: &'a Map<String, Value>,
    /// Records that are still to be told of, and where they are met first.
    waiting: VecDeque<(String, String)>,
    /// Names that were met: records with the path they are told under, plain values with none.
    known: Vec<(String, Option<String>)>,
}

impl<'a> Book<'a> {
    fn kind(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.kinds.get(name)?.as_object()
    }

    /// One record: a table of its keys.
    fn section(&mut self, title: &str, record: &'a Map<String, Value>, path: &str, out: &mut String) {
        let Some(keys) = record.get("properties").and_then(Value::as_object) else { return };
        let _ = write!(out, "\n## {title}\n\n");
        if let Some(about) = text(record, "description").filter(|_| !path.is_empty()) {
            let _ = write!(out, "{}\n\n", one_line(about));
        }
        out.push_str("| key | value | |\n| --- | --- | --- |\n");
        let must = record.get("required").and_then(Value::as_array);
        for (key, schema) in keys {
            let Some(schema) = schema.as_object() else { continue };
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let value = self.value(schema, &below).replace('|', "\\|");
            let stars = if must.is_some_and(|must| must.iter().any(|name| name == key)) { "**" } else { "" };
            let mut about = one_line(text(schema, "description").unwrap_or_default());
            if schema.get("x-not-served") == Some(&Value::Bool(true)) {
                about.push_str(" *Not served yet.*");
            }
            let _ = writeln!(out, "| {stars}`{key}`{stars} | {value} | {} |", about.replace('|', "\\|"));
        }
    }

    /// What may stand at a key, in a few words. Records are told of later, at the first place that has them.
    fn value(&mut self, schema: &'a Map<String, Value>, path: &str) -> String {
        if let Some(kind) = text(schema, "$ref").and_then(|to| to.rsplit('/').next()) {
            return self.named(kind, path);
        }
        if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
            let ways: Vec<String> = any.iter().filter_map(Value::as_object).map(|way| self.value(way, path)).collect();
            return ways.join(", or ");
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return words_of(words);
        }
        if let Some(word) = schema.get("const") {
            return words_of(std::slice::from_ref(word));
        }
        match text(schema, "type") {
            Some("array") => {
                let of = schema.get("items").and_then(Value::as_object);
                format!("list of {}", of.map_or_else(|| "anything".to_owned(), |of| self.value(of, path)))
            }
            Some("object") => match schema.get("additionalProperties").and_then(Value::as_object) {
                Some(of) => format!("map of {}", self.value(of, &format!("{path}.ID"))),
                None => "map".to_owned(),
            },
            Some("integer") => match (schema.get("minimum"), schema.get("maximum")) {
                (Some(least), Some(most)) => format!("{least} to {most}"),
                (Some(least), None) => format!("a number from {least}"),
                _ => "a number".to_owned(),
            },
            Some("boolean") => "`true` or `false`".to_owned(),
            _ => "text".to_owned(),
        }
    }

    fn named(&mut self, kind: &str, path: &str) -> String {
        let Some(schema) = self.kind(kind) else { return kind.to_owned() };
        if schema.contains_key("properties") {
            let known = self.known.iter().find(|(name, _)| name == kind);
            let told = known.and_then(|(_, path)| path.clone()).unwrap_or_else(|| {
                self.known.push((kind.to_owned(), Some(path.to_owned())));
                self.waiting.push_back((kind.to_owned(), path.to_owned()));
                path.to_owned()
            });
            return format!("[keys](#{})", anchor(&told));
        }
        let described = text(schema, "description").is_some();
        if !described && let Some(words) = schema.get("enum").and_then(Value::as_array) {
            let unserved = schema.get("x-not-served").and_then(Value::as_array);
            let later = unserved.map(|words| format!(" (not served yet: {})", words_of(words)));
            return words_of(words) + &later.unwrap_or_default();
        }
        if !described {
            return self.value(schema, path);
        }
        if !self.known.iter().any(|(name, _)| name == kind) {
            self.known.push((kind.to_owned(), None));
        }
        format!("[{}](#values)", spoken(kind))
    }

    /// The plain values, each with examples.
    fn values(&self, out: &mut String) {
        out.push_str("\n## Values\n\n| value | | examples |\n| --- | --- | --- |\n");
        let mut plain: Vec<&str> =
            self.known.iter().filter(|(_, path)| path.is_none()).map(|(name, _)| name.as_str()).collect();
        plain.sort_unstable();
        for name in plain {
            let Some(schema) = self.kind(name) else { continue };
            let about = one_line(text(schema, "description").unwrap_or_default()).replace('|', "\\|");
            let examples =
                schema.get("examples").and_then(Value::as_array).map(|all| words_of(all)).unwrap_or_default();
            let _ = writeln!(out, "| {} | {about} | {examples} |", spoken(name));
        }
    }
}

fn text<'a>(schema: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    schema.get(key)?.as_str()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words_of(words: &[Value]) -> String {
    let words = words.iter().map(|word| match word {
        Value::String(word) => format!("`{word}`"),
        other => format!("`{other}`"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `GatewayAddress`: gateway address.
fn spoken(kind: &str) -> String {
    let mut out = String::new();
    for (at, c) in kind.char_indices() {
        if at > 0 && c.is_uppercase() {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// As Markdown's readers make it of a heading.
fn anchor(path: &str) -> String {
    path.to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '))
        .collect::<String>()
        .replace(' ', "-")
}
