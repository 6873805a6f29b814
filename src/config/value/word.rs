//! Names and free texts.

use super::schema;
use crate::config::lower::{Kind, Problem, Scalar};
use std::sync::Arc;

/// The id of something that is declared elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference(pub Arc<str>);

impl Scalar for Reference {
    const WHAT: &'static str = "an id";
    const KIND: Kind = Kind::Word;
    const REFERS: bool = false;
    fn parse(text: &str) -> Result<Reference, Problem> {
        // What it looks like is not checked: whatever it is, it is declared or it is not.
        match text.is_empty() {
            true => Err(Problem::new("an empty id").help("name what is meant")),
            false => Ok(Reference(Arc::from(text))),
        }
    }
}

schema!(Reference, "Reference", { "type": "string", "description": "The id of something declared in this set of files", "minLength": 1 });

/// A domain name or address of a From URI, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(pub Arc<str>);

impl Scalar for Domain {
    const WHAT: &'static str = "a domain";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<Domain, Problem> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b);
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let with_port = text.contains(':') && bare.parse::<std::net::Ipv6Addr>().is_err();
        match text.is_empty() || text.len() > 253 || !text.bytes().all(allowed) || with_port {
            true => Err(Problem::new(format!("`{text}` is no domain"))
                .help("write what stands behind the `@` of the caller's From, without a port")),
            false => Ok(Domain(Arc::from(text.to_ascii_lowercase()))),
        }
    }
}

schema!(Domain, "Domain", { "type": "string", "description": "The domain of the caller's From", "pattern": "^[A-Za-z0-9._:\\[\\]-]{1,253}$" });

/// Text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub Arc<str>);

impl Scalar for Text {
    const WHAT: &'static str = "a text";
    const KIND: Kind = Kind::Free;
    fn parse(text: &str) -> Result<Text, Problem> {
        match text.chars().find(|c| c.is_control() && *c != '\n') {
            Some(c) => {
                Err(Problem::new(format!("a control character, U+{:04X}, in a text", u32::from(c))).help("delete it"))
            }
            None => Ok(Text(Arc::from(text))),
        }
    }
    fn unknown(text: &str) -> Option<Text> {
        Some(Text(Arc::from(text)))
    }
}

schema!(Text, "Text", { "type": ["string", "number", "boolean"], "description": "Text for people" });

/// A path of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(pub String);

impl Scalar for FilePath {
    const WHAT: &'static str = "a path";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<FilePath, Problem> {
        match text.is_empty() || text.ends_with('/') {
            true => Err(Problem::new(format!("`{text}` names no file"))
                .help("write the path of a file; a relative one counts from the root file's directory")),
            false => Ok(FilePath(text.to_owned())),
        }
    }
    fn unknown(text: &str) -> Option<FilePath> {
        Some(FilePath(text.to_owned()))
    }
}

schema!(FilePath, "FilePath", { "type": "string", "description": "A path; a relative one counts from the root file's directory", "minLength": 1, "pattern": "[^/]$" });

/// A SIP URI, as in a From.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipUri(pub Arc<str>);

impl Scalar for SipUri {
    const WHAT: &'static str = "a SIP address, like \"sip:probe@example.net\"";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<SipUri, Problem> {
        let wrong = || {
            Problem::new(format!("`{text}` is no SIP address")).help("write it as in a From: \"sip:probe@example.net\"")
        };
        let scheme = text.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("sip:"));
        let clean = text.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&b));
        if !scheme || !clean {
            return Err(wrong());
        }
        let uri = rsip::Uri::try_from(text).map_err(|_| wrong())?;
        let host_stands = match &uri.host_with_port.host {
            rsip::Host::IpAddr(_) => true,
            rsip::Host::Domain(domain) => Domain::parse(&domain.to_string()).is_ok(),
        };
        if host_stands { Ok(SipUri(Arc::from(text))) } else { Err(wrong()) }
    }
}

schema!(SipUri, "SipUri", { "type": "string", "description": "A SIP address", "pattern": "^[sS][iI][pP]:", "examples": ["sip:probe@trunkline.invalid"] });

/// A path or pattern of `include`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncludePattern(pub Arc<str>);

impl Scalar for IncludePattern {
    const WHAT: &'static str = "a path, or a pattern like \"routes/*.yaml\"";
    const KIND: Kind = Kind::Free;
    const REFERS: bool = false;
    fn parse(text: &str) -> Result<IncludePattern, Problem> {
        Text::parse(text).map(|text| IncludePattern(text.0))
    }
}

schema!(IncludePattern, "IncludePattern", {
    "type": "string", "minLength": 1,
    "description": "A path relative to the root file, or a pattern with `*` and `**`",
    "examples": ["site/*.yaml", "routes/**/*.yaml"],
});

/// What a table's columns are separated by, or its decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneCharacter(pub char);

impl Scalar for OneCharacter {
    const WHAT: &'static str = "one character in quotes, like \";\"";
    const KIND: Kind = Kind::Free;
    fn parse(text: &str) -> Result<OneCharacter, Problem> {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None)
                if one.is_ascii() && !one.is_ascii_alphanumeric() && (one == '\t' || !one.is_control()) =>
            {
                Ok(OneCharacter(one))
            }
            _ => {
                Err(Problem::new(format!("`{text}` is not one character that can separate"))
                    .help("write \",\" or \";\""))
            }
        }
    }
}

schema!(OneCharacter, "OneCharacter", {
    "type": "string", "description": "One character", "pattern": "^([ -/:-@\\[-`{-~]|\t)$", "examples": [";", ","],
});

/// What the callee sees as the caller's name: `keep`, `drop`, or a fixed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerName {
    Keep,
    Drop,
    Fixed(Arc<str>),
}

impl Scalar for CallerName {
    const WHAT: &'static str = "`keep`, `drop` or a text";
    const KIND: Kind = Kind::Free;
    fn parse(text: &str) -> Result<CallerName, Problem> {
        Ok(match text {
            "keep" => CallerName::Keep,
            "drop" => CallerName::Drop,
            _ => CallerName::Fixed(Text::parse(text)?.0),
        })
    }
}

schema!(CallerName, "CallerName", {
    "type": ["string", "number", "boolean"], "description": "The display name: keep, drop, or a text that replaces it", "examples": ["keep", "drop"],
});
