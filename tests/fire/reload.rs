//! Reloads without pause: 600 revisions in a minute under 1,000 calls a second, and no call may notice.
//!
//! The first part replaces the file and sends SIGHUP every 100 ms; each revision has another route and another order
//! of gateways. The second replaces the file once a second and waits for the router to notice by itself; what counts is
//! the time from the rename to the line in the log that names the new revision.

use crate::load::{Load, gateway};
use crate::ports::wait_for;
use crate::report::Report;
use crate::router::Router;
use crate::stage::{Rhythm, Stage};
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const RELOADED: &str = " reloaded ";

pub fn run(stage: &Stage) -> Report {
    let rate = stage.either(1000, 300);
    let (signals, changes) = stage.either((600, 60), (100, 8));
    let gateways = [gateway("answers"), gateway("answers")];
    let router = stage.setup(&gateways.each_ref().map(|gateway| gateway.port)).start();
    let mut load = Load::start("calls", router.port(), rate, &["-d", "100"]);
    load.wait_succeeded(u64::from(rate) / 2);

    let mut report = Report::default();
    by_signal(stage, &router, &load, signals, &mut report);
    by_event(stage, &router, signals, changes, &mut report);

    let counts = load.stop();
    report.show("calls", format_args!("{} at {rate}/s", counts.succeeded));
    report.at_most("calls lost", counts.failed, 0);
    if counts.failed > 0 {
        stage.say(load.errors());
    }
    let records = wait_for("every call's record", || {
        Some(router.records()).filter(|records| records.len() as u64 >= counts.succeeded)
    });
    let answered = records.iter().filter(|record| record["outcome"] == "answered").count() as u64;
    report.check(
        "records of answered calls",
        answered,
        format_args!("= {}", counts.succeeded),
        answered == counts.succeeded,
    );
    let revisions: BTreeSet<&str> = records.iter().filter_map(|record| record["revision"].as_str()).collect();
    report.at_least("revisions in the records", revisions.len() as u64, u64::from(stage.either(100, 20_u32)));
    report
}

fn by_signal(stage: &Stage, router: &Router, load: &Load, count: u32, report: &mut Report) {
    let before = router.log.len();
    let mut rhythm = Rhythm::new(Duration::from_millis(100));
    for n in 1..=count {
        router.replace(&stage.revision(router, n));
        router.signal(Signal::SIGHUP);
        rhythm.next();
        if n % 50 == 0 {
            let (counts, lines) = (load.counts(), router.log.find(RELOADED, before).len());
            stage.say(format_args!(
                "{n} reloads asked for, {lines} in the log; {} calls, {} failed",
                counts.succeeded, counts.failed
            ));
        }
    }
    // The last one is live before the next part begins.
    let by_signal = || router.log.find(RELOADED, before).len() as u64;
    let settled = Instant::now() + Duration::from_secs(2);
    wait_for("the last reload", || (Instant::now() > settled).then_some(()));
    report.at_least(
        format_args!("revisions in the log of {count} in {} s", count / 10),
        by_signal(),
        // Two signals that come before the first was taken are one: beside other work that is what happens.
        u64::from(count) * stage.either(5, 3) / 6,
    );
}

fn by_event(stage: &Stage, router: &Router, first: u32, count: u32, report: &mut Report) {
    let mut rhythm = Rhythm::new(Duration::from_secs(1));
    let mut took = Vec::new();
    for n in first + 1..=first + count {
        let before = router.log.len();
        let text = stage.revision(router, n);
        let renamed = Instant::now();
        router.replace(&text);
        let at = wait_for("the file change", || router.log.find(RELOADED, before).first().map(|(_, at, _)| *at));
        took.push(at.saturating_duration_since(renamed).as_millis() as u64);
        rhythm.next();
    }
    took.sort_unstable();
    stage.say(format_args!("{count} file changes, live after {took:?} ms"));
    report.show("file change to live, median", format_args!("{} ms", took[took.len() / 2]));
    report.at_most("file change to live, longest, ms", took.last().copied().unwrap_or(u64::MAX), 1000);
}
