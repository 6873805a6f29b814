//! More calls than the router can take: the newest are refused, calls that are up go on, and it ends by itself.

use super::calls::{Call, gateway, invite, socket, try_receive};
use super::ports::wait_for;
use super::router::{Router, Site};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Calls of one burst: far more than the router of a test build takes in 50 ms. (Without the privilege to have large
/// receive buffers some hundred of them get through, which is still too many at once.)
const BURST: usize = 3000;

/// Many calls that arrive while the router stands still, so that they all lie there when it goes on. Returns the answers
/// that refuse one for now.
fn burst(router: &Router, callers: &[UdpSocket], name: &str) -> Vec<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, router.port));
    router.signal(Signal::SIGSTOP);
    for n in 0..BURST {
        let caller = &callers[n % callers.len()];
        let me = caller.local_addr().expect("an address");
        caller.send_to(invite(me, address, &format!("{name}-{n}")).as_bytes(), address).expect("sent");
    }
    router.signal(Signal::SIGCONT);
    let answers = callers.iter().flat_map(|caller| std::iter::from_fn(|| try_receive(caller))).map(|(text, _)| text);
    answers.filter(|text| text.starts_with("SIP/2.0 503 ") && text.contains("Retry-After: ")).collect()
}

#[test]
fn the_newest_calls_are_refused_and_calls_that_are_up_go_on() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let router = site.start(&["--poll", "1h", "--workers", "2", "--log", "json"]);
    let mut calls: Vec<Call> = (0..20).map(|_| Call::place(router.port)).collect();
    calls.iter_mut().for_each(|call| assert_eq!(call.hear(), 200));

    let callers: Vec<UdpSocket> = (0..4).map(|_| socket()).collect();
    for caller in &callers {
        caller.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    }
    let mut up = calls.iter_mut();
    let mut round = 0;
    let refusals = wait_for("refusals", || {
        round += 1;
        let refusals = burst(&router, &callers, &format!("burst-{round}"));
        up.next().into_iter().for_each(|call| assert_eq!(call.bye_until_heard(), 200));
        (!refusals.is_empty()).then_some(refusals)
    });
    let wait = |text: &String| text.lines().find_map(|line| line.strip_prefix("Retry-After: ")?.parse::<u32>().ok());
    assert!(refusals.iter().all(|text| wait(text).is_some_and(|wait| (1..=5).contains(&wait))), "{refusals:#?}");
    up.for_each(|call| assert_eq!(call.bye_until_heard(), 200));

    // Nobody tells it that the burst is over.
    let mut call = Call::place(router.port);
    assert_eq!((call.hear(), call.bye()), (200, 200));

    let line = router.wait_log("more calls than can be taken", 1);
    let line: serde_json::Value = serde_json::from_str(&line).expect("a JSON line");
    assert_eq!(line["level"], "WARN", "{line:#}");
    assert!(line["overload"].as_u64().is_some_and(|refused| refused > 0), "{line:#}");
    // A record for each would cost more than the refusal: they are counted instead.
    assert!(site.records().iter().all(|record| record["outcome"] != "rejected"));
}
