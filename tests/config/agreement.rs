//! The JSON schema and the compiler agree: whatever the schema refuses the compiler refuses, and what the compiler
//! refuses beyond it is one of the rules that a schema cannot express.

use super::{fixtures, home};
use serde_json::Value;
use trunkline::config::{FileSet, Severity, compile, schema};

/// Rules that no JSON schema can say, or that are about the text before it becomes JSON.
const BEYOND_A_SCHEMA: &[(&str, &str)] = &[
    ("TL0102", "tabs that this YAML reader accepts and others do not"),
    ("TL0104", "`011` is text for one reader and a number for another; as an id every number becomes text"),
    ("TL0105", "`no` is text in YAML 1.2, and `True` a boolean"),
    ("TL0108", "a second document"),
    ("TL0112", "tags are gone in JSON"),
    ("TL0113", "a reference may hold any text"),
    ("TL0203", "addresses, masks, durations out of range; limits that depend on other keys"),
    ("TL0205", "`${…}` is text"),
    ("TL0302", "references"),
    ("TL0303", "loops"),
    ("TL0304", "two maps that share an id space"),
    ("TL0306", "groups that match the same call"),
    ("TL0401", "rules that claim the same numbers"),
    ("TL0405", "keys that exclude each other"),
    ("TL0202", "a group without `match`, a route without `prefix`: they depend on other keys"),
    ("TL0410", "what becomes of an emergency number"),
    ("TL0504", "who may reach which numbers"),
    ("TL0506", "what becomes of an emergency number"),
    ("TL0507", "a network that is everybody"),
    ("TL0512", "gateways that no group takes"),
    ("TL0901", "comments"),
];

#[test]
fn the_schema_on_disk_is_fresh() {
    let on_disk = std::fs::read_to_string(home().join("schema/trunkline-v1.json")).unwrap_or_default();
    assert!(on_disk == schema(), "stale: run `trunkline schema > schema/trunkline-v1.json`");
}

#[test]
fn the_schema_is_a_schema() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    jsonschema::meta::validate(&schema).expect("a valid JSON schema");
}

#[test]
fn schema_and_compiler_agree_on_every_fixture() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let mut compared = 0;
    let routes = ("routes".to_owned(), home().join("routes.yaml"));
    for (name, root) in fixtures::all("good").into_iter().chain(fixtures::all("bad")).chain([routes]) {
        let set = FileSet::read(&root).expect("a readable fixture");
        // Parts of a set are no documents of their own; what is no YAML has no JSON.
        let (1, Some(json)) = (set.files.len(), json(&set.files[0].1)) else { continue };
        let (_, diagnostics) = compile(&set);
        let ours: Vec<String> =
            diagnostics.list().iter().filter(|d| d.severity == Severity::Error).map(|d| d.code.id()).collect();
        let theirs: Vec<String> =
            validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        match (ours.is_empty(), theirs.is_empty()) {
            (true, false) => panic!("{name}: the schema refuses what compiles:\n{}", theirs.join("\n")),
            (false, true) => {
                let stray: Vec<_> =
                    ours.iter().filter(|code| !BEYOND_A_SCHEMA.iter().any(|(c, _)| c == code)).collect();
                assert!(stray.is_empty(), "{name}: the schema should refuse this too: {stray:?}");
            }
            _ => {}
        }
        compared += 1;
    }
    assert!(compared > 25, "only {compared} fixtures were compared");
}

/// The document as an editor with YAML 1.2 sees it, merge keys applied.
fn json(bytes: &[u8]) -> Option<Value> {
    let mut yaml: serde_yaml::Value = serde_yaml::from_slice(bytes).ok()?;
    yaml.apply_merge().ok()?;
    serde_json::to_value(yaml).ok()
}
