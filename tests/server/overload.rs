//! More calls than the router can take: the newest are refused, calls that are up go on, and it ends by itself.

use super::calls::{Call, gateway, invite, socket, try_receive};
use super::ports::wait_for;
use super::router::Site;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Callers that never stop calling: each has as many calls under way as fit into the smallest receive buffer, and a new
/// one for each that is accepted or refused. So the router always finds something waiting, and the kernel drops nothing.
struct Flood {
    over: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

const CALLERS: usize = 4;
const UNDER_WAY: usize = 50;

impl Flood {
    fn start(router: u16) -> Flood {
        let (over, refused) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let router = SocketAddr::from((Ipv4Addr::LOCALHOST, router));
        let caller = |_| {
            let (over, refused) = (over.clone(), refused.clone());
            std::thread::spawn(move || keep_calling(router, &over, &refused))
        };
        let threads = (0..CALLERS).map(caller).collect();
        Flood { over, refused, threads }
    }

    fn wait_refused(&self, count: u64) {
        let enough = self.refused.load(Ordering::Relaxed) + count;
        wait_for("refusals", || (self.refused.load(Ordering::Relaxed) >= enough).then_some(()));
    }

    fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().expect("a caller"));
    }
}

fn keep_calling(router: SocketAddr, over: &AtomicBool, refused: &AtomicU64) {
    let socket = socket();
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let me = socket.local_addr().expect("an address");
    let (mut next, mut under_way) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        while under_way < UNDER_WAY {
            let id = format!("flood-{}-{next}", me.port());
            socket.send_to(invite(me, router, &id).as_bytes(), router).expect("sent");
            (next, under_way) = (next + 1, under_way + 1);
        }
        match try_receive(&socket) {
            Some((answer, _)) if answer.starts_with("SIP/2.0 503 ") => {
                let wait = answer.lines().find_map(|line| line.strip_prefix("Retry-After: ")?.parse::<u32>().ok());
                assert!(wait.is_some_and(|wait| (1..=5).contains(&wait)), "{answer}");
                refused.fetch_add(1, Ordering::Relaxed);
                under_way = under_way.saturating_sub(1);
            }
            // A call that was taken: its 200 may come more than once, for nobody acknowledges it.
            Some((answer, _)) if answer.starts_with("SIP/2.0 200 ") => under_way = under_way.saturating_sub(1),
            Some(_) => {}
            // What was lost on the way to us is not waited for.
            None => under_way = 0,
        }
    }
}

#[test]
fn the_newest_calls_are_refused_and_calls_that_are_up_go_on() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let router = site.start(&["--poll", "1h", "--workers", "2", "--log", "json"]);
    let mut calls: Vec<Call> = (0..20).map(|_| Call::place(router.port)).collect();
    calls.iter_mut().for_each(|call| assert_eq!(call.hear(), 200));

    let flood = Flood::start(router.port);
    flood.wait_refused(100);
    calls.iter_mut().for_each(|call| assert_eq!(call.bye_until_heard(), 200));
    flood.wait_refused(1);
    flood.end();

    // Nobody tells it that there is room again.
    let mut call = wait_for("a call that is taken", || {
        let mut call = Call::place(router.port);
        (call.hear_soon() == Some(200)).then_some(call)
    });
    assert_eq!(call.bye_until_heard(), 200);

    let line = router.wait_log("more calls than can be taken", 1);
    let line: serde_json::Value = serde_json::from_str(&line).expect("a JSON line");
    assert_eq!(line["level"], "WARN", "{line:#}");
    assert!(line["overload"].as_u64().is_some_and(|refused| refused > 0), "{line:#}");
    // A record for each would cost more than the refusal: they are counted instead.
    assert!(site.records().iter().all(|record| record["outcome"] != "rejected"));
}
