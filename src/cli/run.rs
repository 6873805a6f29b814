//! `trunkline run`: serves calls.

use super::Global;
use std::process::ExitCode;

/// Serve calls: listen, route, probe, fail over, reload when the files change
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _global: &Global) -> ExitCode {
    ExitCode::from(super::NO_ANSWER)
}
