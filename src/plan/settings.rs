//! Settings that differ: everything beside routes, by path.

use super::identity::{Identity, Rename};
use crate::config::{Compiled, Fields};
use std::collections::BTreeMap;

/// One setting; `None` where a side does not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Maps of declarations: one that is wholly new or gone is one line, not one for each of its keys.
const DECLARATIONS: &[&str] =
    &["listen", "gateways", "groups", "access.trusted", "access.users", "number_tables", "sheets", "lcr", "sync"];

/// The settings that differ; what was renamed is one line, and then compared under its new id.
pub fn differing(old: &Compiled, new: &Compiled) -> Vec<Setting> {
    let identity = Identity::of(&old.snapshot, &new.snapshot);
    let mut before = renamed(&old.fields, &identity.renames);
    let mut after = new.fields.clone();
    for pair in &identity.groups {
        // Matchers that name a gateway by its new id say the same as before.
        if let (Some(was), Some(is)) = (pair.old, pair.new)
            && identity.same_matchers(old.snapshot.table.group(was), new.snapshot.table.group(is))
        {
            let path = format!("groups.{}.match", pair.id);
            before.remove(&path);
            after.remove(&path);
        }
    }
    let mut out: Vec<Setting> = identity
        .renames
        .iter()
        .map(|rename| Setting {
            path: rename.what.to_owned(),
            before: Some(rename.from.to_string()),
            after: Some(rename.to.to_string()),
        })
        .collect();
    out.extend(gathered(&before, &after));
    out
}

/// With the ids of the new side.
fn renamed(fields: &Fields, renames: &[Rename]) -> Fields {
    let path = |path: &String| {
        let new = renames.iter().find_map(|rename| {
            let rest = path.strip_prefix(rename.what)?.strip_prefix('.')?.strip_prefix(&*rename.from)?;
            (rest.is_empty() || rest.starts_with('.')).then(|| format!("{}.{}{rest}", rename.what, rename.to))
        });
        new.unwrap_or_else(|| path.clone())
    };
    fields.iter().map(|(key, text)| (path(key), text.clone())).collect()
}

fn gathered(before: &Fields, after: &Fields) -> Vec<Setting> {
    let (olds, news) = (declarations(before), declarations(after));
    let mut out: BTreeMap<String, Setting> = BTreeMap::new();
    for path in before.keys().chain(after.keys()) {
        let (was, is) = (before.get(path), after.get(path));
        if was == is {
            continue;
        }
        let setting = |path: &str, before, after| Setting { path: path.to_owned(), before, after };
        match declaration(path) {
            Some(id) if !olds.contains_key(id) => {
                out.insert(id.to_owned(), setting(id, None, news.get(id).cloned()));
            }
            Some(id) if !news.contains_key(id) => {
                out.insert(id.to_owned(), setting(id, olds.get(id).cloned(), None));
            }
            _ => {
                out.insert(path.clone(), setting(path, was.cloned(), is.cloned()));
            }
        }
    }
    out.into_values().collect()
}

/// `gateways.a` of `gateways.a.probing.interval`.
fn declaration(path: &str) -> Option<&str> {
    let of = DECLARATIONS.iter().find(|of| path.strip_prefix(**of).is_some_and(|rest| rest.starts_with('.')))?;
    let rest = path.get(of.len() + 1..)?;
    let id = rest.split('.').next().unwrap_or(rest);
    path.get(..of.len() + 1 + id.len())
}

/// Everything that is said about each declaration, on one line.
fn declarations(fields: &Fields) -> BTreeMap<&str, String> {
    let mut out: BTreeMap<&str, String> = BTreeMap::new();
    for (path, text) in fields {
        if let Some(id) = declaration(path) {
            let key = path.get(id.len() + 1..).unwrap_or_default();
            let all = out.entry(id).or_default();
            let comma = if all.is_empty() { "" } else { ", " };
            all.push_str(&format!("{comma}{key}: {text}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FileSet, compile};

    const BEFORE: &str = r#"
version: 1
listen: { lan: { transport: udp, bind: "192.0.2.9:5060" } }
access: { trusted: { pbx: ["192.0.2.10"] } }
gateways:
  b: { address: "192.0.2.2:5060", probing: { interval: 10s } }
  c: "192.0.2.3:5060"
groups: { office: { match: [{ gateway: b }] } }
routes: { every: { default: true, group: office, to: [b, c] } }
"#;

    fn settings(edits: &[(&str, &str)]) -> Vec<String> {
        let compiled = |text: &str| {
            let (compiled, said) = compile(&FileSet::of(&[("routes.yaml", text)]));
            compiled.unwrap_or_else(|| panic!("{}", said.human(false)))
        };
        let after = edits.iter().fold(BEFORE.to_owned(), |text, (from, to)| text.replace(from, to));
        let all = differing(&compiled(BEFORE), &compiled(&after));
        let word = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
        all.into_iter().map(|s| format!("{}: {} -> {}", s.path, word(s.before), word(s.after))).collect()
    }

    #[test]
    fn settings_that_differ() {
        assert_eq!(settings(&[("10s", "20s")]), ["gateways.b.probing.interval: 10s -> 20s"]);
        assert_eq!(settings(&[("transport: udp, ", "")]), Vec::<String>::new());
        assert_eq!(
            settings(&[("  c: ", "  d: \"192.0.2.4:5060\"\n  c: ")]),
            ["gateways.d: - -> address: 192.0.2.4:5060"]
        );
        assert_eq!(
            settings(&[("  b: {", "  bee: {"), ("gateway: b", "gateway: bee"), ("[b, c]", "[bee, c]")]),
            ["gateways: b -> bee"]
        );
        assert_eq!(
            settings(&[("{ gateway: b }", "{ gateway: c }")]),
            ["groups.office.match: { gateway: b } -> { gateway: c }"]
        );
    }
}
