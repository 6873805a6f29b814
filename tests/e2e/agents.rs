//! The test agents against SIPp: `call` and `answer` are only worth something if they are right themselves.

use super::ports::{free, wait_for};
use super::sipp::Sipp;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

fn trunkline(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    // A folder without a routes file: `call` is told where to call.
    command.args(args).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    command
}

/// `trunkline call 0301 --via …`: exit code and the JSON lines.
fn call(port: u16, flags: &[&str]) -> (Option<i32>, Vec<Value>) {
    let via = format!("127.0.0.1:{port}");
    let Output { status, stdout, .. } =
        trunkline(&["call", "0301", "--format", "json", "--via", &via]).args(flags).output().expect("trunkline call");
    let lines = String::from_utf8(stdout).expect("text");
    (status.code(), lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

/// Method or code of each message that was `received` or `sent`.
fn messages(lines: &[Value], direction: &str) -> Vec<String> {
    let those = lines.iter().filter(|line| line["direction"] == direction);
    those.map(|line| line["code"].as_u64().map_or(line["method"].to_string(), |code| code.to_string())).collect()
}

struct Answer {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Answer {
    fn start(script: &str) -> Answer {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("script.yaml");
        std::fs::write(&path, script).expect("a script");
        let listen = format!("127.0.0.1:{}", free());
        let mut command = trunkline(&["answer", "--listen", &listen, "--script"]);
        let mut child = command.arg(&path).stdout(Stdio::piped()).spawn().expect("trunkline answer");
        let mut output = BufReader::new(child.stdout.take().expect("output"));
        let mut ready = String::new();
        output.read_line(&mut ready).expect("a line");
        let port = ready.trim().strip_prefix("ready 127.0.0.1:").and_then(|port| port.parse().ok());
        std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(drop));
        Answer { child, port: port.unwrap_or_else(|| panic!("{ready:?}")), _folder: folder }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn call_is_answered_hangs_up_and_sums_up() {
    let mut gateway = Sipp::gateway("answers", 3);
    let (code, lines) = call(gateway.port, &["--duration", "50ms", "--count", "3", "--rate", "50"]);
    gateway.succeeds();
    assert_eq!(code, Some(0));
    let summary = lines.last().expect("a summary");
    assert_eq!((&summary["sent"], &summary["answered"], &summary["failed"]), (&3.into(), &3.into(), &0.into()));
    assert_eq!(summary["codes"], serde_json::json!({ "200": 3 }));
    assert!(summary["setup_ms"]["p50"].is_u64() && summary["setup_ms"]["p99"].is_u64(), "{summary}");
}

#[test]
fn call_takes_what_the_other_side_does() {
    for (scenario, flags, expected) in [
        ("refuses", &["code=486"][..], &["--expect", "486"][..]),
        ("rings", &[], &["--cancel-after", "100ms"]),
        ("tries", &[], &["--cancel-after", "100ms"]),
        ("hangs-up", &["-d", "50"], &["--duration", "20s"]),
        ("asks-reinvite", &[], &["--duration", "300ms"]),
    ] {
        let mut gateway = Sipp::gateway_with(scenario, 1, flags);
        let (code, lines) = call(gateway.port, expected);
        gateway.succeeds();
        assert_eq!(code, Some(0), "{scenario}: {lines:#?}");
    }
}

#[test]
fn call_complains_when_it_ends_otherwise() {
    let mut gateway = Sipp::gateway_with("refuses", 1, &["code=404"]);
    let (code, lines) = call(gateway.port, &[]);
    gateway.succeeds();
    assert_eq!(code, Some(1));
    assert_eq!(messages(&lines, "sent"), ["\"INVITE\"", "\"ACK\""]);
    let (code, _) = call(gateway.port, &["--rate", "0"]);
    assert_eq!(code, Some(2), "a rate of 0 is no answer");
}

#[test]
fn call_notices_that_nobody_is_there() {
    let (code, lines) = call(free(), &["--expect", "503"]);
    assert_eq!(code, Some(0));
    assert_eq!(messages(&lines, "sent"), ["\"INVITE\""], "it did not go on trying");
}

#[test]
fn answer_follows_its_script() {
    let script = "
        - { ring: 50ms }
        - { code: 503, retry_after: 30s }
        - { ring: 60s }
        - { delay: 50ms, code: 486 }
        - { hang_up_after: 50ms }
        - {}
        - { reinvite_after: 50ms }
    ";
    let answer = Answer::start(script);
    for (scenario, flags) in [
        ("calls", &["-d", "50"][..]),
        ("hears-refusal", &["code=503"]),
        ("cancels-ringing", &[]),
        ("hears-refusal", &["code=486"]),
        ("is-hung-up", &[]),
        ("reinvites", &[]),
        ("is-reinvited", &[]),
    ] {
        let mut caller = Sipp::caller(scenario, answer.port, flags);
        caller.succeeds();
        if flags == ["code=503"] {
            assert!(caller.received()[0].contains("Retry-After: 30"), "{:?}", caller.received());
        }
    }
}

#[test]
fn answer_can_keep_silent() {
    let answer = Answer::start("- { silent: true }");
    let mut trial = trunkline(&["call", "1", "--via", &format!("127.0.0.1:{}", answer.port), "--format", "json"]);
    let mut child = trial.stdout(Stdio::piped()).spawn().expect("trunkline call");
    let output = BufReader::new(child.stdout.take().expect("output"));
    // Three times the INVITE, and nothing in between.
    let lines: Vec<Value> =
        output.lines().take(3).map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")).collect();
    assert_eq!(messages(&lines, "sent").len(), 3, "{lines:#?}");
    child.kill().expect("kill");
    wait_for("the caller's end", || child.try_wait().expect("a child"));
}
