//! House rules that a reader relies on, checked on the sources themselves.

#[path = "sources/mod.rs"]
mod sources;

use sources::all;
use std::collections::BTreeSet;

const LONGEST_FILE_LINES: usize = 500;

/// Files over the limit, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Where `unwrap` or `expect` stands outside tests, each with the reason why it can't fail.
const MAY_UNWRAP: &[(&str, &str)] =
    &[("src/sim/", "the simulation is test code: a broken assumption must stop it at once")];

/// Words that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "manager", "helper", "helpers", "misc"];

#[test]
fn files_are_one_idea_long() {
    let mut long = Vec::new();
    for source in all("src").iter().chain(&all("tests")).chain(&all("examples")).chain(&all("benches")) {
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE_LINES && !LONG_FILES.iter().any(|(path, _)| *path == source.path) {
            long.push(format!("{}: {lines} lines", source.path));
        }
    }
    assert!(long.is_empty(), "split these, or give the reason in tests/tidy.rs:\n{}", long.join("\n"));
    for (path, reason) in LONG_FILES {
        assert!(std::path::Path::new(path).exists() && !reason.is_empty(), "stale entry {path}");
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<_> = all("src").into_iter().filter(|s| !s.text.starts_with("//!")).map(|s| s.path).collect();
    assert!(silent.is_empty(), "open with `//!`: {silent:?}");
}

#[test]
fn nothing_is_left_to_do() {
    let mut found = Vec::new();
    for source in all("src") {
        for (number, line) in source.code_lines() {
            for word in ["todo!", "unimplemented!", "dbg!"] {
                if line.contains(word) {
                    found.push(format!("{}:{number}: {word}", source.path));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_unwrap_outside_tests() {
    let mut found = Vec::new();
    for source in all("src") {
        if MAY_UNWRAP.iter().any(|(path, _)| source.path.starts_with(path)) {
            continue;
        }
        for (number, line) in source.code_lines() {
            if line.contains(".unwrap()") || line.contains(".expect(") {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "handle it, or give the reason in tests/tidy.rs:\n{}", found.join("\n"));
}

#[test]
fn names_say_something() {
    let mut found = Vec::new();
    for source in all("src").iter().chain(&all("tests")).chain(&all("examples")) {
        for part in source.path.split('/') {
            let part = part.strip_suffix(".rs").unwrap_or(part);
            if part.split(['_', '-']).any(|word| EMPTY_NAMES.contains(&word)) {
                found.push(source.path.clone());
            }
        }
        for (number, line) in source.code_lines() {
            for keyword in ["mod ", "struct ", "enum ", "trait "] {
                let Some((_, rest)) = line.split_once(keyword) else { continue };
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if camel_words(&name).any(|w| EMPTY_NAMES.contains(&w.as_str())) {
                    found.push(format!("{}:{number}: {name}", source.path));
                }
            }
        }
    }
    assert!(found.is_empty(), "names of the trade, please:\n{}", found.join("\n"));
}

fn camel_words(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if (c.is_uppercase() || c == '_') && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
    }
    words.into_iter()
}

/// The items of level M in groups P, T, X, F and C of the SIP checklist, which ARCHITECTURE.md explains.
const CHECKLIST: &[(&str, &[u32])] = &[
    ("P", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]),
    ("T", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    ("X", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29]),
    (
        "F",
        &[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31],
    ),
    ("C", &[1, 2, 3, 4, 5]),
];

/// Items that this part of the work does not show, each with the reason.
const NOT_YET: &[(&str, &str)] = &[];

#[test]
fn every_checklist_item_is_cited() {
    let mut cited = BTreeSet::new();
    for source in all("src").iter().chain(&all("tests")) {
        if source.path != "tests/tidy.rs" {
            collect_citations(&source.text, &mut cited);
        }
    }
    for file in std::fs::read_dir("tests/scenarios").into_iter().flatten().flatten() {
        if file.path().extension().is_some_and(|e| e == "yaml") {
            collect_citations(&std::fs::read_to_string(file.path()).unwrap(), &mut cited);
        }
    }
    let known = |item: &str| {
        CHECKLIST.iter().any(|(group, numbers)| {
            item.strip_prefix(group).and_then(|n| n.parse().ok()).is_some_and(|n: u32| numbers.contains(&n))
        })
    };
    for (item, reason) in NOT_YET {
        assert!(known(item) && !reason.is_empty(), "stale entry {item}");
        assert!(!cited.contains(*item), "{item} is cited now: take it off the list");
    }
    let missing: Vec<String> = CHECKLIST
        .iter()
        .flat_map(|(group, numbers)| numbers.iter().map(move |n| format!("{group}{n}")))
        .filter(|item| !cited.contains(item) && !NOT_YET.iter().any(|(i, _)| i == item))
        .collect();
    assert!(missing.is_empty(), "no line cites these: {missing:?}");
}

/// Finds `checklist T7`, `checklist P5, P6`, `(checklist F19 to F21)`, and the `checklist: [E1, F1]` of scenario files:
/// every item on a line after the word.
fn collect_citations(text: &str, cited: &mut BTreeSet<String>) {
    for line in text.lines() {
        let Some(at) = line.find("checklist") else { continue };
        let mut previous: Option<(char, u32)> = None;
        let mut range = false;
        for word in line[at..].split(|c: char| !c.is_ascii_alphanumeric()) {
            if word == "to" && previous.is_some() {
                range = true;
                continue;
            }
            let item =
                word.chars().next().filter(|c| c.is_ascii_uppercase()).zip(word.get(1..).and_then(|n| n.parse().ok()));
            if let (Some((group, last)), Some((same, first)), true) = (item, previous, range)
                && group == same
            {
                cited.extend((first..last).map(|n| format!("{group}{n}")));
            }
            if let Some((group, number)) = item {
                cited.insert(format!("{group}{number}"));
            }
            (previous, range) = (item, false);
        }
    }
}

#[test]
fn citations_are_read_as_people_write_them() {
    let mut cited = BTreeSet::new();
    collect_citations("// RFC 3261 §17 (checklist T7, T8; F19 to F21).\nchecklist: [E1, X5]\n// P1 alone", &mut cited);
    let cited: Vec<_> = cited.iter().map(String::as_str).collect();
    assert_eq!(cited, ["E1", "F19", "F20", "F21", "T7", "T8", "X5"]);
}
