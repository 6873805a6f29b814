//! `guards`: what a change may not do without being accepted, compiled.

use super::document::{self, OnReload as Words};
use super::lower::{Field, Several};
use super::value::{Percent, Prefix};

/// What is held against a change; it is read from the side before the change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guards {
    /// The largest share of calls of any group that may be re-routed, from 0 to 1.
    pub max_change: Option<f64>,
    pub emergency: Vec<String>,
    /// Prefixes as they leave towards a gateway.
    pub premium: Vec<String>,
    pub on_reload: OnReload,
}

/// What the running router looks at before it takes a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct OnReload {
    pub max_change: Option<f64>,
    pub halved: bool,
    pub emptied: bool,
    pub changed: bool,
    pub opened: bool,
    pub widened: bool,
}

impl Default for OnReload {
    fn default() -> OnReload {
        OnReload { max_change: None, halved: true, emptied: true, changed: false, opened: false, widened: false }
    }
}

impl Guards {
    pub(super) fn of(field: &Field<document::Guards>) -> Guards {
        let Some(guards) = field.get() else { return Guards::default() };
        let share = |field: &Field<Percent>| field.get().map(|percent| percent.fraction());
        let digits = |field: &Field<Several<Prefix>>| {
            field.get().map_or_else(Vec::new, |list| list.0.iter().map(|p| p.value.0.to_string()).collect())
        };
        let on_reload = guards.on_reload.get().map_or_else(OnReload::default, |words| OnReload {
            max_change: share(&words.max_change),
            halved: Words::is_on(&words.halved, true),
            emptied: Words::is_on(&words.emptied, true),
            changed: Words::is_on(&words.changed, false),
            opened: Words::is_on(&words.opened, false),
            widened: Words::is_on(&words.widened, false),
        });
        Guards {
            max_change: share(&guards.max_change),
            emergency: digits(&guards.emergency),
            premium: digits(&guards.premium),
            on_reload,
        }
    }
}
