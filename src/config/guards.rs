//! `guards`: what a change may not do without being accepted, compiled.

use super::document::{self, OnReload};
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
    /// What the running router looks at before it takes a revision.
    pub on_reload: Watched,
}

/// What is looked at. By default what a reload looks at when nothing is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    pub max_change: Option<f64>,
    pub halved: bool,
    pub emptied: bool,
    /// Emergency numbers and catch-alls.
    pub changed: bool,
    pub opened: bool,
    pub widened: bool,
}

impl Default for Watched {
    fn default() -> Watched {
        Watched { max_change: None, halved: true, emptied: true, changed: false, opened: false, widened: false }
    }
}

impl Watched {
    /// Every tripwire, as `plan` does.
    pub fn all(max_change: Option<f64>) -> Watched {
        Watched { max_change, halved: true, emptied: true, changed: true, opened: true, widened: true }
    }
}

impl Guards {
    pub(super) fn of(field: &Field<document::Guards>) -> Guards {
        let Some(guards) = field.get() else { return Guards::default() };
        let share = |field: &Field<Percent>| field.get().map(|percent| percent.fraction());
        let digits = |field: &Field<Several<Prefix>>| {
            field.get().map_or_else(Vec::new, |list| list.0.iter().map(|p| p.value.0.to_string()).collect())
        };
        let on_reload = guards.on_reload.get().map_or_else(Watched::default, |words| Watched {
            max_change: share(&words.max_change),
            halved: OnReload::is_on(&words.halved, true),
            emptied: OnReload::is_on(&words.emptied, true),
            changed: OnReload::is_on(&words.changed, false),
            opened: OnReload::is_on(&words.opened, false),
            widened: OnReload::is_on(&words.widened, false),
        });
        Guards {
            max_change: share(&guards.max_change),
            emergency: digits(&guards.emergency),
            premium: digits(&guards.premium),
            on_reload,
        }
    }
}
