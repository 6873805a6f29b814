//! The commands around the files: what they write for machines, what they change in files, what they make.

#[path = "commands/fixes.rs"]
mod fixes;
#[path = "commands/formatting.rs"]
mod formatting;
#[path = "commands/init.rs"]
mod init;
#[path = "commands/outputs.rs"]
mod outputs;
#[path = "commands/pull_request.rs"]
mod pull_request;
#[path = "commands/sarif.rs"]
mod sarif;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository.
fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn bad() -> PathBuf {
    home().join("tests/config/bad")
}

/// The program in a directory, outside of any workflow.
fn trunkline(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.current_dir(directory);
    for variable in ["NO_COLOR", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(variable);
    }
    command
}

/// Exit code, standard output, standard error.
fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// A git repository with these files in one commit.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    git(directory.path(), &["init", "-q", "-b", "main"]);
    commit(directory.path(), files, "first");
    directory
}

/// Writes files and commits everything.
fn commit(directory: &Path, files: &[(&str, &str)], message: &str) {
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(path, text).expect("a file");
    }
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-q", "--allow-empty", "-m", message]);
}

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The single files among the bad fixtures, by name, with their bytes.
fn fixture_files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(bad())
        .expect("the fixtures")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("a fixture"))
        })
        .collect();
    files.sort();
    assert!(files.len() > 20, "only {} fixtures", files.len());
    files
}
