//! What breaks watchers, many files at a time: git, bursts, folders that go away, a system without events. Each ends at the
//! right revision, with calls going through it, and never at a mix of two.

use super::calls::heard;
use super::operator::{run, trunkline};
use super::ports::wait_for;
use super::router::{EVENTS_ONLY, Router, Site};
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const FILES: usize = 1000;

/// A set of a thousand files that all name the same code: a mix of two would show.
fn write_tree(site: &Site, code: u16) {
    fs::create_dir_all(site.path("live/parts")).expect("a folder");
    fs::write(site.path("live/routes.yaml"), format!("{}include: [\"parts/*.yaml\"]\n", site.refusing(code)))
        .expect("the root");
    for n in 0..FILES {
        let text = format!("routes: {{ r{n}: {{ prefix: \"9{n:04}\", reject: {code} }} }}\n");
        fs::write(site.path(&format!("live/parts/{n}.yaml")), text).expect("a part");
    }
}

fn git(site: &Site, words: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(site.path("live")).args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(words);
    let output = command.output().expect("git");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The revisions that ever served, by the log.
fn served(router: &Router) -> BTreeSet<String> {
    let after = |line: &String| Some(line.split_once("reloaded ")?.1.split(' ').nth(2)?.to_owned());
    router.log().iter().filter_map(after).collect()
}

fn revision(site: &Site) -> String {
    let server = format!("unix:{}", site.path("state/control.sock").display());
    let said = run(&["--server", &server, "status", "--format", "json"]);
    said.json()["revision"].as_str().expect("a revision").to_owned()
}

fn start(site: &Site, flags: &[&str]) -> Router {
    let state = site.path("state");
    let state = ["--state-dir", state.to_str().expect("a path")];
    site.start_file(&site.path("live/routes.yaml"), &[flags, &state].concat())
}

#[test]
fn git_checks_out_a_thousand_files_and_no_revision_is_a_mix() {
    let site = Site::new();
    write_tree(&site, 404);
    git(&site, &["init", "-q", "-b", "one"]);
    git(&site, &["add", "."]);
    git(&site, &["commit", "-q", "-m", "one"]);
    git(&site, &["checkout", "-q", "-b", "two"]);
    write_tree(&site, 410);
    git(&site, &["commit", "-q", "-a", "-m", "two"]);
    let router = start(&site, EVENTS_ONLY);
    let mut revisions = BTreeSet::from([revision(&site)]);
    for (n, (branch, code)) in [("one", 404), ("two", 410), ("one", 404)].into_iter().enumerate() {
        git(&site, &["checkout", "-q", branch]);
        wait_for("the other branch", || (heard(router.port) == code).then_some(()));
        if n == 0 {
            revisions.insert(revision(&site));
        }
    }
    assert_eq!(revisions.len(), 2);
    assert!(served(&router).is_subset(&revisions), "{:?} {revisions:?}", served(&router));
    assert!(!router.log().iter().any(|line| line.contains("TL0801")), "{:#?}", router.log());
}

#[test]
fn while_git_holds_its_lock_nothing_is_read() {
    let site = Site::new();
    write_tree(&site, 404);
    git(&site, &["init", "-q"]);
    let router = start(&site, EVENTS_ONLY);
    fs::write(site.path("live/.git/index.lock"), "").expect("a lock");
    write_tree(&site, 410);
    // It looks, and finds git at work; the next look comes by itself.
    router.signal(Signal::SIGHUP);
    assert_eq!(heard(router.port), 404);
    assert!(served(&router).is_empty());
    fs::remove_file(site.path("live/.git/index.lock")).expect("done");
    wait_for("the whole tree", || (heard(router.port) == 410).then_some(()));
    wait_for("its line in the log", || (served(&router).len() == 1).then_some(()));
}

#[test]
fn a_burst_of_a_thousand_writes_is_one_revision_or_few() {
    let site = Site::new();
    write_tree(&site, 404);
    let router = start(&site, EVENTS_ONLY);
    write_tree(&site, 410);
    wait_for("the last write", || (heard(router.port) == 410).then_some(()));
    // The line is written when the calls have it already.
    wait_for("its line in the log", || (served(&router) == BTreeSet::from([revision(&site)])).then_some(()));
}

#[test]
fn a_folder_is_removed_and_put_back() {
    let site = Site::new();
    write_tree(&site, 404);
    let router = start(&site, &["--poll", "500ms"]);
    fs::rename(site.path("live"), site.path("away")).expect("moved away");
    router.wait_log("TL0801", 1);
    assert_eq!(heard(router.port), 404);
    fs::rename(site.path("away"), site.path("live")).expect("put back");
    router.wait_log("the files are again those of revision", 1);
    // And it is still watched.
    let text = "routes: { r0: { prefix: \"4930\", reject: 480 } }\n";
    fs::write(site.path("live/parts/0.yaml"), text).expect("a part");
    wait_for("a change in it", || (heard(router.port) == 480).then_some(()));
}

#[test]
fn a_file_that_never_settles_is_complained_about_and_served_in_the_end() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(EVENTS_ONLY);
    let over = Arc::<AtomicBool>::default();
    let (end, file, text) = (over.clone(), site.path("routes.yaml"), site.refusing(410));
    let writer = std::thread::spawn(move || {
        let mut n = 0;
        while !end.load(Ordering::Relaxed) {
            n += 1;
            fs::write(&file, format!("{text}# {n}\n")).expect("written");
        }
    });
    // However restless: what is served is whole, and calls go on.
    let complained =
        || router.log().iter().any(|line| ["TL0801", "TL0802", "reloaded"].iter().any(|word| line.contains(word)));
    wait_for("a complaint, a refusal or a moment of rest", || {
        assert!([404, 410].contains(&heard(router.port)));
        complained().then_some(())
    });
    over.store(true, Ordering::Relaxed);
    writer.join().expect("the writer");
    wait_for("the last word", || (heard(router.port) == 410).then_some(()));
}

#[test]
fn without_events_polling_goes_on_and_says_so() {
    // In a user namespace of its own the router may have no inotify instance.
    let script = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"";
    let may = Command::new("unshare").args(["-Ur", "sh", "-c", script, "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no user namespaces here");
        return;
    }
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start_by(&["unshare", "-Ur", "sh", "-c", script], &["--poll", "300ms"]);
    let said = router.wait_log("TL0803", 1);
    assert!(said.contains("polling every 0.3 s"), "{said}");
    site.write(&site.refusing(410));
    wait_for("the poll", || (heard(router.port) == 410).then_some(()));
    assert!(router.wait_log("reloaded", 1).contains("by poll"));
    assert_eq!(router.log().iter().filter(|line| line.contains("TL0803")).count(), 1, "said once");
    assert!(trunkline(&site, &["status"]).out.contains("NO EVENTS"));
}
