//! The `trunkline` binary: everything is in the library, so that tests and the simulation run the same code.
#![forbid(unsafe_code)]

/// A call's memory is freed half a minute after it was taken, among that of thousands of others: libc's allocator spends
/// an eighth of a busy router's time on mending its free lists, and musl's far more. Without huge pages: with them it holds twice
/// as much.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    trunkline::cli::main()
}
