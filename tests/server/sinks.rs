//! JSON lines and SQLite together, in a process that is killed, and whose disk and database give trouble: no call fails,
//! and each record stands in both, once.

use super::calls::{Call, gateway};
use super::ports::wait_for;
use super::router::{EVENTS_ONLY, Router, Site};
use nix::sys::signal::Signal;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::process::Command;

/// A router with both sinks and one gateway.
fn start() -> (Site, Router) {
    let site = Site::new();
    let sqlite = format!("accounting: {{ sqlite: {{ path: {:?}, keep: 400d }},", site.path("calls.db"));
    site.write(&site.sending(gateway()).replace("accounting: {", &sqlite));
    let router = site.start(EVENTS_ONLY);
    (site, router)
}

/// Call-IDs of the database's rows that are closed: how often.
fn rows(site: &Site) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let Ok(connection) = Connection::open(site.path("calls.db")) else { return counts };
    let Ok(mut statement) = connection.prepare("SELECT call_id FROM calls WHERE ended_at IS NOT NULL") else {
        return counts;
    };
    let ids = statement.query_map([], |row| row.get(0)).expect("rows");
    ids.map_while(Result::ok).for_each(|id: String| *counts.entry(id).or_default() += 1);
    counts
}

fn lines(site: &Site) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in site.records() {
        *counts.entry(record["call_id"].as_str().expect("a Call-ID").to_owned()).or_default() += 1;
    }
    counts
}

fn call(router: &Router) {
    let mut call = Call::place(router.port);
    assert_eq!((call.hear(), call.bye()), (200, 200));
}

/// Waits until so many records stand in each sink; each once.
fn wait_for_both(site: &Site, calls: usize) {
    wait_for("the lines", || Some(()).filter(|()| lines(site).len() == calls));
    wait_for("the rows", || Some(()).filter(|()| rows(site).len() == calls));
    assert!(lines(site).values().chain(rows(site).values()).all(|count| *count == 1));
    assert_eq!(lines(site), rows(site));
}

#[test]
fn killed_between_answer_and_bye() {
    let (site, mut router) = start();
    let mut up = Call::place(router.port);
    assert_eq!(up.hear(), 200);
    call(&router);
    wait_for_both(&site, 1);
    let open = "SELECT count(*) FROM calls WHERE ended_at IS NULL AND outcome = 'answered'";
    wait_for("the open row", || {
        let count =
            Connection::open(site.path("calls.db")).ok()?.query_row(open, [], |row| row.get::<_, i64>(0)).ok()?;
        Some(()).filter(|()| count == 1)
    });
    router.kill();
    let router = site.start(EVENTS_ONLY);
    assert_eq!(up.bye(), 200);
    wait_for_both(&site, 2);
    up.bye();
    call(&router);
    wait_for_both(&site, 3);
}

#[test]
fn a_locked_database_costs_no_call_and_no_record() {
    let (site, router) = start();
    call(&router);
    wait_for_both(&site, 1);
    let other = Connection::open(site.path("calls.db")).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    (0..20).for_each(|_| call(&router));
    router.wait_log("another process has it locked", 1);
    wait_for("the file", || Some(()).filter(|()| lines(&site).len() == 21));
    other.execute_batch("COMMIT").expect("free");
    wait_for_both(&site, 21);
    router.wait_log("written again", 1);
}

#[test]
fn a_lock_that_outlives_the_process_is_no_loss_either() {
    let (site, mut router) = start();
    call(&router);
    wait_for_both(&site, 1);
    let other = Connection::open(site.path("calls.db")).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    (0..5).for_each(|_| call(&router));
    wait_for("the file", || Some(()).filter(|()| lines(&site).len() == 6));
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
    router.wait_log("wait in the journal", 1);
    other.execute_batch("COMMIT").expect("free");
    drop(other);
    let _router = site.start(EVENTS_ONLY);
    wait_for_both(&site, 6);
}

/// The largest file that the process may write, as a full disk is: writes fail, and succeed again later.
fn limit_files(router: &Router, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let status = Command::new("prlimit").arg(format!("--pid={}", router.id())).arg(limit).status();
    assert!(status.expect("prlimit of util-linux").success());
}

#[test]
fn a_full_disk_costs_no_call_and_no_record() {
    let (site, mut router) = start();
    call(&router);
    wait_for_both(&site, 1);
    limit_files(&router, "1");
    (0..20).for_each(|_| call(&router));
    router.wait_log("can't be written", 3);
    limit_files(&router, "unlimited");
    wait_for_both(&site, 21);
    limit_files(&router, "1");
    (0..5).for_each(|_| call(&router));
    limit_files(&router, "unlimited");
    wait_for_both(&site, 26);
    router.kill();
    let _router = site.start(EVENTS_ONLY);
    wait_for_both(&site, 26);
}

#[test]
fn a_records_file_that_hangs_holds_up_nothing_but_itself() {
    let (site, mut router) = start();
    let mut up = Call::place(router.port);
    assert_eq!(up.hear(), 200);
    call(&router);
    wait_for_both(&site, 1);
    router.kill();
    // A pipe that nobody reads: to open it takes for ever, as a network disk may.
    std::fs::rename(site.path("calls.jsonl"), site.path("calls.there")).expect("moved");
    nix::unistd::mkfifo(&site.path("calls.jsonl"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let mut router = site.start(EVENTS_ONLY);
    assert_eq!(up.bye(), 200);
    (0..5).for_each(|_| call(&router));
    wait_for("the rows", || Some(()).filter(|()| rows(&site).len() == 7));
    router.signal(Signal::SIGTERM);
    assert_eq!(router.wait_exit(), Some(0));
    router.wait_log("wait in the journal", 1);
    std::fs::rename(site.path("calls.there"), site.path("calls.jsonl")).expect("back");
    let _router = site.start(EVENTS_ONLY);
    wait_for_both(&site, 7);
}
