//! `trunkline status`: what a running router serves, how its files stand to that, and how its gateways are.

mod human;

pub use human::{clock, gateways, table};

use super::operator::{ask, pause, print, print_json, print_line};
use super::{CLEAN, FINDINGS, Format, Global};
use crate::admin::{FilesState, GatewayState, Status};
use std::process::ExitCode;

/// Show what the running router serves, how its files stand to that, and how its gateways are
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Show it again every second, until it is interrupted
    #[arg(long)]
    watch: bool,
    /// Exit with 1 when the last reload failed, a gateway is down, or the files are not what runs
    #[arg(long, conflicts_with = "watch")]
    check: bool,
}

const AFTER_HELP: &str = "\
Exit codes: 0 clean, 1 with --check when something needs somebody, 2 no answer.

Examples:
  trunkline status
  trunkline status --check -q && echo all is well
  trunkline status --server http://192.0.2.1:7080 --format json";

pub fn run(args: Args, global: &Global) -> ExitCode {
    ask("status", global, |client| {
        if args.watch {
            while show(&client.status()?, global, true) {
                pause();
            }
            return Ok(CLEAN);
        }
        let status = client.status()?;
        if !global.quiet {
            show(&status, global, false);
        }
        let worries = if args.check { worries(&status) } else { Vec::new() };
        worries.iter().for_each(|worry| anstream::eprintln!("check: {worry}"));
        Ok(if worries.is_empty() { CLEAN } else { FINDINGS })
    })
}

fn show(status: &Status, global: &Global, again: bool) -> bool {
    match (global.format, again) {
        (Format::Json, true) => {
            print_line(status);
            true
        }
        (Format::Json, false) => {
            print_json(status);
            true
        }
        (_, again) => {
            let text = human::page(status, &jiff::Zoned::now());
            // On a terminal each page takes the place of the one before.
            let home = if again && std::io::IsTerminal::is_terminal(&std::io::stdout()) { "\x1b[H\x1b[2J" } else { "" };
            let end = if again && home.is_empty() { "\n" } else { "" };
            print(&format!("{home}{text}{end}"))
        }
    }
}

/// What somebody should look at, one line each.
fn worries(status: &Status) -> Vec<String> {
    let mut worries = Vec::new();
    let files = &status.files;
    if files.state != FilesState::Same || !status.last_reload_ok {
        let why = files.error.as_deref().unwrap_or("not loaded yet");
        worries.push(format!("the files are not what runs ({}): {why}", status.revision));
    }
    if status.source == "last-good" {
        worries.push(format!("started from the last good revision {}", status.revision));
    }
    for gateway in status.gateways.iter().filter(|g| g.state == GatewayState::Down && g.overridden.is_none()) {
        let why = gateway.last_failure.as_ref().map(|failure| format!(": {}", failure.why)).unwrap_or_default();
        worries.push(format!("gateway {} is down{why}", gateway.id));
    }
    if status.draining {
        worries.push("it is draining".to_owned());
    }
    worries
}
