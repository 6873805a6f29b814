//! The old side out of git: what a pull request is compared with, and what its commits accept.

use crate::office::{text, trunkline};
use std::path::Path;
use std::process::Command;

struct Repository {
    directory: tempfile::TempDir,
}

impl Repository {
    fn new() -> Repository {
        let repository = Repository { directory: tempfile::tempdir().unwrap() };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }
    fn path(&self) -> &Path {
        self.directory.path()
    }
    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=Anna", "-c", "user.email=anna@example.com", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.path())
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .status()
            .unwrap();
        assert!(status.success(), "git {arguments:?}");
    }
    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }
    fn plan(&self, arguments: &[&str]) -> (i32, String) {
        let config = self.path().join("pbx/trunkline.yaml");
        let line = [&["-c", config.to_str().unwrap(), "plan"], arguments].concat();
        let output = trunkline(Path::new("/"), &line);
        (output.status.code().unwrap(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    }
}

const ROOT: &str = r#"
version: 1
include: ["parts/*.yaml"]
access: { trusted: { phones: ["192.0.2.10"] } }
gateways: { a: "198.51.100.1", b: "198.51.100.2" }
guards: { premium: ["+49900"], emergency: ["112"] }
"#;
const ROUTES: &str = r#"
routes:
  emergency: { prefix: "112", exact: true, to: [a, b] }
  barred: { prefix: "+49900", reject: 403 }
  rest: { default: true, to: [a, b] }
"#;

/// A branch that opens the barred range, on top of a commit on main.
fn branch() -> Repository {
    let repository = Repository::new();
    repository.write("pbx/trunkline.yaml", ROOT);
    repository.write("pbx/parts/routes.yaml", ROUTES);
    repository.write("pbx/parts/.hidden.yaml", "not: read");
    repository.write("README", "elsewhere");
    repository.commit("The office");
    repository.git(&["checkout", "-q", "-b", "open"]);
    repository.write("pbx/parts/routes.yaml", &ROUTES.replace("reject: 403", "to: b"));
    repository.commit("Calls to +49900 get through");
    repository
}

#[test]
fn the_files_of_a_commit_are_read_with_what_they_include() {
    let repository = branch();
    let (code, said) = repository.plan(&["--from", "main"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("(main) -> files ("), "{said}");
    assert!(said.contains("opened:premium:default") && said.contains("--accept opened:premium:default"), "{said}");
    let (code, said) = repository.plan(&["--from", "HEAD", "--expect-no-changes"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("No call is routed differently"), "{said}");
}

#[test]
fn without_a_name_it_is_where_the_branch_began() {
    let repository = branch();
    repository.git(&["checkout", "-q", "main"]);
    repository.write("pbx/parts/routes.yaml", &ROUTES.replace("112", "911"));
    repository.commit("Another change of main");
    repository.git(&["checkout", "-q", "open"]);
    let (code, said) = repository.plan(&[]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("opened:premium") && !said.contains("911"), "{said}");
}

#[test]
fn commits_accept_with_a_trailer() {
    let repository = branch();
    repository.git(&[
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "The board wants it\n\nTrunkline-Accept: opened:premium:default\n",
    ]);
    let (code, said) = repository.plan(&["--from", "main"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("(accepted)") && !said.contains("refused ["), "{said}");
    let (code, said) = repository.plan(&["--from", "main", "--trailers", "never"]);
    assert_eq!(code, 3, "{said}");
}

#[test]
fn a_flag_accepts_one_tripwire_and_no_other() {
    let repository = branch();
    let (code, _) = repository.plan(&["--from", "main", "--accept", "opened:premium:default"]);
    assert_eq!(code, 0);
    let (code, said) = repository.plan(&["--from", "main", "--accept", "opened:premium:other"]);
    assert_eq!(code, 3);
    assert!(said.contains("nothing asks for it"), "{said}");
}

#[test]
fn two_revisions_without_the_files() {
    let repository = branch();
    repository.write("pbx/trunkline.yaml", "broken: [");
    let (code, said) = repository.plan(&["--from", "main", "--to", "open", "--format", "json"]);
    assert_eq!(code, 3, "{said}");
    let document: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["to"]["ref"], "open");
    assert_eq!(document["changes"][0]["ranges"], serde_json::json!(["+49900*"]));
    let (code, said) = repository.plan(&["--from", "main"]);
    assert_eq!(code, 1, "{said}");
}

/// A hook of git runs with variables that point into the repository of the commit at hand.
#[test]
fn the_environment_does_not_point_git_elsewhere() {
    let (repository, other) = (branch(), branch());
    let config = repository.path().join("pbx/trunkline.yaml");
    let output = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(["-c", config.to_str().unwrap(), "plan", "--from", "main"])
        .env("GIT_DIR", other.path().join(".git/nowhere"))
        .env("GIT_INDEX_FILE", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
}
