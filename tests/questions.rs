//! `explain`, `test` and `completions`: what is answered about calls without making any.

#[path = "questions/agreement.rs"]
mod agreement;
#[path = "questions/batch.rs"]
mod batch;
#[path = "questions/completions.rs"]
mod completions;

#[path = "questions/documentation.rs"]
mod documentation;
#[path = "questions/live.rs"]
mod live;
#[path = "questions/schemas.rs"]
mod schemas;
#[path = "questions/verdicts.rs"]
mod verdicts;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository.
fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program in the repository's directory: exit code, standard output, standard error.
fn trunkline(arguments: &[&str]) -> (i32, String, String) {
    trunkline_in(&home(), arguments, "")
}

fn trunkline_in(directory: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("NO_COLOR")
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        // A program that doesn't read its input to the end closes the pipe.
        scope.spawn(move || drop(stdin.write_all(input.as_bytes())));
        child.wait_with_output().expect("the program ends")
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}
