//! The router under test: the real binary as a child process, its routes file, its records.

use super::ports::{free, wait_for};
use super::process::{Log, Process};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "routes.yaml";
const RECORDS: &str = "calls.jsonl";
pub const DATABASE: &str = "calls.db";

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
    /// Networks that may call, and lines for `gateways:` beside those by port.
    pub trusted: &'static str,
    pub other_gateways: String,
    /// Records go to an SQLite database too.
    pub sqlite: bool,
    /// Lines at the end of the file.
    pub more: String,
    /// Where records and state go instead of the folder's own.
    pub books: Option<PathBuf>,
    /// The router's binary, and flags beside those for its folders.
    pub program: PathBuf,
    pub flags: Vec<String>,
}

impl Setup {
    pub fn new(gateways: &[u16]) -> Setup {
        let failover = "attempt_timeout: 500ms, ring_timeout: 30s";
        Setup {
            listeners: vec![free()],
            gateways: gateways.to_vec(),
            failover,
            routes: None,
            trusted: r#"["127.0.0.1"]"#,
            other_gateways: String::new(),
            sqlite: false,
            more: String::new(),
            books: None,
            program: env!("CARGO_BIN_EXE_trunkline").into(),
            flags: Vec::new(),
        }
    }

    /// `books` is where records go.
    pub fn text(&self, books: &Path) -> String {
        let mut text = String::from("version: 1\nlisten:\n");
        for (n, port) in self.listeners.iter().enumerate() {
            text += &format!("  side{}: {{ transport: udp, bind: \"127.0.0.1:{port}\" }}\n", n + 1);
        }
        text += &format!("access:\n  trusted: {{ tests: {} }}\ngateways:\n{}", self.trusted, self.other_gateways);
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
        text += &format!("accounting:\n  file: {{ path: {:?} }}\n", books.join(RECORDS));
        if self.sqlite {
            text += &format!("  sqlite: {{ path: {:?} }}\n", books.join(DATABASE));
        }
        text + &self.more
    }

    pub fn start(self) -> Router {
        Router::start(self)
    }
}

/// A routes file, records and state in a folder of their own, and the process that works with them.
pub struct Router {
    pub process: Process,
    folder: tempfile::TempDir,
    /// Where its records and its state are.
    pub books: PathBuf,
    pub setup: Setup,
    /// What it wrote to standard error: shown when a test fails.
    pub log: Log,
}

impl Router {
    fn start(setup: Setup) -> Router {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let books = setup.books.clone().unwrap_or_else(|| folder.path().join("books"));
        std::fs::write(folder.path().join(FILE), setup.text(&books)).expect("the routes file");
        let log = Log::default();
        let process = Process::start(&setup.program, &arguments(folder.path(), &books, &setup), &log);
        Router { process, folder, books, setup, log }
    }

    /// Another process with the same files, when the one before has ended.
    pub fn start_again(&mut self) {
        self.process =
            Process::start(&self.setup.program, &arguments(self.folder.path(), &self.books, &self.setup), &self.log);
    }

    /// Where callers call.
    pub fn port(&self) -> u16 {
        self.setup.listeners[0]
    }

    /// The records written so far.
    pub fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.books.join(RECORDS)).unwrap_or_default();
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

    /// The routes file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// Writes a new routes file; the router notices by itself.
    pub fn rewrite(&self, text: &str) {
        std::fs::write(self.folder.path().join(FILE), text).expect("the routes file");
    }

    /// The same in one step, as an editor or a deployment does it: written beside, then renamed.
    pub fn replace(&self, text: &str) {
        let new = self.folder.path().join("routes.new");
        std::fs::write(&new, text).expect("the new routes file");
        std::fs::rename(&new, self.folder.path().join(FILE)).expect("the routes file");
    }

    /// The text of the routes file with other gateways or routes.
    pub fn text(&self, setup: &Setup) -> String {
        setup.text(&self.books)
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        self.process.signal(signal);
    }

    pub fn wait_log(&self, part: &str) {
        wait_for(part, || (!self.log.find(part, 0).is_empty()).then_some(()));
    }

    /// Waits for its end.
    pub fn wait_exit(&mut self) -> Option<i32> {
        self.process.wait_exit()
    }

    /// Whether it is still running.
    pub fn runs(&mut self) -> bool {
        self.process.runs()
    }
}

fn arguments(folder: &Path, books: &Path, setup: &Setup) -> Vec<OsString> {
    let (file, state) = (folder.join(FILE), books.join("state"));
    let mut arguments: Vec<OsString> = vec!["run".into(), "-c".into(), file.into(), "--state-dir".into(), state.into()];
    arguments.extend(setup.flags.iter().map(OsString::from));
    arguments
}

impl Drop for Router {
    fn drop(&mut self) {
        self.process.kill();
        if std::thread::panicking() {
            let records = self.records();
            let last = records.get(records.len().saturating_sub(20)..);
            eprintln!("--- router\n{}\n--- {} records\n{last:#?}", self.log.text(), records.len());
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
