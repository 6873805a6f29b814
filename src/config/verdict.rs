//! The JSON schema's own verdict on a set (`validate --schema-only`): what an editor says that knows the schema and
//! nothing else. The only file that knows the `jsonschema` crate.

use super::diagnostic::{Code, Diagnostic, Diagnostics, Report};
use super::document::Document;
use super::files::FileSet;
use super::lower::{At, Lower};
use super::names::nearest;
use super::source::Span;
use super::yaml::{Node, Style, Value};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Map, Value as Json};

/// The schema's complaints about the merged files, each at its place; what is no YAML is complained about as ever.
pub fn schema_verdict(set: &FileSet) -> Diagnostics {
    let mut report = Report::with(set.secrets.clone());
    let (sources, readable) = super::decode_all(set, &mut report);
    let (trees, _) = super::read_trees(&sources, &readable, &mut report);
    if let Some(root) = super::merge::merge(trees, &mut report) {
        judge(&root, &mut report);
        report.mask_like(|report| drop(Document::lower(&root, &At::top(root.span), report)));
    }
    report.finish(sources)
}

fn judge(root: &Node<'_>, report: &mut Report) {
    // The schema is ours, and a test compiles it.
    let Ok(schema) = serde_json::from_str::<Json>(&super::schema()) else { return };
    let Ok(validator) = jsonschema::validator_for(&schema) else { return };
    let json = json(root);
    for error in validator.iter_errors(&json) {
        complain(&error, root, report);
    }
}

fn complain(error: &ValidationError<'_>, root: &Node<'_>, report: &mut Report) {
    let pointer = error.instance_path().to_string();
    let names: Vec<String> =
        pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    let (node, key) = find(root, &names);
    let path = if names.is_empty() { "the file".to_owned() } else { format!("`{}`", names.join(".")) };
    let mut say = |code: Code, span: Span, message: String, help: &str| {
        report.push(Diagnostic::new(code, span, message).label("the schema refuses this").help(help));
    };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let span = key_of(node, name).unwrap_or(key);
                let known = node.map().unwrap_or_default().iter().map(|(key, _)| key.text.as_ref());
                let again = nearest(name, known.filter(|known| known != name)).is_some();
                let help = if again { "a key like it stands beside it" } else { "`x-…` keys are ignored" };
                say(Code::UnknownKey, span, format!("{path} has no key `{name}`"), help);
            }
        }
        Kind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default();
            let span = key_of(node, name).unwrap_or(key);
            say(
                Code::BadValue,
                span,
                format!("{path}: `{name}` is no name that may stand here"),
                "see `trunkline schema`",
            );
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            say(Code::WrongType, key, format!("{path} has no `{name}`"), "add it");
        }
        Kind::Type { .. } => {
            say(
                Code::WrongType,
                place(node, key),
                format!("{path}: {}", error.masked_with("this")),
                "see `trunkline schema`",
            );
        }
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            let message = format!("{path} has none of the forms that the schema allows here");
            say(
                Code::BadValue,
                place(node, key),
                message,
                "see `trunkline schema`, or `trunkline validate` for what is meant",
            );
        }
        // Values are left out of the message: one of them may be a secret.
        _ => say(
            Code::BadValue,
            place(node, key),
            format!("{path}: {}", error.masked_with("this")),
            "see `trunkline schema`",
        ),
    }
}

/// The node at the end of a path, and the place of the key it belongs to.
fn find<'n, 'a>(root: &'n Node<'a>, names: &[String]) -> (&'n Node<'a>, Span) {
    let (mut node, mut key) = (root, root.span.at_start());
    for name in names {
        let next = match &node.value {
            Value::Map(entries) => entries.iter().find(|(k, _)| k.text == name.as_str()).map(|(k, v)| (v, k.span)),
            Value::List(items) => name.parse().ok().and_then(|at: usize| items.get(at)).map(|item| (item, item.span)),
            _ => None,
        };
        let Some((deeper, place)) = next else { break };
        (node, key) = (deeper, place);
    }
    (node, key)
}

fn key_of(node: &Node<'_>, name: &str) -> Option<Span> {
    node.map()?.iter().find(|(key, _)| key.text == name).map(|(key, _)| key.span)
}

/// A value's place; of a list or map, and of nothing, that of its key.
fn place(node: &Node<'_>, key: Span) -> Span {
    match &node.value {
        Value::Text(..) => node.span,
        _ => key,
    }
}

/// The tree as a reader of YAML 1.2 sees it.
fn json(node: &Node<'_>) -> Json {
    match &node.value {
        Value::Text(text, Style::Plain) => plain(text),
        Value::Text(text, _) => Json::String(text.to_string()),
        Value::Omitted(_) | Value::Broken => Json::Null,
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.text.to_string(), json(value)));
            Json::Object(entries.collect::<Map<String, Json>>())
        }
    }
}

/// A bare scalar by the core schema of YAML 1.2 (§10.3.2).
fn plain(text: &str) -> Json {
    match text {
        "~" | "null" | "Null" | "NULL" => return Json::Null,
        "true" | "True" | "TRUE" => return Json::Bool(true),
        "false" | "False" | "FALSE" => return Json::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let based = [("0o", 8), ("0x", 16)]
        .into_iter()
        .find_map(|(sign, base)| u64::from_str_radix(text.strip_prefix(sign)?, base).ok().map(Json::from));
    let shaped = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let whole = || text.strip_prefix('+').unwrap_or(text).parse::<i64>().ok().map(Json::from);
    let float = || text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Json::from);
    let number = if shaped { whole().or_else(float) } else { None };
    based.or(number).unwrap_or_else(|| Json::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_scalars_are_what_yaml_1_2_makes_of_them() {
        for (text, json) in [
            ("011", Json::from(11)),
            ("+49", Json::from(49)),
            ("0x10", Json::from(16)),
            ("1e5", Json::from(1e5)),
            ("true", Json::Bool(true)),
            ("~", Json::Null),
            ("yes", Json::from("yes")),
            ("1_000", Json::from("1_000")),
            ("12:30", Json::from("12:30")),
            ("198.51.100.7", Json::from("198.51.100.7")),
            ("-", Json::from("-")),
            ("5xx", Json::from("5xx")),
        ] {
            assert_eq!(plain(text), json, "{text}");
        }
    }

    #[test]
    fn the_schema_speaks_of_places_and_never_of_secrets() {
        let text = "version: 1\nroutes:\n  uk: { prefix: 0044, too: a }\ngateways:\n  a: { auth: { user: \"x\", password: { secret: hunter2 } } }\n";
        let said = schema_verdict(&FileSet::of(&[("routes.yaml", text)]));
        let lines: Vec<String> =
            said.list().iter().map(|d| format!("{} {}", said.sources().place(d.span), d.message)).collect();
        assert_eq!(
            lines,
            [
                "routes.yaml:3:17 `routes.uk.prefix` has none of the forms that the schema allows here",
                "routes.yaml:3:23 `routes.uk` has no key `too`",
                "routes.yaml:5:3 `gateways.a` has none of the forms that the schema allows here",
            ]
        );
        assert!(!said.human(false).contains("hunter2"), "{}", said.human(false));
    }
}
