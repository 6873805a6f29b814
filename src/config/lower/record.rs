//! Maps with fixed keys: the structs of the document. One macro makes the struct, its schema and its reader, so the
//! three cannot drift apart.

use super::{At, Lower, wrong_type};
use crate::config::diagnostic::{Code, Diagnostic, Report, Safety};
use crate::config::names::nearest;
use crate::config::source::Span;
use crate::config::yaml::{Key, Node, Value};

/// A key of a record: not there, there and unreadable (complained about), or there.
#[derive(Clone, Debug, Default)]
pub enum Field<T> {
    #[default]
    Absent,
    Bad(Span),
    Set(Given<T>),
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Given<T> {
    /// Its key.
    pub key: Span,
    pub span: Span,
    pub value: T,
}

impl<T> Field<T> {
    pub fn given(&self) -> Option<&Given<T>> {
        match self {
            Field::Set(given) => Some(given),
            Field::Absent | Field::Bad(_) => None,
        }
    }
    pub fn get(&self) -> Option<&T> {
        self.given().map(|given| &given.value)
    }
    /// Whether the key stands there, readable or not.
    pub fn stands(&self) -> bool {
        !matches!(self, Field::Absent)
    }
    /// The key's place.
    pub fn key(&self) -> Option<Span> {
        match self {
            Field::Absent => None,
            Field::Bad(key) => Some(*key),
            Field::Set(given) => Some(given.key),
        }
    }
}

impl<T: Clone> Field<T> {
    pub fn or(&self, default: T) -> T {
        self.get().cloned().unwrap_or(default)
    }
}

/// The entries of a map whose keys are known.
pub struct Fields<'n, 'a> {
    entries: &'n [(Key<'a>, Node<'a>)],
    /// There was a key that means nothing here.
    pub flawed: bool,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Checks that `node` is a map and complains about keys that are not known.
    pub fn of(node: &'n Node<'a>, at: &At<'_>, known: &[&str], report: &mut Report) -> Option<Fields<'n, 'a>> {
        let Value::Map(entries) = &node.value else {
            wrong_type(node, at, "a map: `key: value`", report);
            return None;
        };
        let mut flawed = false;
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.text.as_ref())) {
            flawed = true;
            report.push(unknown_key(key, at, known, entries));
        }
        Some(Fields { entries, flawed })
    }

    pub fn field<T: Lower>(&self, name: &str, at: &At<'_>, report: &mut Report) -> Field<T> {
        let Some((key, node)) = self.entries.iter().find(|(key, _)| key.text == name) else { return Field::Absent };
        match T::lower(node, &at.key(name, key.span), report) {
            Some(value) => Field::Set(Given { key: key.span, span: node.span, value }),
            None => Field::Bad(key.span),
        }
    }

    /// A key that nothing in this build acts on.
    pub fn later<T: Lower>(&self, name: &str, at: &At<'_>, report: &mut Report) -> Field<T> {
        let field = self.field(name, at, report);
        if let Some(key) = field.key() {
            report.push(not_served(&format!("`{}`", at.key(name, key)), key));
        }
        field
    }

    pub fn required<T: Lower>(&self, name: &str, at: &At<'_>, report: &mut Report) -> Field<T> {
        let field = self.field(name, at, report);
        if !field.stands() {
            report.push(missing(name, at));
        }
        field
    }
}

fn missing(name: &str, at: &At<'_>) -> Diagnostic {
    let message = match at.is_top() {
        true => format!("`{name}` is missing"),
        false => format!("`{at}` has no `{name}`"),
    };
    let help = match name {
        "version" => "begin the root file with `version: 1`".to_owned(),
        _ => format!("add `{name}: …`"),
    };
    Diagnostic::new(Code::WrongType, at.key, message).help(help)
}

/// `what`, a key or a value, belongs to the file format, and this build does nothing with it.
pub(super) fn not_served(what: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NotServed, span, format!("this build does not serve {what} yet"))
        .label("part of the file format, and read; `run` refuses it")
        .help("leave it out where this build is to serve the file")
}

fn unknown_key(key: &Key<'_>, at: &At<'_>, known: &[&str], entries: &[(Key<'_>, Node<'_>)]) -> Diagnostic {
    let place = if at.is_top() { "the file".to_owned() } else { format!("`{at}`") };
    let diagnostic = Diagnostic::new(Code::UnknownKey, key.span, format!("{place} has no key `{}`", key.text));
    match nearest(&key.text, known.iter().copied()) {
        Some(near) if entries.iter().any(|(other, _)| other.text == near) => {
            diagnostic.help(format!("`{near}` is there already; delete this one"))
        }
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(Safety::Review, key.span, near.to_owned()),
        None => diagnostic.help(format!("its keys are {}; `x-…` keys are ignored", known.join(", "))),
    }
}

/// The key of a field: `match` of `r#match`.
pub const fn bare_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Declares a record of the document: required keys, optional keys, and keys of the file format that nothing in this build
/// acts on.
macro_rules! document {
    ($(
        $(#[$meta:meta])*
        $name:ident {
            $(required { $($(#[$rmeta:meta])* $rkey:ident: $rtype:ty,)* })?
            $(optional { $($(#[$ometa:meta])* $okey:ident: $otype:ty,)* })?
            $(later { $($(#[$lmeta:meta])* $lkey:ident: $ltype:ty,)* })?
        }
    )*) => {$(
        $(#[$meta])*
        // Some keys are read, checked and shown to nobody by the compiler: `description`, and those of later builds.
        #[allow(dead_code)]
        #[derive(Clone, Debug, Default, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields, extend("patternProperties" = { "^x-": true }))]
        pub struct $name {
            $($($(#[$rmeta])* pub $rkey: $crate::config::lower::Field<$rtype>,)*)?
            $($($(#[$ometa])* #[schemars(default)] pub $okey: $crate::config::lower::Field<$otype>,)*)?
            $($($(#[$lmeta])* #[schemars(default, extend("x-not-served" = true))] pub $lkey: $crate::config::lower::Field<$ltype>,)*)?
            /// There was a key that means nothing here; what seems missing may have been meant by it.
            #[schemars(skip)]
            pub flawed: bool,
        }

        impl $crate::config::lower::Lower for $name {
            fn lower(
                node: &$crate::config::yaml::Node<'_>,
                at: &$crate::config::lower::At<'_>,
                report: &mut $crate::config::diagnostic::Report,
            ) -> Option<Self> {
                const KEYS: &[&str] = &[
                    $($($crate::config::lower::bare_name(stringify!($rkey)),)*)?
                    $($($crate::config::lower::bare_name(stringify!($okey)),)*)?
                    $($($crate::config::lower::bare_name(stringify!($lkey)),)*)?
                ];
                let fields = $crate::config::lower::Fields::of(node, at, KEYS, report)?;
                Some($name {
                    $($($rkey: fields.required($crate::config::lower::bare_name(stringify!($rkey)), at, report),)*)?
                    $($($okey: fields.field($crate::config::lower::bare_name(stringify!($okey)), at, report),)*)?
                    $($($lkey: fields.later($crate::config::lower::bare_name(stringify!($lkey)), at, report),)*)?
                    flawed: fields.flawed,
                })
            }
        }
    )*};
}
pub(in crate::config) use document;
