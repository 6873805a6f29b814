//! The records file: its shape, and what happens when somebody takes it away.

use super::calls::{Call, gateway, heard};
use super::ports::wait_for;
use super::router::{EVENTS_ONLY, Site};
use serde_json::Value;

fn wait_records(site: &Site, count: usize) -> Vec<Value> {
    wait_for("records", || Some(site.records()).filter(|records| records.len() >= count))
}

#[test]
fn a_record_has_the_promised_fields() {
    let site = Site::new();
    let port = gateway();
    site.write(&site.sending(port).replace("accounting: {", "accounting: { mask_digits: 3,"));
    let router = site.start(EVENTS_ONLY);
    let mut call = Call::place(router.port);
    assert_eq!((call.hear(), call.bye()), (200, 200));
    let record = wait_records(&site, 1).remove(0);
    let names: Vec<&str> = record.as_object().expect("an object").keys().map(String::as_str).collect();
    let promised = [
        "id",
        "call_id",
        "started_at",
        "ringing_at",
        "answered_at",
        "ended_at",
        "outcome",
        "code",
        "reason",
        "hung_up_by",
        "from",
        "to",
        "number",
        "source",
        "listener",
        "account",
        "group",
        "route",
        "gateway",
        "attempts",
        "skipped",
        "duration_ms",
        "setup_ms",
        "late",
        "ack",
        "revision",
    ];
    assert_eq!(names, promised);
    assert_eq!(record["number"], "4930xxx");
    assert_eq!(record["attempts"][0]["address"], format!("127.0.0.1:{port}"));
    assert_eq!(record["attempts"][0]["number"], "4930xxx");
    let at = record["answered_at"].as_str().expect("a time");
    assert!(at.len() == "2026-11-24T10:00:00.123Z".len() && at.ends_with('Z'), "{at}");
}

#[test]
fn a_file_that_was_rotated_away_is_made_anew() {
    let site = Site::new();
    site.write(
        &site.refusing(404).replace(
            "routes:",
            &format!("accounting: {{ file: {{ path: {:?} }} }}\nroutes:", site.path("calls.jsonl")),
        ),
    );
    let router = site.start(EVENTS_ONLY);
    assert_eq!(heard(router.port), 404);
    wait_records(&site, 1);
    std::fs::rename(site.path("calls.jsonl"), site.path("calls.jsonl.old")).expect("renamed");
    assert_eq!(heard(router.port), 404);
    assert_eq!(wait_records(&site, 1).len(), 1);
    std::fs::remove_file(site.path("calls.jsonl")).expect("deleted");
    assert_eq!(heard(router.port), 404);
    assert_eq!(wait_records(&site, 1).len(), 1);
}

#[test]
fn a_file_that_cannot_be_written_costs_no_call_and_no_record() {
    let site = Site::new();
    site.write(
        &site.refusing(404).replace(
            "routes:",
            &format!("accounting: {{ file: {{ path: {:?} }} }}\nroutes:", site.path("calls.jsonl")),
        ),
    );
    std::fs::create_dir(site.path("calls.jsonl")).expect("a folder in the way");
    let router = site.start(EVENTS_ONLY);
    router.wait_log("can't be written", 1);
    assert_eq!((heard(router.port), heard(router.port)), (404, 404));
    std::fs::remove_dir(site.path("calls.jsonl")).expect("out of the way");
    assert_eq!(wait_records(&site, 2).len(), 2);
    router.wait_log("written again", 1);
}
