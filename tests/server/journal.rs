//! A call outlives the process that set it up: the next one closes its record, once (checklist F28).

use super::calls::{Call, gateway};
use super::ports::wait_for;
use super::router::{EVENTS_ONLY, Router, Site};
use nix::sys::signal::Signal;

fn answered(site: &Site) -> (Router, Call) {
    site.write(&site.sending(gateway()));
    let router = site.start(EVENTS_ONLY);
    let mut call = Call::place(router.port);
    assert_eq!(call.hear(), 200);
    (router, call)
}

fn closed_once_by_the_next_process(site: &Site, mut call: Call) {
    let mut router = site.start(EVENTS_ONLY);
    assert_eq!(call.bye(), 200);
    let record = wait_for("the record", || site.records().first().cloned());
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["hung_up_by"], "caller");
    // A BYE again, and another start: still the one record.
    call.bye();
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
    let mut router = site.start(EVENTS_ONLY);
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
    assert_eq!(site.records().len(), 1);
}

#[test]
fn stopped_and_started() {
    let site = Site::new();
    let (mut router, call) = answered(&site);
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
    assert_eq!(site.records().len(), 0, "the call goes on");
    closed_once_by_the_next_process(&site, call);
}

#[test]
fn killed_and_started() {
    let site = Site::new();
    let (mut router, call) = answered(&site);
    wait_for("the journal", || {
        let journal = std::fs::read_to_string(site.path(".trunkline/open-calls.jsonl")).unwrap_or_default();
        journal.contains("\"open\"").then_some(())
    });
    router.kill();
    closed_once_by_the_next_process(&site, call);
}

#[test]
fn a_call_that_ended_leaves_nothing() {
    let site = Site::new();
    let (mut router, mut call) = answered(&site);
    assert_eq!(call.bye(), 200);
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
    assert_eq!(site.records().len(), 1);
    site.start(EVENTS_ONLY).kill();
    let journal = std::fs::read_to_string(site.path(".trunkline/open-calls.jsonl")).expect("the journal");
    assert_eq!(journal, "", "compacted at start");
    assert_eq!(site.records().len(), 1);
}
