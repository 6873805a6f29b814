//! `trunkline validate`: checks a file set.

use super::Global;
use std::process::ExitCode;

/// Check the files and print what is wrong, with the place and the remedy
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _global: &Global) -> ExitCode {
    ExitCode::from(super::NO_ANSWER)
}
