//! `trunkline run` as a child process, with its folder, its log and its `ready` line.

use super::ports::{free, wait_for};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

pub struct Router {
    child: Child,
    pub port: u16,
    pub ready: String,
    log: Arc<Mutex<Vec<String>>>,
    closed: Arc<AtomicBool>,
}

/// A folder with a place for `routes.yaml`, and the port that its router listens on.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub port: u16,
}

/// Only events may tell the router: the next poll comes after the test.
pub const EVENTS_ONLY: &[&str] = &["--poll", "1h"];

impl Site {
    pub fn new() -> Site {
        Site { folder: tempfile::tempdir().expect("a folder"), port: free() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A routes file in which every call is refused with `code`: which revision serves can be heard.
    pub fn refusing(&self, code: u16) -> String {
        format!("{}routes: {{ everything: {{ default: true, reject: {code} }} }}\n", self.head())
    }

    /// A routes file that sends every call to one gateway and writes records.
    pub fn sending(&self, gateway: u16) -> String {
        format!(
            "{}gateways: {{ gw: {{ address: \"127.0.0.1:{gateway}\", probing: {{ method: none }} }} }}\n\
             routes: {{ everything: {{ default: true, to: [gw] }} }}\n\
             accounting: {{ file: {{ path: {:?} }} }}\n",
            self.head(),
            self.path("calls.jsonl"),
        )
    }

    fn head(&self) -> String {
        format!(
            "version: 1\nlisten: {{ lan: {{ transport: udp, bind: \"127.0.0.1:{}\" }} }}\n\
             access: {{ trusted: {{ tests: [\"127.0.0.1\"] }} }}\n",
            self.port
        )
    }

    pub fn write(&self, text: &str) {
        std::fs::write(self.path("routes.yaml"), text).expect("the routes file");
    }

    pub fn start(&self, flags: &[&str]) -> Router {
        self.start_file(&self.path("routes.yaml"), flags)
    }

    /// Started by another program, which is given the router's command line.
    pub fn start_by(&self, program: &[&str], flags: &[&str]) -> Router {
        let plain = command(&self.path("routes.yaml"), flags);
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg(plain.get_program()).args(plain.get_args());
        self.spawn(command)
    }

    pub fn start_file(&self, root: &Path, flags: &[&str]) -> Router {
        self.spawn(command(root, flags))
    }

    fn spawn(&self, mut command: Command) -> Router {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the router");
        let log = Arc::<Mutex<Vec<String>>>::default();
        let errors = BufReader::new(child.stderr.take().expect("standard error"));
        let (kept, closed) = (log.clone(), Arc::<AtomicBool>::default());
        let close = closed.clone();
        std::thread::spawn(move || {
            let open = |_: &String| !close.load(Ordering::SeqCst);
            errors.lines().map_while(Result::ok).take_while(open).for_each(|line| kept.lock().unwrap().push(line));
        });
        let mut ready = String::new();
        let output = child.stdout.take().expect("standard output");
        BufReader::new(output).read_line(&mut ready).expect("a line");
        assert!(ready.starts_with("ready "), "it did not start: {ready:?}\n{}", log.lock().unwrap().join("\n"));
        Router { child, port: self.port, ready, log, closed }
    }

    /// The records that were written; each of them fits the published schema.
    pub fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("calls.jsonl")).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let records = whole.map(|line| serde_json::from_str(line).expect("a JSON line"));
        records.inspect(fits_the_schema).collect()
    }
}

/// `schema/record-1.json`, with nothing beside what it describes.
fn fits_the_schema(record: &Value) {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let mut schema: Value = serde_json::from_str(include_str!("../../schema/record-1.json")).expect("JSON");
        schema["additionalProperties"] = false.into();
        jsonschema::validator_for(&schema).expect("a schema")
    });
    let errors: Vec<String> = SCHEMA.iter_errors(record).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?} in {record:#}");
}

fn command(root: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    command.args(["run", "-c"]).arg(root).args(flags);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end, which must come by itself: exit code and what it said.
pub fn run_in_vain(root: &Path, flags: &[&str]) -> (Option<i32>, String) {
    let mut child = command(root, flags).spawn().expect("the router");
    let mut said = String::new();
    child.stderr.take().expect("standard error").read_to_string(&mut said).expect("text");
    (child.wait().expect("its end").code(), said)
}

impl Router {
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        nix::sys::signal::kill(pid, signal).expect("a signal");
    }

    /// How many of its threads have a name that begins so.
    pub fn threads(&self, name: &str) -> usize {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("its threads");
        let names = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|thread| thread.starts_with(name)).count()
    }

    /// Whether it is still running.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The next line is the last that is read: the pipe is closed.
    pub fn close_log(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Waits for the `nth` line with this text.
    pub fn wait_log(&self, part: &str, nth: usize) -> String {
        wait_for(part, || self.log().into_iter().filter(|line| line.contains(part)).nth(nth - 1))
    }

    pub fn wait_exit(&mut self) -> Option<i32> {
        wait_for("the router's end", || self.child.try_wait().expect("a child").map(|status| status.code()))
    }

    /// As SIGKILL does: nothing is put in order.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("its end");
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- router\n{}", self.log().join("\n"));
        }
    }
}
