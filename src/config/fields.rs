//! What files say apart from routes: every setting by its path, as text, so that two revisions can be held against each
//! other setting by setting, also for keys that no part of this build acts on yet.
//!
//! Shorthands and defaults are written out of the way: `a: "192.0.2.1"` is `gateways.a.address`, and a default that is
//! spelt out is not there. Secrets are never in it.

use super::yaml::{Node, Value};
use std::collections::BTreeMap;

/// By path: `gateways.carrier-a.probing.interval` is `10s`.
pub type Fields = BTreeMap<String, String>;

/// Parts of the root that are compared in other ways, or mean nothing to a call.
const ELSEWHERE: &[&str] = &["version", "include", "schedules", "tests", "description"];

/// What a route and a list mean for calls is found by comparing decisions.
const DECIDED: &[(&str, &[&str])] = &[
    ("routes", &["prefix", "exact", "default", "group", "priority", "to", "reject", "number", "when", "description"]),
    ("lists", &["policy", "members", "limit", "description"]),
    ("gateways", &["number", "description"]),
    ("groups", &["description"]),
    ("listen", &["description"]),
];

/// What a single value stands for, below these maps.
const SHORT: &[(&str, &str)] = &[("gateways", "address"), ("access.trusted", "sources")];

/// Keys whose text may be a secret; references to one are none.
const SECRET: &[&str] = &["password", "ha1", "key", "cookie_key", "url"];

/// What holds where nothing is said.
const DEFAULTS: &[(&str, &str)] = &[
    ("timezone", "Etc/UTC"),
    ("max_duration", "12h"),
    ("listen.*.transport", "udp"),
    ("access.unknown", "drop"),
    ("access.gateways", "false"),
    ("gateways.*.transport", "udp"),
    ("groups.*.calls_out", "true"),
    ("probing.method", "OPTIONS"),
    ("probing.when", "always"),
    ("probing.interval", "30s"),
    ("probing.timeout", "2s"),
    ("probing.from", "sip:probe@trunkline.invalid"),
    ("probing.failures", "3"),
    ("probing.recoveries", "2"),
    ("probing.up_on", "2xx, 4xx, 501"),
    ("probing.down_interval", "10s"),
    ("failover.retry_on", "timeout, transport, 5xx"),
    ("failover.never_on", "404, 484, 486, 487, 6xx"),
    ("failover.attempt_timeout", "4s"),
    ("failover.progress_timeout", "15s"),
    ("failover.ring_timeout", "120s"),
    ("failover.max_attempts", "6"),
    ("failover.max_setup_time", "60s"),
    ("failover.last_resort", "true"),
    ("failover.final.code", "503"),
    ("failover.final.reason", "Service not available"),
    ("failover.no_route.code", "503"),
    ("failover.no_route.reason", "No Rules matching the URI"),
    ("accounting.mask_digits", "0"),
    ("guards.on_reload.halved", "true"),
    ("guards.on_reload.emptied", "true"),
    ("guards.on_reload.changed", "false"),
    ("guards.on_reload.opened", "false"),
    ("guards.on_reload.widened", "false"),
];

/// The settings of a merged tree.
pub(super) fn of(root: &Node<'_>) -> Fields {
    let mut fields = Fields::new();
    for (key, node) in root.map().unwrap_or_default() {
        if !ELSEWHERE.contains(&&*key.text) && !key.text.starts_with("x-") {
            put(key.text.to_string(), node, &mut fields);
        }
    }
    fields.retain(|path, text| !DEFAULTS.iter().any(|(pattern, default)| text == default && fits(pattern, path)));
    fields
}

fn put(path: String, node: &Node<'_>, fields: &mut Fields) {
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    match &node.value {
        Value::Map(entries) => {
            let decided = decided(&path);
            for (key, node) in entries.iter().filter(|(key, _)| !key.text.starts_with("x-")) {
                if !decided.contains(&&*key.text) {
                    put(format!("{path}.{}", key.text), node, fields);
                }
            }
        }
        Value::Text(..) | Value::List(_) => {
            let short = SHORT.iter().find(|(of, _)| *of == parent);
            let path = short.map_or(path.clone(), |(_, key)| format!("{path}.{key}"));
            let text = if is_secret(&path, node) { "(secret)".to_owned() } else { text(node) };
            fields.insert(path, text);
        }
        Value::Omitted(_) | Value::Broken => {}
    }
}

/// The keys below `path`, which is `routes.ID` or the like, that are compared with the decisions.
fn decided(path: &str) -> &'static [&'static str] {
    let section = path.split_once('.').filter(|(_, id)| !id.contains('.')).map(|(section, _)| section);
    DECIDED.iter().find(|(of, _)| Some(*of) == section).map_or(&[], |(_, keys)| keys)
}

fn is_secret(path: &str, node: &Node<'_>) -> bool {
    let last = path.rsplit_once('.').map_or(path, |(_, last)| last);
    SECRET.contains(&last) && !matches!(&node.value, Value::Text(text, _) if is_reference(text))
}

/// Whether a text is one reference and nothing else; what stands beside one may be half of the secret.
fn is_reference(text: &str) -> bool {
    let name = text.strip_prefix("${ENV:").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// On one line; a list of one is that one.
fn text(node: &Node<'_>) -> String {
    match &node.value {
        Value::Text(text, _) => text.to_string(),
        Value::List(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, node)| format!("{}: {}", key.text, text(node)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Omitted(_) | Value::Broken => String::new(),
    }
}

/// Whether a path is one of a pattern, in which `*` is any one key.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('.'), path.split('.'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == "*" || a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{FileSet, compile};

    fn fields(text: &str) -> Vec<String> {
        let (compiled, said) = compile(&FileSet::of(&[("routes.yaml", text)]));
        let compiled = compiled.unwrap_or_else(|| panic!("{}", said.human(false)));
        compiled.fields.into_iter().map(|(path, text)| format!("{path} = {text}")).collect()
    }

    #[test]
    fn settings_by_path_without_routes_defaults_and_secrets() {
        let text = r#"
version: 1
x-notes: { a: b }
access: { unknown: drop, trusted: { pbx: ["192.0.2.10", "192.0.2.11"] }, gateways: false }
gateways:
  a: "192.0.2.1:5060"
  b: { address: "192.0.2.2", transport: udp, number: { add: "+" }, auth: { user: me, password: hunter2 } }
  c: { address: "192.0.2.3", auth: { user: me, password: "${ENV:A}hunter2${ENV:B}" } }
  d: { address: "192.0.2.4", auth: { user: me, password: "${ENV:A}" } }
routes:
  rest: { default: true, to: [a, b, c, d], failover: { max_attempts: 2 } }
probing: { interval: 10s, failures: 3 }
"#;
        let expected = [
            "access.trusted.pbx.sources = 192.0.2.10, 192.0.2.11",
            "gateways.a.address = 192.0.2.1:5060",
            "gateways.b.address = 192.0.2.2",
            "gateways.b.auth.password = (secret)",
            "gateways.b.auth.user = me",
            "gateways.c.address = 192.0.2.3",
            "gateways.c.auth.password = (secret)",
            "gateways.c.auth.user = me",
            "gateways.d.address = 192.0.2.4",
            "gateways.d.auth.password = ${ENV:A}",
            "gateways.d.auth.user = me",
            "probing.interval = 10s",
            "routes.rest.failover.max_attempts = 2",
        ];
        assert_eq!(fields(text), expected);
    }
}
