//! `trunkline reload`: makes a running router look at its files, lets a guarded revision pass, goes back, pins.

use super::operator::{ask, by, pause, print, print_json};
use super::{CLEAN, FINDINGS, Format, GUARDED, Global, NO_ANSWER};
use crate::admin::{AdminError, Client, PinOrder, PinOrderAnswer, ReloadAnswer, ReloadOrder, ReloadOutcome};
use std::process::ExitCode;

/// Make the running router look at its files now, and show what it says about them
///
/// The diagnostics are those of the attempt as the router saw it: its files, its secrets, its machine.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Let a revision pass that this guard holds, as the refusal printed it
    #[arg(long, value_name = "GUARD:REVISION")]
    accept: Vec<String>,
    /// Go back to the revision that served before, or to the one named; it is pinned until the files change again
    #[arg(long, value_name = "REVISION", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["accept", "pin", "unpin"])]
    rollback: Option<String>,
    /// Keep what serves now, whatever the files say, until --unpin
    #[arg(long, conflicts_with_all = ["accept", "unpin"])]
    pin: bool,
    /// Let the files count again
    #[arg(long, conflicts_with = "accept")]
    unpin: bool,
    /// Wait, too, until no call in set-up is left on an older revision
    #[arg(long)]
    wait: bool,
}

const AFTER_HELP: &str = "\
Exit codes: 0 the files are served, 1 they are refused, 2 no answer, 3 a guard holds them.

Examples:
  trunkline reload
  trunkline reload --accept halved:routes:e5520aa
  trunkline reload --rollback";

pub fn run(args: Args, global: &Global) -> ExitCode {
    ask("reload", global, |client| {
        let code = match order(&args) {
            Some(order) => pinned(&client.pin(&order)?, global),
            None => reload(client, args.accept, global)?,
        };
        if args.wait && code == CLEAN {
            wait(client)?;
        }
        Ok(code)
    })
}

fn order(args: &Args) -> Option<PinOrder> {
    match args {
        Args { rollback: Some(to), .. } => {
            Some(PinOrder::Rollback { to: Some(to.clone()).filter(|to| !to.is_empty()), by: by() })
        }
        Args { pin: true, .. } => Some(PinOrder::Pin { by: by() }),
        Args { unpin: true, .. } => Some(PinOrder::Unpin { by: by() }),
        _ => None,
    }
}

fn reload(client: &Client, accept: Vec<String>, global: &Global) -> Result<u8, AdminError> {
    let colour = global.coloured(&std::io::stdout());
    let answer = client.reload(&ReloadOrder { accept, colour, by: by() })?;
    if global.format == Format::Json {
        print_json(&answer);
    } else {
        print(&said(&answer, global.quiet));
    }
    Ok(match answer.outcome {
        ReloadOutcome::Reloaded | ReloadOutcome::Same => CLEAN,
        ReloadOutcome::Refused | ReloadOutcome::Pinned => FINDINGS,
        ReloadOutcome::Guarded => GUARDED,
        ReloadOutcome::Unsettled => NO_ANSWER,
    })
}

fn said(answer: &ReloadAnswer, quiet: bool) -> String {
    let ReloadAnswer { revision, before, tried, message, text, took_ms, .. } = answer;
    let tried = tried.as_deref().unwrap_or("the files");
    let last = match answer.outcome {
        ReloadOutcome::Reloaded => {
            format!("reloaded {} -> {revision} in {took_ms} ms: {message}", before.as_deref().unwrap_or("?"))
        }
        ReloadOutcome::Same => format!("{revision} serves: {message}"),
        ReloadOutcome::Refused if text.is_empty() => format!("refused: {message}; still serving {revision}"),
        ReloadOutcome::Refused => format!("{tried} is refused; still serving {revision}"),
        ReloadOutcome::Guarded => {
            let guards: Vec<String> =
                answer.guards.iter().map(|guard| format!("{} {}: {}", guard.code, guard.id, guard.message)).collect();
            format!("{}\n{tried} waits; still serving {revision}. To go on: {message}", guards.join("\n"))
        }
        ReloadOutcome::Pinned | ReloadOutcome::Unsettled => {
            format!("{tried} waits: {message}; still serving {revision}")
        }
    };
    let good = matches!(answer.outcome, ReloadOutcome::Reloaded | ReloadOutcome::Same);
    if quiet && good { String::new() } else { format!("{text}{last}\n") }
}

fn pinned(answer: &PinOrderAnswer, global: &Global) -> u8 {
    if global.format == Format::Json {
        print_json(answer);
    } else if answer.done {
        print(&format!("{}\n", answer.message));
    } else {
        anstream::eprintln!("trunkline reload: {}", answer.message);
        for kept in &answer.kept {
            anstream::eprintln!("  {}  loaded {} by {}", kept.revision, kept.loaded_at, kept.trigger);
        }
    }
    if answer.done { CLEAN } else { FINDINGS }
}

/// A call in set-up keeps the revision of its INVITE, some seconds as a rule.
fn wait(client: &Client) -> Result<(), AdminError> {
    while client.status()?.calls_on_older_revisions > 0 {
        pause();
    }
    Ok(())
}
