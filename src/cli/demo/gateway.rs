//! A gateway: `trunkline answer` as a child process, and what it says that it received.

use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Messages that are remembered; the story looks at the last few.
const REMEMBERED: usize = 2000;

/// A message that a gateway received.
#[derive(Clone, Debug)]
pub struct Heard {
    pub at: Instant,
    pub method: String,
    pub call_id: String,
    /// The user part of the Request-URI: the number as it was dialled here.
    pub number: String,
}

pub struct Gateway {
    pub name: &'static str,
    pub address: SocketAddr,
    heard: Arc<Mutex<VecDeque<Heard>>>,
    child: Option<Child>,
}

impl Gateway {
    pub async fn start(name: &'static str) -> Result<Gateway, String> {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut gateway = Gateway { name, address, heard: Arc::default(), child: None };
        gateway.restart().await?;
        Ok(gateway)
    }

    /// Starts the process, on the port that it had before.
    pub async fn restart(&mut self) -> Result<(), String> {
        let mut child = Command::new(this_program()?)
            .args(["answer", "--format", "json", "--ring", "50ms", "--listen", &self.address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.name))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let ready = lines.next_line().await.ok().flatten().and_then(|line| serde_json::from_str::<Value>(&line).ok());
        let address = ready.as_ref().and_then(|ready| ready["ready"].as_str()).and_then(|text| text.parse().ok());
        self.address = address.ok_or_else(|| format!("{} did not start", self.name))?;
        self.child = Some(child);
        tokio::spawn(listen(lines, self.heard.clone()));
        Ok(())
    }

    /// Kills the process: its port is closed, as after a crash.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill().await;
        }
    }

    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// What it received for a call.
    pub fn heard(&self, call_id: &str) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|heard| heard.call_id == call_id).cloned().collect()
    }

    /// How many of a method it received since `moment`.
    pub fn count_since(&self, method: &str, moment: Instant) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|heard| heard.method == method && heard.at >= moment).count()
    }
}

async fn listen(mut lines: Lines<BufReader<ChildStdout>>, heard: Arc<Mutex<VecDeque<Heard>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        if message["direction"] != "received" || !message["code"].is_null() {
            continue;
        }
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        let number = super::phone::user_of(&text("message"));
        let message = Heard { at: Instant::now(), method: text("method"), call_id: text("call_id"), number };
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() == REMEMBERED {
            heard.pop_front();
        }
        heard.push_back(message);
    }
}

/// The program that plays all parts.
pub fn this_program() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| format!("which program is this? {error}"))
}
