//! What people see: the office of the documentation, with edits as they happen.

use std::path::Path;
use std::process::{Command, Output};

pub fn trunkline(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.args(arguments).current_dir(directory).env("NO_COLOR", "1").env_remove("GITHUB_ACTIONS");
    command.output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn office() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/office/routes.yaml")).unwrap()
}

/// The office before and after some edits, in a directory: `old/` and `routes.yaml`.
fn edited(edits: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let old = office();
    let new = edits.iter().fold(old.clone(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    std::fs::create_dir(directory.path().join("old")).unwrap();
    std::fs::write(directory.path().join("old/routes.yaml"), old).unwrap();
    std::fs::write(directory.path().join("routes.yaml"), new).unwrap();
    directory
}

/// Standard output with the hashes taken out, and the exit code.
fn plan(edits: &[(&str, &str)], more: &[&str]) -> String {
    let directory = edited(edits);
    let arguments = [&["plan", "--from", "./old", "--at", "2026-11-24T10:00"], more].concat();
    let output = trunkline(directory.path(), &arguments);
    let words: Vec<&str> = more.to_vec();
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    format!("$ plan {}\n{}exit {}\n", words.join(" "), nameless(&text(&output.stdout)), output.status.code().unwrap())
}

/// The same as a document.
fn json(edits: &[(&str, &str)]) -> String {
    let output = trunkline(edited(edits).path(), &["plan", "--from", "./old", "--format", "json"]);
    text(&output.stdout)
}

/// The hashes of both sides and the id of the plan are others with each edit of the example.
pub fn nameless(text: &str) -> String {
    let document = text.replace("REVISION", "");
    let title = document.lines().find(|line| line.contains(" -> files (")).unwrap_or_default();
    let old = title.split(" (./old)").next().and_then(|before| before.rsplit(' ').next()).unwrap_or_default();
    let new = title.split(" -> files (").nth(1).and_then(|after| after.split(')').next()).unwrap_or_default();
    let mut out = document.replace(old, "REVISION").replace(new, "REVISION");
    if let Some((before, rest)) = out.split_once("plan id ") {
        let end = rest.find('\n').unwrap_or(rest.len());
        let tick = if rest.starts_with('`') { "`" } else { "" };
        out = format!("{before}plan id {tick}PLAN-ID{tick}{}", &rest[end..]);
    }
    out
}

const OPEN: (&str, &str) = ("hours: [\"08:00-18:00\"]", "hours: [\"09:00-18:00\"]");
const SPLIT: (&str, &str) = ("weight: 70 }, { to: carrier-b, weight: 30", "weight: 50 }, { to: carrier-b, weight: 50");
const PREMIUM: (&str, &str) = ("\"0049900\", ", "");

#[test]
fn a_schedule_that_opens_later() {
    insta::assert_snapshot!(plan(&[OPEN], &[]));
}

#[test]
fn a_list_and_a_barred_range() {
    insta::assert_snapshot!(plan(&[SPLIT, PREMIUM], &["--max-change", "50%"]));
}

#[test]
fn what_was_accepted_no_longer_stands_in_the_way() {
    let accept = "opened:premium:office,opened:premium:homeoffice,widened:access";
    insta::assert_snapshot!(plan(&[PREMIUM], &["--accept", accept, "--max-change", "30%"]));
}

#[test]
fn names_order_and_comments_change_nothing() {
    let edits = [
        ("  lobby-inside: {", "  inside: {"),
        ("# whole number, not a prefix", "# the whole number"),
        ("  split: {", "  shares: {"),
        ("members: [split, gsm-box]", "members: [shares, gsm-box]"),
    ];
    insta::assert_snapshot!(plan(&edits, &["--expect-no-changes"]));
}

#[test]
fn a_gateway_that_moves_and_a_setting() {
    let edits = [("\"192.168.10.30:5060\"", "\"192.168.10.31:5060\""), ("interval: 10s", "interval: 20s")];
    insta::assert_snapshot!(plan(&edits, &["--max-change", "100%"]));
}

#[test]
fn an_emergency_number_a_catch_all_and_a_door() {
    let edits = [
        ("to: [carrier-b, carrier-a, gsm-box]", "to: [carrier-a, carrier-b, gsm-box]"),
        ("reject: { code: 404, reason: No route }", "reject: { code: 480, reason: Nobody there }"),
        ("sources: [\"192.168.10.40/32\"]", "sources: [\"192.168.10.40/31\"]"),
    ];
    insta::assert_snapshot!(plan(&edits, &[]));
}

#[test]
fn a_new_range_and_one_that_goes() {
    let edits = [
        ("  lobby-inside: { prefix: \"1\"", "  lobby-inside: { prefix: [\"1\", \"2\"]"),
        ("group: [office, homeoffice, lobby, inbound]\n", "group: [office, homeoffice, lobby]\n"),
    ];
    insta::assert_snapshot!(plan(&edits, &[]));
}

#[test]
fn a_route_that_refuses_in_its_own_words_is_shown_with_them() {
    let short = "number: { strip: 20 }, failover: { final: { code: 484, reason: Too short } }";
    let edits = [("group: lobby, to: pbx }", &*format!("group: lobby, to: pbx, {short} }}"))];
    let document: serde_json::Value = serde_json::from_str(&json(&edits)).unwrap();
    assert_eq!(document["changes"][0]["example"]["after"], serde_json::json!(["484 Too short"]));
}

#[test]
fn the_comment_of_a_pull_request() {
    insta::assert_snapshot!(plan(&[SPLIT, PREMIUM, ("interval: 10s", "interval: 20s")], &["--markdown"]));
}

#[test]
fn a_new_side_with_errors_has_no_plan() {
    let directory = edited(&[("to: outbound", "to: outbuond")]);
    let output = trunkline(directory.path(), &["plan", "--from", "./old"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("TL0302"), "{}", text(&output.stderr));
}

#[test]
fn a_missing_side_is_no_answer() {
    let directory = edited(&[]);
    for from in ["./nowhere", "no-such-revision"] {
        let output = trunkline(directory.path(), &["plan", "--from", from]);
        assert_eq!(output.status.code(), Some(2), "{from}");
        assert!(text(&output.stderr).contains(from), "{}", text(&output.stderr));
    }
}

#[test]
fn machines_read_what_the_schema_says() {
    let directory = edited(&[SPLIT, PREMIUM, OPEN]);
    let schema = trunkline(directory.path(), &["schema", "--for", "plan"]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    let out = directory.path().join("plan.json");
    let arguments = ["plan", "--from", "./old", "--format", "json", "--out", out.to_str().unwrap()];
    let output = trunkline(directory.path(), &arguments);
    assert_eq!(text(&output.stdout), std::fs::read_to_string(&out).unwrap());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(document["schema"], "trunkline/plan/1");
    let opened = &document["changes"][0];
    assert_eq!(opened["ranges"][0], "0049900*");
    assert_eq!(opened["before"]["reject"]["code"], 403);
    assert_eq!(opened["after"]["attempts"][0]["number"], "strip matched, add +");
}
