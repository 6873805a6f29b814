//! The router under test: the real binary as a child process, its routes file, its records.

use super::ports::{free, wait_for};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The routes file of a test: what it doesn't say is the default.
pub struct Setup {
    /// Ports of the listeners; gateways use the last one.
    pub listeners: Vec<u16>,
    /// Ports of `gw1`, `gw2`, …, tried in this order.
    pub gateways: Vec<u16>,
    /// Lines for `failover:`.
    pub failover: &'static str,
    /// Replaces the catch-all route.
    pub routes: Option<String>,
}

impl Setup {
    pub fn new(gateways: &[u16]) -> Setup {
        let failover = "attempt_timeout: 500ms, ring_timeout: 30s";
        Setup { listeners: vec![free()], gateways: gateways.to_vec(), failover, routes: None }
    }

    pub fn text(&self, records: &str) -> String {
        let mut text = String::from("version: 1\nlisten:\n");
        for (n, port) in self.listeners.iter().enumerate() {
            text += &format!("  side{}: {{ transport: udp, bind: \"127.0.0.1:{port}\" }}\n", n + 1);
        }
        text += "access:\n  trusted: { tests: [\"127.0.0.1\"] }\ngateways:\n";
        let last = self.listeners.len();
        let mut names = Vec::new();
        for (n, port) in self.gateways.iter().enumerate() {
            let id = format!("gw{}", n + 1);
            text += &format!(
                "  {id}: {{ address: \"127.0.0.1:{port}\", listen: side{last}, probing: {{ method: none }} }}\n"
            );
            names.push(id);
        }
        let catch_all = format!("  everything: {{ default: true, to: [{}] }}\n", names.join(", "));
        text += &format!("routes:\n{}", self.routes.as_ref().unwrap_or(&catch_all));
        text += &format!("failover: {{ {} }}\n", self.failover);
        text + &format!("accounting:\n  file: {{ path: {records:?} }}\n")
    }

    pub fn start(self) -> Router {
        Router::start(self)
    }
}

pub struct Router {
    child: Child,
    folder: tempfile::TempDir,
    pub setup: Setup,
    /// What it wrote to standard error: shown when a test fails.
    log: Arc<Mutex<Vec<String>>>,
}

impl Router {
    fn start(setup: Setup) -> Router {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("routes.yaml");
        let records = folder.path().join("calls.jsonl");
        std::fs::write(&file, setup.text(&records.to_string_lossy())).expect("the routes file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_trunkline"))
            .args(["run", "-c"])
            .arg(&file)
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the router");
        let log = Arc::<Mutex<Vec<String>>>::default();
        let errors = BufReader::new(child.stderr.take().expect("standard error"));
        let kept = log.clone();
        std::thread::spawn(move || {
            errors.lines().map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line))
        });
        let mut output = BufReader::new(child.stdout.take().expect("standard output"));
        let mut ready = String::new();
        output.read_line(&mut ready).expect("a line");
        assert!(ready.starts_with("ready"), "the router did not start: {ready:?}\n{}", log.lock().unwrap().join("\n"));
        // Nobody reads the rest, and a full pipe would stop it.
        std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(drop));
        Router { child, folder, setup, log }
    }

    /// Where callers call.
    pub fn port(&self) -> u16 {
        self.setup.listeners[0]
    }

    fn records_path(&self) -> PathBuf {
        self.folder.path().join("calls.jsonl")
    }

    /// The records written so far.
    pub fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.records_path()).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole.map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }

    /// Waits for `count` records, and makes sure that there is not one more.
    pub fn wait_records(&self, count: usize) -> Vec<Value> {
        let records = wait_for("call records", || Some(self.records()).filter(|records| records.len() >= count));
        assert_eq!(records.len(), count, "{records:#?}");
        records
    }

    /// The one record of the one call.
    pub fn record(&self) -> Record {
        Record(self.wait_records(1).remove(0))
    }

    /// Writes a new routes file; the router notices by itself.
    pub fn rewrite(&self, text: &str) {
        std::fs::write(self.folder.path().join("routes.yaml"), text).expect("the routes file");
    }

    /// The text of the routes file with other gateways or routes.
    pub fn text(&self, setup: &Setup) -> String {
        setup.text(&self.records_path().to_string_lossy())
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        nix::sys::signal::kill(pid, signal).expect("a signal");
    }

    pub fn wait_log(&self, part: &str) {
        wait_for(part, || self.log.lock().unwrap().iter().any(|line| line.contains(part)).then_some(()));
    }

    /// Waits for its end.
    pub fn wait_exit(&mut self) -> Option<i32> {
        wait_for("the router's end", || self.child.try_wait().expect("a child").map(|status| status.code()))
    }

    /// Whether it is still running.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- router\n{}\n--- records\n{:#?}", self.log.lock().unwrap().join("\n"), self.records());
        }
    }
}

/// A call record, for assertions.
pub struct Record(pub Value);

impl Record {
    pub fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or("-")
    }

    /// `outcome code`.
    pub fn outcome(&self) -> String {
        format!("{} {}", self.text("outcome"), self.0["code"])
    }

    /// `gateway why code` for each attempt.
    pub fn attempts(&self) -> Vec<String> {
        let attempts = self.0["attempts"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        attempts.iter().map(|a| format!("{} {} {}", text(&a["gateway"]), text(&a["why"]), a["code"])).collect()
    }

    pub fn setup(&self) -> Duration {
        Duration::from_millis(self.0["setup_ms"].as_u64().expect("setup_ms"))
    }
}
