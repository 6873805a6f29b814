//! `trunkline explain`: where a call would go, and why; what a diagnostic's code means; what a route does.
//!
//! The answer comes from [`crate::route::Table::decide`], the function that routes real calls.

mod batch;
mod human;
mod json;
mod live;
mod page;
mod route;

pub use json::Document;
pub use page::CodeDocument;
pub use route::RouteDocument;

use super::{CLEAN, Format, Global, NO_ANSWER};
use crate::config::{Code, Compiled, Diagnostics, FileSet, compile};
use crate::question::{Call, Desk, Key, State, Unanswerable, caller, moment};
use crate::route::GatewayIx;
use crate::time::Wall;
use std::path::PathBuf;
use std::process::ExitCode;

/// Say where a call to a number would go, and why; or what a diagnostic's code means, or what a route does
///
/// The answer comes from the function that routes real calls. Each rule that would have taken the number is shown with
/// the reason why it was passed over. All gateways are taken to be up unless --state says otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A number as it is dialled, a code like TL0104 or its name, or the id of a route
    #[arg(value_name = "WHAT", allow_hyphen_values = true, required_unless_present_any = ["batch", "all"])]
    what: Option<String>,
    /// The caller, as in a From: USER or USER@DOMAIN
    #[arg(long, value_name = "USER@DOMAIN")]
    from: Option<String>,
    /// The address that the call comes from
    #[arg(long, value_name = "IP")]
    source: Option<std::net::IpAddr>,
    /// The call comes from this gateway's address
    #[arg(long, value_name = "ID", conflicts_with = "source")]
    gateway: Option<String>,
    /// The caller is this digest user
    #[arg(long, value_name = "USER")]
    account: Option<String>,
    /// The call is in this group, wherever it comes from
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// When the call is made, as 2026-11-24T19:30 in the files' time zone, or with an offset; now, if not given
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// A gateway's state: ID=up, ID=down, ID=disabled or ID=full; the others are up
    #[arg(long, value_name = "ID=STATE", value_delimiter = ',')]
    state: Vec<String>,
    /// Ask with the files and the gateways' states of the running router
    #[arg(long)]
    live: bool,
    /// Answer many questions: a file with one JSON object a line, or - for standard input; one object a line comes out
    #[arg(long, value_name = "FILE", conflicts_with = "what")]
    batch: Option<PathBuf>,
    /// Print the pages of all diagnostics as one Markdown document
    #[arg(long, exclusive = true)]
    all: bool,
}

const AFTER_HELP: &str = "\
Without --source, --gateway, --account or --group the call is taken to come from the first trusted source; the answer
says so. A line of --batch is {\"number\": …} with any of from, source, gateway, account, group, at and state
({\"ID\": \"down\"}); what it leaves out is taken from the flags.

Exit codes: 0 answered, also when the call would be refused; 2 no answer.

Examples:
  trunkline explain 0301234567
  trunkline explain 0301234567 --source 192.168.10.10 --from 101 --at 2026-11-24T19:30
  trunkline explain 112 --group office --state provider-a=down
  trunkline explain 0301234567 --live
  trunkline explain national
  trunkline explain TL0104
  trunkline explain --batch numbers.jsonl";

pub fn run(args: Args, global: &Global) -> ExitCode {
    let page = match args.what.as_deref().and_then(Code::find) {
        Some(code) => Some(page::one(code, global)),
        None => args.all.then(page::all),
    };
    if let Some(page) = page {
        anstream::print!("{page}");
        return ExitCode::from(CLEAN);
    }
    let done = match &args.batch {
        Some(file) => batch::run(file, &args, global),
        None => explain(&args, global).map(|text| {
            anstream::print!("{text}");
            CLEAN
        }),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            anstream::eprintln!("{}", why.trim_end());
            ExitCode::from(NO_ANSWER)
        }
    }
}

fn complain(why: impl std::fmt::Display) -> String {
    format!("trunkline explain: {why}")
}

/// What a question is asked of.
struct Loaded {
    compiled: Compiled,
    diagnostics: Diagnostics,
    /// Gateways that are not up unless the question says so; with `--live` those of the running router.
    usual: Vec<(GatewayIx, State)>,
}

fn load(args: &Args, global: &Global) -> Result<Loaded, String> {
    if args.live {
        return live::load(global).map_err(complain);
    }
    let root = global.root().map_err(complain)?;
    let set = FileSet::read(&root).map_err(complain)?;
    let (compiled, diagnostics) = compile(&set);
    match compiled {
        Some(compiled) => Ok(Loaded { compiled, diagnostics, usual: Vec::new() }),
        None => {
            let shown = diagnostics.seen_from(&root).human(global.coloured(&std::io::stderr()));
            Err(format!("{shown}trunkline explain: the files have errors, so there is nothing to explain with"))
        }
    }
}

/// The answer as text, or why there is none.
fn explain(args: &Args, global: &Global) -> Result<String, String> {
    let Loaded { compiled, diagnostics, usual } = load(args, global)?;
    let snapshot = &compiled.snapshot;
    let what = args.what.as_deref().unwrap_or_default();
    let at = at(args, &compiled)?;
    let number = crate::question::number(what);
    if !crate::route::dialable(&number) || number.is_empty() {
        let ix = route::find(what, &snapshot.table).map_err(complain)?;
        return Ok(match global.format {
            Format::Human => route::human(ix, at, &compiled, &diagnostics),
            _ => pretty(&route::document(ix, at, &compiled, &diagnostics)).map_err(complain)?,
        });
    }
    let desk = Desk::new(snapshot, usual);
    let question = desk.question(&call(args, what), at).map_err(|why| complain(flagged(why)))?;
    let states = states(args, &desk)?;
    let answer = desk.answer(&question, &states);
    let told = desk.usual().iter().filter(|(gateway, _)| !states.iter().any(|(said, _)| said == gateway)).copied();
    let told: Vec<_> = told.chain(states.iter().copied()).collect();
    Ok(match global.format {
        Format::Human => human::call(&question, &told, &answer, &compiled),
        _ => {
            let document = json::Document::of(&question, &answer, snapshot, &compiled.zone);
            pretty(&document).map_err(complain)?
        }
    })
}

fn pretty(document: &impl serde::Serialize) -> serde_json::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(document)?))
}

fn call<'a>(args: &'a Args, to: &'a str) -> Call<'a> {
    let (user, domain) = caller(args.from.as_deref().unwrap_or_default());
    Call {
        to,
        user,
        domain,
        source: args.source,
        gateway: args.gateway.as_deref(),
        account: args.account.as_deref(),
        group: args.group.as_deref(),
        listener: None,
    }
}

fn at(args: &Args, compiled: &Compiled) -> Result<Wall, String> {
    match args.at.as_deref() {
        None => Ok(Wall(jiff::Timestamp::now().as_microsecond())),
        Some(text) => moment(text, &compiled.zone).map_err(|bad| complain(format!("--at {text}: {}", bad.words()))),
    }
}

fn states(args: &Args, desk: &Desk) -> Result<Vec<(GatewayIx, State)>, String> {
    let state = |entry: &String| {
        let words = State::WORDS.map(|(word, _)| format!("ID={word}")).join(", ");
        let (id, word) =
            entry.split_once('=').ok_or_else(|| complain(format!("--state {entry}: write one of {words}")))?;
        desk.state(id, word).map_err(|why| complain(format!("--state {entry}: {}", why.message)))
    };
    args.state.iter().map(state).collect()
}

/// With the flags that would help.
fn flagged(why: Unanswerable) -> String {
    match why.key {
        Key::Origin => {
            "say where the call comes from: --source IP, --gateway ID, --account USER or --group ID".to_owned()
        }
        _ => why.message,
    }
}
