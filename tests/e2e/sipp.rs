//! SIPp as a child process: a scenario, its exit code, and the messages that it received.

use super::ports::{free, is_taken, wait_for};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A SIPp that runs. Dropped: killed.
pub struct Sipp {
    name: String,
    child: Child,
    folder: tempfile::TempDir,
    pub port: u16,
}

impl Sipp {
    /// A gateway that takes `calls` calls by a scenario.
    pub fn gateway(scenario: &str, calls: u32) -> Sipp {
        Sipp::gateway_with(scenario, calls, &[])
    }

    /// … with SIPp's own flags, and `code=503` for the scenario's CODE.
    pub fn gateway_with(scenario: &str, calls: u32, flags: &[&str]) -> Sipp {
        Sipp::start(scenario, calls, None, flags).ready()
    }

    /// SIPp answers no question about itself: it is ready when its port is taken. To try the port might take it away.
    pub fn ready(mut self) -> Sipp {
        wait_for("a gateway's port", || {
            assert!(self.runs(), "`{}` did not start:\n{}", self.name, self.read("output.log"));
            is_taken(self.port).then_some(())
        });
        self
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        nix::sys::signal::kill(pid, signal).expect("a signal");
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// One caller, one call to 0301.
    pub fn caller(scenario: &str, router: u16, flags: &[&str]) -> Sipp {
        Sipp::start(scenario, 1, Some(router), flags)
    }

    /// `calls` calls.
    pub fn callers(scenario: &str, calls: u32, router: u16, flags: &[&str]) -> Sipp {
        Sipp::start(scenario, calls, Some(router), flags)
    }

    fn start(scenario: &str, calls: u32, router: Option<u16>, flags: &[&str]) -> Sipp {
        let calls = calls.to_string();
        let all =
            ["-m", &calls, "-trace_msg", "-message_file", "messages.log"].into_iter().chain(flags.iter().copied());
        Sipp::untraced(scenario, router, &all.collect::<Vec<_>>())
    }

    /// With no trace of its messages but the one that `flags` ask for: under load a trace costs more than the call.
    pub fn untraced(scenario: &str, router: Option<u16>, flags: &[&str]) -> Sipp {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let code = flags.iter().find_map(|flag| flag.strip_prefix("code=")).unwrap_or("CODE");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/sipp").join(format!("{scenario}.xml"));
        let text = std::fs::read_to_string(&source).expect("a scenario").replace("CODE", code);
        std::fs::write(folder.path().join("scenario.xml"), text).expect("a scenario");
        let port = free();
        let mut command = Command::new("sipp");
        command.current_dir(folder.path()).args(["-sf", "scenario.xml", "-i", "127.0.0.1", "-nostdin"]);
        command.args(["-p", &port.to_string(), "-mp", &free().to_string(), "-s", "0301"]);
        command.args(["-trace_err", "-error_file", "errors.log"]);
        command.args(flags.iter().filter(|flag| !flag.starts_with("code=")));
        command.args(router.map(|port| format!("127.0.0.1:{port}")));
        let output = std::fs::File::create(folder.path().join("output.log")).expect("a log file");
        command.stdin(Stdio::null()).stdout(output.try_clone().expect("a log file")).stderr(output);
        let child = command.spawn().expect("sipp: install it with `apt-get install sip-tester`");
        Sipp { name: scenario.to_owned(), child, folder, port }
    }

    /// Waits for its end: every call went as the scenario says.
    pub fn succeeds(&mut self) {
        let code = wait_for(&format!("the end of `{}`", self.name), || self.child.try_wait().expect("a child"));
        assert!(code.success(), "`{}` ended with {code}:\n{}", self.name, self.read("errors.log"));
    }

    /// The messages it received, in order.
    pub fn received(&self) -> Vec<String> {
        let log = self.read("messages.log");
        let parts = log.split("----------------------------------------------- ");
        let received = parts.filter_map(|part| part.split_once("UDP message received")?.1.split_once("\n\n"));
        received.map(|(_, message)| message.to_owned()).collect()
    }

    /// The first words of what it received: `INVITE`, `ACK`, `200`; but no 100, for whether there is one is a matter of
    /// milliseconds.
    pub fn heard(&self) -> Vec<String> {
        let first = |message: &String| {
            let line = message.strip_prefix("SIP/2.0 ").unwrap_or(message);
            line.split_whitespace().next().unwrap_or_default().to_owned()
        };
        self.received().iter().map(first).filter(|word| word != "100").collect()
    }

    /// How often it heard a word.
    pub fn count(&self, word: &str) -> usize {
        self.heard().iter().filter(|heard| *heard == word).count()
    }

    /// Waits until it has heard a word.
    pub fn wait_heard(&self, word: &str) {
        wait_for(&format!("{word} at `{}`", self.name), || (self.count(word) > 0).then_some(()));
    }

    /// One of its files.
    pub fn read(&self, file: &str) -> String {
        let path: PathBuf = self.folder.path().join(file);
        String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {}, port {}\n{}", self.name, self.port, self.read("messages.log"));
        }
    }
}
