//! Every file in `good/` and `bad/`, with what is said about it beside it. A directory is a set of several files.

use super::home;
use std::path::{Path, PathBuf};
use trunkline::config::{Code, Compiled, Diagnostics, FileSet, Severity};
use trunkline::time::Wall;

/// As on Tuesday, 2026-11-24, at 9:00 UTC: examples are instants.
fn compile(set: &FileSet) -> (Option<Compiled>, Diagnostics) {
    trunkline::config::compile_at(set, Wall(1_795_510_800_000_000))
}

/// The fixtures of a folder: name and root file, by name.
pub fn all(folder: &str) -> Vec<(String, PathBuf)> {
    let folder = home().join("tests/config").join(folder);
    let entries =
        std::fs::read_dir(folder).expect("the folder of fixtures").map(|entry| entry.expect("an entry").path());
    let root = |path: PathBuf| match path.is_dir() {
        true => Some(path.join("trunkline.yaml")),
        false => path.extension().is_some_and(|extension| extension == "yaml").then_some(path),
    };
    let mut all: Vec<_> = entries
        .filter_map(root)
        .map(|root| (name(&root).expect("a name").to_string_lossy().into_owned(), root))
        .collect();
    all.sort();
    all
}

fn name(root: &Path) -> Option<&std::ffi::OsStr> {
    match root.ends_with("trunkline.yaml") {
        true => root.parent().and_then(Path::file_name),
        false => root.file_stem(),
    }
}

fn shown(folder: &str, accepted: impl Fn(&str) -> bool) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(home().join("tests/config").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, root) in all(folder) {
        let set = FileSet::read(&root).expect("a readable fixture");
        let (compiled, diagnostics) = compile(&set);
        assert_eq!(compiled.is_some(), accepted(&name), "{folder}/{name}:\n{}", diagnostics.human(false));
        settings.bind(|| insta::assert_snapshot!(name, diagnostics.human(false)));
    }
}

#[test]
fn good_files_compile() {
    shown("good", |_| true);
}

#[test]
fn bad_files_are_refused_with_their_places() {
    // Lints alone do not refuse.
    shown("bad", |name| name.starts_with("lint"));
}

#[test]
fn the_example_is_clean() {
    let set = FileSet::read(&home().join("routes.yaml")).expect("routes.yaml");
    let (compiled, diagnostics) = compile(&set);
    assert!(compiled.is_some() && diagnostics.list().is_empty(), "{}", diagnostics.human(false));
}

#[test]
fn the_examples_of_an_office_and_a_carrier_are_accepted() {
    for root in ["examples/office/routes.yaml", "examples/carrier/trunkline.yaml"] {
        let (compiled, diagnostics) = compile(&FileSet::read(&home().join(root)).expect("a readable example"));
        assert!(compiled.is_some(), "{root}:\n{}", diagnostics.human(false));
    }
}

#[test]
fn every_code_has_a_page_and_an_example() {
    let mut seen: Vec<Code> = Vec::new();
    for (_, root) in all("good").into_iter().chain(all("bad")) {
        let (_, diagnostics) = compile(&FileSet::read(&root).expect("a readable fixture"));
        seen.extend(diagnostics.list().iter().map(|d| d.code));
    }
    // These need bytes that do not survive an editor, or sizes that do not belong into a repository: see `limits.rs`.
    seen.extend([Code::NotUtf8, Code::ByteOrderMark, Code::LineEnds, Code::Limits]);
    // What the running router says: see `tests/server/`.
    seen.extend([
        Code::ReloadRefused,
        Code::RestlessFiles,
        Code::NoFileEvents,
        Code::Bind,
        Code::MountedAlone,
        Code::StartedFromLastGood,
    ]);
    // What `trunkline test` says: see `tests/questions/`.
    seen.extend([Code::TestFailed, Code::UntestedRoute]);
    // What `trunkline plan` says: see `tests/plan/`.
    seen.extend([Code::MaxChange, Code::Tripwire]);
    for code in Code::ALL {
        assert!(seen.contains(code), "no fixture shows {code}");
        let page = code.page();
        assert!(page.lines().count() >= 8 && page.contains("```yaml"), "the page of {code} is thin:\n{page}");
    }
}

#[test]
fn codes_are_found_by_number_and_name() {
    assert_eq!(Code::find("TL0104"), Some(Code::BareDigits));
    assert_eq!(Code::find("tl0104"), Some(Code::BareDigits));
    assert_eq!(Code::find("bare-digits"), Some(Code::BareDigits));
    assert_eq!(Code::find("0104"), None);
    let numbers: Vec<String> = Code::ALL.iter().map(|code| code.id()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[test]
fn the_first_line_is_for_a_log() {
    let set = FileSet::read(&home().join("tests/config/bad/six.yaml")).expect("six.yaml");
    let (_, diagnostics) = compile(&set);
    assert_eq!(
        diagnostics.first_line(),
        "error[TL0203 bad-value] six.yaml:7:15: `gateways.provider-b`: `203.0.113.900:5060` is no IP address (and 5 more errors)"
    );
    assert!(diagnostics.list().iter().all(|d| d.severity == Severity::Error && (d.help.is_some() || d.fix.is_some())));
}
