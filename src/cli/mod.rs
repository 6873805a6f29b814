//! The command line: one file a command; the only place that prints.

use std::process::ExitCode;

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    ExitCode::from(2)
}
