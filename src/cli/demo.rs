//! `trunkline demo`: the story on loopback.

use super::Global;
use std::process::ExitCode;

/// Show the whole story on loopback: calls, a failover, a hot reload, a broken file
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: Args, _global: &Global) -> ExitCode {
    ExitCode::from(super::NO_ANSWER)
}
