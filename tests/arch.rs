//! The shape of the program, read from its sources: arrows point down, and the pure layers stay pure (ARCHITECTURE.md).

#[path = "sources/mod.rs"]
mod sources;

use sources::{Source, all};

/// The layers from the bottom up. A module may name modules of its own row and of the rows above it in this list.
const LAYERS: &[&[&str]] = &[
    &["time", "flow", "mix"],
    &["sip"],
    &["route", "health", "record"],
    &["transaction"],
    &["proxy"],
    &["worker"],
    &["accounting"],
    &["config", "agent", "sim"],
    &["plan"],
    &["question"],
    &["route_tests"],
    &["server", "admin"],
    &["cli"],
];

/// The last row that is pure: no I/O, no clock, no tokio.
const PURE_ROWS: usize = 6;

/// Rooms that are pure though they stand on something that is not.
const PURE_TOO: &[&str] = &["plan"];

/// What a pure layer must not name, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::fs", "files belong to `server` and `config`"),
    ("std::io", "I/O belongs to `server`"),
    ("std::env", "the environment belongs to `cli`"),
    ("std::process", "processes belong to `cli`"),
    ("std::thread", "threads belong to `server`"),
    ("UdpSocket", "sockets belong to `server`; the core speaks of flows"),
    ("TcpStream", "sockets belong to `server`; the core speaks of flows"),
    ("TcpListener", "sockets belong to `server`; the core speaks of flows"),
    ("std::time::Instant", "the time is handed in as `time::Now`"),
    ("std::time::SystemTime", "the time is handed in as `time::Now`"),
    ("SystemTime", "the time is handed in as `time::Now`"),
    ("Instant::now", "the time is handed in as `time::Now`"),
    ("tokio", "the pure layers are stepped from outside"),
    ("serde", "documents belong to `config`"),
    ("schemars", "documents belong to `config`"),
    ("tracing", "the core gives back effects; `server` logs"),
    ("println!", "`cli` alone prints"),
    ("eprintln!", "`cli` alone prints"),
    ("thread_rng", "chance comes from the seeded generator (checklist C5)"),
    ("getrandom", "chance comes from the seeded generator (checklist C5)"),
    ("RandomState", "a map with a random seed breaks replay"),
    ("HashMap::new", "a map with a random seed breaks replay"),
    ("HashMap::with_capacity(", "a map with a random seed breaks replay"),
    ("HashSet::new", "a map with a random seed breaks replay"),
];

fn row_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

#[test]
fn every_module_has_a_layer() {
    let stray: Vec<_> = all("src")
        .iter()
        .filter(|s| !matches!(s.module(), "lib" | "main") && row_of(s.module()).is_none())
        .map(|s| s.path.clone())
        .collect();
    assert!(stray.is_empty(), "give these a row in LAYERS and in ARCHITECTURE.md: {stray:?}");
}

#[test]
fn arrows_point_down() {
    let mut up = Vec::new();
    for source in all("src") {
        let Some(own) = row_of(source.module()) else { continue };
        for (line, named) in crate_paths(&source) {
            if row_of(&named).is_some_and(|row| row > own) {
                up.push(format!(
                    "{}:{line}: `{}` names `crate::{named}`, a layer above it",
                    source.path,
                    source.module()
                ));
            }
        }
    }
    assert!(up.is_empty(), "{}", up.join("\n"));
}

#[test]
fn pure_layers_touch_nothing_outside() {
    let mut found = Vec::new();
    for source in all("src") {
        if !PURE_TOO.contains(&source.module()) && row_of(source.module()).is_none_or(|row| row >= PURE_ROWS) {
            continue;
        }
        for (number, line) in source.code_lines() {
            for (item, why) in FORBIDDEN {
                if names(&line, item) {
                    found.push(format!("{}:{number}: `{item}`: {why}", source.path));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_command_line_prints() {
    let mut found = Vec::new();
    for source in all("src") {
        if matches!(source.module(), "cli" | "main") {
            continue;
        }
        for (number, line) in source.code_lines() {
            for item in ["println!", "eprintln!", "print!", "eprint!"] {
                if names(&line, item) {
                    found.push(format!("{}:{number}: `{item}`", source.path));
                }
            }
        }
    }
    assert!(found.is_empty(), "only cli/ prints:\n{}", found.join("\n"));
}

#[test]
fn the_simulation_is_never_in_a_plain_build() {
    let lib = std::fs::read_to_string("src/lib.rs").unwrap();
    assert!(lib.contains("#[cfg(feature = \"sim\")]\npub mod sim;"), "`sim` must stay behind its feature");
    assert!(lib.contains("#![forbid(unsafe_code)]"));
}

/// The module names after `crate::`, those in `use crate::{a, b::c}` included, with their line numbers.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let text = source.code();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let line = text[..at].matches('\n').count() + 1;
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(top_names(group).into_iter().map(|n| (line, n))),
            None => found.push((line, ident(rest))),
        }
    }
    found
}

/// The first names of a brace group's members: `a::b, c::{d, e}}` gives `a`, `c`.
fn top_names(group: &str) -> Vec<String> {
    let (mut depth, mut fresh, mut names) = (0, true, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && (c.is_alphabetic() || c == '_') => {
                names.push(ident(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

fn ident(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether a line names an item: the text, not as the tail of a longer word.
fn names(line: &str, item: &str) -> bool {
    line.match_indices(item).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + item.len()..].chars().next();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let open_end = !item.ends_with(|c: char| word(c));
        !before.is_some_and(word) && (open_end || !after.is_some_and(word))
    })
}

#[test]
fn the_reader_sees_through_groups_and_comments() {
    let source = Source {
        path: "src/sip/x.rs".into(),
        text: "// use crate::cli;\nuse crate::{proxy::{A, B}, route};\nlet s = \"crate::cli\";\nfn f() { crate::worker::x() }\n".into(),
    };
    let named: Vec<String> = crate_paths(&source).into_iter().map(|(_, n)| n).collect();
    assert_eq!(named, ["proxy", "route", "worker"]);
    assert!(names("use tokio::net;", "tokio") && !names("my_tokio", "tokio") && !names("tokio_like", "tokio"));
}
