//! `trunkline schema`: the JSON schema of the files, for editors and CI.

use super::{CLEAN, Global};
use std::process::ExitCode;

/// Print the JSON schema of the routes file, for editors
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The version of the file format
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=1))]
    version: u8,
}

pub fn run(args: Args, _global: &Global) -> ExitCode {
    // There is one version; clap refused every other number.
    let Args { version: _ } = args;
    anstream::print!("{}", crate::config::schema());
    ExitCode::from(CLEAN)
}
