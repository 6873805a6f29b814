//! Calls that the first gateway decides: answered, busy, not found, ringing for ever.

use super::router::Setup;
use super::sipp::Sipp;

#[test]
fn a_call_is_answered_and_hung_up() {
    let mut gateway = Sipp::gateway("answers", 1);
    let router = Setup::new(&[gateway.port]).start();
    let mut caller = Sipp::caller("calls", router.port(), &["-d", "100"]);
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(caller.heard(), ["180", "200", "200"]);
    assert_eq!(gateway.heard(), ["INVITE", "ACK", "BYE"]);
    let invite = &gateway.received()[0];
    assert!(invite.starts_with(&format!("INVITE sip:0301@127.0.0.1:{} SIP/2.0", gateway.port)), "{invite}");
    assert!(invite.contains("Record-Route: <sip:") && invite.contains("Max-Forwards: 69"), "{invite}");

    let record = router.record();
    assert_eq!(record.outcome(), "answered 200");
    assert_eq!(record.attempts(), ["gw1 replied 200"]);
    assert_eq!(
        (record.text("hung_up_by"), record.text("gateway"), record.text("route")),
        ("caller", "gw1", "everything")
    );
    assert_eq!((record.text("number"), record.text("listener")), ("0301", "side1"));
    assert!(record.0["duration_ms"].as_u64().is_some_and(|ms| ms >= 100), "{:#}", record.0);
}

#[test]
fn busy_and_not_found_are_the_callees_answer() {
    for code in ["486", "404"] {
        let set = format!("code={code}");
        let mut first = Sipp::gateway_with("refuses", 1, &[&set]);
        let second = Sipp::gateway("answers", 1);
        let router = Setup::new(&[first.port, second.port]).start();
        let mut caller = Sipp::caller("hears-refusal", router.port(), &[&set]);
        caller.succeeds();
        first.succeeds();
        assert_eq!(first.heard(), ["INVITE", "ACK"]);
        assert!(second.heard().is_empty(), "the second gateway rings the same phone");
        let record = router.record();
        assert_eq!(record.outcome(), format!("failed {code}"));
        assert_eq!(record.attempts(), [format!("gw1 replied {code}")]);
    }
}

#[test]
fn a_phone_that_rings_too_long_is_cancelled() {
    let mut gateway = Sipp::gateway("rings", 1);
    let second = Sipp::gateway("answers", 1);
    let mut setup = Setup::new(&[gateway.port, second.port]);
    setup.failover = "attempt_timeout: 500ms, ring_timeout: 1s";
    let router = setup.start();
    let mut caller = Sipp::caller("hears-refusal", router.port(), &["code=408"]);
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(gateway.heard(), ["INVITE", "CANCEL", "ACK"]);
    assert!(second.heard().is_empty(), "a phone that was not answered is no dead trunk");
    let record = router.record();
    assert_eq!(record.outcome(), "failed 408");
    assert_eq!(record.attempts(), ["gw1 no-answer 408"]);
}
