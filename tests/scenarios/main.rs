//! Scenarios: one call, or a few, told in a YAML file beside this one; README.md says how to read and write them.
//!
//! Each file is a test of its own: `cargo test --test scenarios e07`. They run in the simulated network, with the real
//! worker, on a wire that takes one millisecond and loses nothing unless it is told to.

mod cast;
mod format;
mod party;
mod story;
mod verdict;

use format::Scenario;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = files().into_iter().map(trial).collect();
    trials.push(Trial::test("a wrong expectation is noticed", notices));
    libtest_mimic::run(&arguments, trials).exit();
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of this file")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    files
}

fn trial(path: PathBuf) -> Trial {
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    Trial::test(name, move || {
        let text = std::fs::read_to_string(&path)?;
        play(&text).map_err(Failed::from)
    })
}

fn play(text: &str) -> Result<(), String> {
    let scenario: Scenario = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    let outcome = story::play(&scenario)?;
    verdict::judge(&scenario, &outcome)
}

/// The judge must be able to say no: the same story with each expectation bent fails.
fn notices() -> Result<(), Failed> {
    let story = |caller: &str, g1: &str, outcome: &str| {
        format!(
            "title: t\ngateways: {{ g1: {{ INVITE: [180, 200 after 1s] }} }}\n\
             story:\n  - caller: INVITE 49\n  - {{ caller: BYE, when: caller hears 200, after: 1s }}\n\
             expect:\n  caller: [180, 200, {caller}]\n  g1: [INVITE, {g1}, BYE]\n  record: {{ outcome: {outcome} }}\n"
        )
    };
    play(&story("200 BYE", "ACK", "answered"))?;
    for (caller, g1, outcome) in
        [("486", "ACK", "answered"), ("200 BYE", "CANCEL", "answered"), ("200 BYE", "ACK", "failed")]
    {
        if play(&story(caller, g1, outcome)).is_ok() {
            return Err(format!("{caller}, {g1}, {outcome} should have failed").into());
        }
    }
    Ok(())
}
