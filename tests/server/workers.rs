//! Several workers: each call has one owner, whichever socket its messages come by.

use super::calls::{Call, gateway, heard, options, socket};
use super::ports::{free, wait_for};
use super::router::{EVENTS_ONLY, Site, run_in_vain};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use trunkline::server::{Ended, Options, Server};

const FOUR: &[&str] = &["--poll", "1h", "--workers", "4"];
/// So many calls that each of four workers has some, but for a chance of one in a million.
const MANY: usize = 64;

/// Records of calls, once there are `count` of them.
fn records(site: &Site, count: usize) -> Vec<serde_json::Value> {
    wait_for("the records", || Some(site.records()).filter(|records| records.len() >= count))
}

#[test]
fn calls_are_shared_among_all_workers_and_none_is_lost() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let mut options = Options::new(site.path("routes.yaml"));
    options.workers = 4;
    let running = Server::start(options).expect("started");
    for _ in 0..MANY {
        let mut call = Call::place(site.port);
        assert_eq!((call.hear(), call.bye()), (200, 200));
    }
    let each: Vec<_> = running.workers().each().into_iter().map(|stats| stats.expect("figures")).collect();
    assert_eq!(each.len(), 4);
    assert!(each.iter().all(|stats| stats.counters.calls > 0), "{each:#?}");
    let sum = running.stats().expect("figures");
    assert_eq!((sum.counters.calls, sum.counters.answered), (MANY as u64, MANY as u64));
    assert!(sum.handing.handed > 0 && sum.handing.lost == 0, "{sum:?}");
    running.stop();
    assert_eq!(running.wait(), Ended::Drained);
    assert_eq!(site.records().iter().filter(|record| record["outcome"] == "answered").count(), MANY);
}

/// What comes by one socket is handled in the order in which it came, however the batches fall.
#[test]
fn messages_of_one_call_id_never_overtake_each_other() {
    const CALLS: usize = 16;
    const EACH: u32 = 300;
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(FOUR);
    let peer = socket();
    let me = peer.local_addr().expect("an address");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, router.port));
    let mut last = [0; CALLS];
    let mut buffer = [0; 4096];
    for round in (1..=EACH).step_by(10) {
        for cseq in round..round + 10 {
            for call in 0..CALLS {
                let text = options(me, address)
                    .replace("CSeq: 1", &format!("CSeq: {cseq}"))
                    .replace("Call-ID: o-", &format!("Call-ID: {call}-"))
                    .replace("z9hG4bKo", &format!("z9hG4bK{call}-{cseq}-"));
                peer.send_to(text.as_bytes(), address).expect("sent");
            }
        }
        for _ in 0..10 * CALLS {
            let length = peer.recv(&mut buffer).expect("an answer");
            let answer = String::from_utf8_lossy(&buffer[..length]);
            let line = |name| answer.lines().find_map(|line: &str| line.strip_prefix(name)).expect("a header");
            let call: usize = line("Call-ID: ").split('-').next().and_then(|n| n.parse().ok()).expect("a call");
            let cseq: u32 = line("CSeq: ").trim_end_matches(" OPTIONS").parse().expect("a number");
            assert_eq!(cseq, last[call] + 1, "call {call}");
            last[call] = cseq;
        }
    }
    assert_eq!(last, [EACH; CALLS]);
}

#[test]
fn a_second_process_cannot_join_the_sockets_of_the_first() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(FOUR);
    let state = tempfile::tempdir().expect("a folder");
    let folder = state.path().to_str().expect("a name");
    for workers in ["1", "4"] {
        let (code, said) = run_in_vain(&site.path("routes.yaml"), &["--workers", workers, "--state-dir", folder]);
        assert!(code == Some(2) && said.contains("TL0804") && said.contains("`ss -lunp`"), "{code:?} {said}");
    }
    (0..MANY).for_each(|_| assert_eq!(heard(router.port), 404));
}

/// The kernel tells the socket that the dead gateway's address hashes to; the call is another worker's.
#[test]
fn the_error_of_a_dead_gateway_reaches_the_worker_that_has_the_call() {
    let site = Site::new();
    let (dead, live) = (free(), gateway());
    let patient = "failover: { attempt_timeout: 30s, max_setup_time: 60s }\n";
    let gateway = |port| format!("{{ address: \"127.0.0.1:{port}\", probing: {{ method: none, failures: 1000 }} }}");
    let text = site
        .sending(live)
        .replace("to: [gw]", "to: [dead, gw]")
        .replace("gateways: {", &format!("gateways: {{ dead: {},", gateway(dead)));
    site.write(&(text + patient));
    let router = site.start(FOUR);
    for _ in 0..MANY {
        // `hear` waits ten seconds; the timeout for the dead gateway is thirty.
        let mut call = Call::place(router.port);
        assert_eq!((call.hear(), call.bye()), (200, 200));
    }
    for record in records(&site, MANY) {
        assert_eq!(record["attempts"][0]["why"], "transport", "{record:#}");
    }
}

#[test]
fn a_reload_reaches_every_worker_and_keeps_what_is_known_about_gateways() {
    let site = Site::new();
    let (dead, live) = (free(), gateway());
    let two = |text: String| {
        text.replace("to: [gw]", "to: [dead, gw]").replace(
            "gateways: {",
            &format!(
                "gateways: {{ dead: {{ address: \"127.0.0.1:{dead}\", probing: {{ method: none, down_interval: 1h }} }},"
            ),
        )
    };
    site.write(&two(site.sending(live)));
    let router = site.start(FOUR);
    // Whichever workers have them, three failures in a row are three.
    for _ in 0..3 {
        assert_eq!(Call::place(router.port).hear(), 200);
    }
    router.wait_log("gateway dead (127.0.0.1:", 1);
    site.write(&(two(site.sending(live)) + "failover: { max_attempts: 3 }\n"));
    let line = router.wait_log("reloaded", 1);
    let revision = line.split(" -> ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a revision").to_owned();
    // The line is written when the first worker has been told; the last has it a moment later.
    let mut written = 0;
    let records = wait_for("as many calls as find every worker, all by the new revision", || {
        let mut calls: Vec<Call> = (0..MANY).map(|_| Call::place(router.port)).collect();
        calls.iter_mut().for_each(|call| assert_eq!((call.hear(), call.bye()), (200, 200)));
        let latest = records(&site, written + MANY).split_off(written);
        written += MANY;
        latest.iter().all(|record| record["revision"] == revision.as_str()).then_some(latest)
    });
    for record in &records {
        let attempts = record["attempts"].as_array().expect("attempts");
        assert!(attempts.len() == 1 && attempts[0]["gateway"] == "gw", "the other one is still down: {record:#}");
    }
}

#[test]
fn told_to_stop_every_worker_finishes_its_calls_in_set_up() {
    let site = Site::new();
    let silent = socket();
    site.write(&site.sending(silent.local_addr().expect("an address").port()));
    let mut router = site.start(&["--poll", "1h", "--workers", "4", "--drain", "1h"]);
    let mut calls: Vec<Call> = (0..MANY).map(|_| Call::place(router.port)).collect();
    let invites: Vec<_> = (0..MANY).map(|_| super::calls::receive(&silent)).collect();
    router.signal(Signal::SIGTERM);
    router.wait_log("draining", 1);
    (0..MANY).for_each(|_| assert_eq!(heard(router.port), 503, "no worker takes new calls"));
    for (n, (invite, from)) in invites.iter().enumerate() {
        assert!(router.runs(), "{} calls are still being set up", MANY - n);
        let busy = super::calls::answer(invite, "486 Busy Here", silent.local_addr().expect("an address").port());
        silent.send_to(busy.as_bytes(), from).expect("sent");
    }
    calls.iter_mut().for_each(|call| assert_eq!(call.hear(), 486));
    assert_eq!(router.wait_exit(), Some(0));
}

#[test]
fn a_wildcard_answers_from_the_address_that_was_asked_by_every_worker() {
    let site = Site::new();
    let any = site.refusing(404).replace(&format!("127.0.0.1:{}", site.port), &format!("0.0.0.0:{}", site.port));
    site.write(&any);
    let router = site.start(FOUR);
    for n in 1..=MANY as u8 {
        let peer = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        peer.connect((Ipv4Addr::new(127, 0, 0, n), router.port)).expect("connected");
        peer.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a timeout");
        let (me, router) = (peer.local_addr().expect("an address"), peer.peer_addr().expect("an address"));
        peer.send(options(me, router).as_bytes()).expect("sent");
        let mut buffer = [0; 4096];
        let length = peer.recv(&mut buffer).expect("an answer from there");
        assert!(buffer[..length].starts_with(b"SIP/2.0 "));
    }
    // An address becomes of it while it runs: all of the old sockets share their port for the moment of binding.
    site.write(&site.refusing(410));
    router.wait_log("1 listener edited", 1);
    (0..MANY).for_each(|_| assert_eq!(heard(router.port), 410));
}

#[test]
fn how_many_workers_there_are_is_one_a_core_unless_it_is_said() {
    let site = Site::new();
    site.write(&site.refusing(404));
    for (flags, count) in [(EVENTS_ONLY, std::thread::available_parallelism().expect("cores").get()), (FOUR, 4)] {
        let router = site.start(flags);
        // A thread has its name when it runs for the first time.
        wait_for("the workers", || (router.threads("worker-") == count).then_some(()));
    }
    let (code, said) = run_in_vain(&site.path("routes.yaml"), &["--workers", "0"]);
    assert!(code == Some(2) && said.contains("--workers"), "{code:?} {said}");
}
