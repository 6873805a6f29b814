//! Every way in which people, editors, git, Kubernetes and Docker change files, under a running router.
//!
//! Which revision serves is heard by placing a call: each one refuses calls with another code. Polling is out of the
//! way (an hour), so what is noticed is noticed by events.

use super::calls::heard;
use super::ports::wait_for;
use super::router::{EVENTS_ONLY, Router, Site};
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

/// Quiet time, compiling and a slow machine; the quiet time alone is 250 ms.
const SOON: Duration = Duration::from_secs(5);

fn serving(code: u16) -> (Site, Router) {
    let site = Site::new();
    site.write(&site.refusing(code));
    let router = site.start(EVENTS_ONLY);
    assert_eq!(heard(router.port), code);
    (site, router)
}

/// Calls are refused with this code before long.
fn becomes(router: &Router, code: u16) {
    let began = Instant::now();
    wait_for(&format!("calls refused with {code}"), || (heard(router.port) == code).then_some(()));
    assert!(began.elapsed() < SOON, "noticed after {:?}", began.elapsed());
}

#[test]
fn written_over_truncated_first() {
    let (site, router) = serving(404);
    site.write(&site.refusing(410));
    becomes(&router, 410);
    assert!(router.wait_log("reloaded", 1).contains("by file event"));
    assert!(router.wait_log("reloaded", 1).contains("1 route edited"));
}

#[test]
fn written_slowly_in_pieces() {
    let (site, router) = serving(404);
    let text = site.refusing(410);
    let mut file = fs::File::create(site.path("routes.yaml")).expect("truncated");
    for piece in text.as_bytes().chunks(8) {
        file.write_all(piece).expect("a piece");
        // Each call takes a moment, and calls go on: half a file is never served.
        assert!([404, 410].contains(&heard(router.port)));
    }
    drop(file);
    becomes(&router, 410);
}

#[test]
fn renamed_over() {
    let (site, router) = serving(404);
    for code in [410, 480, 404] {
        fs::write(site.path(".routes.yaml.swp"), site.refusing(code)).expect("the new file");
        fs::rename(site.path(".routes.yaml.swp"), site.path("routes.yaml")).expect("renamed");
        becomes(&router, code);
    }
}

#[test]
fn moved_away_and_written_anew() {
    // vim with `backupcopy=no`.
    let (site, router) = serving(404);
    fs::rename(site.path("routes.yaml"), site.path("routes.yaml~")).expect("the backup");
    site.write(&site.refusing(410));
    fs::remove_file(site.path("routes.yaml~")).expect("the backup goes");
    becomes(&router, 410);
}

#[test]
fn deleted_and_later_recreated() {
    let (site, router) = serving(404);
    fs::remove_file(site.path("routes.yaml")).expect("deleted");
    let said = router.wait_log("TL0801", 1);
    assert!(said.contains("routes.yaml") && said.contains("still serving"), "{said}");
    assert_eq!(heard(router.port), 404);
    site.write(&site.refusing(410));
    becomes(&router, 410);
}

#[test]
fn a_config_map_swaps_its_data_link() {
    // routes.yaml -> ..data/routes.yaml, ..data -> ..2026_1; the swap renames a new link over ..data.
    let site = Site::new();
    let volume = site.path("volume");
    let revision = |name: &str, code| {
        fs::create_dir_all(volume.join(name)).expect("a revision");
        fs::write(volume.join(name).join("routes.yaml"), site.refusing(code)).expect("its file");
    };
    revision("..2026_1", 404);
    symlink("..2026_1", volume.join("..data")).expect("..data");
    symlink("..data/routes.yaml", volume.join("routes.yaml")).expect("the file's link");
    let router = site.start_file(&volume.join("routes.yaml"), EVENTS_ONLY);
    assert_eq!(heard(router.port), 404);
    for (old, name, code) in [("..2026_1", "..2026_2", 410), ("..2026_2", "..2026_3", 480)] {
        revision(name, code);
        symlink(name, volume.join("..data_tmp")).expect("..data_tmp");
        fs::rename(volume.join("..data_tmp"), volume.join("..data")).expect("swapped");
        fs::remove_dir_all(volume.join(old)).expect("the old revision goes");
        becomes(&router, code);
    }
}

#[test]
fn a_link_points_elsewhere_and_the_target_changes() {
    let site = Site::new();
    for (name, code) in [("blue", 404), ("green", 410)] {
        fs::create_dir(site.path(name)).expect("a folder");
        fs::write(site.path(name).join("routes.yaml"), site.refusing(code)).expect("its file");
    }
    fs::create_dir(site.path("live")).expect("a folder");
    let link = site.path("live").join("routes.yaml");
    symlink("../blue/routes.yaml", &link).expect("a link");
    let router = site.start_file(&link, EVENTS_ONLY);
    fs::write(site.path("blue").join("routes.yaml"), site.refusing(480)).expect("the target changes");
    becomes(&router, 480);
    symlink("../green/routes.yaml", site.path("live").join("new")).expect("a new link");
    fs::rename(site.path("live").join("new"), &link).expect("the link changes");
    becomes(&router, 410);
    fs::write(site.path("green").join("routes.yaml"), site.refusing(486)).expect("the new target changes");
    becomes(&router, 486);
}

#[test]
fn included_files_come_and_change() {
    let (site, router) = serving(404);
    fs::create_dir(site.path("parts")).expect("a folder");
    let part = |name: &str, id: &str, prefix: &str| {
        let text = format!("routes: {{ {id}: {{ prefix: \"{prefix}\", reject: 486 }} }}\n");
        fs::write(site.path("parts").join(name), text).expect("a part");
    };
    part("one.yaml", "one", "1");
    site.write(&format!("{}include: [\"parts/*.yaml\"]\n", site.refusing(404)));
    router.wait_log("1 route added", 1);
    // A file that was not there before, in a folder that was not watched at start.
    part("two.yaml", "two", "4930");
    becomes(&router, 486);
    fs::remove_file(site.path("parts").join("two.yaml")).expect("deleted");
    becomes(&router, 404);
}

#[test]
fn a_hangup_makes_it_look_without_events() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(&["--no-watch", "--poll", "1h"]);
    site.write(&site.refusing(410));
    assert_eq!(heard(router.port), 404);
    router.signal(Signal::SIGHUP);
    becomes(&router, 410);
    assert!(router.wait_log("reloaded", 1).contains("by SIGHUP"));
}

#[test]
fn polling_alone_finds_it_too() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(&["--no-watch", "--poll", "200ms"]);
    site.write(&site.refusing(410));
    becomes(&router, 410);
    assert!(router.wait_log("reloaded", 1).contains("by poll"));
}

#[test]
fn the_folder_is_replaced() {
    // What a deployment does: the new tree is put beside the old one and renamed. The watch went with the old folder;
    // polling is the net.
    let site = Site::new();
    let tree = |name: &str, code| {
        fs::create_dir(site.path(name)).expect("a tree");
        fs::write(site.path(name).join("routes.yaml"), site.refusing(code)).expect("its file");
    };
    tree("live", 404);
    tree("next", 410);
    let state = site.path("state");
    let state = state.to_str().expect("a path");
    let flags = ["--poll", "500ms", "--state-dir", state];
    let router = site.start_file(&site.path("live").join("routes.yaml"), &flags);
    fs::rename(site.path("live"), site.path("old")).expect("moved away");
    fs::rename(site.path("next"), site.path("live")).expect("moved in");
    becomes(&router, 410);
    fs::write(site.path("live").join("routes.yaml"), site.refusing(480)).expect("written");
    becomes(&router, 480);
}

#[test]
fn a_broken_file_keeps_serving_and_says_where() {
    let (site, router) = serving(404);
    site.write(&site.refusing(410).replace("reject: 410", "reject: 410, prio: 3"));
    let said = router.wait_log("TL0801", 1);
    assert!(said.contains("TL0201") && said.contains("routes.yaml:4:"), "{said}");
    assert_eq!(heard(router.port), 404);
    // Back to what runs: the error is over, nothing is reloaded.
    site.write(&site.refusing(404));
    router.wait_log("the files are again those of revision", 1);
    site.write(&site.refusing(480));
    becomes(&router, 480);
    router.wait_log("reloaded", 1);
    assert_eq!(router.log().iter().filter(|line| line.contains("reloaded")).count(), 1, "{:#?}", router.log());
}

#[test]
fn an_empty_file_is_an_error_not_an_empty_set() {
    let (site, router) = serving(404);
    site.write("");
    router.wait_log("TL0801", 1);
    assert_eq!(heard(router.port), 404);
    site.write(&site.refusing(404));
    router.wait_log("the files are again those of revision", 1);
}

#[test]
fn what_does_not_change_the_content_is_nothing() {
    let (site, router) = serving(404);
    // Touched, written again with the same bytes, and files that nobody includes.
    let same = fs::read(site.path("routes.yaml")).expect("the file");
    for n in 0..20 {
        fs::write(site.path("routes.yaml"), &same).expect("the same");
        fs::write(site.path(&format!("notes-{n}.txt")), "x").expect("a note");
    }
    site.write(&site.refusing(410));
    becomes(&router, 410);
    router.wait_log("reloaded", 1);
    assert_eq!(router.log().iter().filter(|line| line.contains("reloaded")).count(), 1, "{:#?}", router.log());
    assert!(!router.log().iter().any(|line| line.contains("TL08")), "{:#?}", router.log());
}

#[test]
fn a_changed_secret_is_a_reason_to_try_again() {
    // The text of the files stays the same throughout; this build serves no key that takes a secret, so each try is
    // refused, and what it says tells how the secret was found.
    let (site, router) = serving(404);
    let users = "users: { anna: { password: { secret_file: secrets/anna } } }";
    site.write(&site.refusing(410).replace("access: {", &format!("access: {{ {users},")));
    let nth_refusal = |nth| router.wait_log("TL0801", nth);
    let missing = "(and 1 more error)";
    assert!(nth_refusal(1).contains(missing), "not served, and not there: {}", nth_refusal(1));
    // Its folder is not there yet either.
    fs::create_dir(site.path("secrets")).expect("a folder");
    fs::write(site.path("secrets/anna"), "open sesame").expect("the secret");
    assert!(nth_refusal(2).contains("by file event") && !nth_refusal(2).contains(missing), "{}", nth_refusal(2));
    // As Docker and Kubernetes replace it.
    fs::write(site.path("secrets/next"), "open barley").expect("the next secret");
    fs::rename(site.path("secrets/next"), site.path("secrets/anna")).expect("renamed");
    nth_refusal(3);
    fs::remove_file(site.path("secrets/anna")).expect("deleted");
    assert!(nth_refusal(4).contains(missing), "{}", nth_refusal(4));
    assert!(!router.log().iter().any(|line| line.contains("sesame") || line.contains("barley")), "{:#?}", router.log());
    assert_eq!(heard(router.port), 404);
}

#[test]
fn an_unbindable_listener_refuses_the_whole_revision() {
    let (site, router) = serving(404);
    let other = super::calls::socket();
    let taken = other.local_addr().expect("an address");
    let text = site.refusing(410).replace("listen: {", &format!("listen: {{ more: {{ bind: \"{taken}\" }},"));
    site.write(&text);
    let said = router.wait_log("TL0804", 1);
    assert!(said.contains("`more`") && said.contains(&taken.to_string()), "{said}");
    assert_eq!(heard(router.port), 404);
    drop(other);
    // The same bytes: only a signal makes it try again.
    router.signal(Signal::SIGHUP);
    becomes(&router, 410);
    assert_eq!(heard(taken.port()), 410);
}

#[test]
fn thirty_changes_in_a_row_end_with_the_last() {
    let (site, router) = serving(404);
    for n in 0..30 {
        let code = [410, 480, 486][n % 3];
        let file = site.path(if n % 2 == 0 { "a.tmp" } else { "b.tmp" });
        fs::write(&file, site.refusing(code)).expect("written");
        fs::rename(&file, site.path("routes.yaml")).expect("renamed");
        assert!([404, 410, 480, 486].contains(&heard(router.port)));
    }
    becomes(&router, 486);
    assert!(Path::new(&site.path("routes.yaml")).exists());
}
