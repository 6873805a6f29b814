//! `validate`, `explain` and `schema` as they are run: what they print, and their exit codes.

use super::home;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn trunkline(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("NO_COLOR")
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

fn bad() -> std::path::PathBuf {
    home().join("tests/config/bad")
}

#[test]
fn validate_says_that_a_file_is_right() {
    let (code, out, err) = trunkline(&home(), &["validate"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("validate: nothing to complain about in 1 file (2 gateways, 1 list, 5 routes) in "),
        "{out}"
    );
    let (code, out, _) = trunkline(&home(), &["validate", "-q"]);
    assert_eq!((code, out.as_str()), (0, ""));
}

#[test]
fn validate_shows_six_mistakes_at_once() {
    let (code, out, _) = trunkline(&bad(), &["validate", "six.yaml"]);
    assert_eq!(code, 1);
    for place in
        ["six.yaml:7:15", "six.yaml:11:22", "six.yaml:13:21", "six.yaml:14:32", "six.yaml:15:28", "six.yaml:17:3"]
    {
        assert!(out.contains(&format!("--> {place}\n")), "{place} in\n{out}");
    }
    assert_eq!(out.matches("help: ").count(), 6, "each says what to do:\n{out}");
    assert!(out.contains("\nvalidate: 6 errors in 1 file (2 gateways, 3 lists, 5 routes) in "), "{out}");
    assert!(!out.contains('\u{1b}'), "no colour in a pipe");
    let (_, out, _) = trunkline(&bad(), &["validate", "six.yaml", "--color", "always"]);
    assert!(out.contains('\u{1b}'));
}

#[test]
fn validate_exit_codes() {
    let table: &[(&[&str], i32)] = &[
        (&["validate", "lints.yaml"], 0),
        (&["validate", "lints.yaml", "--deny", "warnings"], 1),
        (&["validate", "lints.yaml", "six.yaml"], 1),
        (&["validate", "no-such-file.yaml"], 2),
        (&["validate", "no-such-file.yaml", "six.yaml"], 2),
        (&["validate"], 2),
        (&["validate", "--no-such-flag"], 2),
        (&["validate", "several-files"], 1),
        (&["-c", "several-files/trunkline.yaml", "validate"], 1),
    ];
    for (arguments, expected) in table {
        let (code, _, err) = trunkline(&bad(), arguments);
        assert_eq!(code, *expected, "{arguments:?}: {err}");
    }
}

#[test]
fn validate_json_has_its_shape() {
    let (code, out, _) = trunkline(&bad(), &["validate", "six.yaml", "--format", "json"]);
    assert_eq!(code, 1);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["schema"], "trunkline/validate/1");
    assert_eq!(document["revision"].as_str().map(str::len), Some(7));
    let summary = &document["summary"];
    assert_eq!((&summary["errors"], &summary["warnings"], &summary["notes"]), (&6.into(), &0.into(), &0.into()));
    assert_eq!((&summary["files"], &summary["gateways"]), (&1.into(), &2.into()));
    assert_eq!((&summary["lists"], &summary["routes"]), (&3.into(), &5.into()));
    let bare = &document["diagnostics"].as_array().expect("a list")[2];
    assert_eq!(
        (&bare["code"], &bare["name"], &bare["severity"]),
        (&"TL0104".into(), &"bare-digits".into(), &"error".into())
    );
    assert_eq!(bare["message"], "phone digits must be quoted");
    let span = &bare["span"];
    assert_eq!(span["file"], "six.yaml");
    assert_eq!((&span["line"], &span["column"]), (&13.into(), &21.into()));
    assert_eq!((&span["end_line"], &span["end_column"]), (&13.into(), &25.into()));
    assert_eq!(bare["help"], "quote it");
    assert_eq!(bare["fix"]["safety"], "safe");
    let twice = document["diagnostics"].as_array().expect("a list").last().expect("the duplicate key");
    assert_eq!(twice["related"][0]["span"]["line"], 16);
    assert_eq!(twice["related"][0]["label"], "first here");
}

#[test]
fn explain_shows_the_decision_and_what_was_passed_over() {
    let (code, out, err) = trunkline(&home(), &["explain", "0049301234567", "--source", "127.0.0.1", "--from", "101"]);
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!(out, @r#"
    group   office          (source 127.0.0.1/32; next best: none)
    number  0049301234567
      >  international   "00"     longest prefix                     routes.yaml:51
      x  national        "0"      a longer prefix matches            routes.yaml:46
      x  everything-else default  a catch-all is asked last          routes.yaml:60
    attempts        1 provider-a        49301234567
                    2 provider-b        0049301234567
    gives up after  60s or 6 attempts, then 503 "Service not available"
    "#);
}

#[test]
fn explain_asks_about_states_and_groups() {
    let (code, out, _) = trunkline(&home(), &["explain", "112", "--group", "office", "--state", "provider-b=down"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(out, @r#"
    state   provider-b down; all others up
    group   office          (as asked; next best: none)
    number  112
      >  emergency       "112"    the exact number                   routes.yaml:39
      x  everything-else default  a catch-all is asked last          routes.yaml:60
    attempts        1 provider-a        112
    skipped         provider-b          known to be down
    gives up after  60s or 6 attempts, then 503 "Service not available"
    "#);
    let (code, out, _) = trunkline(
        &home(),
        &[
            "explain",
            "112",
            "--group",
            "office",
            "--state",
            "provider-b=disabled,provider-a=disabled",
            "--format",
            "json",
        ],
    );
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&document["outcome"], &document["reject"]["code"]), (&"reject".into(), &503.into()));
    assert_eq!(document["skipped"][0]["why"], "disabled");
}

#[test]
fn explain_json_has_its_shape() {
    let (code, out, _) =
        trunkline(&home(), &["explain", "0900123456", "--at", "2026-11-24T19:30+01:00", "--format", "json"]);
    assert_eq!(code, 0, "a reject is an answer");
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["schema"], "trunkline/explain/1");
    assert_eq!((&document["group"], &document["number"]), (&"office".into(), &"0900123456".into()));
    assert_eq!(document["at"], "2026-11-24T18:30:00.000Z");
    assert_eq!((&document["outcome"], &document["route"]), (&"reject".into(), &"premium".into()));
    assert_eq!(document["reject"]["reason"], "Premium numbers are barred");
    assert_eq!(
        (&document["passed_over"][0]["route"], &document["passed_over"][0]["why"]),
        (&"national".into(), &"prefix".into())
    );
    assert_eq!(
        (&document["gives_up"]["max_attempts"], &document["gives_up"]["max_setup_ms"]),
        (&6.into(), &60_000.into())
    );
    let (_, out, _) = trunkline(&home(), &["explain", "1", "--source", "198.51.100.200", "--format", "json"]);
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&document["outcome"], &document["access"]), (&"access".into(), &"drop".into()));
}

#[test]
fn explain_tells_when_there_is_no_answer() {
    let table: &[(&[&str], &str)] = &[
        (&["explain", "0", "--group", "offce"], "there is no group `offce`; did you mean `office`?"),
        (&["explain", "0", "--gateway", "provider-c"], "there is no gateway `provider-c`; did you mean `provider-a`?"),
        (
            &["explain", "0", "--state", "provider-a=tired"],
            "--state provider-a=tired: `tired` is none of up, down, disabled, full",
        ),
        (
            &["explain", "0", "--at", "noon"],
            "--at noon: write 2026-11-24T19:30, or with an offset 2026-11-24T19:30+01:00",
        ),
        (
            &["explain", "natioal"],
            "`natioal` is neither a number that can be dialled, nor a code like TL0104, nor a route; did you mean the route `national`?",
        ),
    ];
    for (arguments, said) in table {
        let (code, out, err) = trunkline(&home(), arguments);
        assert_eq!((code, out.as_str(), err.trim_end()), (2, "", format!("trunkline explain: {said}").as_str()));
    }
    let (code, _, err) = trunkline(&bad(), &["-c", "six.yaml", "explain", "0"]);
    assert_eq!(code, 2);
    assert!(err.ends_with("trunkline explain: the files have errors, so there is nothing to explain with\n"), "{err}");
}

#[test]
fn explain_prints_pages_and_routes() {
    for what in ["TL0104", "bare-digits"] {
        let (code, out, _) = trunkline(&bad(), &["explain", what]);
        assert_eq!(code, 0);
        assert!(out.starts_with("TL0104 bare-digits (error)\n\n"), "{out}");
    }
    let (code, out, _) = trunkline(&home(), &["explain", "national"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("route           national"), "{out}");
}

#[test]
fn schema_prints_the_schema() {
    let (code, out, _) = trunkline(&home(), &["schema"]);
    assert_eq!((code, out), (0, trunkline::config::schema()));
}

#[test]
fn validate_can_ask_the_schema_alone() {
    let (code, out, _) = trunkline(&bad(), &["validate", "--schema-only", "unknown-keys.yaml"]);
    assert_eq!(code, 1);
    assert!(out.contains("`routes.everything` has no key `too`") && out.contains("the schema refuses this"), "{out}");
    // A reference is nothing that a schema knows.
    let (code, out, _) = trunkline(&bad(), &["validate", "--schema-only", "unknown-references.yaml"]);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn a_variable_that_is_not_set_is_an_error_when_it_is_asked_for() {
    let office = home().join("examples/office");
    let (code, out, _) = trunkline(&office, &["validate"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("note[TL0205 secret-reference]: `gateways.carrier-a.auth.password`"), "{out}");
    let (code, out, _) = trunkline(&office, &["validate", "--strict-env"]);
    assert_eq!(code, 1);
    assert!(out.contains("error[TL0205 secret-reference]: `gateways.carrier-a.auth.password`"), "{out}");
    assert!(!out.contains("error[TL0209"), "{out}");
}

#[test]
fn secrets_are_shown_nowhere() {
    let good = home().join("tests/config/good");
    for arguments in [
        &["validate", "secrets.yaml"][..],
        &["validate", "secrets.yaml", "--format", "json"],
        &["validate", "secrets.yaml", "--format", "sarif"],
        &["validate", "secrets.yaml", "--schema-only"],
        &["explain", "1", "-c", "secrets.yaml", "--format", "json"],
    ] {
        let (_, out, err) = trunkline(&good, arguments);
        assert!(!out.contains("tiger") && !err.contains("tiger"), "{arguments:?}: {out}{err}");
    }
}

#[test]
fn run_refuses_what_this_build_does_not_serve() {
    let office = home().join("examples/office");
    let (code, out, err) = trunkline(&office, &["run", "--state-dir", "/nonexistent"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("error[TL0209 not-served]: this build does not serve `tls` in `listen.wan-tls.transport` yet"),
        "{err}"
    );
    assert!(err.contains("--> routes.yaml:9:16"), "{err}");
    assert!(err.contains("error[TL0205 secret-reference]"), "{err}");
}
