//! Reading a set of files: includes, links, what is watched, and the hash.

use std::fs;
use std::path::{Path, PathBuf};
use trunkline::config::{FileSet, compile};

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, text).expect("a file");
    }
}

fn names(set: &FileSet) -> Vec<String> {
    set.files.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect()
}

const ROOT: &str = "version: 1\naccess: { trusted: { pbx: [\"192.168.10.10\"] } }\n";

#[test]
fn pipes_and_sockets_are_no_files_of_a_set() {
    let home = tempfile::tempdir().expect("a directory");
    write(home.path(), &[("trunkline.yaml", "version: 1\ninclude: [\"r/*.yaml\"]\n"), ("r/a.yaml", "x-a: 1\n")]);
    let _socket = std::os::unix::net::UnixListener::bind(home.path().join("r/b.yaml")).expect("a socket");
    let set = FileSet::read(&home.path().join("trunkline.yaml")).expect("a set");
    assert_eq!(names(&set), ["trunkline.yaml", "r/a.yaml"]);
}

#[test]
fn includes_follow_the_patterns_and_then_the_bytes() {
    let home = tempfile::tempdir().expect("a directory");
    write(
        home.path(),
        &[
            ("trunkline.yaml", "version: 1\ninclude: [\"b/*.yaml\", \"a/**/*.yaml\", \"b/2.yaml\"]\n"),
            ("b/2.yaml", "x-a: 1\n"),
            ("b/10.yaml", "x-a: 1\n"),
            ("b/.hidden.yaml", "x-a: 1\n"),
            ("b/1.yaml~", "x-a: 1\n"),
            ("b/deeper/3.yaml", "x-a: 1\n"),
            ("a/1.yaml", "x-a: 1\n"),
            ("a/.git/1.yaml", "x-a: 1\n"),
            ("a/x/y/1.yaml", "x-a: 1\n"),
        ],
    );
    let set = FileSet::read(&home.path().join("trunkline.yaml")).expect("a set");
    assert_eq!(names(&set), ["trunkline.yaml", "b/10.yaml", "b/2.yaml", "a/1.yaml", "a/x/y/1.yaml"]);
    let real = home.path().canonicalize().expect("a path");
    for directory in ["", "a", "a/x", "a/x/y", "b"] {
        let wanted = if directory.is_empty() { real.clone() } else { real.join(directory) };
        assert!(set.watch.iter().any(|w| w.canonicalize().is_ok_and(|w| w == wanted)), "{directory}: {:?}", set.watch);
    }
}

#[test]
fn a_directory_that_a_pattern_may_fill_is_watched() {
    let home = tempfile::tempdir().expect("a directory");
    write(home.path(), &[("trunkline.yaml", "version: 1\ninclude: [\"routes/*.yaml\"]\n"), ("routes/README", "")]);
    let set = FileSet::read(&home.path().join("trunkline.yaml")).expect("a set");
    assert!(set.watch.iter().any(|w| w.ends_with("routes")), "{:?}", set.watch);
    // One that is not there yet is seen coming by the directory above it.
    fs::remove_dir_all(home.path().join("routes")).expect("removed");
    let set = FileSet::read(&home.path().join("trunkline.yaml")).expect("a set");
    assert!(set.watch.iter().all(|w| w.is_dir()) && !set.watch.is_empty(), "{:?}", set.watch);
}

#[test]
fn the_content_alone_makes_the_hash() {
    let set = |files: &[(&str, &str)]| FileSet::of(files).hash;
    let first = set(&[("routes.yaml", ROOT)]);
    assert_eq!(first.len(), 64);
    assert_eq!(first, set(&[("routes.yaml", ROOT)]));
    assert_ne!(first, set(&[("trunkline.yaml", ROOT)]));
    assert_ne!(first, set(&[("routes.yaml", "version: 1\n")]));
    assert_ne!(set(&[("a", "bc"), ("d", "")]), set(&[("a", "b"), ("cd", "")]), "where a file ends counts");

    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("routes.yaml");
    fs::write(&path, ROOT).expect("a file");
    assert_eq!(FileSet::read(&path).expect("a set").hash, first, "read from disk or from memory");
    let (compiled, _) = compile(&FileSet::of(&[("routes.yaml", ROOT)]));
    let compiled = compiled.expect("a snapshot");
    assert_eq!(compiled.hash, first);
    assert_eq!(&*compiled.snapshot.revision, &first[..7]);
}

#[cfg(unix)]
#[test]
fn a_config_map_is_followed_and_watched_through_its_links() {
    use std::os::unix::fs::symlink;
    // As Kubernetes lays it out: routes.yaml -> ..data/routes.yaml, ..data -> ..2026_11_24.
    let home = tempfile::tempdir().expect("a directory");
    let home = home.path().canonicalize().expect("a path");
    write(
        &home,
        &[
            ("..2026_11_24/trunkline.yaml", "version: 1\ninclude: [\"routes.yaml\"]\n"),
            ("..2026_11_24/routes.yaml", "x-a: 1\n"),
        ],
    );
    symlink("..2026_11_24", home.join("..data")).expect("a link");
    symlink("..data/trunkline.yaml", home.join("trunkline.yaml")).expect("a link");
    symlink("..data/routes.yaml", home.join("routes.yaml")).expect("a link");
    let set = FileSet::read(&home.join("trunkline.yaml")).expect("a set");
    assert_eq!(names(&set), ["trunkline.yaml", "routes.yaml"]);
    assert!(set.refused.is_empty());
    for watched in [home.clone(), home.join("..2026_11_24")] {
        assert!(set.watch.contains(&watched), "{watched:?} of {:?}", set.watch);
    }
}

#[cfg(unix)]
#[test]
fn links_that_lead_elsewhere_are_refused() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().expect("a directory");
    let home = tempfile::tempdir().expect("a directory");
    write(elsewhere.path(), &[("secret.yaml", "gateways: { x: \"192.0.2.1\" }\n")]);
    write(
        home.path(),
        &[("trunkline.yaml", &format!("{ROOT}include: [\"*/*.yaml\", \"link.yaml\"]\n")), ("sub/a.yaml", "x-a: 1\n")],
    );
    symlink(elsewhere.path().join("secret.yaml"), home.path().join("link.yaml")).expect("a link");
    symlink(elsewhere.path(), home.path().join("out")).expect("a link");
    let set = FileSet::read(&home.path().join("trunkline.yaml")).expect("a set");
    assert_eq!(names(&set), ["trunkline.yaml", "sub/a.yaml"]);
    assert_eq!(set.refused, [PathBuf::from("link.yaml")]);
    let (_, diagnostics) = compile(&set);
    assert!(
        diagnostics.first_line().contains("`link.yaml` matches `link.yaml`, which lies elsewhere"),
        "{}",
        diagnostics.first_line()
    );
}

#[cfg(unix)]
#[test]
fn a_link_to_its_own_directory_ends() {
    use std::os::unix::fs::symlink;
    let home = tempfile::tempdir().expect("a directory");
    write(home.path(), &[("trunkline.yaml", "version: 1\ninclude: [\"r/**/*.yaml\"]\n"), ("r/a.yaml", "x-a: 1\n")]);
    symlink(".", home.path().join("r/again")).expect("a link");
    let set = FileSet::read(&home.path().join("trunkline.yaml")).expect("a set");
    assert_eq!(names(&set), ["trunkline.yaml", "r/a.yaml"], "the same file by another name is the same file");
}

#[test]
fn a_missing_file_is_named() {
    let error = FileSet::read(Path::new("/nowhere/routes.yaml")).expect_err("no such file");
    assert!(error.to_string().starts_with("/nowhere/routes.yaml: "), "{error}");
}
