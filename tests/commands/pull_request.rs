//! A pull request, simulated in a scratch repository: what the action's script says and how it ends.

use super::{commit, git, home, repository, run, trunkline};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The action's script in a repository, outside of any workflow.
fn script(place: &Path) -> Command {
    let mut command = Command::new(home().join("action/routes.sh"));
    command.current_dir(place).env("TRUNKLINE", env!("CARGO_BIN_EXE_trunkline")).env("ROUTES_BASE", "main");
    command.env("ROUTES_CONFIG", "routes.yaml").env("ROUTES_MARKDOWN", markdown(place));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GITHUB_")) {
        command.env_remove(name);
    }
    command
}

fn markdown(place: &Path) -> PathBuf {
    place.join(".git/comment.md")
}

fn said(place: &Path) -> String {
    std::fs::read_to_string(markdown(place)).expect("the comment's text")
}

/// A repository with the office of `init` on main, and `change` checked out with one edit in it.
fn pull_request(from: &str, to: &str) -> tempfile::TempDir {
    let place = repository(&[]);
    assert_eq!(run(trunkline(place.path()).args(["init", "-q"])).0, 0);
    commit(place.path(), &[], "the office");
    git(place.path(), &["checkout", "-q", "-b", "change"]);
    let text = std::fs::read_to_string(place.path().join("routes.yaml")).expect("the file");
    assert!(text.contains(from), "{from}");
    commit(place.path(), &[("routes.yaml", &text.replacen(from, to, 1))], "a change");
    place
}

const PREMIUM: &str = "[\"0900\", \"0137\", \"0049900\", \"0049137\"]";
const OPENED: &str = "[\"0900\", \"0137\", \"0049137\"]";

#[test]
fn a_tripwire_refuses_until_a_trailer_accepts_it() {
    let place = pull_request(PREMIUM, OPENED);
    let (code, out, _) = run(&mut script(place.path()));
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("::error title=trunkline plan::refused [TL0851]"), "{out}");
    let text = said(place.path());
    assert!(text.starts_with("<!-- trunkline routes: routes.yaml -->\n## 🛑 Routes: refused by a guard\n"), "{text}");
    assert!(text.contains("| ✅ | fmt --check | as it should be |"), "{text}");
    assert!(text.contains("| ✅ | validate | 1 warning in 1 file"), "{text}");
    assert!(text.contains("| ✅ | test --coverage | 9 passed, 0 failed"), "{text}");
    assert!(text.contains("0049900…"), "the range that is opened: {text}");
    assert!(text.contains("  Trunkline-Accept: opened:premium:office\n"), "how to go on: {text}");
    commit(place.path(), &[], "Resale wants it\n\nTrunkline-Accept: opened:premium:office");
    let (code, out, _) = run(&mut script(place.path()));
    assert_eq!(code, 0, "{out}\n{}", said(place.path()));
    assert!(said(place.path()).contains("\n## ✅ Routes\n"), "{}", said(place.path()));
}

#[test]
fn a_broken_file_is_annotated_and_nothing_is_compared() {
    let place = pull_request("to: pbx\n", "to: pbxx\n");
    let (code, out, _) = run(&mut script(place.path()));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("::error file=routes.yaml,line="), "{out}");
    assert!(out.contains("title=TL0302 unknown-reference::"), "{out}");
    let text = said(place.path());
    assert!(text.contains("| ❌ | test, plan | not run: the files have errors |"), "{text}");
    assert!(text.contains("| error TL0302 unknown-reference | `routes.yaml:"), "{text}");
}

#[test]
fn an_untidy_file_and_a_failed_test_are_findings_and_the_plan_is_shown_all_the_same() {
    let place = pull_request("number: { strip: 1, add: \"49\" }", "number: {add: \"44\", strip: 1}");
    let (code, out, _) = run(&mut script(place.path()));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("::error file=routes.yaml,title=trunkline fmt::not formatted"), "{out}");
    let text = said(place.path());
    assert!(text.contains("| ❌ | fmt --check | 1 files to be formatted"), "{text}");
    assert!(text.contains("| ❌ | test --coverage | 8 passed, 1 failed"), "{text}");
    assert!(text.contains("### trunkline plan: "), "{text}");
    assert!(text.contains("+  national:") || text.contains("add: \"44\" }"), "the diff: {text}");
}

#[test]
fn what_could_not_be_answered_counts_more_than_a_guard() {
    let place = pull_request(PREMIUM, OPENED);
    let (code, _, _) = run(script(place.path()).env("ROUTES_CONFIG", "no-such.yaml"));
    assert_eq!(code, 2);
    let (code, out, _) = run(script(place.path()).env("ROUTES_BASE", "no-such-revision"));
    assert_eq!(code, 2, "a comparison is not left out in silence: {out}");
    assert!(out.contains("::error title=trunkline plan::git knows no revision no-such-revision"), "{out}");
    assert!(said(place.path()).contains("| ❌ | plan | could not answer: git knows no revision"));
    let (code, out, _) = run(script(place.path()).env("ROUTES_BASE", "").env("GITHUB_BASE_REF", "main"));
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("check out with fetch-depth: 0"), "{out}");
}

#[test]
fn the_first_files_of_a_repository_have_nothing_to_be_compared_with() {
    let place = repository(&[("README", "no routes yet")]);
    git(place.path(), &["checkout", "-q", "-b", "change"]);
    assert_eq!(run(trunkline(place.path()).args(["init", "-q"])).0, 0);
    commit(place.path(), &[], "the office");
    for config in ["routes.yaml", ".", ""] {
        let (code, out, _) = run(script(place.path()).env("ROUTES_CONFIG", config));
        assert_eq!(code, 0, "{config}: {out}");
        assert!(said(place.path()).contains("| ✅ | plan | nothing to compare with: "), "{}", said(place.path()));
    }
}

/// The lines under `script:` of the job for GitLab, as its runner would run them.
fn gitlab(place: &Path, config: &str, base: &str) -> (i32, String, String) {
    let job = std::fs::read_to_string(home().join("ci/gitlab/routes.yml")).expect("the job");
    let (_, lines) = job.split_once("  script:\n").expect("its script");
    let (lines, _) = lines.split_once("  artifacts:\n").expect("its end");
    let lines: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("    - ")).collect();
    assert!(lines.len() > 5, "{lines:?}");
    let programs = Path::new(env!("CARGO_BIN_EXE_trunkline")).parent().expect("a directory").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    command.args(["-c", &format!("set -eo pipefail\n{}", lines.join("\n"))]).current_dir(place).env("PATH", path);
    command.env("ROUTES_CONFIG", config).env("CI_MERGE_REQUEST_DIFF_BASE_SHA", base).env_remove("GITHUB_ACTIONS");
    run(&mut command)
}

#[test]
fn the_job_for_gitlab_ends_as_the_action_does() {
    let place = pull_request(PREMIUM, OPENED);
    let base = git(place.path(), &["rev-parse", "main"]);
    let (code, out, err) = gitlab(place.path(), "routes.yaml", base.trim());
    assert_eq!(code, 3, "{out}{err}");
    let plan = std::fs::read_to_string(place.path().join("plan.md")).expect("the plan");
    assert!(plan.contains("opened:premium:office") && out.contains(&plan), "{plan}");
    for report in ["validate.xml", "test.xml"] {
        let report = std::fs::read_to_string(place.path().join(report)).expect("a report");
        assert!(report.contains("<testsuite"), "{report}");
    }
    assert_eq!(gitlab(place.path(), "routes.yaml", "").0, 0, "no merge request, no plan");
    assert_eq!(gitlab(place.path(), "routes.yaml", &"0".repeat(40)).0, 2, "the base is not there");
    let first = repository(&[("README", "no routes yet")]);
    let base = git(first.path(), &["rev-parse", "HEAD"]);
    assert_eq!(run(trunkline(first.path()).args(["init", "-q"])).0, 0);
    commit(first.path(), &[], "the office");
    assert_eq!(gitlab(first.path(), ".", base.trim()).0, 0, "nothing to compare with");
    let untidy = pull_request("number: { strip: 1, add: \"49\" }", "number: {add: \"44\", strip: 1}");
    assert_eq!(gitlab(untidy.path(), ".", "").0, 1);
}

/// Answers `requests` requests as GitHub would, and gives back `METHOD PATH` and body of each.
fn github(answers: Vec<(u16, &'static str)>) -> (String, std::thread::JoinHandle<Vec<(String, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let answering = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).expect("a request");
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a header");
                if line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut content = vec![0; length];
            reader.read_exact(&mut content).expect("the body");
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("an answer");
            let request = first.trim_end_matches(" HTTP/1.1\r\n").to_owned();
            seen.push((request, String::from_utf8_lossy(&content).into_owned()));
        }
        seen
    });
    (address, answering)
}

fn commented(place: &Path, answers: Vec<(u16, &'static str)>) -> ((i32, String, String), Vec<(String, String)>) {
    let (address, answering) = github(answers);
    let event = place.join(".git/event.json");
    std::fs::write(&event, "{ \"pull_request\": { \"number\": 7 } }").expect("a file");
    let mut command = script(place);
    command.env("ROUTES_COMMENT", "true").env("ROUTES_TOKEN", "secret").env("GITHUB_API_URL", address);
    command.env("GITHUB_REPOSITORY", "me/routes").env("GITHUB_EVENT_PATH", &event);
    command.env("GITHUB_STEP_SUMMARY", place.join(".git/summary.md"));
    let ended = run(&mut command);
    (ended, answering.join().expect("the answers"))
}

#[test]
fn one_comment_is_kept_up_to_date_and_a_fork_goes_without() {
    let place = pull_request(PREMIUM, OPENED);
    let comments = "/repos/me/routes/issues/7/comments?per_page=100&page=1";
    let (ended, seen) = commented(place.path(), vec![(200, "[]"), (201, "{}")]);
    assert_eq!(ended.0, 3, "{ended:?}");
    assert_eq!(seen[0].0, format!("GET {comments}"));
    assert_eq!(seen[1].0, "POST /repos/me/routes/issues/7/comments");
    let body: serde_json::Value = serde_json::from_str(&seen[1].1).expect("JSON");
    assert_eq!(body["body"].as_str(), Some(said(place.path()).as_str()));
    // There is one: it is written anew.
    let there =
        r#"[{ "id": 1, "body": "hello" }, { "id": 42, "body": "<!-- trunkline routes: routes.yaml -->\nold" }]"#;
    let (_, seen) = commented(place.path(), vec![(200, there), (200, "{}")]);
    assert_eq!(seen[1].0, "PATCH /repos/me/routes/issues/comments/42");
    // The token of a fork may not write: the exit code and the summary are the same.
    let (ended, _) = commented(place.path(), vec![(200, "[]"), (403, "{}")]);
    assert_eq!(ended.0, 3);
    assert!(ended.1.contains("::notice title=trunkline::no comment was written"), "{}", ended.1);
    let summary = std::fs::read_to_string(place.path().join(".git/summary.md")).expect("the summary");
    assert!(summary.ends_with(&said(place.path())));
}

#[test]
fn a_release_is_used_only_with_its_checksum() {
    let place = tempfile::tempdir().expect("a directory");
    let target = format!("trunkline-{}-unknown-linux-musl", std::env::consts::ARCH);
    let release = place.path().join("v9");
    std::fs::create_dir(&release).expect("a directory");
    std::fs::copy(env!("CARGO_BIN_EXE_trunkline"), release.join(&target)).expect("a copy");
    let install = || {
        let mut command = Command::new(home().join("action/install.sh"));
        command.env("TRUNKLINE_VERSION", "v9").env("RUNNER_TEMP", place.path()).env_remove("GITHUB_OUTPUT");
        command.env_remove("TRUNKLINE_BINARY").env("TRUNKLINE_RELEASES", format!("file://{}", place.path().display()));
        run(&mut command)
    };
    assert_eq!(install().0, 2, "without a checksum nothing is run");
    let sum = run(Command::new("sha256sum").arg(&target).current_dir(&release)).1;
    std::fs::write(release.join(format!("{target}.sha256")), &sum).expect("a file");
    let (code, out, err) = install();
    assert_eq!(code, 0, "{err}");
    assert!(Path::new(out.trim()).is_file(), "{out}");
    std::fs::write(release.join(format!("{target}.sha256")), sum.replace(['0', '1', '2'], "3")).expect("a file");
    let (code, _, err) = install();
    assert_eq!(code, 2);
    assert!(err.contains("does not fit: nothing was run"), "{err}");
}
