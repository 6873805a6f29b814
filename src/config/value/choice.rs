//! The words that a field may be.

use crate::config::diagnostic::Safety;
use crate::config::lower::{Kind, Problem, Scalar};
use crate::config::names::nearest;

/// An enumeration of words; those behind `later` belong to the format and nothing in this build acts on them. The kind is
/// `Formed` where a word is a boolean to some readers (`off`).
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $kind:ident, $what:literal {
        $($(#[$vmeta:meta])* $variant:ident = $word:literal,)*
    } $(later { $($(#[$lmeta:meta])* $later:ident = $late:literal,)* })?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant,)* $($($(#[$lmeta])* $later,)*)? }

        impl Scalar for $name {
            const WHAT: &'static str = $what;
            const KIND: Kind = Kind::$kind;
            const REFERS: bool = false;
            fn parse(text: &str) -> Result<$name, Problem> {
                const WORDS: &[&str] = &[$($word,)* $($($late,)*)?];
                match text {
                    $($word => Ok($name::$variant),)*
                    $($($late => Ok($name::$later),)*)?
                    _ => Err(no_such_word(text, WORDS)),
                }
            }
            fn unserved(&self) -> Option<&'static str> {
                match self {
                    $($name::$variant => None,)*
                    $($($name::$later => Some(concat!("`", $late, "`")),)*)?
                }
            }
        }

        #[allow(dead_code, reason = "not every choice is repeated to people")]
        impl $name {
            /// As it is written.
            pub fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                    $($($name::$later => $late,)*)?
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                #[allow(unused_mut)]
                let mut schema = schemars::json_schema!({ "type": "string", "enum": [$($word,)* $($($late,)*)?] });
                $(schema.insert("x-not-served".into(), serde_json::json!([$($late),*]));)?
                schema
            }
        }
    };
}

fn no_such_word(text: &str, words: &[&str]) -> Problem {
    let problem = Problem::new(format!("`{text}` is none of {}", words.join(", ")));
    match nearest(text, words.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(Safety::Review, near),
        None => problem.help(format!("write one of {}", words.join(", "))),
    }
}

words! {
    /// How messages travel.
    Transport, Word, "`udp`, `tcp` or `tls`" { Udp = "udp", } later { Tcp = "tcp", Tls = "tls", }
}
words! {
    /// What strangers get.
    Unknown, Word, "`drop` or `reject`" { Drop = "drop", Reject = "reject", }
}
words! {
    /// How a list chooses among its members.
    Policy, Word, "a policy, like `ordered`" {
        Ordered = "ordered",
        /// Drawn by the members' weights.
        Weighted = "weighted",
        /// Each call starts one further.
        RoundRobin = "round-robin",
    }
    later {
        /// Fewest calls relative to `max_calls`.
        LeastCalls = "least-calls",
        /// Always the same member for one `key`.
        Hash = "hash",
        /// By answered share, then by post-dial delay.
        Quality = "quality",
    }
}
words! {
    /// What a `hash` list hashes.
    HashKey, Word, "`caller`, `callee` or `call-id`" { Caller = "caller", Callee = "callee", CallId = "call-id", }
}
words! {
    /// What a gateway is asked with.
    ProbeMethod, Word, "`OPTIONS`, `INFO` or `none`" {
        Options = "OPTIONS", Info = "INFO",
        /// Judged by calls alone.
        None = "none",
    }
}
words! {
    /// When a gateway is asked.
    ProbeWhen, Word, "`always` or `down`" { Always = "always", Down = "down", }
}
words! {
    /// What becomes of a trusted source's P-Asserted-Identity.
    Identity, Word, "`keep` or `strip`" { Keep = "keep", Strip = "strip", }
}
words! {
    /// Where a caller's number stands.
    Side, Word, "`from`, `pai` or `both`" { From = "from", Pai = "pai", Both = "both", }
}
words! {
    /// What becomes of Diversion and History-Info.
    Diversion, Word, "`pass` or `drop`" { Pass = "pass", Drop = "drop", }
}
words! {
    /// Whether a gateway stands behind a NAT.
    Nat, Word, "`auto`, `always` or `never`" { Auto = "auto", Always = "always", Never = "never", }
}
words! {
    /// What a 503's Retry-After does.
    RetryAfter, Word, "`honour` or `ignore`" { Honour = "honour", Ignore = "ignore", }
}
words! {
    /// On or off.
    Switch, Formed, "`on` or `off`" { On = "on", Off = "off", }
}
words! {
    /// A digest algorithm (RFC 8760).
    Algorithm, Word, "`SHA-256`, `SHA-512-256` or `MD5`" { Sha256 = "SHA-256", Sha512 = "SHA-512-256", Md5 = "MD5", }
}
words! {
    /// Whose `timerec` it is: Kamailio and old OpenSIPS have 10 fields, OpenSIPS from 3.2 has 12 and operators.
    RuleDialect, Word, "`kamailio`, `opensips` or `opensips-3.2`" {
        Kamailio = "kamailio", Opensips = "opensips", Opensips32 = "opensips-3.2",
    }
}
words! {
    /// Whose tables a database holds.
    SyncDialect, Word, "`opensips` or `kamailio`" { Opensips = "opensips", Kamailio = "kamailio", }
}
words! {
    /// What becomes of rows that trunkline did not write.
    Unowned, Word, "`keep`, `fail` or `delete`" { Keep = "keep", Fail = "fail", Delete = "delete", }
}
words! {
    /// When a database is written.
    Apply, Word, "`manual` or `on-reload`" { Manual = "manual", OnReload = "on-reload", }
}
words! {
    /// What tables that can't express something do.
    Loss, Word, "`fail` or `warn`" { Fail = "fail", Warn = "warn", }
}
words! {
    /// How loudly a lint speaks.
    LintLevel, Formed, "`off`, `warn` or `error`" { Off = "off", Warn = "warn", Error = "error", }
}
words! {
    /// What a test says about a gateway.
    GatewayState, Word, "`up`, `down`, `disabled` or `full`" {
        Up = "up", Down = "down", Disabled = "disabled",
        /// `max_calls` are running.
        Full = "full",
    }
}
