//! Requests in an answered call, from either side, and with the two sides on different listeners.

use super::ports::free;
use super::router::Setup;
use super::sipp::Sipp;

fn record_routes(message: &str) -> Vec<&str> {
    message.lines().filter_map(|line| line.strip_prefix("Record-Route: ")).flat_map(|line| line.split(", ")).collect()
}

#[test]
fn the_gateway_hangs_up() {
    let mut gateway = Sipp::gateway_with("hangs-up", 1, &["-d", "100"]);
    let router = Setup::new(&[gateway.port]).start();
    let mut caller = Sipp::caller("is-hung-up", router.port(), &[]);
    caller.succeeds();
    gateway.succeeds();
    let record = router.record();
    assert_eq!((record.outcome(), record.text("hung_up_by")), ("answered 200".to_owned(), "callee"));
}

#[test]
fn the_caller_changes_the_session() {
    let mut gateway = Sipp::gateway("answers-reinvite", 1);
    let router = Setup::new(&[gateway.port]).start();
    let mut caller = Sipp::caller("reinvites", router.port(), &[]);
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(gateway.heard(), ["INVITE", "ACK", "INVITE", "ACK", "BYE"]);
    assert_eq!(router.record().attempts(), ["gw1 replied 200"], "a re-INVITE is no new call");
}

#[test]
fn the_gateway_changes_the_session() {
    let mut gateway = Sipp::gateway("asks-reinvite", 1);
    let router = Setup::new(&[gateway.port]).start();
    let mut caller = Sipp::caller("is-reinvited", router.port(), &[]);
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(router.record().text("hung_up_by"), "caller");
}

#[test]
fn two_listeners_record_themselves_twice() {
    for (called, calling) in [("answers-reinvite", "reinvites"), ("asks-reinvite", "is-reinvited")] {
        let mut gateway = Sipp::gateway(called, 1);
        let mut setup = Setup::new(&[gateway.port]);
        setup.listeners = vec![free(), free()];
        let router = setup.start();
        let mut caller = Sipp::caller(calling, router.port(), &[]);
        caller.succeeds();
        gateway.succeeds();
        // RFC 5658: the outgoing side on top, and both gone from what comes back.
        let invite = &gateway.received()[0];
        let routes = record_routes(invite);
        assert_eq!(routes.len(), 2, "{invite}");
        let [inner, outer] = [router.setup.listeners[0], router.setup.listeners[1]].map(|port| format!(":{port}"));
        assert!(routes[0].contains(&outer) && routes[1].contains(&inner), "{routes:?}");
        for message in gateway.received() {
            assert!(!message.contains("\nRoute:"), "our own Route leaves with us: {message}");
        }
        assert_eq!(router.record().outcome(), "answered 200");
    }
}

#[test]
fn two_listeners_and_the_gateway_hangs_up() {
    let mut gateway = Sipp::gateway_with("hangs-up", 1, &["-d", "50"]);
    let mut setup = Setup::new(&[gateway.port]);
    setup.listeners = vec![free(), free()];
    let router = setup.start();
    let mut caller = Sipp::caller("is-hung-up", router.port(), &[]);
    caller.succeeds();
    gateway.succeeds();
    assert_eq!(router.record().text("hung_up_by"), "callee");
}
