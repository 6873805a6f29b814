//! `trunkline schema`: the JSON schema of the files.

use super::Global;
use std::process::ExitCode;

/// Print the JSON schema of the routes file, for editors
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _global: &Global) -> ExitCode {
    ExitCode::from(super::NO_ANSWER)
}
