//! `trunkline call`: places test calls.

use super::Global;
use std::process::ExitCode;

/// Place test calls and print one line a message
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _global: &Global) -> ExitCode {
    ExitCode::from(super::NO_ANSWER)
}
