//! `trunkline explain`: why a call goes where it goes.

use super::Global;
use std::process::ExitCode;

/// Say where a call to a number would go, and why
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _global: &Global) -> ExitCode {
    ExitCode::from(super::NO_ANSWER)
}
