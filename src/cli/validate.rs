//! `trunkline validate`: checks a file set and prints what is wrong, with the place and the remedy.

use super::args::root_file;
use super::{CLEAN, FINDINGS, Format, Global, NO_ANSWER};
use crate::config::diagnostic::{Summary, json_document};
use crate::config::{Counts, Diagnostics, FileSet, compile_counted};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Check the files and print what is wrong, with the place and the remedy
///
/// Reads the root file and everything it includes through the same compiler as `run`: what is accepted here can be
/// served. All independent errors of one run are shown, at most 50 of a kind. Warnings never keep a file from being
/// served.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Root files, or directories that hold one; without any, the file that -c names
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Which findings besides errors end in exit code 1
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 no errors, 1 errors (with --deny warnings also warnings), 2 a file that cannot be read.

Examples:
  trunkline validate
  trunkline validate /etc/trunkline --deny warnings
  trunkline validate routes.yaml --format json
  trunkline explain TL0104      what a code means, and what to write instead";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    Warnings,
}

pub fn run(args: Args, global: &Global) -> ExitCode {
    let given =
        if args.paths.is_empty() { vec![global.config.clone()] } else { args.paths.into_iter().map(Some).collect() };
    let mut exit = CLEAN;
    for path in given {
        let code = match root_file(path.as_deref()) {
            Ok(root) => validate(&root, args.deny, global),
            Err(why) => {
                anstream::eprintln!("trunkline validate: {why}");
                NO_ANSWER
            }
        };
        exit = exit.max(code);
    }
    ExitCode::from(exit)
}

fn validate(root: &Path, deny: Option<Deny>, global: &Global) -> u8 {
    let start = Instant::now();
    let set = match FileSet::read(root) {
        Ok(set) => set,
        Err(error) => {
            anstream::eprintln!("trunkline validate: {error}");
            return NO_ANSWER;
        }
    };
    let (_, counts, diagnostics) = compile_counted(&set);
    let diagnostics = diagnostics.seen_from(root);
    let took = start.elapsed();
    match global.format {
        Format::Human => {
            let text = diagnostics.human(global.coloured(&std::io::stdout()));
            anstream::print!("{text}");
            if !global.quiet {
                anstream::println!("{}", summary(&diagnostics, counts, took));
            }
        }
        _ => {
            let revision = set.hash.get(..7).unwrap_or(&set.hash);
            let summary =
                Summary { files: counts.files, gateways: counts.gateways, lists: counts.lists, routes: counts.routes };
            anstream::println!("{:#}", json_document(&diagnostics, Some(revision), summary));
        }
    }
    let denied = deny == Some(Deny::Warnings) && diagnostics.warnings() > 0;
    if diagnostics.errors() > 0 || denied { FINDINGS } else { CLEAN }
}

/// `validate: 1 error, 1 warning in 7 files (3 gateways, 2 lists, 214 routes) in 9 ms`.
fn summary(diagnostics: &Diagnostics, counts: Counts, took: Duration) -> String {
    let mut found = Vec::new();
    for (n, word) in
        [(diagnostics.errors(), "error"), (diagnostics.warnings(), "warning"), (diagnostics.notes(), "note")]
    {
        if n > 0 {
            found.push(number_of(n, word));
        }
    }
    let found = if found.is_empty() { "nothing to complain about".to_owned() } else { found.join(", ") };
    format!(
        "validate: {found} in {} ({}, {}, {}) in {} ms",
        number_of(counts.files, "file"),
        number_of(counts.gateways, "gateway"),
        number_of(counts.lists, "list"),
        number_of(counts.routes, "route"),
        took.as_millis(),
    )
}

fn number_of(n: usize, word: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {word}{plural}")
}
