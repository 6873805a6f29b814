//! `trunkline explain`: where a call would go, and why; what a diagnostic's code means; what a route does.
//!
//! The answer comes from [`crate::route::Table::decide`], the function that routes real calls.

mod answer;
mod human;
mod json;
mod page;
mod question;

use super::{CLEAN, Format, Global, NO_ANSWER};
use crate::config::{Code, Compiled, FileSet, compile};
use answer::Answer;
use question::Question;
use std::process::ExitCode;

/// Say where a call to a number would go, and why; or what a diagnostic's code means, or what a route does
///
/// The answer comes from the function that routes real calls. Each rule that would have taken the number is shown with
/// the reason why it was passed over. All gateways are taken to be up unless --state says otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A number as it is dialled, a code like TL0104 or its name, or the id of a route
    #[arg(value_name = "WHAT", allow_hyphen_values = true)]
    what: String,
    /// The caller, as in a From: USER or USER@DOMAIN
    #[arg(long, value_name = "USER@DOMAIN")]
    from: Option<String>,
    /// The address that the call comes from
    #[arg(long, value_name = "IP")]
    source: Option<std::net::IpAddr>,
    /// The call comes from this gateway's address
    #[arg(long, value_name = "ID", conflicts_with = "source")]
    gateway: Option<String>,
    /// The call is in this group, wherever it comes from
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// When the call is made, as 2026-11-24T19:30, in UTC or with an offset; now, if not given
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// A gateway's state: ID=up, ID=down or ID=disabled; the others are up
    #[arg(long, value_name = "ID=STATE", value_delimiter = ',')]
    state: Vec<String>,
}

const AFTER_HELP: &str = "\
Without --source, --gateway or --group the call is taken to come from the first trusted source; the answer says so.

Examples:
  trunkline explain 0301234567
  trunkline explain 0301234567 --source 192.168.10.10 --from 101
  trunkline explain 112 --group office --state provider-a=down
  trunkline explain TL0104";

pub fn run(args: Args, global: &Global) -> ExitCode {
    if let Some(code) = Code::find(&args.what) {
        page::print(code, global);
        return ExitCode::from(CLEAN);
    }
    match explain(&args, global) {
        Ok(text) => {
            anstream::print!("{text}");
            ExitCode::from(CLEAN)
        }
        Err(why) => {
            anstream::eprintln!("{}", why.trim_end());
            ExitCode::from(NO_ANSWER)
        }
    }
}

/// The answer as text, or why there is none.
fn explain(args: &Args, global: &Global) -> Result<String, String> {
    let complain = |why: String| format!("trunkline explain: {why}");
    let root = global.root().map_err(complain)?;
    let set = FileSet::read(&root).map_err(|error| complain(error.to_string()))?;
    let (compiled, diagnostics) = compile(&set);
    let Some(compiled) = compiled else {
        let shown = diagnostics.seen_from(&root).human(global.coloured(&std::io::stderr()));
        return Err(format!("{shown}trunkline explain: the files have errors, so there is nothing to explain with"));
    };
    let snapshot = &compiled.snapshot;
    let dialled = question::number(&args.what);
    if !crate::route::dialable(&dialled) || dialled.is_empty() {
        return route(args, &compiled).ok_or_else(|| complain(question::no_such_thing(&args.what, snapshot)));
    }
    let question = Question::of(args, dialled, snapshot).map_err(complain)?;
    let answer = Answer::to(&question, snapshot);
    Ok(match global.format {
        Format::Human => human::call(&question, &answer, snapshot),
        _ => format!("{:#}\n", json::document(&question, &answer, snapshot)),
    })
}

/// What a route does, if `WHAT` is one.
fn route(args: &Args, compiled: &Compiled) -> Option<String> {
    let table = &compiled.snapshot.table;
    let route = table.routes().iter().find(|route| *route.id == *args.what)?;
    Some(human::route(route, table))
}
