//! `trunkline plan`: which calls a change of the files re-routes.

mod assemble;
pub mod document;
mod human;
mod markdown;
mod revision;
mod traffic;
mod words;

use super::args::share;
use super::{CLEAN, FINDINGS, Format, GUARDED, Global, NO_ANSWER};
use crate::config::{Compiled, Diagnostics, Watched, compile_at};
use crate::plan::Window;
use crate::question::moment;
use crate::time::Wall;
use assemble::{Asked, Sides};
use document::Document;
use revision::{Place, Revision};
use std::path::PathBuf;
use std::process::ExitCode;

/// Show which calls a change of the files routes differently, before it is served
///
/// Both sides are compared as what they do to calls, not as text: which numbers in which groups at which times get other
/// gateways, are dialled differently, or are refused. Reordering, renaming and comments are no change. All gateways are
/// taken to be up. Guards are read from the old side, so that a change cannot loosen what holds it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The old side: a git revision, a directory or file, or `server` [default: the running router, else where HEAD
    /// parted from the default branch]
    #[arg(long, value_name = "REV|server|PATH")]
    from: Option<String>,
    /// The new side: a git revision, a directory or file [default: the files]
    #[arg(long, value_name = "REV|PATH")]
    to: Option<String>,
    /// Compare from this time on, like 2026-11-24T19:30, local to the files' time zone [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How far ahead times are compared
    #[arg(long, value_name = "DAYS", default_value = "400d", value_parser = days)]
    horizon: u32,
    /// Weigh changes by the calls of these records (JSON lines, as `accounting.file` writes them)
    #[arg(long, value_name = "FILE")]
    traffic: Option<PathBuf>,
    /// The largest share of calls, of any group, that may change [default: `guards.max_change` of the old side]
    #[arg(long, value_name = "P", value_parser = share)]
    max_change: Option<f64>,
    /// Accept a tripwire, as its line names it; or a share: max-change:15%
    #[arg(long, value_name = "TRIPWIRE:ID", value_delimiter = ',')]
    accept: Vec<String>,
    /// Read `Trunkline-Accept:` trailers of the commits between the sides too; done by itself when --from is a git revision
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Trailers::Auto)]
    trailers: Trailers,
    /// Exit 1 if any call is routed differently or any setting differs
    #[arg(long)]
    expect_no_changes: bool,
    /// Write the plan as JSON into this file, beside what is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write markdown, for the comment of a pull request
    #[arg(long)]
    markdown: bool,
}

const AFTER_HELP: &str = "\
Exit codes: 0 with or without changes, 1 changes with --expect-no-changes or a new side with errors, 2 a side that cannot
be read, 3 a guard stands in the way.

Examples:
  trunkline plan                                  the files against the running router, or the branch
  trunkline plan --from origin/main
  trunkline plan --from server --expect-no-changes
  trunkline plan --from v1 --to v2 --traffic /var/log/trunkline/calls.jsonl
  trunkline plan --from origin/main --accept opened:premium:resale --markdown";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Trailers {
    /// When --from is a git revision
    Auto,
    Never,
}

/// `400d`, `52w` or a bare number of days.
fn days(text: &str) -> Result<u32, String> {
    let (number, by) = match text.strip_suffix('w') {
        Some(weeks) => (weeks, 7),
        None => (text.strip_suffix('d').unwrap_or(text), 1),
    };
    let days = number.parse::<u32>().ok().and_then(|n| n.checked_mul(by));
    days.filter(|days| (1..=4000).contains(days)).ok_or_else(|| "write days from 1d to 4000d".to_owned())
}

/// Why there is no plan.
enum Trouble {
    /// Exit code 2, with one line.
    NoAnswer(String),
    /// The new side has errors.
    Invalid(String),
}

impl From<String> for Trouble {
    fn from(why: String) -> Trouble {
        Trouble::NoAnswer(why)
    }
}

pub fn run(args: Args, global: &Global) -> ExitCode {
    match plan(&args, global) {
        Ok(code) => ExitCode::from(code),
        Err(Trouble::NoAnswer(why)) => {
            anstream::eprintln!("trunkline plan: {}", why.trim_end());
            ExitCode::from(NO_ANSWER)
        }
        Err(Trouble::Invalid(shown)) => {
            anstream::eprint!("{shown}");
            anstream::eprintln!("trunkline plan: the new side has errors, so there is nothing to compare");
            ExitCode::from(FINDINGS)
        }
    }
}

fn plan(args: &Args, global: &Global) -> Result<u8, Trouble> {
    let place = Place::of(global);
    let new = place.to(args.to.as_deref())?;
    let old = place.from(args.from.as_deref())?;
    let traffic = args.traffic.as_deref().map(traffic::read).transpose()?;
    let accepted = accepted(args, &place, &old, &new)?;
    let now = Wall(jiff::Timestamp::now().as_microsecond());
    let after = compiled(&new, now).map_err(|said| Trouble::Invalid(shown(*said, &new, global)))?;
    let before = compiled(&old, now).map_err(|said| {
        let shown = shown(*said, &old, global);
        Trouble::NoAnswer(format!("{shown}trunkline plan: the old side, {}, has errors", old.reference))
    })?;
    let from = match &args.at {
        None => now,
        Some(text) => moment(text, &after.zone).map_err(|bad| format!("--at {text}: {}", bad.words()))?,
    };
    let asked = Asked {
        window: Window::days(from, args.horizon),
        traffic: traffic.as_ref(),
        watched: Watched::all(accepted.max_change.or(before.guards.max_change)),
        accepted: &accepted.tripwires,
    };
    let plan = assemble::document(&Sides { old: &old, new: &new, before: &before, after: &after }, &asked);
    if let Some(path) = &args.out {
        let text = json(&plan)?;
        std::fs::write(path, text).map_err(|error| format!("--out {}: {error}", path.display()))?;
    }
    print(&plan, &accepted, args, global)?;
    Ok(exit_code(&plan, args))
}

fn compiled(revision: &Revision, now: Wall) -> Result<Compiled, Box<Diagnostics>> {
    let (compiled, diagnostics) = compile_at(&revision.set, now);
    compiled.ok_or_else(|| Box::new(diagnostics))
}

fn shown(said: Diagnostics, revision: &Revision, global: &Global) -> String {
    said.seen_from(&revision.set.root).human(global.coloured(&std::io::stderr()))
}

/// What somebody took upon himself.
struct Accepted {
    max_change: Option<f64>,
    tripwires: Vec<String>,
}

fn accepted(args: &Args, place: &Place<'_>, old: &Revision, new: &Revision) -> Result<Accepted, String> {
    let mut words = args.accept.clone();
    if args.trailers == Trailers::Auto {
        words.extend(place.accepted(old, new)?);
    }
    let mut accepted = Accepted { max_change: args.max_change, tripwires: Vec::new() };
    for word in words {
        match word.strip_prefix("max-change:") {
            Some(text) => {
                let share = share(text).map_err(|why| format!("max-change:{text}: {why}"))?;
                // A flag on the command stands above what commits say.
                if args.max_change.is_none() {
                    accepted.max_change = Some(accepted.max_change.map_or(share, |known| known.max(share)));
                }
            }
            None => accepted.tripwires.push(word),
        }
    }
    Ok(accepted)
}

fn json(plan: &Document) -> Result<String, String> {
    let text = serde_json::to_string_pretty(plan).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn print(plan: &Document, accepted: &Accepted, args: &Args, global: &Global) -> Result<(), String> {
    let idle: Vec<String> =
        accepted.tripwires.iter().filter(|id| !plan.guards.iter().any(|guard| guard.id == **id)).cloned().collect();
    let text = match (global.format, args.markdown) {
        (Format::Json, _) => json(plan)?,
        (_, true) => markdown::render(plan),
        (_, false) => human::render(plan, &idle),
    };
    anstream::print!("{text}");
    Ok(())
}

fn exit_code(plan: &Document, args: &Args) -> u8 {
    let guarded = plan.guards.iter().any(|guard| guard.tripped && !guard.accepted);
    let changed = !human::no_call_differs(plan) || !plan.fields.is_empty();
    match () {
        () if guarded => GUARDED,
        () if args.expect_no_changes && changed => FINDINGS,
        () => CLEAN,
    }
}
