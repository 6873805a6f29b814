//! `trunkline test`: runs the tests of the files, shows what came instead, measures what they reach, and rewrites
//! expectations when it is asked to.

mod human;
mod json;
mod others;

pub use json::TestDocument;

use super::args::share;
use super::{CLEAN, FINDINGS, Format, Global, NO_ANSWER, diff, edit, report};
use crate::config::{Compiled, Diagnostics, FileSet, compile};
use crate::route_tests::{Coverage, Verdict, findings, run_on, untested, update};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Run the tests that stand in the files: is every call still routed as they say?
///
/// Each test's call is decided as the running router would decide it, at the time and with the gateways' states that the
/// test names. Shares of weighted lists are computed, not sampled.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Only tests with this name, or with these words in their name
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Show which routes and attempts no test reaches
    #[arg(long)]
    coverage: bool,
    /// At least this share of the routes must be reached: 80%
    #[arg(long, value_name = "P", value_parser = share)]
    min_coverage: Option<f64>,
    /// Write today's answers into the tests that fail, and show the difference
    #[arg(long)]
    update: bool,
}

const AFTER_HELP: &str = "\
Exit codes: 0 all tests pass, 1 one fails or cannot be decided, or too little is covered, 2 no such test, or files that
cannot be read.

Examples:
  trunkline test
  trunkline test --coverage --min-coverage 80%
  trunkline test evening
  trunkline test --update            then read the diff, and commit it with the change
  trunkline test --format junit > tests.xml";

/// Everything that an output shows.
struct Outcome<'c> {
    compiled: &'c Compiled,
    verdicts: Vec<Verdict<'c>>,
    /// With `--coverage` or `--min-coverage`.
    coverage: Option<Coverage>,
    /// TL0601 to TL0603.
    diagnostics: Diagnostics,
    /// The share that had to be reached, and was not.
    short_of: Option<f64>,
}

impl Outcome<'_> {
    fn passed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.passed()).count()
    }
    fn failed(&self) -> usize {
        self.verdicts.len() - self.passed()
    }
    fn exit(&self) -> u8 {
        if self.failed() > 0 || self.short_of.is_some() || self.diagnostics.errors() > 0 { FINDINGS } else { CLEAN }
    }
}

pub fn run(args: Args, global: &Global) -> ExitCode {
    match test(&args, global) {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            anstream::eprintln!("trunkline test: {why}");
            ExitCode::from(NO_ANSWER)
        }
    }
}

fn test(args: &Args, global: &Global) -> Result<u8, String> {
    let root = global.root()?;
    let set = FileSet::read(&root).map_err(|error| error.to_string())?;
    let (compiled, diagnostics) = compile(&set);
    let Some(compiled) = compiled else {
        others::broken(&seen(diagnostics, &root, global), global);
        return Ok(FINDINGS);
    };
    let outcome = outcome(args, &compiled, diagnostics, &root, global)?;
    if args.update && outcome.failed() > 0 {
        return rewrite(args, &outcome, &set, &root, global);
    }
    show(&outcome, global)?;
    Ok(outcome.exit())
}

fn outcome<'c>(
    args: &Args,
    compiled: &'c Compiled,
    diagnostics: Diagnostics,
    root: &Path,
    global: &Global,
) -> Result<Outcome<'c>, String> {
    let chosen: Vec<_> = compiled.tests.iter().filter(|test| wanted(&test.name, &args.names)).collect();
    if let Some(name) = args.names.iter().find(|name| !compiled.tests.iter().any(|test| fits(&test.name, name))) {
        return Err(format!("no test is called `{name}`, or has that in its name"));
    }
    let verdicts = run_on(chosen, compiled);
    let coverage = (args.coverage || args.min_coverage.is_some()).then(|| Coverage::of(&verdicts, compiled));
    let mut found = findings(&verdicts);
    if let Some(coverage) = coverage.as_ref().filter(|_| args.coverage) {
        found.extend(untested(coverage, compiled));
    }
    let short_of =
        args.min_coverage.filter(|least| coverage.as_ref().is_some_and(|coverage| coverage.routes.fraction() < *least));
    let diagnostics = seen(diagnostics.instead(found), root, global);
    Ok(Outcome { compiled, verdicts, coverage, diagnostics, short_of })
}

/// People follow paths from here, GitHub from the top of the repository.
fn seen(diagnostics: Diagnostics, root: &Path, global: &Global) -> Diagnostics {
    match global.format {
        Format::Github => diagnostics.below(report::from_the_top(root)),
        _ => diagnostics.seen_from(root),
    }
}

fn wanted(test: &str, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| fits(test, name))
}

fn fits(test: &str, name: &str) -> bool {
    test.to_lowercase().contains(&name.to_lowercase())
}

fn show(outcome: &Outcome, global: &Global) -> Result<(), String> {
    match global.format {
        Format::Human => anstream::print!("{}", human::text(outcome, global)),
        Format::Json => {
            let text = serde_json::to_string_pretty(&json::document(outcome)).map_err(|error| error.to_string())?;
            anstream::println!("{text}");
        }
        Format::Junit => anstream::print!("{}", others::junit(outcome)),
        _ => others::github(outcome)?,
    }
    Ok(())
}

/// Writes the new expectations, then shows the difference and how the tests stand.
fn rewrite(args: &Args, outcome: &Outcome, set: &FileSet, root: &Path, global: &Global) -> Result<u8, String> {
    let changes = update(&outcome.verdicts, set)?;
    let directory = set.directory();
    let files: Vec<(PathBuf, Vec<u8>)> =
        changes.iter().map(|change| (directory.join(&change.path), change.after.clone().into_bytes())).collect();
    edit::write_all(&files).map_err(|error| error.to_string())?;
    for change in &changes {
        anstream::print!("{}", diff::unified(&change.path.display().to_string(), &change.before, &change.after));
    }
    // What was written is read again, as everybody else will read it.
    let set = FileSet::read(root).map_err(|error| error.to_string())?;
    let (compiled, diagnostics) = compile(&set);
    let compiled = compiled.ok_or_else(|| format!("the rewritten files have errors: {}", diagnostics.first_line()))?;
    let outcome = self::outcome(args, &compiled, diagnostics, root, global)?;
    show(&outcome, global)?;
    Ok(outcome.exit())
}
