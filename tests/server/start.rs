//! Starting and ending.

use super::calls::{Call, gateway, heard};
use super::operator::trunkline;
use super::router::{EVENTS_ONLY, Site, run_in_vain};
use nix::sys::signal::Signal;
use std::net::UdpSocket;

#[test]
fn ready_names_revision_and_listeners() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(EVENTS_ONLY);
    let (revision, listen) = router.ready.trim().split_once(" listen=").expect("two parts");
    assert_eq!(listen, format!("lan/udp/127.0.0.1:{}", site.port));
    assert_eq!(revision.strip_prefix("ready revision=").map(str::len), Some(7), "{revision}");
    assert!(site.path(".trunkline/cookie.key").exists());
}

#[test]
fn what_it_cannot_serve_ends_in_2() {
    let site = Site::new();
    let root = site.path("routes.yaml");
    let (code, said) = run_in_vain(&root, &[]);
    assert_eq!(code, Some(2), "{said}");

    site.write(&site.refusing(404).replace("version: 1", "version: 1\nlisten_on: 3"));
    let (code, said) = run_in_vain(&root, &[]);
    assert!(code == Some(2) && said.contains("TL0201") && said.contains("routes.yaml:2:1"), "{code:?} {said}");

    site.write(&site.refusing(404));
    let taken = UdpSocket::bind(("127.0.0.1", site.port)).expect("the port");
    let (code, said) = run_in_vain(&root, &[]);
    assert!(code == Some(2) && said.contains("TL0804") && said.contains("`lan`"), "{code:?} {said}");
    drop(taken);

    let _router = site.start(EVENTS_ONLY);
    let (code, said) = run_in_vain(&root, &[]);
    assert!(code == Some(2) && said.contains("in use by another trunkline"), "{code:?} {said}");
}

#[test]
fn without_calls_it_stops_at_once() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let site = Site::new();
        site.write(&site.refusing(404));
        let mut router = site.start(EVENTS_ONLY);
        assert_eq!(heard(router.port), 404);
        router.signal(signal);
        assert_eq!(router.wait_exit(), Some(0));
    }
}

#[test]
fn a_call_in_set_up_holds_it_until_the_drain_is_over_or_it_is_told_twice() {
    for (drain, twice) in [("300ms", false), ("1h", true)] {
        let site = Site::new();
        // Nobody answers there, and nobody says so.
        let silent = super::calls::socket();
        site.write(&site.sending(silent.local_addr().expect("an address").port()));
        let mut router = site.start(&["--poll", "1h", "--drain", drain]);
        let call = Call::place(router.port);
        let mut buffer = [0; 4096];
        silent.recv(&mut buffer).expect("the INVITE");
        router.signal(Signal::SIGTERM);
        router.wait_log("draining", 1);
        assert_eq!(heard(router.port), 503, "new calls are refused");
        if twice {
            router.signal(Signal::SIGTERM);
        }
        assert_eq!(router.wait_exit(), Some(0));
        drop(call);
    }
}

#[test]
fn who_asks_for_a_reload_while_it_drains_is_told_so() {
    let site = Site::new();
    let silent = super::calls::socket();
    site.write(&site.sending(silent.local_addr().expect("an address").port()));
    let router = site.start(&["--poll", "1h", "--drain", "1h"]);
    let _call = Call::place(router.port);
    silent.recv(&mut [0; 4096]).expect("the INVITE");
    router.signal(Signal::SIGTERM);
    router.wait_log("draining", 1);
    let said = trunkline(&site, &["reload"]);
    assert!(said.code == 1 && said.out.contains("the router is stopping"), "{}{}", said.out, said.err);
}

#[test]
fn an_established_call_does_not_hold_it() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let mut router = site.start(EVENTS_ONLY);
    assert_eq!(Call::place(router.port).hear(), 200);
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
}

#[test]
fn it_goes_on_and_stops_when_nobody_reads_its_log() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let mut router = site.start(EVENTS_ONLY);
    router.close_log();
    site.write(&site.refusing(410));
    super::ports::wait_for("the reload", || (heard(router.port) == 410).then_some(()));
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
}
