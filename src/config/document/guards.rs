//! What a change must not break: guards, tests, and how loudly lints speak.

use crate::config::diagnostic::{Code, Diagnostic, Report, Safety};
use crate::config::lower::{At, Field, Lower, Map, Several, document};
use crate::config::names::nearest;
use crate::config::value::{
    Bool, Called, CallerId, FinalCode, GatewayState, LintLevel, Moment, Network, Percent, Prefix, Reference, Unknown,
};
use crate::config::yaml::{Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

document! {
    /// What a change may not do without being accepted. Numbers are compared as they leave; 00 is +.
    Guards {
        optional {
            /// The largest share of calls, of any group, that one change may re-route.
            max_change: Percent,
            /// Emergency numbers.
            emergency: Several<Prefix>,
            /// Prefixes that cost more than others.
            premium: Several<Prefix>,
            /// What the running router looks at before it takes a revision.
            on_reload: OnReload,
        }
    }

    /// What the running router looks at before it takes a revision.
    OnReload {
        optional {
            /// The largest share of calls, of any group, that a reload may re-route. Default: any.
            max_change: Percent,
            /// More than half of the routes or gateways would be gone. Default true.
            halved: Bool,
            /// A group would be left without routes. Default true.
            emptied: Bool,
            /// An emergency number or a catch-all would be changed. Default false.
            changed: Bool,
            /// A barred premium prefix would be opened. Default false.
            opened: Bool,
            /// Access would be widened. Default false.
            widened: Bool,
        }
    }

    /// A call, and what must become of it.
    Test {
        required {
            /// The call.
            call: TestCall,
            /// What must become of it.
            expect: Expect,
        }
        optional {
            /// When it comes: "2026-11-24T10:00" in the root's time zone, or with an offset.
            at: Moment,
            /// Gateways that are not up.
            gateways: Map<GatewayState>,
            /// For people.
            description: crate::config::value::Text,
        }
    }

    /// A call of a test.
    TestCall {
        required {
            /// The number that is dialled, in quotes.
            to: Called,
        }
        optional {
            /// The caller's user, in quotes; with `@` and a domain where that matters.
            from: CallerId,
            /// The gateway it comes from.
            gateway: Reference,
            /// The address it comes from.
            source: Network,
            /// The digest user it comes from.
            account: Reference,
            /// The group, whatever the matchers say.
            group: Reference,
            /// The listener it comes in on.
            listener: Reference,
        }
    }

    /// What must become of a call; every key that stands here must hold.
    Expect {
        optional {
            /// The route that takes it.
            route: Reference,
            /// The gateways that are tried, in order, with the number that each gets.
            attempts: Several<ExpectedAttempt>,
            /// The share of calls that each gateway gets first.
            first: Map<Percent>,
            /// The code it is refused with.
            reject: FinalCode,
            /// What strangers get: drop or reject.
            access: Unknown,
        }
    }

    /// One attempt that a test expects.
    ExpectedAttempt {
        required {
            /// The gateway.
            gateway: Reference,
        }
        optional {
            /// The number as it leaves, in quotes.
            number: Called,
        }
    }
}

/// The severity of single lints, by name or code.
#[derive(Clone, Debug, Default)]
pub struct Lints(pub Vec<(Code, LintLevel)>);

impl Lower for Lints {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            // Complains about everything that is no map.
            let _ = Map::<LintLevel>::lower(node, at, report)?;
            return None;
        };
        let mut out = Vec::new();
        for (key, value) in entries {
            let level = LintLevel::lower(value, &at.key(&key.text, key.span), report);
            match Code::find(&key.text) {
                Some(code) if code.is_lint() => out.extend(level.map(|level| (code, level))),
                Some(code) => {
                    let message = format!("`{at}`: {code} is no lint, and keeps its severity");
                    let help = "only warnings can be switched; `trunkline explain` shows what each code is";
                    report.push(Diagnostic::new(Code::BadValue, key.span, message).help(help));
                }
                None => report.push(unknown_lint(&key.text, key.span, at)),
            }
        }
        Some(Lints(out))
    }
}

fn unknown_lint(name: &str, span: crate::config::source::Span, at: &At<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownKey, span, format!("`{at}` has no lint `{name}`"));
    let lints = Code::ALL.iter().filter(|code| code.is_lint()).map(|code| code.name());
    match nearest(name, lints) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(Safety::Review, span, near.to_owned()),
        None => diagnostic.help("write the name that stands behind the code of a warning, like `single-gateway`"),
    }
}

impl JsonSchema for Lints {
    fn schema_name() -> Cow<'static, str> {
        "Lints".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let level = generator.subschema_for::<LintLevel>();
        let names: Vec<String> = Code::ALL
            .iter()
            .filter(|code| code.is_lint())
            .flat_map(|code| [code.name().to_owned(), code.id()])
            .collect();
        json_schema!({
            "type": "object",
            "propertyNames": { "anyOf": [{ "enum": names }, { "pattern": "^x-" }] },
            "patternProperties": { "^x-": true },
            "additionalProperties": level,
        })
    }
}

/// Nothing is said where a key is absent.
impl OnReload {
    /// Whether a tripwire is on, with what holds without a word.
    pub fn is_on(field: &Field<Bool>, default: bool) -> bool {
        field.get().map_or(default, |on| on.0)
    }
}
