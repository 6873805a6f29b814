//! `init`: what it writes validates, tests and runs, and it overwrites nothing.

use super::{git, run, trunkline};
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const TEMPLATES: [&str; 3] = ["office", "carrier", "opensips"];

fn written(template: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a directory");
    let (code, out, err) = run(trunkline(place.path()).args(["init", "--template", template]));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    place
}

#[test]
fn every_template_validates_and_its_tests_reach_every_route() {
    for template in TEMPLATES {
        let place = written(template);
        let (code, out, _) = run(trunkline(place.path()).args(["validate", "--deny", "warnings"]));
        assert_eq!(code, 0, "{template}:\n{out}");
        assert!(out.starts_with("validate: nothing to complain about in "), "{template}:\n{out}");
        let (code, out, _) = run(trunkline(place.path()).args(["test", "--coverage"]));
        assert_eq!(code, 0, "{template}:\n{out}");
        assert!(!out.contains("not:"), "{template}:\n{out}");
        let (code, out, _) = run(trunkline(place.path()).args(["fmt", "--check", "--diff"]));
        assert_eq!(code, 0, "{template}:\n{out}");
    }
}

#[test]
fn every_template_is_served() {
    for template in TEMPLATES {
        let place = written(template);
        let file = yaml_with(place.path(), "0.0.0.0:5060");
        let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
        let text = std::fs::read_to_string(&file).expect("the file");
        std::fs::write(&file, text.replace("0.0.0.0:5060", &free.to_string())).expect("the file");
        let mut router = trunkline(place.path())
            .args(["run", "--workers", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut ready = String::new();
        let read = BufReader::new(router.stdout.take().expect("its output")).read_line(&mut ready);
        router.kill().expect("it can be ended");
        router.wait().expect("it ends");
        assert!(read.is_ok() && ready.starts_with("ready "), "{template}: {ready:?}");
        assert!(ready.contains(&free.to_string()), "{template}: {ready}");
    }
}

/// The file below `directory` that holds this text.
fn yaml_with(directory: &Path, text: &str) -> PathBuf {
    let found = std::fs::read_dir(directory).expect("a directory").flatten().find_map(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true if !entry.file_name().to_string_lossy().starts_with('.') => {
                std::fs::read_dir(&path).ok()?.flatten().map(|e| e.path()).find(|path| holds(path, text))
            }
            _ => holds(&path, text).then_some(path),
        }
    });
    found.expect("the file with the listener")
}

fn holds(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|content| content.contains(text))
}

#[test]
fn nothing_is_overwritten() {
    let place = tempfile::tempdir().expect("a directory");
    std::fs::write(place.path().join("routes.yaml"), "mine\n").expect("a file");
    let (code, out, err) = run(trunkline(place.path()).arg("init"));
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.starts_with("routes.yaml\ntrunkline init: refused, "), "{err}");
    assert_eq!(std::fs::read_dir(place.path()).expect("a directory").count(), 1, "nothing else was written either");
    assert_eq!(std::fs::read_to_string(place.path().join("routes.yaml")).expect("the file"), "mine\n");
}

#[test]
fn editors_find_the_schema_and_git_keeps_it() {
    let place = tempfile::tempdir().expect("a directory");
    let (code, out, _) = run(trunkline(place.path()).args(["init", "site", "--template", "carrier"]));
    assert_eq!(code, 0);
    assert!(out.contains("wrote site/carriers/north/gateways.yaml\n"), "{out}");
    assert!(out.ends_with("  trunkline run -c site/trunkline.yaml\n"), "{out}");
    let site = place.path().join("site");
    let schema = std::fs::read_to_string(site.join(".trunkline/schema-v1.json")).expect("the schema");
    assert_eq!(schema, trunkline::config::schema());
    for file in ["trunkline.yaml", "carriers/north/gateways.yaml", "routes/world.yaml"] {
        let path = site.join(file);
        let text = std::fs::read_to_string(&path).expect("a file");
        for marker in ["# yaml-language-server: $schema=", "# $schema: "] {
            let line = text.lines().find_map(|line| line.strip_prefix(marker)).expect("the comment");
            assert!(path.parent().expect("a parent").join(line).is_file(), "{file}: {line}");
        }
    }
    git(&site, &["init", "-q"]);
    std::fs::write(site.join(".trunkline/cookie.key"), "secret").expect("a file");
    git(&site, &["add", "-A"]);
    let kept = git(&site, &["ls-files", ".trunkline"]);
    assert_eq!(kept, ".trunkline/.gitignore\n.trunkline/schema-v1.json\n");
}
