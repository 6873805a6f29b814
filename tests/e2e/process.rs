//! A router as a child process: started until it says `ready`, its log kept with the time of each line, killed when
//! dropped.

use super::ports::wait_for;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What processes wrote to standard error, each line with the moment at which it was read. Shared, so that the
/// processes of one test write into one log.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(Instant, String)>>>);

impl Log {
    /// The lines that contain `part`, from the `after`th line of the log on: number, time, text.
    pub fn find(&self, part: &str, after: usize) -> Vec<(usize, Instant, String)> {
        let lines = self.0.lock().unwrap();
        let numbered = lines.iter().enumerate().skip(after);
        numbered.filter(|(_, (_, line))| line.contains(part)).map(|(n, (at, line))| (n, *at, line.clone())).collect()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub fn text(&self) -> String {
        let lines = self.0.lock().unwrap();
        lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn keep(&self, stream: impl Read + Send + 'static) {
        let log = self.0.clone();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        std::thread::spawn(move || lines.for_each(|line| log.lock().unwrap().push((Instant::now(), line))));
    }
}

pub struct Process(Child);

impl Process {
    /// Starts it and waits for its `ready`.
    pub fn start(program: &Path, arguments: &[OsString], log: &Log) -> Process {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process(command.spawn().expect("the router"));
        log.keep(process.0.stderr.take().expect("standard error"));
        let mut output = BufReader::new(process.0.stdout.take().expect("standard output"));
        let mut ready = String::new();
        output.read_line(&mut ready).expect("a line");
        assert!(ready.starts_with("ready"), "the router did not start: {ready:?}\n{}", log.text());
        // Nobody reads the rest, and a full pipe would stop it.
        std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(drop));
        process
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).expect("a process id"));
        kill(pid, signal).expect("a signal");
    }

    /// SIGKILL, and its sockets are closed when this returns.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Waits for its end.
    pub fn wait_exit(&mut self) -> Option<i32> {
        wait_for("the router's end", || self.0.try_wait().expect("a child").map(|status| status.code()))
    }

    /// Whether it is still running.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().expect("a child").is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
