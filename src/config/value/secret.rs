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
            let text = ClearText::lower(node, at, report)?;
            let refers = matches!(&node.value, Value::Text(text, _) if text.contains("${"));
            if !refers {
                report.mask(node.span);
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
