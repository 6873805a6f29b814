//! The runtime of the test agents' commands: one thread, as a phone needs no more.

use std::future::Future;

/// Runs a command to its end. An error is one line for people.
pub fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("no asynchronous runtime: {error}"))?.block_on(work)
}
