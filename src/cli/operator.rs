//! What the commands that talk to a running router share: who asks, how it is said that nobody answers, and the rhythm of
//! commands that go on.

use super::{Global, NO_ANSWER};
use crate::admin::{AdminError, Client};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// How often a command that goes on asks again.
pub const RHYTHM: Duration = Duration::from_secs(1);

/// Who gives an order, for `status` and the log: the person behind `sudo`, else whose session it is.
pub fn by() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| format!("user {}", nix::unistd::getuid()))
}

/// Runs a command against the router that the flags name.
pub fn ask(name: &str, global: &Global, command: impl FnOnce(&Client) -> Result<u8, AdminError>) -> ExitCode {
    let client = match global.client() {
        Ok(client) => client,
        Err(why) => return no_answer(name, &why),
    };
    match command(&client) {
        Ok(code) => ExitCode::from(code),
        Err(e) => no_answer(name, &e.to_string()),
    }
}

fn no_answer(name: &str, why: &str) -> ExitCode {
    anstream::eprintln!("trunkline {name}: {why}");
    ExitCode::from(NO_ANSWER)
}

/// A document, indented.
pub fn print_json(document: &impl Serialize) {
    if let Ok(text) = serde_json::to_string_pretty(document) {
        print(&format!("{text}\n"));
    }
}

/// A document in a line of its own.
pub fn print_line(document: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(document) {
        print(&format!("{text}\n"));
    }
}

/// False when nobody reads any more: a command that goes on ends then.
pub fn print(text: &str) -> bool {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

#[expect(clippy::disallowed_methods, reason = "a rhythm for people who watch, not a wait for something")]
pub fn pause() {
    std::thread::sleep(RHYTHM);
}
