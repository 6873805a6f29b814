//! `trunkline validate`: checks file sets and prints what is wrong, with the place and the remedy.

mod changed;
mod lookups;
mod output;

use super::args::root_file;
use super::{CLEAN, FINDINGS, Global, NO_ANSWER, edit};
use crate::config::diagnostic::Safety;
use crate::config::fix::{self, Fixed};
use crate::config::{Counts, Diagnostics, FileSet, compile_counted, schema_verdict};
use changed::Changed;
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
    /// Apply the fixes that cannot change the meaning; `--fix=review` also those that somebody should look at
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "safe")]
    fix: Option<Which>,
    /// Unset variables and missing secret files are errors, as they are for `run`
    #[arg(long)]
    strict_env: bool,
    /// Look up the gateways' names as this machine sees them; nothing is looked up otherwise
    #[arg(long)]
    with_dns: bool,
    /// Say what the JSON schema says, and nothing that it cannot know
    #[arg(long, conflicts_with_all = ["fix", "strict_env", "with_dns"])]
    schema_only: bool,
    /// Of warnings and notes show only those in files that changed since this git revision; errors are always shown
    #[arg(long, value_name = "REV")]
    changed_since: Option<String>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 no errors, 1 errors (with --deny warnings also warnings), 2 a file that cannot be read.

Examples:
  trunkline validate
  trunkline validate /etc/trunkline --deny warnings
  trunkline validate --fix
  trunkline validate --changed-since origin/main
  trunkline validate --with-dns
  trunkline validate routes.yaml --format json
  trunkline explain TL0104      what a code means, and what to write instead";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    Warnings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// The meaning cannot change
    Safe,
    /// Somebody should look at it
    Review,
}

/// What one root file led to.
struct Checked {
    root: PathBuf,
    /// Seven characters of the hash of what was checked.
    revision: String,
    counts: Counts,
    diagnostics: Diagnostics,
    /// What `--fix` mended, before the rest was looked at.
    fixed: Vec<Fixed>,
    took: Duration,
}

impl Checked {
    /// Whether this ends in exit code 1.
    fn fails(&self, deny: Option<Deny>) -> bool {
        self.diagnostics.errors() > 0 || (deny == Some(Deny::Warnings) && self.diagnostics.warnings() > 0)
    }
}

pub fn run(args: Args, global: &Global) -> ExitCode {
    let given: Vec<Option<PathBuf>> = match args.paths.is_empty() {
        true => vec![global.config.clone()],
        false => args.paths.iter().cloned().map(Some).collect(),
    };
    let mut checked = Vec::new();
    let mut exit = CLEAN;
    for path in given {
        match root_file(path.as_deref()).and_then(|root| check(root, &args, global)) {
            Ok(one) => checked.push(one),
            Err(why) => {
                anstream::eprintln!("trunkline validate: {why}");
                exit = NO_ANSWER;
            }
        }
    }
    if checked.iter().any(|one| one.fails(args.deny)) {
        exit = exit.max(FINDINGS);
    }
    if !checked.is_empty()
        && let Err(error) = output::print(checked, args.deny, global)
    {
        anstream::eprintln!("trunkline validate: {error}");
        exit = NO_ANSWER;
    }
    ExitCode::from(exit)
}

/// Checks one set, after mending it where that is asked for. The error is one line for people.
fn check(root: PathBuf, args: &Args, global: &Global) -> Result<Checked, String> {
    let start = Instant::now();
    let mut set = FileSet::read(&root).map_err(|error| error.to_string())?;
    let fixed = match args.fix {
        Some(Which::Safe) => mend(&mut set, Safety::Safe)?,
        Some(Which::Review) => mend(&mut set, Safety::Review)?,
        None => Vec::new(),
    };
    let (_, counts, mut diagnostics) = compile_counted(&set);
    if args.schema_only {
        diagnostics = schema_verdict(&set);
    }
    if args.strict_env {
        diagnostics = diagnostics.strict_env();
    }
    if args.with_dns {
        diagnostics = lookups::add(diagnostics, &set, global);
    }
    if let Some(revision) = &args.changed_since {
        let changed = Changed::since(revision, &root)?;
        diagnostics = diagnostics.only(|diagnostic, all| changed.concerns(diagnostic, all));
    }
    let revision = set.hash.get(..7).unwrap_or(&set.hash).to_owned();
    Ok(Checked { diagnostics: diagnostics.seen_from(&root), root, revision, counts, fixed, took: start.elapsed() })
}

/// Applies fixes and writes the files that they changed.
fn mend(set: &mut FileSet, level: Safety) -> Result<Vec<Fixed>, String> {
    let before: Vec<Vec<u8>> = set.files.iter().map(|(_, bytes)| bytes.clone()).collect();
    let fixed = fix::apply(set, level);
    let directory = set.directory();
    let full =
        |position: usize, relative: &Path| if position == 0 { set.root.clone() } else { directory.join(relative) };
    let changed: Vec<(PathBuf, Vec<u8>)> = (set.files.iter().enumerate().zip(&before))
        .filter(|((_, (_, now)), old)| now != *old)
        .map(|((position, (path, now)), _)| (full(position, path), now.clone()))
        .collect();
    edit::write_all(&changed).map_err(|error| error.to_string())?;
    Ok(fixed)
}
