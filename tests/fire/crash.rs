//! SIGKILL in mid-call, and the next process: 50 times under 200 calls a second.
//!
//! How it is counted. SIPp's caller writes down when each message of each call came and went; the router's records are
//! held against that by Call-ID.
//!
//! - A call is *established* when its 200 reached the caller. Its BYE must be answered, however many processes came and
//!   went in between, and it must have exactly one record in the end.
//! - The journal of open calls is flushed within 100 ms; that is the stated loss window. An established call without a
//!   record must have been answered within 100 ms before a kill (or while the process was dying), and a call whose
//!   record says `lost` must have been hung up in that time. Both are counted apart.
//! - A call in set-up at the kill may end without an answer: a caller that has heard a 100 does not repeat its INVITE,
//!   and nobody else knows of it. One that was not heard starts anew. No call may have two answered records.

use crate::ledger::Ledger;
use crate::load::{Life, Load, TRACED, gateway};
use crate::ports::wait_for;
use crate::report::Report;
use crate::router::Router;
use crate::stage::{Stage, rest};
use std::collections::HashMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use trunkline::sim::Chance;

const RATE: u32 = 200;
/// Flushing the journal may take so long (CONFIG-AND-CLI (g) "Records").
const WINDOW_S: f64 = 0.1;
/// The gateway rings for 150 ms; on a busy machine it takes longer.
const SET_UP_S: f64 = 0.5;
/// How long a record stays open at most: here so short that the end can be waited for.
const MAX_DURATION: &str = "max_duration: 15s\n";

/// When a process was killed: before the signal, and when it was gone. Seconds since 1970.
struct Kill {
    from: f64,
    to: f64,
}

pub fn run(stage: &Stage) -> Report {
    let kills = stage.either(50, 8);
    let gateway = gateway("answers-through-crashes");
    let mut setup = stage.setup(&[gateway.port]);
    setup.sqlite = true;
    setup.more = MAX_DURATION.to_owned();
    let mut router = setup.start();
    let mut load = Load::start("calls-through-crashes", router.port(), RATE, &[&["-d", "3000"], &TRACED[..]].concat());
    load.wait_succeeded(10);

    let mut chance = Chance::new(1);
    let (mut killed, mut serves_ms) = (Vec::new(), Vec::new());
    for n in 1..=kills {
        rest(Duration::from_millis(chance.within(700..=1500)));
        let from = now_s();
        router.process.kill();
        killed.push(Kill { from, to: now_s() });
        let started = Instant::now();
        router.start_again();
        wait_served(router.port());
        serves_ms.push(started.elapsed().as_millis() as u64);
        if n % 10 == 0 {
            let counts = load.counts();
            stage.say(format_args!(
                "{n} kills; {} calls made, {} ended",
                counts.made,
                counts.succeeded + counts.failed
            ));
        }
    }
    rest(Duration::from_secs(2));
    load.stop();

    let mut report = Report::default();
    serves_ms.sort_unstable();
    report.show("kills", kills);
    report.show("the next process serves after, median", format_args!("{} ms", serves_ms[serves_ms.len() / 2]));
    report.at_most("the next process serves after, longest, ms", *serves_ms.last().expect("kills"), 500);
    let odd = judge(&load.lives(), &router, &killed, &mut report);
    for (what, id) in odd.iter().take(10) {
        stage.say(format_args!("{what}:\n{}", load.story(id)));
    }
    report
}

/// Writes the figures down, and gives back the calls that should not be, with why.
fn judge(lives: &HashMap<String, Life>, router: &Router, kills: &[Kill], report: &mut Report) -> Vec<(String, String)> {
    let near = |time: Option<f64>| {
        time.is_some_and(|time| kills.iter().any(|kill| (kill.from - WINDOW_S..=kill.to).contains(&time)))
    };
    let established = || lives.iter().filter(|(_, life)| life.answered.is_some());
    // What can still come: the records of calls that nobody will hang up any more.
    let deadline = Instant::now() + Duration::from_secs(30);
    let (file, database) = wait_for("the records", || {
        let (file, database) = (Ledger::of_file(router), Ledger::of_database(router).unwrap_or_default());
        let waits =
            |id: &str| file.get(id).answered == 0 || database.get(id).answered == 0 || database.get(id).open > 0;
        let missing = established().any(|(id, life)| !near(life.answered) && waits(id));
        (!missing || Instant::now() > deadline).then_some((file, database))
    });
    // The process that had its INVITE was killed before the gateway answered.
    let explained = |life: &Life| {
        life.invited.is_some_and(|at| kills.iter().any(|kill| (kill.from - SET_UP_S..=kill.to).contains(&at)))
    };
    let count = |which: &dyn Fn(&str, &Life) -> bool| lives.iter().filter(|(id, life)| which(id, life)).count() as u64;
    report.show("calls made", lives.len());
    report.show("of them in set-up at a kill and never answered", count(&|_, life| life.answered.is_none()));
    report.show("of them established", established().count());
    report.show("established within 100 ms before a kill", count(&|_, life| near(life.answered)));
    let gone = |id: &str| file.get(id).answered == 0;
    report.show("of them without a record", count(&|id, life| gone(id) && near(life.answered)));
    let lost = |id: &str| file.get(id).lost > 0;
    report.show("closed as lost, hung up within the window", count(&|id, life| lost(id) && near(life.closed)));

    let mut odd = Vec::new();
    let mut none = |what: String, which: &dyn Fn(&str, &Life) -> bool| {
        let found: Vec<_> =
            lives.iter().filter(|(id, life)| which(id, life)).map(|(id, _)| (what.clone(), id.clone())).collect();
        report.at_most(&what, found.len() as u64, 0);
        odd.extend(found);
    };
    none("calls never answered that no kill explains".into(), &|_, life| life.answered.is_none() && !explained(life));
    none("established calls whose BYE was not answered".into(), &|_, life| {
        life.answered.is_some() && life.closed.is_none()
    });
    for (place, ledger) in [("file", &file), ("database", &database)] {
        none(format!("calls with two answered records in the {place}"), &|id, _| ledger.get(id).answered > 1);
        none(format!("established outside the window, not in the {place}"), &|id, life| {
            life.answered.is_some() && ledger.get(id).answered == 0 && !near(life.answered)
        });
        none(format!("closed as lost in the {place}, hung up outside the window"), &|id, life| {
            ledger.get(id).lost > 0 && !near(life.closed)
        });
        none(format!("still open in the {place}"), &|id, _| ledger.get(id).open > 0);
    }
    none("in the database otherwise than in the file".into(), &|id, _| {
        let (one, other) = (database.get(id), file.get(id));
        (one.answered, one.lost) != (other.answered, other.lost)
    });
    let same = file.same_id() + database.same_id();
    report.at_most("records with an id that another has", same, 0);
    odd
}

fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Asks until somebody answers: then calls are served.
fn wait_served(port: u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(("127.0.0.1", port)).expect("the loopback");
    socket.set_read_timeout(Some(Duration::from_millis(5))).expect("a socket");
    let me = socket.local_addr().expect("an address");
    let question = format!(
        "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@{me}>;tag=1\r\nTo: <sip:127.0.0.1:{port}>\r\nCall-ID: served-{}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n",
        now_s(),
        now_s()
    );
    wait_for("an answer to OPTIONS", || {
        let _ = socket.send(question.as_bytes());
        socket.recv(&mut [0; 2048]).ok()
    });
}
