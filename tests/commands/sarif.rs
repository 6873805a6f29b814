//! SARIF 2.1.0: the documents are held to the parts of its schema that they use.

use super::{bad, fixture_files, git, repository, run, trunkline};
use serde_json::{Value, json};

/// The part of the standard's schema (sections 3.13 to 3.58) that speaks of what we write, as strict as the whole: no
/// property that the standard does not know.
fn schema() -> Value {
    let text = std::fs::read_to_string(super::home().join("tests/commands/sarif-2.1.0.json")).expect("the schema");
    serde_json::from_str(&text).expect("JSON")
}

fn sarif(directory: &std::path::Path, arguments: &[&str]) -> Value {
    let (_, out, err) = run(trunkline(directory).arg("validate").args(arguments).args(["--format", "sarif"]));
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{out}{err}"))
}

#[test]
fn every_fixture_makes_a_document_that_fits_the_schema() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    for (name, _) in fixture_files() {
        let document = sarif(&bad(), &[&name]);
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}:\n{}", errors.join("\n"));
        let results = document["runs"][0]["results"].as_array().expect("results");
        let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
        assert_eq!(rules.len(), trunkline::config::Code::ALL.len(), "all rules are listed, also silent ones");
        let mut fingerprints: Vec<&str> = Vec::new();
        for result in results {
            let index = result["ruleIndex"].as_u64().expect("an index") as usize;
            assert_eq!(rules[index]["id"], result["ruleId"]);
            fingerprints.push(result["partialFingerprints"]["trunkline/v1"].as_str().expect("a fingerprint"));
        }
        let levels: Vec<&str> = results.iter().filter_map(|result| result["level"].as_str()).collect();
        let rank = |level: &&str| ["error", "warning", "note"].iter().position(|l| l == level);
        assert!(levels.is_sorted_by_key(rank), "{name}: most severe first: {levels:?}");
        let all = fingerprints.len();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), all, "{name}: a fingerprint names one finding");
    }
}

#[test]
fn the_schema_refuses_what_the_standard_does_not_know() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let good = sarif(&bad(), &["six.yaml"]);
    assert!(validator.is_valid(&good));
    for (path, value) in [
        ("/version", json!("2.0.0")),
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/message", json!("text")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
        ("/runs/0/tool/driver/rules/0", json!({ "name": "no id" })),
        ("/runs/0/columnKind", json!("bytes")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect("the place") = value;
        assert!(!validator.is_valid(&bad), "{path}");
    }
}

#[test]
fn paths_count_from_the_top_of_the_repository_and_fingerprints_outlive_lines() {
    let text = std::fs::read_to_string(bad().join("bare-digits.yaml")).expect("a fixture");
    let place = repository(&[("sites/über/routes.yaml", &text)]);
    let directory = place.path().join("sites/über");
    let before = sarif(&directory, &[]);
    let result = |document: &Value| document["runs"][0]["results"][0].clone();
    let location = &result(&before)["locations"][0];
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "sites/%C3%BCber/routes.yaml");
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert!(location["logicalLocations"][0]["fullyQualifiedName"].as_str().is_some_and(|p| p.contains('.')));
    std::fs::write(directory.join("routes.yaml"), format!("# one line more\n\n{text}")).expect("a file");
    let after = sarif(&directory, &[]);
    assert_eq!(result(&before)["partialFingerprints"], result(&after)["partialFingerprints"]);
    assert_ne!(result(&before)["locations"], result(&after)["locations"]);
    git(place.path(), &["status", "-s"]);
}

#[test]
fn a_fix_says_what_to_replace() {
    let document = sarif(&bad(), &["six.yaml"]);
    let results = document["runs"][0]["results"].as_array().expect("results");
    let bare = results.iter().find(|r| r["ruleId"] == "TL0104").expect("bare digits");
    let change = &bare["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["replacements"].as_array().map(Vec::len), Some(2), "a quote on each side");
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "\"");
    assert_eq!(bare["fixes"][0]["description"]["text"], "quote it [safe fix]");
    let twice = results.iter().find(|r| r["ruleId"] == "TL0103").expect("the duplicate key");
    assert_eq!(twice["relatedLocations"][0]["message"]["text"], "first here");
}

#[test]
fn more_than_five_thousand_are_cut_with_a_note() {
    let routes: String = (0..6_000).map(|n| format!("  r{n}: {{ prefix: 0{n:04}, to: [a, b] }}\n")).collect();
    let text = format!(
        "version: 1\naccess: {{ trusted: {{ pbx: [\"192.168.10.10\"] }} }}\n\
         gateways: {{ a: \"192.0.2.1\", b: \"198.51.100.1\" }}\nroutes:\n{routes}"
    );
    let place = tempfile::tempdir().expect("a directory");
    std::fs::write(place.path().join("routes.yaml"), text).expect("a file");
    let document = sarif(place.path(), &[]);
    let run = &document["runs"][0];
    assert_eq!(run["results"].as_array().map(Vec::len), Some(5_000));
    let note = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(note["level"], "note");
    let text = note["message"]["text"].as_str().expect("a text");
    assert!(text.ends_with("more results are left out: the 5000 most severe are listed"), "{text}");
    assert!(jsonschema::validator_for(&schema()).expect("a schema").is_valid(&document));
}
