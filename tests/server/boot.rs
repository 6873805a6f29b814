//! Starting when the files are broken: from the last good revision, loudly; or not at all.

use super::calls::heard;
use super::operator::trunkline;
use super::ports::wait_for;
use super::router::{EVENTS_ONLY, Site, run_in_vain};
use std::fs;

/// A site whose router has served 404, and has been killed; then its files were broken.
fn broken() -> Site {
    let site = Site::new();
    site.write(&site.refusing(404));
    let mut router = site.start(EVENTS_ONLY);
    assert_eq!(heard(router.port), 404);
    wait_for("the last good one", || {
        let mut kept = fs::read_dir(site.path(".trunkline/revisions")).ok()?.flatten();
        kept.find(|entry| entry.path().extension().is_some_and(|extension| extension == "json")).map(drop)
    });
    router.kill();
    site.write(&site.refusing(410).replace("reject: 410", "reject: 410, prio: 3"));
    site
}

#[test]
fn a_broken_start_comes_up_with_the_last_good_revision_and_says_so() {
    let site = broken();
    let router = site.start(EVENTS_ONLY);
    let said = router.wait_log("TL0805", 1);
    assert!(said.contains("TL0201") && said.contains("last good revision"), "{said}");
    assert_eq!(heard(router.port), 404);
    let check = trunkline(&site, &["status", "--check"]);
    assert!(check.code == 1 && check.out.contains("THE LAST GOOD ONE"), "{}", check.out);
    assert!(check.err.contains("started from the last good revision"), "{}", check.err);
    assert!(fs::read_to_string(site.path(".trunkline/refused/routes.yaml")).expect("kept").contains("prio: 3"));
    // Mended: loaded like any other change.
    site.write(&site.refusing(480));
    wait_for("the files", || (heard(router.port) == 480).then_some(()));
    assert_eq!(trunkline(&site, &["status", "--check"]).code, 0);
}

#[test]
fn a_missing_file_is_a_broken_one() {
    let site = broken();
    fs::remove_file(site.path("routes.yaml")).expect("deleted");
    let router = site.start(EVENTS_ONLY);
    router.wait_log("TL0805", 1);
    assert_eq!(heard(router.port), 404);
    site.write(&site.refusing(410));
    wait_for("the file", || (heard(router.port) == 410).then_some(()));
}

#[test]
fn strict_boot_forbids_it_and_without_a_good_one_there_is_none() {
    let site = broken();
    let root = site.path("routes.yaml");
    let (code, said) = run_in_vain(&root, &["--strict-boot"]);
    assert!(code == Some(2) && said.contains("TL0201"), "{code:?} {said}");
    fs::remove_dir_all(site.path(".trunkline")).expect("forgotten");
    let (code, said) = run_in_vain(&root, &[]);
    assert!(code == Some(2) && said.contains("TL0201"), "{code:?} {said}");
    assert!(!site.path(".trunkline").exists(), "a start in vain leaves nothing behind");
}
