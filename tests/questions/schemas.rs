//! What machines get is what `schema --for` says.

use super::{home, trunkline_in};
use serde_json::Value;

fn schema(name: &str) -> Value {
    let (code, out, err) = trunkline_in(&home(), &["schema", "--for", name], "");
    assert_eq!((code, err.as_str()), (0, ""));
    serde_json::from_str(&out).expect("JSON")
}

fn fits(name: &str, arguments: &[&str]) -> Value {
    let (_, out, _) = trunkline_in(&home().join("tests/questions/files"), arguments, "");
    let document: Value = serde_json::from_str(&out).expect("JSON");
    let schema = schema(name);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{arguments:?}: {errors:?}");
    // And a document without its fields does not fit.
    assert!(!validator.is_valid(&serde_json::json!({ "schema": format!("trunkline/{name}/1") })));
    assert!(!validator.is_valid(&serde_json::json!({})));
    document
}

#[test]
fn explanations_and_verdicts_fit_their_schemas() {
    let explain = |arguments: &[&str]| {
        fits("explain", &[&["-c", "verdicts.yaml", "explain", "--format", "json"], arguments].concat());
    };
    explain(&["0161234", "--at", "2026-11-24T19:30"]);
    explain(&["0900123", "--state", "a=down"]);
    explain(&["1", "--source", "198.51.100.200"]);
    explain(&["1", "--gateway", "a", "--state", "c=down"]);
    let verdicts = fits("test", &["-c", "verdicts.yaml", "test", "--coverage", "--format", "json"]);
    assert_eq!(verdicts["schema"], "trunkline/test/1");
}

#[test]
fn what_other_commands_write_fits_too() {
    fits("explain-route", &["-c", "verdicts.yaml", "explain", "day", "--format", "json"]);
    let code = fits("code", &["explain", "TL0851", "--format", "json"]);
    assert_eq!((&code["name"], &code["severity"]), (&"tripwire".into(), &"guard".into()));
    fits("fmt", &["fmt", "--check", "verdicts.yaml", "--format", "json"]);
    let place = tempfile::tempdir().expect("a directory");
    fits("init", &["init", place.path().to_str().expect("a path"), "--format", "json"]);
}

#[test]
fn the_schema_of_records_is_published() {
    let (_, out, _) = trunkline_in(&home(), &["schema", "--for", "record"], "");
    let on_disk = std::fs::read_to_string(home().join("schema/record-1.json")).unwrap_or_default();
    assert!(on_disk == out, "stale: run `cargo run -- schema --for record > schema/record-1.json`");
}

#[test]
fn every_document_of_the_running_router_has_a_schema() {
    for name in ["status", "calls", "gateway", "gateways", "reload", "pin"] {
        let schema = schema(name);
        assert_eq!(schema["properties"]["schema"]["const"], format!("trunkline/{name}/1"));
        assert!(jsonschema::validator_for(&schema).is_ok());
    }
    let (code, out, _) = trunkline_in(&home(), &["schema", "--for", "file"], "");
    assert_eq!((code, out), (0, trunkline::config::schema()));
}
