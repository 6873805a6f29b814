//! The routes change, or the router is told to stop, while calls are up.

use super::ports::wait_for;
use super::router::{Router, Setup};
use super::sipp::Sipp;
use nix::sys::signal::Signal;
use std::collections::BTreeMap;

const CALLS: u32 = 300;

/// How many records each gateway has.
fn by_gateway(router: &Router) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for record in router.records() {
        *count.entry(record["gateway"].as_str().unwrap_or("-").to_owned()).or_default() += 1;
    }
    count
}

#[test]
fn a_reload_in_mid_load_fails_no_call() {
    let first = Sipp::gateway("answers", CALLS);
    let second = Sipp::gateway("answers", CALLS);
    let router = Setup::new(&[first.port, second.port]).start();
    let mut callers = Sipp::callers("calls", CALLS, router.port(), &["-r", "100", "-d", "300"]);
    wait_for("the first calls", || (first.count("BYE") >= 10).then_some(()));

    let mut other = Setup::new(&[first.port, second.port]);
    other.listeners = router.setup.listeners.clone();
    other.routes = Some("  everything: { default: true, to: [gw2] }\n".to_owned());
    router.rewrite(&router.text(&other));
    router.signal(Signal::SIGHUP);

    callers.succeeds();
    let records = router.wait_records(CALLS as usize);
    assert!(records.iter().all(|record| record["outcome"] == "answered"), "{records:#?}");
    let revisions: BTreeMap<_, usize> = records.iter().fold(BTreeMap::new(), |mut count, record| {
        *count.entry(record["revision"].to_string()).or_default() += 1;
        count
    });
    assert_eq!(revisions.len(), 2, "calls before and after: {revisions:?}");
    let taken = by_gateway(&router);
    assert_eq!((taken["gw1"], taken["gw2"]), (first.count("BYE"), second.count("BYE")));
    assert_eq!(first.count("BYE") + second.count("BYE"), CALLS as usize);
}

#[test]
fn a_broken_file_changes_nothing() {
    let mut gateway = Sipp::gateway("answers", 7);
    let router = Setup::new(&[gateway.port]).start();
    Sipp::caller("calls", router.port(), &[]).succeeds();
    let good = router.text(&router.setup);
    let route = |line: &str| good.replace("routes:\n", &format!("routes:\n  broken: {line}\n"));
    for (code, text) in [
        ("TL0104", route("{ prefix: 0049, to: gw1 }")),
        ("TL0201", good.replace("gateways:\n", "gatewys: {}\ngateways:\n")),
        ("TL0302", route("{ prefix: \"0049\", to: gw9 }")),
        ("TL0103", format!("{good}version: 1\n")),
        ("TL0203", good.replace("address: \"127.0.0.1:", "address: \"300.0.0.1:")),
        ("TL0303", format!("{good}lists: {{ a: {{ members: [b] }}, b: {{ members: [a] }} }}\n")),
    ] {
        assert_ne!(text, good, "{code}");
        router.rewrite(&text);
        router.signal(Signal::SIGHUP);
        router.wait_log(code);
        Sipp::caller("calls", router.port(), &[]).succeeds();
    }
    gateway.succeeds();
    let records = router.wait_records(7);
    assert!(records.iter().all(|record| record["revision"] == records[0]["revision"]), "{records:#?}");
}

#[test]
fn told_to_stop_it_finishes_calls_in_set_up() {
    let mut gateway = Sipp::gateway_with("answers-and-stays", 1, &["-d", "3000"]);
    let mut router = Setup::new(&[gateway.port]).start();
    let mut caller = Sipp::caller("calls-and-stays", router.port(), &["-d", "400"]);
    caller.wait_heard("180");
    router.signal(Signal::SIGTERM);
    router.wait_log("drain");
    let mut late = Sipp::caller("hears-refusal", router.port(), &["code=503"]);
    late.succeeds();
    assert!(router.runs(), "a call is still being set up");
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(caller.heard(), ["180", "200"]);
    assert_eq!(router.wait_exit(), Some(0));
}
