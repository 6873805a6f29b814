//! Schedules: when a route is active.

use crate::config::diagnostic::Report;
use crate::config::lower::{At, Fields, Given, Lower, OneOrMany, Several, document};
use crate::config::value::{Days, Hours, LocalTime, OnDate, Reference, RuleDialect, Text, Zone};
use crate::config::yaml::{Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

document! {
    /// A time. All its keys must hold.
    Schedule {
        optional {
            /// Days of the week: `mon-fri`, `sat`, `daily`.
            days: Several<Days>,
            /// Times of the day, the end exclusive: "08:00-18:00". One past midnight belongs to the day it starts on.
            hours: Several<Hours>,
            /// Dates: "2026-12-25", or every year: "yearly 12-25".
            dates: Several<OnDate>,
            /// Not before this moment: "2027-03-01T07:00".
            from: LocalTime,
            /// Not from this moment on.
            until: LocalTime,
            /// Schedules that are taken out of this one.
            except: OneOrMany<Reference>,
            /// The time zone of this schedule, by its IANA name. Default: the root's.
            timezone: Zone,
            /// For people.
            description: Text,
        }
        later {
            /// A time recurrence as another router wrote it; needs its `dialect`.
            timerec: Text,
            /// Whose `timerec` it is.
            dialect: RuleDialect,
        }
    }
}

/// `when:` of a route: active where one of the terms holds.
pub type When = OneOrMany<Term>;

/// A schedule, or `{ not: … }`: active where none of these is.
#[derive(Clone, Debug, Default)]
pub struct Term {
    pub not: bool,
    pub schedules: SmallVec<[Given<Reference>; 1]>,
}

impl Lower for Term {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        if matches!(node.value, Value::Map(_)) {
            let fields = Fields::of(node, at, &["not"], report)?;
            let not = fields.required::<OneOrMany<Reference>>("not", at, report);
            return Some(Term { not: true, schedules: not.get()?.0.clone() });
        }
        let value = Reference::lower(node, at, report)?;
        Some(Term { not: false, schedules: smallvec![Given { key: at.key, span: node.span, value }] })
    }
}

impl JsonSchema for Term {
    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, many) = (generator.subschema_for::<Reference>(), generator.subschema_for::<OneOrMany<Reference>>());
        json_schema!({
            "description": "A schedule, or { not: … }",
            "examples": ["open", { "not": "open" }],
            "anyOf": [one, {
                "type": "object", "properties": { "not": many }, "required": ["not"],
                "additionalProperties": false, "patternProperties": { "^x-": true },
            }],
        })
    }
}
