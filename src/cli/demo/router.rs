//! The router: `trunkline run` as a child process, its log, its records.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// Lines of the log that are kept; the story looks at the last few.
const LOG: usize = 10_000;

pub struct Router {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    records: PathBuf,
}

impl Router {
    /// Starts it and waits until it takes calls.
    pub async fn start(file: &Path, state: &Path, records: PathBuf) -> Result<Router, String> {
        let mut child = Command::new(super::gateway::this_program()?)
            .args(["run", "--color", "never", "-c"])
            .arg(file)
            .arg("--state-dir")
            .arg(state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("the router: {error}"))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let log = Arc::<Mutex<Vec<String>>>::default();
        tokio::spawn(keep(stderr.ok_or("no standard error")?, log.clone()));
        let mut lines = BufReader::new(stdout.ok_or("no standard output")?).lines();
        let ready = lines.next_line().await.ok().flatten().unwrap_or_default();
        let router = Router { child, log, records };
        if !ready.starts_with("ready") {
            return Err(format!("the router did not start\n{}", router.log_from(0).join("\n")));
        }
        // Nobody reads the rest, and a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(router)
    }

    pub fn log_length(&self) -> usize {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The log from a line on.
    pub fn log_from(&self, line: usize) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).get(line..).unwrap_or_default().to_vec()
    }

    /// The same without the times.
    pub fn words_from(&self, line: usize) -> String {
        let lines = self.log_from(line);
        let words =
            lines.iter().map(|line| line.split_once(' ').map_or(line.as_str(), |(_, words)| words.trim_start()));
        words.collect::<Vec<_>>().join("\n")
    }

    /// The records written so far.
    pub fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.records).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The records of one call; there must be one.
    pub fn records_of(&self, call_id: &str) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["call_id"] == call_id).collect()
    }

    /// SIGTERM, and its exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok())?;
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM).ok()?;
        let status = tokio::time::timeout(Duration::from_secs(40), self.child.wait()).await.ok()?.ok()?;
        status.code()
    }
}

async fn keep(stream: impl AsyncRead + Unpin, log: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() < LOG {
            log.push(line);
        }
    }
}
