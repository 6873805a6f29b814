//! The configuration: what files are accepted, what is said about the others, and what they compile to.

#[path = "config/agreement.rs"]
mod agreement;
#[path = "config/brute.rs"]
mod brute;
#[path = "config/commands.rs"]
mod commands;
#[path = "config/files.rs"]
mod files;
#[path = "config/fixtures.rs"]
mod fixtures;
#[path = "config/limits.rs"]
mod limits;
#[path = "config/meaning.rs"]
mod meaning;
#[path = "config/mutated.rs"]
mod mutated;
#[path = "config/pitfalls.rs"]
mod pitfalls;
#[path = "config/times.rs"]
mod times;

use std::path::PathBuf;
use trunkline::config::{Compiled, Diagnostics, FileSet, compile};

/// The repository.
fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles one file that stands in memory.
fn compile_text(text: &str) -> (Option<Compiled>, Diagnostics) {
    compile(&FileSet::of(&[("routes.yaml", text)]))
}

/// The codes of all diagnostics that are shown, in their order.
fn codes(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.list().iter().map(|d| d.code.id()).collect()
}

/// A file that is right, with `more` behind it.
fn with(more: &str) -> String {
    format!(
        "version: 1\n\
         access: {{ trusted: {{ pbx: [\"192.168.10.10\"] }} }}\n\
         gateways: {{ a: \"192.0.2.1\", b: \"198.51.100.1\" }}\n\
         {more}"
    )
}
