//! Commands that stay with a running router: `status --watch`, `calls --follow`, `reload --wait`; and `plan` against it.

use super::calls::{Call, gateway, heard, socket};
use super::operator::{run, trunkline};
use super::ports::wait_for;
use super::router::{EVENTS_ONLY, Site};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A command that goes on; ended with the test.
struct Follower {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Follower {
    fn of(site: &Site, words: &[&str]) -> Follower {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
        command.arg("-c").arg(site.path("routes.yaml")).args(words);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a command");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (kept, output) = (lines.clone(), BufReader::new(child.stdout.take().expect("standard output")));
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line));
        });
        Follower { child, lines }
    }

    /// The first line of which this holds, among those that come.
    fn wait<T>(&self, what: &str, holds: impl Fn(&str) -> Option<T>) -> T {
        wait_for(what, || self.lines.lock().unwrap().iter().find_map(|line| holds(line)))
    }

    fn wait_json(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.wait(what, |line| serde_json::from_str(line).ok().filter(|document| holds(document)))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {}", self.lines.lock().unwrap().join("\n"));
        }
    }
}

#[test]
fn a_watched_status_shows_what_changes() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(EVENTS_ONLY);
    let people = Follower::of(&site, &["status", "--watch"]);
    let machines = Follower::of(&site, &["status", "--watch", "--format", "json"]);
    let before = machines.wait_json("the first look", |status| status["files"]["state"] == "same");
    people.wait("the first page", |line| line.starts_with("running   ").then_some(()));
    site.write(&site.refusing(410));
    router.wait_log("reloaded", 1);
    let after = machines.wait_json("another revision", |status| status["revision"] != before["revision"]);
    assert_eq!((&after["schema"], &after["trigger"]), (&"trunkline/status/1".into(), &"file event".into()));
    let revision = after["revision"].as_str().expect("a revision");
    people.wait("its page", |line| line.starts_with(&format!("running   {revision} ")).then_some(()));
}

#[test]
fn a_watched_status_ends_with_the_router() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let mut router = site.start(EVENTS_ONLY);
    let mut people = Follower::of(&site, &["status", "--watch"]);
    people.wait("the first page", |line| line.starts_with("running   ").then_some(()));
    router.kill();
    let ended = wait_for("its end", || people.child.try_wait().expect("a child"));
    assert_eq!(ended.code(), Some(2), "nobody answers any more");
}

#[test]
fn followed_calls_begin_change_and_end() {
    let site = Site::new();
    let silent = socket();
    let first = silent.local_addr().expect("an address").port();
    let text = site.sending(first).replace("probing: { method: none } }", "probing: { method: none } }, other: OTHER");
    let other = format!("{{ address: \"127.0.0.1:{}\", probing: {{ method: none }} }}", gateway());
    let text = text.replace("OTHER", &other).replace("to: [gw]", "to: [gw, other], failover: { attempt_timeout: 3s }");
    site.write(&text);
    let router = site.start(EVENTS_ONLY);
    let all = Follower::of(&site, &["calls", "--follow", "--format", "json"]);
    let through_the_other = Follower::of(&site, &["calls", "--follow", "--gateway", "other"]);
    let mut call = Call::place(router.port);
    let is = |line: &Value, what: &str, gateway: &str, stage: &str| {
        (&line["what"], &line["call"]["gateway"], &line["call"]["stage"])
            == (&what.into(), &gateway.into(), &stage.into())
    };
    all.wait_json("the first attempt", |line| is(line, "begins", "gw", "setup"));
    assert_eq!(call.hear(), 200);
    all.wait_json("the answer", |line| is(line, "goes on", "other", "established"));
    through_the_other.wait("its beginning", |line| line.starts_with("begins   ").then_some(()));
    assert_eq!(call.bye(), 200);
    let ended = all.wait_json("the end", |line| line["what"] == "ends");
    assert_eq!(ended["call"]["route"], "everything");
    through_the_other.wait("its end", |line| line.starts_with("ends     ").then_some(()));
}

#[test]
fn a_reload_waits_for_calls_of_older_revisions() {
    let site = Site::new();
    let silent = socket();
    site.write(&site.sending(silent.local_addr().expect("an address").port()));
    let router = site.start(&["--no-watch", "--poll", "1h"]);
    let mut call = Call::place(router.port);
    let (invite, from) = super::calls::receive(&silent);
    site.write(&site.sending(gateway()));
    let mut waiting = Follower::of(&site, &["reload", "--wait"]);
    router.wait_log("reloaded", 1);
    assert_eq!(heard(router.port), 200, "new calls go by the new files");
    waiting.wait("what became of it", |line| line.starts_with("reloaded ").then_some(()));
    let status = || trunkline(&site, &["status", "--format", "json"]).json();
    assert_eq!(status()["calls_on_older_revisions"], 1);
    assert!(waiting.child.try_wait().expect("a child").is_none(), "a call is still on the old revision");
    silent.send_to(super::calls::answer(&invite, "486 Busy Here", from.port()).as_bytes(), from).expect("an answer");
    assert_eq!(call.hear(), 486);
    let ended = wait_for("the end of the wait", || waiting.child.try_wait().expect("a child"));
    assert_eq!(ended.code(), Some(0));
    assert_eq!(status()["calls_on_older_revisions"], 0);
}

#[test]
fn a_plan_from_the_router_compares_what_serves_with_the_files() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(&["--no-watch", "--poll", "1h"]);
    let root = site.path("routes.yaml");
    let plan = |words: &[&str]| run(&[&["-c", root.to_str().expect("a path"), "plan"], words].concat());
    let drift = plan(&["--from", "server", "--expect-no-changes"]);
    assert_eq!(drift.code, 0, "{}{}", drift.out, drift.err);
    site.write(&site.refusing(410));
    let changed = plan(&["--from", "server", "--format", "json"]);
    assert_eq!(changed.code, 3, "a catch-all changes: {}", changed.err);
    let document = changed.json();
    assert_eq!(document["guards"][0]["id"], "changed:catch-all:default");
    assert_eq!((&document["from"]["ref"], &document["to"]["ref"]), (&"server".into(), &"files".into()));
    let change = &document["changes"][0];
    assert_eq!((&change["before"]["reject"]["code"], &change["after"]["reject"]["code"]), (&404.into(), &410.into()));
    // Nobody said what to compare with: the router that serves these files.
    let asked = plan(&["--accept", "changed:catch-all:default"]);
    assert!(asked.code == 0 && asked.out.contains("(server) -> files"), "{}{}", asked.out, asked.err);
    let drift = plan(&["--from", "server", "--expect-no-changes", "--accept", "changed:catch-all:default"]);
    assert_eq!(drift.code, 1, "{}", drift.out);
    assert_eq!(trunkline(&site, &["reload"]).code, 0);
    assert_eq!(plan(&["--from", "server", "--expect-no-changes"]).code, 0);
    // Without a router there is no answer, and no guess.
    drop(router);
    let said = plan(&["--from", "server"]);
    assert!(said.code == 2 && said.err.contains("is the router running"), "{} {}", said.code, said.err);
}
