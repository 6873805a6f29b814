//! `trunkline test`: what passes, what fails and how it is shown, coverage, and expectations that are rewritten.

use super::{home, trunkline_in};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn files() -> PathBuf {
    home().join("tests/questions/files")
}

fn verdicts(arguments: &[&str]) -> (i32, String, String) {
    trunkline_in(&files(), &[&["-c", "verdicts.yaml", "test"], arguments].concat(), "")
}

#[test]
fn both_answers_stand_side_by_side() {
    let (code, out, err) = verdicts(&["--coverage"]);
    assert_eq!((code, err.as_str()), (1, ""));
    insta::assert_snapshot!(out);
}

#[test]
fn every_pass_and_every_gap_is_named_with_v() {
    let (_, out, _) = verdicts(&["--coverage", "-v", "passes"]);
    insta::assert_snapshot!(out);
}

#[test]
fn machines_read_json() {
    let (code, out, _) = verdicts(&["--coverage", "--format", "json"]);
    assert_eq!(code, 1);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&document["schema"], &document["passed"]), (&json!("trunkline/test/1"), &json!(5)));
    assert_eq!(document["revision"].as_str().map(str::len), Some(7));
    let tests = document["tests"].as_array().expect("a list");
    assert_eq!(document["failed"], tests.len() - 5);
    let named = |name: &str| tests.iter().find(|test| test["name"] == name).expect("the test is there");

    let passed = named("passes by shares");
    assert_eq!((&passed["ok"], &passed["file"], &passed["line"]), (&json!(true), &json!("verdicts.yaml"), &json!(26)));
    assert_eq!(passed["expected"], json!({ "first": { "a": 0.666667, "b": 0.333 } }));
    assert_eq!((&passed["got"]["route"], &passed["got"]["outcome"]), (&json!("national"), &json!("attempts")));
    assert_eq!(passed["got"]["attempts"][1]["number"], "004930123");

    let failed = named("another code");
    assert_eq!((&failed["ok"], &failed["code"]), (&json!(false), &json!("TL0601")));
    assert_eq!((&failed["expected"], &failed["got"]["reject"]), (&json!({ "reject": 404 }), &json!(403)));
    let undecided = named("at no time");
    assert_eq!((&undecided["code"], &undecided["got"]), (&json!("TL0602"), &Value::Null));

    let coverage = &document["coverage"];
    assert_eq!((&coverage["routes"]["reached"], &coverage["routes"]["total"]), (&json!(4), &json!(6)));
    assert_eq!(coverage["routes"]["missing"], json!(["day", "rest"]));
    assert_eq!(coverage["attempts"]["missing"], json!([{ "route": "day", "gateway": "a" }]));
    let codes: Vec<&str> =
        document["diagnostics"].as_array().expect("a list").iter().filter_map(|d| d["code"].as_str()).collect();
    for code in ["TL0601", "TL0602", "TL0603"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
}

#[test]
fn ci_reads_junit_and_annotations() {
    let (code, out, _) = verdicts(&["--format", "junit", "evening", "passes by route"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
    let (code, out, _) = verdicts(&["--format", "github", "evening"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(out);
}

#[test]
fn exit_codes_and_filters() {
    let table: &[(&[&str], i32, &str)] = &[
        (&["passes"], 0, "4 passed, 0 failed\n"),
        (&["PASSES BY"], 0, "2 passed, 0 failed\n"),
        (&["passes by route", "another code"], 1, "1 passed, 1 failed\n"),
        (&["no such test"], 2, ""),
        (&["passes", "--min-coverage", "30%"], 0, "routes reached 2/6"),
        (&["passes", "--min-coverage", "50"], 1, "33.3 % of the routes are reached; at least 50.0 % must be\n"),
        (&["--min-coverage", "many"], 2, ""),
        (&["--format", "sarif"], 2, ""),
    ];
    for (arguments, code, said) in table {
        let (found, out, err) = verdicts(arguments);
        assert_eq!((found, out.contains(said)), (*code, true), "{arguments:?}: {out}{err}");
    }
    let (code, out, err) = trunkline_in(&home(), &["-c", "tests/config/bad/six.yaml", "test"], "");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.ends_with("trunkline test: the files have errors, so no test was run\n"), "{err}");
    let (code, out, _) = trunkline_in(&home(), &["-c", "tests/config/good/secrets.yaml", "test"], "");
    assert_eq!(
        (code, out.ends_with("0 passed, 0 failed\n")),
        (0, true),
        "files without tests have none that fail: {out}"
    );
}

#[test]
fn tests_stand_in_files_of_their_own_and_a_gap_may_be_allowed() {
    let (code, out, err) = trunkline_in(&files().join("split"), &["test", "--coverage", "--format", "json"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["tests"][0]["file"], "tests/calls.yaml");
    assert_eq!(document["coverage"]["routes"]["missing"], json!(["inside", "rest"]), "the figures stay what they are");
    let diagnostics = document["diagnostics"].as_array().expect("a list");
    assert_eq!((diagnostics.len(), &diagnostics[0]["message"]), (1, &json!("route `rest` is reached by no test")));
    // `validate` looks at no test, and so not for this allowance.
    let (code, out, _) = trunkline_in(&files().join("split"), &["validate", "-q"], "");
    assert_eq!((code, out.as_str()), (0, ""));
}

/// The office of the documentation prints what the documentation says.
#[test]
fn the_office_is_tested_and_explained() {
    let office = home().join("examples/office");
    let (code, out, err) = trunkline_in(&office, &["test", "--coverage"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!("the_office_tested", out);
    let call = ["explain", "016012345", "--from", "101", "--gateway", "pbx", "--at"];
    let (code, out, err) = trunkline_in(&office, &[&call[..], &["2026-11-24T19:30"]].concat(), "");
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!("the_office_in_the_evening", out);
    let (_, out, _) = trunkline_in(&office, &[&call[..], &["2026-11-24T10:30"]].concat(), "");
    insta::assert_snapshot!("the_office_by_day", out);
    let (_, out, _) = trunkline_in(&office, &["explain", "mobile-day", "--at", "2026-11-24T19:30"], "");
    insta::assert_snapshot!("the_office_a_route", out);

    // And a test that is wrong, as in the documentation.
    let directory = tempfile::tempdir().expect("a directory");
    let text = std::fs::read_to_string(office.join("routes.yaml")).expect("the office");
    let wrong = "  a mobile call in the evening:\n    call: { to: \"016012345\", from: \"101\", gateway: pbx }\n    \
                 at: \"2026-11-24T19:30\"\n    expect: { route: mobile-day, first: { carrier-a: 50%, carrier-b: 50% } }\n";
    std::fs::write(directory.path().join("routes.yaml"), text + wrong).expect("it is written");
    let (code, out, _) = trunkline_in(directory.path(), &["test", "--coverage"], "");
    assert_eq!(code, 1);
    insta::assert_snapshot!("the_office_with_a_wrong_test", out);
}

fn copied(file: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("routes.yaml");
    std::fs::copy(files().join(file), &copy).expect("it is copied");
    (directory, copy)
}

fn update(directory: &Path, names: &[&str]) -> (i32, String, String) {
    trunkline_in(directory, &[&["test", "--update"], names].concat(), "")
}

#[test]
fn expectations_are_rewritten_in_place() {
    let (directory, copy) = copied("verdicts.yaml");
    let (code, out, err) = update(directory.path(), &[]);
    assert_eq!((code, err.as_str()), (1, ""), "those without an answer stay as they are");
    insta::assert_snapshot!(out);
    // Once more finds nothing to write.
    let after = std::fs::read_to_string(&copy).expect("the file");
    let (_, out, _) = update(directory.path(), &[]);
    assert!(!out.contains("@@"), "{out}");
    assert_eq!(std::fs::read_to_string(&copy).expect("the file"), after);
    assert_eq!(std::fs::read_dir(directory.path()).expect("the directory").count(), 1, "nothing is left behind");
}

#[test]
fn only_the_named_tests_are_rewritten() {
    let (directory, copy) = copied("verdicts.yaml");
    let before = std::fs::read_to_string(&copy).expect("the file");
    let (code, _, _) = update(directory.path(), &["another code"]);
    assert_eq!(code, 0);
    assert_eq!(
        std::fs::read_to_string(&copy).expect("the file"),
        before.replace("reject: 404 } }\n  barred", "reject: 403 } }\n  barred")
    );
}

#[test]
fn an_expectation_that_two_tests_share_is_not_guessed_at() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = std::fs::read_to_string(files().join("split/trunkline.yaml")).expect("the file");
    let tests = "tests:\n  one: { call: { to: \"01\" }, expect: &e { route: inside } }\n  two: { call: { to: \"9\" }, expect: *e }\n";
    let text = text.replace("include: [\"tests/*.yaml\"]\n", "") + tests;
    std::fs::write(directory.path().join("routes.yaml"), &text).expect("it is written");
    let (code, out, err) = update(directory.path(), &[]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.starts_with("trunkline test: "), "{err}");
    assert_eq!(std::fs::read_to_string(directory.path().join("routes.yaml")).expect("the file"), text);
}
