//! Lists and maps of ids.

use super::scalar::{check_id, check_name};
use super::{At, Field, Given, Lower, wrong_type};
use crate::config::diagnostic::Report;
use crate::config::source::Span;
use crate::config::yaml::{Key, Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::sync::Arc;

/// A list, in its order. Members that could not be read are left out.
#[derive(Clone, Debug, Default)]
pub struct Several<T>(pub Vec<Given<T>>);

/// One value, or a list of them. Mostly it is one, which needs no list of its own.
#[derive(Clone, Debug, Default)]
pub struct OneOrMany<T>(pub SmallVec<[Given<T>; 1]>);

/// A map from ids to values, in the order of the files.
#[derive(Clone, Debug)]
pub struct Map<T>(pub Vec<Entry<T>>);

/// A map whose keys are free text: names for people.
#[derive(Clone, Debug)]
pub struct FreeMap<T>(pub Vec<Entry<T>>);

impl<T> Default for FreeMap<T> {
    fn default() -> FreeMap<T> {
        FreeMap(Vec::new())
    }
}

impl<T> Default for Map<T> {
    fn default() -> Map<T> {
        Map(Vec::new())
    }
}

/// A value that seldom stands there: it is kept apart, so that what could hold it is small.
#[derive(Clone, Debug)]
pub struct Rare<T>(Box<T>);

impl<T> std::ops::Deref for Rare<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Lower> Lower for Rare<T> {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        T::lower(node, at, report).map(|value| Rare(Box::new(value)))
    }
}

#[derive(Clone, Debug)]
pub struct Entry<T> {
    pub id: Arc<str>,
    /// The id's place.
    pub span: Span,
    /// `None` when it could not be read; the id is known all the same, so that nobody complains about it.
    pub value: Option<T>,
}

fn items<T: Lower>(items: &[Node<'_>], at: &At<'_>, report: &mut Report) -> Vec<Given<T>> {
    items
        .iter()
        .filter_map(|item| Some(Given { key: at.key, span: item.span, value: T::lower(item, at, report)? }))
        .collect()
}

impl<T: Lower> Lower for Several<T> {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::List(list) => {
                let items = items(list, at, report);
                // None of them could be read: that is not the same as an empty list.
                (list.is_empty() || !items.is_empty()).then_some(Several(items))
            }
            _ => {
                wrong_type(node, at, "a list: `[…]`", report);
                None
            }
        }
    }
}

impl<T: Lower> Lower for OneOrMany<T> {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::List(list) if list.is_empty() => {
                wrong_type(node, at, "one value, or a list with at least one", report);
                None
            }
            Value::List(list) => Some(OneOrMany(SmallVec::from_vec(items(list, at, report)))),
            _ => {
                let value = T::lower(node, at, report)?;
                Some(OneOrMany(smallvec![Given { key: at.key, span: node.span, value }]))
            }
        }
    }
}

impl<T: Lower> Lower for Map<T> {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        let entries = entries(node, at, "a map from ids to their settings", check_id, report)?;
        Some(Map(entries))
    }
}

impl<T: Lower> Lower for FreeMap<T> {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        let entries = entries(node, at, "a map from names to their settings", check_name, report)?;
        Some(FreeMap(entries))
    }
}

fn entries<T: Lower>(
    node: &Node<'_>,
    at: &At<'_>,
    expected: &str,
    check: fn(&Key<'_>, &At<'_>, &mut Report),
    report: &mut Report,
) -> Option<Vec<Entry<T>>> {
    let Value::Map(entries) = &node.value else {
        wrong_type(node, at, expected, report);
        return None;
    };
    let mut out = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        check(key, at, report);
        let value = T::lower(value, &at.key(&key.text, key.span), report);
        out.push(Entry { id: Arc::from(key.text.as_ref()), span: key.span, value });
    }
    Some(out)
}

/// The schema of what holds a value is the value's. (A derive would put our comments into it.)
macro_rules! schema_of_its_value {
    ($($holder:ident)*) => {$(
        impl<T: JsonSchema> JsonSchema for $holder<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }
            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }
            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    )*};
}
schema_of_its_value! { Rare Field }

impl<T: JsonSchema> JsonSchema for Several<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("List_of_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>() })
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("One_or_more_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

impl<T: JsonSchema> JsonSchema for Map<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Map_of_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": super::scalar::ID_PATTERN },
            "patternProperties": { "^x-": true },
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

impl<T: JsonSchema> JsonSchema for FreeMap<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "minLength": 1, "maxLength": 200 },
            "patternProperties": { "^x-": true },
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}
