//! Sockets: wildcards, both address families, listeners that come and go with a reload.

use super::calls::{heard, options};
use super::ports::{is_taken, wait_for};
use super::router::{EVENTS_ONLY, Site};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Sends OPTIONS from a connected socket: an answer, whatever it is, that leaves from another address is not heard.
fn answers(peer: &str, port: u16) -> bool {
    let any = if peer.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
    let socket = UdpSocket::bind(any).expect("a socket");
    let router: SocketAddr = format!("{peer}:{port}").parse().expect("an address");
    socket.connect(router).expect("connected");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let me = socket.local_addr().expect("an address");
    socket.send(options(me, router).as_bytes()).expect("sent");
    let mut buffer = [0; 4096];
    socket.recv(&mut buffer).is_ok_and(|length| buffer[..length].starts_with(b"SIP/2.0 "))
}

fn with_bind(site: &Site, bind: &str) -> String {
    site.refusing(404).replace(&format!("127.0.0.1:{}", site.port), &format!("{bind}:{}", site.port))
}

#[test]
fn a_wildcard_answers_from_the_address_that_was_asked() {
    let site = Site::new();
    site.write(&with_bind(&site, "0.0.0.0"));
    let router = site.start(EVENTS_ONLY);
    assert!(answers("127.0.0.1", router.port));
    assert!(answers("127.0.0.7", router.port));
    assert_eq!(heard(router.port), 404);
}

#[test]
fn both_families_on_one_socket() {
    let site = Site::new();
    site.write(&with_bind(&site, "[::]").replace("\"127.0.0.1\"]", "\"127.0.0.1\", \"::1\"]"));
    let router = site.start(EVENTS_ONLY);
    assert!(answers("127.0.0.7", router.port));
    assert_eq!(heard(router.port), 404);
    // Where the machine has IPv6 at all.
    if UdpSocket::bind("[::1]:0").is_ok() {
        assert!(answers("[::1]", router.port));
    }
}

#[test]
fn an_address_becomes_a_wildcard_and_back_without_a_restart() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(EVENTS_ONLY);
    site.write(&with_bind(&site, "0.0.0.0"));
    router.wait_log("1 listener edited", 1);
    assert!(answers("127.0.0.7", router.port));
    assert_eq!(heard(router.port), 404);
    site.write(&site.refusing(404));
    router.wait_log("1 listener edited", 2);
    assert_eq!(heard(router.port), 404);
}

#[test]
fn a_listener_is_added_while_calls_go_on() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(EVENTS_ONLY);
    let more = super::ports::free();
    assert!(!is_taken(more));
    site.write(
        &site.refusing(404).replace("listen: {", &format!("listen: {{ more: {{ bind: \"127.0.0.1:{more}\" }},")),
    );
    router.wait_log("1 listener added", 1);
    assert_eq!((heard(more), heard(router.port)), (404, 404));
    // Removed: its socket stays for the dialogs that go through it.
    site.write(&site.refusing(410));
    wait_for("the reload", || (heard(router.port) == 410).then_some(()));
    assert!(is_taken(more));
}
