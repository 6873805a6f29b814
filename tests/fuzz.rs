//! What the fuzzer checks, checked without it: on its seeds, and on every input with which it ever found something
//! (`tests/fuzz/found/TARGET/`). `fuzz/run` does the rest.

#[path = "fuzz/dialog.rs"]
mod dialog;
#[path = "fuzz/message.rs"]
mod message;
#[path = "fuzz/plays.rs"]
mod plays;
#[path = "hostile/speech.rs"]
mod speech;
#[path = "fuzz/yaml.rs"]
mod yaml;

use std::path::Path;

/// Everything in a folder of the repository, by name.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let named = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut all: Vec<_> = paths.map(|path| (named(&path), std::fs::read(&path).expect("a file"))).collect();
    all.sort();
    all
}

/// Names the file before a panic: the message of the panic does not.
fn each(folder: &str, check: impl Fn(&[u8])) {
    for (name, bytes) in files(folder) {
        println!("{folder}/{name}");
        check(&bytes);
    }
}

#[test]
fn nothing_that_was_found_comes_back() {
    each("tests/fuzz/found/message", message::check);
    each("tests/fuzz/found/dialog", |bytes| {
        dialog::check(bytes);
    });
    each("tests/fuzz/found/yaml", yaml::check);
}

#[test]
fn it_holds_for_the_routes_files_of_the_tests() {
    each("tests/config/good", yaml::check);
    each("tests/config/bad", yaml::check);
}

#[test]
fn plays_go_as_written() {
    for (name, steps, (calls, answered, cancelled)) in plays::SCRIPTS {
        let counters = dialog::check(&plays::bytes(steps));
        let counted = (counters.calls, counters.answered, counters.cancelled);
        assert_eq!(counted, (*calls, *answered, *cancelled), "{name}: {counters:?}");
    }
}

/// `fuzz/run` gives the plays to the fuzzer as files. `TRUNKLINE_WRITE_SEEDS=1` writes them when the language changes.
#[test]
fn plays_are_the_fuzzers_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/dialog");
    if std::env::var_os("TRUNKLINE_WRITE_SEEDS").is_some() {
        for (name, steps, _) in plays::SCRIPTS {
            std::fs::write(folder.join(name), plays::bytes(steps)).expect("a seed");
        }
    }
    let seeds = files("tests/fuzz/seeds/dialog");
    let mut expected: Vec<_> =
        plays::SCRIPTS.iter().map(|(name, steps, _)| ((*name).to_owned(), plays::bytes(steps))).collect();
    expected.sort();
    assert!(seeds == expected, "run this with TRUNKLINE_WRITE_SEEDS=1 and look at the difference");
}
