//! Names, free texts and the words that a field may be.

use super::schema;
use crate::config::lower::{Kind, Problem, Scalar};
use crate::config::names::nearest;
use std::sync::Arc;

/// The id of something that is declared elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference(pub Arc<str>);

impl Scalar for Reference {
    const WHAT: &'static str = "an id";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<Reference, Problem> {
        // What it looks like is not checked: whatever it is, it is declared or it is not.
        Ok(Reference(Arc::from(text)))
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

/// An enumeration of words; those behind `later` belong to the format and not to this build.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* } $(later $($later:literal)*)?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant),* }

        impl Scalar for $name {
            const WHAT: &'static str = $what;
            const KIND: Kind = Kind::Word;
            fn parse(text: &str) -> Result<$name, Problem> {
                const WORDS: &[&str] = &[$($word),*];
                const LATER: &[&str] = &[$($($later),*)?];
                match text {
                    $($word => Ok($name::$variant),)*
                    _ => Err(no_such_word(text, WORDS, LATER)),
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),*] })
            }
        }
    };
}

fn no_such_word(text: &str, words: &[&str], later: &[&str]) -> Problem {
    if later.contains(&text) {
        return Problem::new(format!("this build does not serve `{text}` yet"))
            .help(format!("it serves {}", words.join(", ")));
    }
    let problem = Problem::new(format!("`{text}` is none of {}", words.join(", ")));
    match nearest(text, words.iter().copied()) {
        Some(near) => {
            problem.help(format!("did you mean `{near}`?")).fix(crate::config::diagnostic::Safety::Review, near)
        }
        None => problem.help(format!("write one of {}", words.join(", "))),
    }
}

words! {
    /// How messages travel.
    Transport, "`udp`" { Udp = "udp", } later "tcp" "tls"
}
words! {
    /// What strangers get.
    Unknown, "`drop` or `reject`" { Drop = "drop", Reject = "reject", }
}
words! {
    /// How a list chooses among its members.
    Policy, "`ordered`" { Ordered = "ordered", } later "weighted" "round-robin" "least-calls" "hash" "quality"
}
words! {
    /// What a gateway is asked with.
    ProbeMethod, "`OPTIONS`, `INFO` or `none`" {
        Options = "OPTIONS", Info = "INFO",
        /// Judged by calls alone.
        None = "none",
    }
}
words! {
    /// When a gateway is asked.
    ProbeWhen, "`always` or `down`" { Always = "always", Down = "down", }
}
