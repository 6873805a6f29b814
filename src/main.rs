//! The `trunkline` binary: everything is in the library, so that tests and the simulation run the same code.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    trunkline::cli::main()
}
