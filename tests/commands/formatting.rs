//! `fmt`: one way to write a file, in which it means the same and has every comment.

use super::{home, run, trunkline};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use trunkline::config::layout::format;

/// Every YAML file of the fixtures and the examples.
fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(directory: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push((path.clone(), std::fs::read(&path).expect("a file")));
            }
        }
    }
    let mut files = Vec::new();
    for directory in ["tests/config", "tests/commands/format", "tests/scenarios", "examples", "src/cli/init"] {
        walk(&home().join(directory), &mut files);
    }
    files.push((home().join("routes.yaml"), std::fs::read(home().join("routes.yaml")).expect("the example")));
    files.sort();
    assert!(files.len() > 60, "only {} files", files.len());
    files
}

/// What another reader makes of a text, `None` where it is none.
fn meaning(text: &str) -> Option<serde_yaml::Value> {
    serde_yaml::from_str(text).ok()
}

/// Formats a text, and checks what must hold of every result. `None` when it can't be formatted.
fn formatted(name: &str, text: &str) -> Option<String> {
    let once = format("routes.yaml", text.as_bytes()).ok()?;
    let twice =
        format("routes.yaml", once.as_bytes()).unwrap_or_else(|_| panic!("{name}: not readable again:\n{once}"));
    assert!(
        once == twice,
        "{name}: not the same the second time:\n--- text\n{text}\n--- once\n{once}\n--- twice\n{twice}"
    );
    if let Some(value) = meaning(text) {
        assert_eq!(meaning(&once).as_ref(), Some(&value), "{name}:\n{text}\n---\n{once}");
    }
    assert!(!once.contains('\r') && !once.starts_with('\u{feff}'));
    assert!(
        once.lines().all(|line| !line.ends_with(' ')) || once.contains('|') || once.contains('>'),
        "{name}:\n{once}"
    );
    Some(once)
}

#[test]
fn every_file_keeps_its_meaning_and_is_formatted_once() {
    let mut done = 0;
    for (path, bytes) in corpus() {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let name = path.display().to_string();
        match formatted(&name, &text) {
            Some(_) => done += 1,
            None if path.starts_with(home().join("tests/config/bad")) => {}
            None => panic!("{name} cannot be formatted"),
        }
    }
    assert!(done > 40, "only {done} files were formatted");
}

#[test]
fn what_the_compiler_says_stays_the_same() {
    use trunkline::config::{FileSet, compile};
    let said = |text: &str| {
        let (_, diagnostics) = compile(&FileSet::of(&[("routes.yaml", text)]));
        let mut list: Vec<String> = diagnostics.kept().map(|d| format!("{} {}", d.code, d.message)).collect();
        list.sort();
        list
    };
    for (path, bytes) in corpus() {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let Ok(out) = format("routes.yaml", text.as_bytes()) else { continue };
        // Byte order marks and line ends are repaired, and places are named in some messages.
        let keep = |list: Vec<String>| -> Vec<String> {
            list.into_iter()
                .filter(|d| !d.starts_with("TL0109") && !d.starts_with("TL0110") && !d.contains(".yaml:"))
                .collect()
        };
        assert_eq!(keep(said(&text)), keep(said(&out)), "{}:\n{text}\n---\n{out}", path.display());
    }
}

/// What somebody's editor, or somebody, does to a line.
fn mutate(text: &str, changes: &[(usize, u8, usize)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (line, what, number) in changes {
        if lines.is_empty() {
            break;
        }
        let at = line % lines.len();
        let chosen = lines[at].clone();
        let indent = " ".repeat(number % 7);
        match what % 16 {
            0 => lines.insert(at, String::new()),
            1 => lines.insert(at, format!("{indent}# a comment {number}")),
            2 => lines[at] = format!("{chosen}{indent} # beside {number}"),
            3 => lines[at] = chosen.replace(": ", ":   "),
            4 => lines[at] = chosen.replace('"', "'"),
            5 => lines[at] = chosen.replacen(", ", ",\n      ", 1 + number % 3),
            6 => lines[at] = chosen.replacen("{ ", "{", 2).replacen(" }", "}", 2),
            7 => lines[at] = format!("{chosen}  "),
            8 => lines.insert(at, chosen),
            9 => {
                lines.remove(at);
            }
            10 => lines[at] = format!("{indent}{chosen}"),
            11 => {
                lines = lines
                    .iter()
                    .map(|line| {
                        let depth = line.len() - line.trim_start_matches(' ').len();
                        format!("{}{line}", " ".repeat(depth))
                    })
                    .collect()
            }
            12 => {
                let other = (at + 1 + number) % lines.len();
                lines.swap(at, other);
            }
            13 => lines[at] = chosen.replacen(": ", ": &anchor ", 1),
            14 => lines[at] = chosen.replacen('[', "[ # in brackets\n      ", 1),
            _ => {
                let cut = chosen.char_indices().nth(number % chosen.chars().count().max(1)).map_or(0, |(at, _)| at);
                lines[at] = format!("{}{}", &chosen[..cut], chosen[cut..].chars().skip(1).collect::<String>());
            }
        }
        lines = lines.iter().flat_map(|line| line.split('\n').map(str::to_owned)).collect();
    }
    lines.join("\n") + "\n"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]
    #[test]
    fn mutated_files_are_formatted_or_left_alone(
        file in 0usize..1_000,
        changes in prop::collection::vec((0usize..200, any::<u8>(), 0usize..64), 1..8),
        crlf in any::<bool>(),
    ) {
        let files = corpus_texts();
        let (name, text) = &files[file % files.len()];
        let mut text = mutate(text, &changes);
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        formatted(name, &text);
    }
}

fn corpus_texts() -> &'static [(String, String)] {
    static TEXTS: std::sync::OnceLock<Vec<(String, String)>> = std::sync::OnceLock::new();
    TEXTS.get_or_init(|| {
        let text =
            |(path, bytes): (PathBuf, Vec<u8>)| Some((path.display().to_string(), String::from_utf8(bytes).ok()?));
        corpus().into_iter().filter_map(text).collect()
    })
}

const UNTIDY: &str = "version:   1\naccess: {trusted: {pbx: ['192.168.10.10']}}\n";
const TIDY: &str = "version: 1\naccess: { trusted: { pbx: [\"192.168.10.10\"] } }\n";

#[test]
fn an_untidy_file_becomes_a_tidy_one() {
    let text = std::fs::read_to_string(home().join("tests/commands/format/untidy.yaml")).expect("the file");
    insta::assert_snapshot!(formatted("untidy", &text).expect("it parses"));
}

#[test]
fn keys_stand_in_the_order_of_the_examples_and_comments_go_with_them() {
    let text = "# On top.\n\n# who may call\naccess: {}\nversion: 1\nroutes:\n  r:\n    # the way\n    to: a\n    prefix: \"1\"\n";
    let out = "# On top.\n\nversion: 1\n# who may call\naccess: {}\nroutes:\n  r:\n    prefix: \"1\"\n    # the way\n    to: a\n";
    assert_eq!(formatted("order", text).as_deref(), Some(out));
    // An anchor stands before what repeats it.
    let text = "routes: { r: { to: &x [a], prefix: \"1\" }, s: { to: *x, prefix: \"2\" } }\n";
    assert_eq!(
        formatted("anchors", text).as_deref(),
        Some("routes: { r: { to: &x [a], prefix: \"1\" }, s: { prefix: \"2\", to: *x } }\n")
    );
}

#[test]
fn the_order_knows_every_key_of_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&trunkline::config::schema()).expect("JSON");
    let keys = |schema: &serde_json::Value| -> Vec<String> {
        let keys = schema["properties"].as_object().into_iter().flat_map(|map| map.keys().cloned());
        keys.filter(|key| !key.starts_with("x-")).collect()
    };
    let mut records: Vec<(String, Vec<String>)> = vec![("the file".into(), keys(&schema))];
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        records.push((name.clone(), keys(definition)));
    }
    for (name, keys) in records.iter().filter(|(_, keys)| keys.len() > 1) {
        let listed = |order: &[&str]| keys.iter().all(|key| order.contains(&key.as_str()));
        let nearest = trunkline::config::layout::KEYS
            .iter()
            .min_by_key(|(_, order)| keys.iter().filter(|key| !order.contains(&key.as_str())).count())
            .expect("an order");
        let missing: Vec<_> = keys.iter().filter(|key| !nearest.1.contains(&key.as_str())).collect();
        assert!(
            trunkline::config::layout::KEYS.iter().any(|(_, order)| listed(order)),
            "{name}: nearest `{}`, without {missing:?}",
            nearest.0
        );
    }
}

#[test]
fn check_names_files_and_changes_none() {
    let place = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).expect("a file");
    write("trunkline.yaml", &format!("{UNTIDY}include: [\"part.yaml\"]\n"));
    write("part.yaml", "gateways: { a: \"192.0.2.1\" }\r\n");
    write("alone.yaml", TIDY);
    let read = |name: &str| std::fs::read_to_string(place.path().join(name)).expect("a file");
    let (code, out, err) = run(trunkline(place.path()).args(["fmt", "--check"]));
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (1, "would change: trunkline.yaml\nwould change: part.yaml\n", "fmt: 2 of 2 files would change\n")
    );
    assert!(read("trunkline.yaml").starts_with(UNTIDY));
    let (code, out, _) = run(trunkline(place.path()).args(["fmt", "--diff", "part.yaml"]));
    assert_eq!(code, 0);
    assert!(out.starts_with("--- part.yaml\n+++ part.yaml\n@@ -1,1 +1,1 @@\n-gateways"), "{out}");
    let (code, out, _) = run(trunkline(place.path()).args(["fmt"]));
    assert_eq!((code, out.as_str()), (0, "changed: trunkline.yaml\nchanged: part.yaml\n"));
    assert_eq!(
        read("trunkline.yaml"),
        "version: 1\ninclude: [\"part.yaml\"]\naccess: { trusted: { pbx: [\"192.168.10.10\"] } }\n"
    );
    assert_eq!(read("part.yaml"), "gateways: { a: \"192.0.2.1\" }\n");
    assert_eq!(run(trunkline(place.path()).args(["fmt", "--check", "-q"])), (0, String::new(), String::new()));
    assert_eq!(run(trunkline(place.path()).args(["fmt", "--check", "alone.yaml"])).0, 0);
}

#[test]
fn what_does_not_parse_is_shown_and_left_alone() {
    let place = tempfile::tempdir().expect("a directory");
    std::fs::write(place.path().join("routes.yaml"), "version: 1\nroutes: { a: [1, 2\n").expect("a file");
    let (code, _, err) = run(trunkline(place.path()).args(["fmt"]));
    assert_eq!(code, 1);
    assert!(err.starts_with("error[TL0102 yaml-syntax]: this `[` is never closed\n --> routes.yaml:2:"), "{err}");
    assert_eq!(run(trunkline(place.path()).args(["fmt", "no-such.yaml"])).0, 2);
    assert_eq!(run(trunkline(&place.path().join("..")).args(["fmt", "-c", "no-such-directory"])).0, 2);
}
