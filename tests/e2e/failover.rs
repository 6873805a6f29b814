//! The first gateway is silent, gone, or unable: the second one takes the call. All of them: 503.

use super::gateway::{Silent, refusing};
use super::router::{Router, Setup};
use super::sipp::Sipp;
use std::time::Duration;

/// Whoever waits for this timeout waits long.
const PATIENT: &str = "attempt_timeout: 20s";

/// The second gateway answers; the record names both attempts.
fn saved_by_the_second(first: u16, failover: &'static str, expected: &str) -> Router {
    let mut second = Sipp::gateway("answers", 1);
    let mut setup = Setup::new(&[first, second.port]);
    setup.failover = failover;
    let router = setup.start();
    let mut caller = Sipp::caller("calls", router.port(), &[]);
    caller.succeeds();
    second.succeeds();
    assert_eq!(caller.heard(), ["180", "200", "200"]);
    assert_eq!(second.heard(), ["INVITE", "ACK", "BYE"]);
    let record = router.record();
    assert_eq!(record.outcome(), "answered 200");
    assert_eq!(record.attempts(), [expected, "gw2 replied 200"]);
    router
}

#[test]
fn a_silent_gateway_costs_its_attempt_timeout() {
    let mut silent = Silent::start();
    let router = saved_by_the_second(silent.port, "attempt_timeout: 500ms", "gw1 timeout 408");
    let setup = router.record().setup();
    assert!(setup >= Duration::from_millis(500), "attempt_timeout is 500ms, the call took {setup:?}");
    assert!(!silent.heard().is_empty() && silent.heard().iter().all(|word| word == "INVITE"), "{:?}", silent.heard());
}

#[test]
fn a_gateway_that_is_gone_costs_nothing() {
    let router = saved_by_the_second(refusing(), PATIENT, "gw1 transport 503");
    let setup = router.record().setup();
    assert!(setup < Duration::from_secs(10), "the kernel says at once that nobody is there; it took {setup:?}");
}

#[test]
fn a_gateway_that_is_unable_hands_over() {
    let mut first = Sipp::gateway_with("refuses", 1, &["code=503"]);
    let _router = saved_by_the_second(first.port, PATIENT, "gw1 replied 503");
    first.succeeds();
    assert_eq!(first.heard(), ["INVITE", "ACK"]);
}

#[test]
fn with_every_gateway_dead_the_caller_hears_503() {
    let mut unable = Sipp::gateway_with("refuses", 1, &["code=503"]);
    let mut broken = Sipp::gateway_with("refuses", 1, &["code=500"]);
    let router = Setup::new(&[refusing(), unable.port, broken.port]).start();
    let mut caller = Sipp::caller("hears-refusal", router.port(), &["code=503"]);
    caller.succeeds();
    unable.succeeds();
    broken.succeeds();
    let last = caller.received().pop().unwrap_or_default();
    assert!(last.starts_with("SIP/2.0 503 Service not available"), "{last}");
    let record = router.record();
    assert_eq!(record.outcome(), "failed 503");
    assert_eq!(record.attempts(), ["gw1 transport 503", "gw2 replied 503", "gw3 replied 500"]);
}

#[test]
fn a_number_without_a_route_is_refused() {
    let gateway = Silent::start();
    let mut setup = Setup::new(&[gateway.port]);
    setup.routes = Some("  germany: { prefix: \"+49\", to: gw1 }\n".to_owned());
    let router = setup.start();
    let mut caller = Sipp::caller("hears-refusal", router.port(), &["code=503"]);
    caller.succeeds();
    let answers = caller.received();
    assert!(answers.iter().any(|answer| answer.starts_with("SIP/2.0 503 No Rules matching the URI")), "{answers:?}");
    let record = router.record();
    assert_eq!(record.outcome(), "rejected 503");
    assert!(record.attempts().is_empty());
}
