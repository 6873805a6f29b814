//! Secrets: a reference to a variable or a file, or, against all advice, the text itself.

use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::lower::{At, Fields, Kind, Lower, Problem, Scalar};
use crate::config::value::FilePath;
use crate::config::yaml::{Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::fmt;

/// A value that nobody may see. It shows itself as `…` wherever it is printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value itself, for whoever needs it to serve a call.
    #[expect(dead_code, reason = "no key that holds a secret is served yet")]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Lower for Secret {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        if !matches!(node.value, Value::Map(_)) {
            mask_all_but_paths(node, report);
            let text = ClearText::lower(node, at, report)?;
            let refers = matches!(&node.value, Value::Text(text, _) if text.contains("${"));
            if !refers {
                let diagnostic = Diagnostic::new(
                    Code::CleartextSecret,
                    at.key,
                    format!("`{at}` is written in clear text"),
                )
                .label("everybody who reads this file, now or in its history, knows it")
                .help(format!(
                    "write `{0}: {{ secret_file: /run/secrets/… }}` or `{0}: \"${{ENV:NAME}}\"`, and choose a new secret",
                    at.name()
                ));
                report.push(diagnostic);
            }
            return Some(Secret(text.0));
        }
        mask_all_but_paths(node, report);
        let fields = Fields::of(node, at, &["secret_file"], report)?;
        let file = fields.required::<FilePath>("secret_file", at, report);
        let given = file.given()?;
        match report.secret_file(&given.value.0) {
            Some(content) => Some(Secret(content)),
            None => {
                report.push(missing_file(at, &given.value.0, given.span));
                Some(Secret::default())
            }
        }
    }
}

/// Whatever somebody wrote where a secret belongs may be one.
fn mask_all_but_paths(node: &Node<'_>, report: &mut Report) {
    match &node.value {
        Value::Text(text, _) if !text.contains("${") => report.mask(node.span),
        Value::List(items) => items.iter().for_each(|item| mask_all_but_paths(item, report)),
        Value::Map(entries) => entries
            .iter()
            .filter(|(key, _)| key.text != "secret_file")
            .for_each(|(_, value)| mask_all_but_paths(value, report)),
        Value::Text(..) | Value::Omitted(_) | Value::Broken => {}
    }
}

/// A file outside the set that cannot be read: `validate` needs its name alone, `run` the file (CONFIG-AND-CLI (g)).
pub fn missing_file(at: &At<'_>, path: &str, span: crate::config::source::Span) -> Diagnostic {
    use crate::config::diagnostic::Severity;
    Diagnostic::new(Code::SecretReference, span, format!("`{at}`: `{path}` cannot be read here"))
        .severity(Severity::Note)
        .label("`run` needs it")
        .help("a relative path counts from the root file's directory")
}

/// The text of a secret, before anybody looks at it.
#[derive(Clone)]
struct ClearText(String);

impl Scalar for ClearText {
    const WHAT: &'static str = "a secret: `{ secret_file: … }` or \"${ENV:NAME}\"";
    const KIND: Kind = Kind::Secret;
    fn parse(text: &str) -> Result<ClearText, Problem> {
        match text.is_empty() {
            true => Err(Problem::new("an empty secret").help("write `{ secret_file: … }` or \"${ENV:NAME}\"")),
            false => Ok(ClearText(text.to_owned())),
        }
    }
    fn unknown(_: &str) -> Option<ClearText> {
        Some(ClearText(String::new()))
    }
}

impl JsonSchema for ClearText {
    fn schema_name() -> Cow<'static, str> {
        "ClearText".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A secret: from a file, or from a variable of the environment",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                {
                    "type": "object",
                    "properties": { "secret_file": { "type": "string", "minLength": 1, "pattern": "[^/]$" } },
                    "required": ["secret_file"],
                    "additionalProperties": false,
                    "patternProperties": { "^x-": true },
                },
            ],
            "examples": [{ "secret_file": "/run/secrets/carrier" }, "${ENV:CARRIER_PASSWORD}"],
        })
    }
}

/// The user of an account, in quotes where it looks like a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(pub String);

impl Scalar for UserName {
    const WHAT: &'static str = "a user name in quotes";
    const KIND: Kind = Kind::Dialled;
    fn parse(text: &str) -> Result<UserName, Problem> {
        match text.is_empty() || text.len() > 255 || text.chars().any(|c| c.is_control()) {
            true => Err(Problem::new("this is no user name").help("write the name that the other side has given you")),
            false => Ok(UserName(text.to_owned())),
        }
    }
    fn unknown(text: &str) -> Option<UserName> {
        Some(UserName(text.to_owned()))
    }
}

super::schema!(UserName, "UserName", { "type": "string", "description": "A user name, in quotes", "minLength": 1, "maxLength": 255 });

/// Where a database is; a password in it is a secret.
#[derive(Clone, Debug)]
pub struct DatabaseUrl(#[expect(dead_code, reason = "checked here; served together with `sync`")] pub Secret);

impl Lower for DatabaseUrl {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        let open = match &node.value {
            Value::Text(text, _) if !text.contains("${") => {
                let known = ["sqlite:", "mysql://", "postgres://"].iter().any(|scheme| text.starts_with(scheme));
                if !known {
                    mask_all_but_paths(node, report);
                    let message = format!("`{at}`: this is no database");
                    let help = "write sqlite:PATH, mysql://… or postgres://…, with a password as \"${ENV:NAME}\"";
                    report.push(Diagnostic::new(Code::BadValue, node.span, message).help(help));
                    return None;
                }
                let authority =
                    text.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
                let password = authority.rsplit_once('@').is_some_and(|(who, _)| who.contains(':'));
                (!password).then(|| text.to_string())
            }
            _ => None,
        };
        match open {
            Some(text) => Some(DatabaseUrl(Secret(text))),
            None => Secret::lower(node, at, report).map(DatabaseUrl),
        }
    }
}

impl JsonSchema for DatabaseUrl {
    fn schema_name() -> Cow<'static, str> {
        "DatabaseUrl".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A database: sqlite:PATH, mysql://… or postgres://…; with a password as \"${ENV:NAME}\"",
            "anyOf": [
                { "type": "string", "pattern": r"^(sqlite:|mysql://|postgres://)|\$\{ENV:[A-Za-z_][A-Za-z0-9_]*\}" },
                {
                    "type": "object",
                    "properties": { "secret_file": { "type": "string", "minLength": 1, "pattern": "[^/]$" } },
                    "required": ["secret_file"],
                    "additionalProperties": false,
                    "patternProperties": { "^x-": true },
                },
            ],
            "examples": ["${ENV:DR_DATABASE_URL}", "sqlite:/var/lib/opensips/dr.db"],
        })
    }
}
