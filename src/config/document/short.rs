//! What may be written in a short form.

use super::{Gateway, ListMember, Reply, Trusted};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::lower::{At, Field, Lower, Several};
use crate::config::value::{Added, FinalCode, GatewayAddress, Network, Reference};
use crate::config::yaml::{Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A type that may be written as one short value instead of a map.
macro_rules! short {
    ($(#[$meta:meta])* $name:ident, $inner:ident, $shape:pat => $field:ident, $short:ty) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $inner);

        impl Lower for $name {
            fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
                if !matches!(&node.value, $shape) || node.is_nothing() {
                    return $inner::lower(node, at, report).map($name);
                }
                let value = <$short>::lower(node, at, report)?;
                let given = crate::config::lower::Given { key: at.key, span: node.span, value };
                Some($name($inner { $field: Field::Set(given), ..$inner::default() }))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                concat!(stringify!($inner), "OrShort").into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let (short, long) = (generator.subschema_for::<$short>(), generator.subschema_for::<$inner>());
                json_schema!({ "anyOf": [short, long] })
            }
        }
    };
}

short! {
    /// A gateway; a text alone is its address.
    GatewaySpec, Gateway, Value::Text(..) => address, GatewayAddress
}
short! {
    /// A trusted source; a list alone is its `sources`.
    TrustedSpec, Trusted, Value::List(_) => sources, Several<Network>
}
short! {
    /// An answer; a code alone has its usual reason.
    ReplySpec, Reply, Value::Text(..) => code, FinalCode
}
short! {
    /// A member of a list; a text alone is its `to`.
    MemberSpec, ListMember, Value::Text(..) => to, Reference
}

/// What replaces a caller's number that may not be shown.
#[derive(Clone, Debug)]
pub enum Otherwise {
    Reject,
    #[expect(dead_code, reason = "checked here; served together with `caller`")]
    Number(Added),
}

impl Lower for Otherwise {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Text(word, _) if word == "reject" => Some(Otherwise::Reject),
            _ => Added::lower(node, at, report).map(Otherwise::Number),
        }
    }
}

impl JsonSchema for Otherwise {
    fn schema_name() -> Cow<'static, str> {
        "Otherwise".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "reject" }, generator.subschema_for::<Added>()] })
    }
}

/// `final:` of a failover.
#[derive(Clone, Debug)]
pub enum FinalSpec {
    Reply(Reply),
    Last,
    Best,
}

impl Lower for FinalSpec {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Text(word, _) if word == "last" => Some(FinalSpec::Last),
            Value::Text(word, _) if word == "best" => Some(FinalSpec::Best),
            Value::Text(word, _) if !node.is_nothing() && !word.starts_with(|c: char| c.is_ascii_digit()) => {
                let message = format!("`{at}`: `{word}` is neither an answer nor `last` or `best`");
                let help = "write `last`, `best`, a code, or { code: 503, reason: … }";
                report.push(Diagnostic::new(Code::BadValue, node.span, message).help(help));
                None
            }
            _ => ReplySpec::lower(node, at, report).map(|reply| FinalSpec::Reply(reply.0)),
        }
    }
}

impl JsonSchema for FinalSpec {
    fn schema_name() -> Cow<'static, str> {
        "Final".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["last", "best"] }, generator.subschema_for::<ReplySpec>()] })
    }
}
