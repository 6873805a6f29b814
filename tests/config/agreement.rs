//! The JSON schema and the compiler agree: whatever the schema refuses the compiler refuses, and what the compiler
//! refuses beyond it is one of the rules that a schema cannot express.

use super::{fixtures, home};
use serde_json::Value;
use trunkline::config::{FileSet, Severity, compile, schema, schema_verdict};

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
    ("TL0206", "a secret in clear text, where the file makes that an error: text is text"),
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
    ("TL0602", "tests that name what is not there"),
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

/// What the two say about one file: our codes where it is refused, and the schema's complaints.
fn verdicts(set: &FileSet, json: &Value, validator: &jsonschema::Validator) -> (Vec<String>, Vec<String>) {
    let (_, diagnostics) = compile(set);
    let errors = diagnostics.list().iter().filter(|d| d.severity == Severity::Error);
    let ours = errors.map(|d| d.code.id()).collect();
    let theirs = validator.iter_errors(json).map(|error| format!("{}: {error}", error.instance_path()));
    (ours, theirs.collect())
}

/// What is wrong with two verdicts; `None` where they agree, or what we refuse is beyond a schema.
fn disagreement(ours: &[String], theirs: &[String]) -> Option<String> {
    match (ours.is_empty(), theirs.is_empty()) {
        (true, false) => Some(format!("the schema refuses what compiles: {}", theirs.join("; "))),
        (false, true) => {
            let stray: Vec<_> = ours.iter().filter(|code| !BEYOND_A_SCHEMA.iter().any(|(c, _)| c == code)).collect();
            (!stray.is_empty()).then(|| format!("the schema should refuse this too: {stray:?}"))
        }
        _ => None,
    }
}

#[test]
fn schema_and_compiler_agree_on_every_fixture() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let (mut compared, mut bad) = (0, 0);
    let more = ["routes.yaml", "examples/office/routes.yaml"].map(|path| (path.to_owned(), home().join(path)));
    for (name, root) in fixtures::all("good").into_iter().chain(fixtures::all("bad")).chain(more) {
        let set = FileSet::read(&root).expect("a readable fixture");
        // Parts of a set are no documents of their own; what is no YAML has no JSON.
        let (1, Some(json)) = (set.files.len(), json(&set.files[0].1)) else { continue };
        let (ours, theirs) = verdicts(&set, &json, &validator);
        if let Some(what) = disagreement(&ours, &theirs) {
            panic!("{name}: {what}");
        }
        // What `validate --schema-only` reads is what an editor reads.
        let said = schema_verdict(&set);
        assert!(said.errors() > 0 || theirs.is_empty(), "{name}: {}\n{}", theirs.join("\n"), said.human(false));
        compared += 1;
        bad += usize::from(!ours.is_empty());
    }
    assert!(compared > 25 && bad * 2 >= compared, "{compared} fixtures were compared, {bad} of them bad");
}

/// What stands at one place of a right file, instead of what belongs there.
fn wrong_values() -> Vec<Value> {
    let values = r#"[[], {}, null, true, 7, -1, 1.5, "7", "", "junk", "a b", "00", "30s", "5xx", "25%", ["junk"], [7],
        [[]], { "junk": 1 }, { "not": "open" }, { "secret_file": "x" }, "${ENV:TRUNKLINE_NOT_SET}"]"#;
    serde_json::from_str(values).expect("JSON")
}

/// Every place of a document, by the keys and positions that lead there.
fn places(value: &Value, path: &str, out: &mut Vec<String>) {
    out.push(path.to_owned());
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| places(value, &format!("{path}/{}", key.replace('/', "~1")), out));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| places(value, &format!("{path}/{at}"), out));
        }
        _ => {}
    }
}

#[test]
fn schema_and_compiler_agree_on_one_fault_at_a_time() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let text = std::fs::read(home().join("tests/config/good/every-key.yaml")).expect("every-key.yaml");
    let right = json(&text).expect("a document");
    let mut all = Vec::new();
    places(&right, "", &mut all);
    let (mut compared, mut bad, mut alone, mut wrong) = (0, 0, 0, Vec::new());
    let mut compare = |path: &str, what: &str, document: &Value| {
        let text = serde_yaml::to_string(document).expect("YAML");
        // The writer leaves words bare that are booleans to some readers.
        let set = FileSet::of(&[("routes.yaml", &text)]);
        let (ours, theirs) = verdicts(&set, document, &validator);
        compared += 1;
        bad += usize::from(!ours.is_empty());
        alone += usize::from(!ours.is_empty() && theirs.is_empty());
        wrong.extend(disagreement(&ours, &theirs).map(|said| format!("{path} = {what}: {said}")));
    };
    compare("", "as it is", &right);
    // All of them take minutes without optimisation.
    let every = if cfg!(debug_assertions) { 7 } else { 1 };
    let mut turn = 0;
    for path in all.iter().filter(|path| !path.is_empty()) {
        for value in wrong_values() {
            turn += 1;
            if turn % every != 0 {
                continue;
            }
            let mut document = right.clone();
            *document.pointer_mut(path).expect("a place") = value.clone();
            compare(path, &value.to_string(), &document);
        }
        let (parent, key) = path.rsplit_once('/').expect("a parent");
        let mut document = right.clone();
        if let Some(entries) = document.pointer_mut(parent).and_then(Value::as_object_mut) {
            let value = entries.remove(&key.replace("~1", "/")).expect("a key");
            compare(path, "missing", &document);
            if let Some(entries) = document.pointer_mut(parent).and_then(Value::as_object_mut) {
                entries.insert(format!("{key}x"), value);
            }
            compare(path, "misspelt", &document);
        }
    }
    println!("{compared} files compared, {bad} of them bad, {alone} by rules beyond a schema");
    assert!(bad * 2 >= compared, "{bad} of {compared} are bad");
    assert!(wrong.is_empty(), "{} of {compared} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// The document as an editor with YAML 1.2 sees it, merge keys applied.
fn json(bytes: &[u8]) -> Option<Value> {
    let mut yaml: serde_yaml::Value = serde_yaml::from_slice(bytes).ok()?;
    yaml.apply_merge().ok()?;
    serde_json::to_value(yaml).ok()
}
