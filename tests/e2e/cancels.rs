//! The caller gives up: before it rings, while it rings, and while nobody has said anything yet.

use super::gateway::Silent;
use super::router::Setup;
use super::sipp::Sipp;

#[test]
fn a_call_is_cancelled_before_it_rings() {
    let mut gateway = Sipp::gateway("tries", 1);
    let second = Sipp::gateway("answers", 1);
    let router = Setup::new(&[gateway.port, second.port]).start();
    let mut caller = Sipp::caller("cancels-early", router.port(), &["-d", "200"]);
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(gateway.heard(), ["INVITE", "CANCEL", "ACK"]);
    assert!(second.heard().is_empty(), "a cancelled call goes nowhere else");
    let record = router.record();
    assert_eq!(record.outcome(), "cancelled 487");
    assert_eq!(record.attempts(), ["gw1 replied 487"]);
}

#[test]
fn a_call_is_cancelled_while_it_rings() {
    let mut gateway = Sipp::gateway("rings", 1);
    let second = Sipp::gateway("answers", 1);
    let router = Setup::new(&[gateway.port, second.port]).start();
    let mut caller = Sipp::caller("cancels-ringing", router.port(), &[]);
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(caller.heard(), ["180", "200", "487"]);
    assert_eq!(gateway.heard(), ["INVITE", "CANCEL", "ACK"]);
    assert!(second.heard().is_empty());
    assert_eq!(router.record().outcome(), "cancelled 487");
}

#[test]
fn a_silent_gateway_gets_no_cancel() {
    let mut silent = Silent::start();
    let second = Sipp::gateway("answers", 1);
    let mut setup = Setup::new(&[silent.port, second.port]);
    setup.failover = "attempt_timeout: 3s";
    let mut router = setup.start();
    let mut caller = Sipp::caller("cancels-early", router.port(), &["-d", "100"]);
    caller.succeeds();
    // RFC 3261 §9.1: no CANCEL before a provisional. The caller has its 487 when the attempt is given up.
    assert!(silent.heard().iter().all(|word| word == "INVITE"), "{:?}", silent.heard());
    assert!(second.heard().is_empty());
    // The record waits for 64·T1 in case the gateway answers late; the end of the router is the end of waiting.
    router.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
    assert_eq!(router.record().outcome(), "cancelled 487");
}

#[test]
fn an_answer_that_crosses_the_cancel_reaches_the_caller() {
    let mut gateway = Sipp::gateway("answers-late", 1);
    let router = Setup::new(&[gateway.port]).start();
    let mut caller = Sipp::caller("cancels-in-vain", router.port(), &[]);
    caller.succeeds();
    gateway.succeeds();
    // Checklist F19: the call is answered, the caller acknowledges and hangs up.
    assert_eq!(gateway.heard(), ["INVITE", "CANCEL", "ACK", "BYE"]);
    let record = router.record();
    assert_eq!((record.outcome(), record.0["late"].as_bool()), ("answered 200".to_owned(), Some(true)));
}
