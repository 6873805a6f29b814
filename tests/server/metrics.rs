//! What a scrape of a running router says, and readiness.

use super::calls::{Call, gateway, heard};
use super::ports::{free, wait_for};
use super::router::Site;
use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Status and body of `GET path`.
fn get(port: u16, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (code, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

#[test]
fn metrics_name_the_revision_the_gateways_and_what_became_of_calls() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let port = free();
    let router = site.start(&["--no-watch", "--poll", "1h", "--metrics", &format!("127.0.0.1:{port}")]);
    let mut call = Call::place(router.port);
    assert_eq!((call.hear(), heard(router.port)), (200, 200));
    let page = wait_for("both calls", || {
        let (code, page) = get(port, "/metrics");
        assert_eq!(code, 200);
        page.contains("trunkline_calls_active{stage=\"established\"} 2").then_some(page)
    });
    let revision = router.ready.split(['=', ' ']).nth(2).expect("a revision").to_owned();
    for line in [
        &format!("trunkline_config_info{{revision=\"{revision}\",git=\"\",source=\"files\"}} 1"),
        "trunkline_config_last_reload_successful 1",
        "trunkline_config_pending 0",
        "trunkline_config_boot_from_last_good 0",
        "trunkline_gateway_up{gateway=\"gw\"} 1",
        "trunkline_gateway_calls{gateway=\"gw\"} 2.0",
        "trunkline_gateway_answered_total{gateway=\"gw\"} 2",
        "trunkline_calls_total{route=\"everything\",gateway=\"gw\",code=\"200\"} 2",
        "# EOF",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    site.write("version: 1\nnonsense: 3\n");
    router.signal(Signal::SIGHUP);
    router.wait_log("TL0801", 1);
    let (_, page) = get(port, "/metrics");
    for line in [
        "trunkline_config_last_reload_successful 0",
        "trunkline_config_pending 1",
        "trunkline_config_reloads_total{trigger=\"SIGHUP\",result=\"refused\"} 1",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert_eq!(call.bye(), 200);
}

#[test]
fn ready_until_it_drains() {
    let site = Site::new();
    let silent = super::calls::socket();
    site.write(&site.sending(silent.local_addr().expect("an address").port()));
    let port = free();
    let mut router = site.start(&["--poll", "1h", "--metrics", &format!("127.0.0.1:{port}")]);
    assert_eq!((get(port, "/ready").0, get(port, "/live").0, get(port, "/v1/status").0), (200, 200, 404));
    let _call = Call::place(router.port);
    silent.recv(&mut [0; 4096]).expect("the INVITE");
    router.signal(Signal::SIGTERM);
    router.wait_log("draining", 1);
    assert_eq!((get(port, "/ready").0, get(port, "/live").0), (503, 200));
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
}
