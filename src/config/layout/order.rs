//! The order in which keys stand. Ids, tests and members keep theirs: people arrange them.

use super::tree::{Document, Kind, Node};

/// Where a map stands (`*` is any name), and its keys in their order. A map that is not listed keeps its order; keys that
/// are not listed come last, in the order that they have. The first row that fits counts.
pub const KEYS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "version",
            "description",
            "timezone",
            "include",
            "cookie_key",
            "max_duration",
            "lints",
            "listen",
            "access",
            "number_tables",
            "gateways",
            "lists",
            "sheets",
            "lcr",
            "groups",
            "schedules",
            "routes",
            "probing",
            "failover",
            "accounting",
            "sync",
            "guards",
            "tests",
        ],
    ),
    ("listen.*", &["transport", "bind", "advertise", "certificate", "key", "tls", "drain", "description"]),
    ("access", &["unknown", "trusted", "users", "gateways", "limits"]),
    ("access.trusted.*", &["sources", "listen", "identity", "description"]),
    ("access.users.*", &["password", "ha1", "algorithms", "listen", "description"]),
    ("access.limits", &["requests", "burst", "failed_auth", "ban"]),
    (
        "gateways.*",
        &[
            "address",
            "transport",
            "listen",
            "tls",
            "auth",
            "register",
            "number",
            "caller",
            "trusted",
            "diversion",
            "nat",
            "max_calls",
            "max_cps",
            "max_duration",
            "slow_start",
            "probing",
            "health",
            "tags",
            "description",
        ],
    ),
    ("*.*.auth", &["user", "password", "realm"]),
    ("*.*.register", &["user", "expires", "contact"]),
    ("*.*.caller", &["number", "allow", "otherwise", "name", "identity"]),
    ("*.*.health", &["failures", "failure_share", "over", "back_off", "retry_after"]),
    ("lists.*", &["policy", "key", "members", "limit", "max_calls", "max_cps", "description"]),
    ("lists.*.members", &["to", "weight"]),
    (
        "groups.*",
        &["match", "users_file", "normalize", "calls_out", "max_calls", "max_cps", "max_duration", "description"],
    ),
    ("groups.*.match", &["account", "source", "gateway", "user", "domain", "listener"]),
    ("groups.*.normalize", &["country", "international", "national"]),
    (
        "schedules.*",
        &["days", "hours", "dates", "from", "until", "except", "timerec", "dialect", "timezone", "description"],
    ),
    (
        "routes.*",
        &[
            "prefix",
            "exact",
            "default",
            "group",
            "priority",
            "when",
            "to",
            "lcr",
            "reject",
            "number",
            "caller",
            "failover",
            "continue",
            "description",
        ],
    ),
    ("*.*.number", &["table", "strip", "add", "raw"]),
    ("*.*.caller.number", &["table", "strip", "add", "raw"]),
    ("sheets.*", &["file", "columns", "delimiter", "decimal", "gateway", "prefix_add", "description"]),
    ("sheets.*.columns", &["prefix", "rate", "from", "description"]),
    ("lcr.*", &["sheets", "group", "max_candidates", "max_rate", "margin_equal", "to_tail", "description"]),
    ("number_tables.*", &["file", "columns", "delimiter", "description"]),
    ("number_tables.*.columns", &["from", "to"]),
    ("probing", PROBING),
    ("gateways.*.probing", PROBING),
    ("failover", FAILOVER),
    ("routes.*.failover", FAILOVER),
    ("accounting", &["file", "sqlite", "mask_digits"]),
    ("accounting.file", &["path", "rotate"]),
    ("accounting.file.rotate", &["size", "keep"]),
    ("accounting.sqlite", &["path", "keep"]),
    ("sync.*", &["dialect", "url", "unowned", "apply", "loss", "description"]),
    ("guards", &["max_change", "emergency", "premium", "on_reload"]),
    ("guards.on_reload", &["max_change", "halved", "emptied", "changed", "opened", "widened"]),
    ("tests.*", &["description", "call", "at", "gateways", "expect"]),
    ("tests.*.call", &["to", "from", "domain", "account", "source", "gateway", "group", "listener"]),
    ("tests.*.expect", &["group", "route", "first", "attempts", "reject", "access"]),
    ("tests.*.expect.attempts", &["gateway", "number"]),
    ("*.reject", REPLY),
    ("*.*.reject", REPLY),
    ("*.*.*.reject", REPLY),
    ("*.final", REPLY),
    ("*.no_route", REPLY),
    ("*.*.*.final", REPLY),
];

const REPLY: &[&str] = &["code", "reason"];
const PROBING: &[&str] =
    &["method", "when", "interval", "timeout", "from", "failures", "recoveries", "up_on", "down_interval"];
const FAILOVER: &[&str] = &[
    "retry_on",
    "never_on",
    "attempt_timeout",
    "progress_timeout",
    "ring_timeout",
    "max_attempts",
    "max_setup_time",
    "last_resort",
    "final",
    "no_route",
];

pub(super) fn sort(document: &mut Document<'_>) {
    sort_node(&mut document.root, &mut Vec::new());
}

fn sort_node<'t>(node: &mut Node<'t>, path: &mut Vec<String>) {
    // An anchor stands before what repeats it: where one is declared nothing moves.
    let movable = !node.declares_anchors();
    let order = movable.then(|| keys_at(path)).flatten();
    match &mut node.kind {
        Kind::Omitted | Kind::Text(_) => {}
        Kind::Block(block) => {
            if let (true, Some(order)) = (block.map, order) {
                block.entries.sort_by_key(|entry| rank(entry.key.as_ref(), order));
            }
            for entry in &mut block.entries {
                with_key(entry.key.as_ref(), path, |path| sort_node(&mut entry.value, path));
            }
        }
        Kind::Flow(flow) => {
            if let (true, Some(order), false) = (flow.map, order, flow.broken()) {
                flow.items.sort_by_key(|item| rank(item.key.as_ref(), order));
            }
            for item in &mut flow.items {
                if let Some(value) = &mut item.value {
                    with_key(item.key.as_ref(), path, |path| sort_node(value, path));
                }
            }
        }
    }
}

/// Goes on one level deeper in a map; a list's members stand where the list does.
fn with_key(key: Option<&Node>, path: &mut Vec<String>, go_on: impl FnOnce(&mut Vec<String>)) {
    let Some(key) = key else { return go_on(path) };
    path.push(word(key).to_owned());
    go_on(path);
    path.pop();
}

fn keys_at(path: &[String]) -> Option<&'static [&'static str]> {
    let fits = |pattern: &str| {
        let parts: Vec<&str> = if pattern.is_empty() { Vec::new() } else { pattern.split('.').collect() };
        parts.len() == path.len() && parts.iter().zip(path).all(|(part, name)| *part == "*" || part == name)
    };
    KEYS.iter().find(|(pattern, _)| fits(pattern)).map(|(_, keys)| *keys)
}

/// `<<` first, then what is listed, then everything else.
fn rank(key: Option<&Node>, order: &[&str]) -> usize {
    let Some(key) = key else { return order.len() };
    match word(key) {
        "<<" => 0,
        word => 1 + order.iter().position(|known| *known == word).unwrap_or(order.len()),
    }
}

fn word<'n>(key: &'n Node<'_>) -> &'n str {
    match &key.kind {
        Kind::Text(text) => text.first.trim_matches('"'),
        Kind::Omitted | Kind::Block(_) | Kind::Flow(_) => "",
    }
}
