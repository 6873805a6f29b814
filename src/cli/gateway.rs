//! `trunkline gateway`: how gateways are, and an operator's word about one: disabled for a while, drained, enabled,
//! probed now, forgotten.

use super::operator::{ask, by, pause, print, print_json};
use super::status::gateways;
use super::{CLEAN, FINDINGS, Format, Global, NO_ANSWER};
use crate::admin::{AdminError, Client, GatewayOrder, GatewayOrderAnswer, GatewayState, GatewayStatus};
use crate::agent::behaviour::parse_duration;
use std::process::ExitCode;
use std::time::Duration;

/// Show the gateways, or disable, drain, enable or probe one
///
/// What an operator says is kept over reloads and restarts, and shown in `status` with by whom, why and until when.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, override_usage = "trunkline gateway [OPTIONS] [ID] [list|enable|disable|probe|reset]")]
pub struct Args {
    /// A gateway's id, and what to do
    #[arg(value_name = "[ID] VERB", num_args = 0..=2)]
    words: Vec<String>,
    /// With `disable`: wait until its last call is over
    #[arg(long)]
    drain: bool,
    /// With `disable`: enable it again after this time
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    time: Option<Duration>,
    /// With `disable`: why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

const AFTER_HELP: &str = "\
  list      the gateways, or the one named (the default)
  disable   no new call and no probe goes there; calls that are up go on
  enable    takes `disable` back
  probe     asks it now, and says what it answered
  reset     forgets what was observed: its state is unknown, and it is probed at once

Exit codes: 0 done, 1 a probe failed, 2 no answer, no such gateway.

Examples:
  trunkline gateway
  trunkline gateway carrier-b disable --for 2h --reason \"new firmware\"
  trunkline gateway carrier-b disable --drain
  trunkline gateway carrier-b enable";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    List,
    Enable,
    Disable,
    Probe,
    Reset,
}

impl Verb {
    fn of(word: &str) -> Option<Verb> {
        Some(match word {
            "list" => Verb::List,
            "enable" => Verb::Enable,
            "disable" => Verb::Disable,
            "probe" => Verb::Probe,
            "reset" => Verb::Reset,
            _ => return None,
        })
    }
}

pub fn run(args: Args, global: &Global) -> ExitCode {
    let (id, verb) = match meant(&args) {
        Ok(meant) => meant,
        Err(why) => {
            anstream::eprintln!("trunkline gateway: {why}");
            return ExitCode::from(NO_ANSWER);
        }
    };
    ask("gateway", global, |client| match (id, verb) {
        (id, Verb::List) => list(client, id.as_deref(), global),
        (Some(id), verb) => order(client, &id, verb, &args, global),
        (None, _) => Ok(NO_ANSWER),
    })
}

/// `[ID] VERB`; the other order is understood too, where it can mean but one thing.
fn meant(args: &Args) -> Result<(Option<String>, Verb), String> {
    let (id, verb) = match args.words.as_slice() {
        [] => (None, Verb::List),
        [word] => match Verb::of(word) {
            Some(Verb::List) => (None, Verb::List),
            Some(_) => return Err(format!("which gateway? trunkline gateway ID {word}")),
            None => (Some(word.clone()), Verb::List),
        },
        [first, second] => match (Verb::of(second), Verb::of(first)) {
            (Some(verb), _) => (Some(first.clone()), verb),
            (None, Some(verb)) => (Some(second.clone()), verb),
            (None, None) => return Err(format!("`{second}` is not list, enable, disable, probe or reset")),
        },
        _ => return Err("one gateway at a time".to_owned()),
    };
    let only_disable = args.drain || args.time.is_some() || args.reason.is_some();
    if only_disable && verb != Verb::Disable {
        return Err("--drain, --for and --reason belong to `disable`".to_owned());
    }
    Ok((id, verb))
}

fn list(client: &Client, id: Option<&str>, global: &Global) -> Result<u8, AdminError> {
    let status = client.status()?;
    let mut shown = status.gateways;
    if let Some(id) = id {
        shown.retain(|gateway| gateway.id == id);
        if shown.is_empty() {
            return Err(AdminError::Refused(format!("no gateway `{id}` in the running revision")));
        }
    }
    show(&shown, &status.started_at, global);
    Ok(CLEAN)
}

/// `trunkline/gateways/1`: the gateways of the running router, as in `status`.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct GatewaysDocument<'a> {
    schema: &'static str,
    gateways: &'a [GatewayStatus],
}

fn show(shown: &[GatewayStatus], started_at: &str, global: &Global) {
    if global.format == Format::Json {
        print_json(&GatewaysDocument { schema: "trunkline/gateways/1", gateways: shown });
    } else {
        print(&gateways(shown, started_at, &jiff::Zoned::now()));
    }
}

fn order(client: &Client, id: &str, verb: Verb, args: &Args, global: &Global) -> Result<u8, AdminError> {
    let order = match verb {
        Verb::Enable | Verb::List => GatewayOrder::Enable { by: by() },
        Verb::Disable => GatewayOrder::Disable {
            by: by(),
            reason: args.reason.clone().unwrap_or_default(),
            drain: args.drain,
            for_ms: args.time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        },
        Verb::Probe => return probe(client, id, global),
        Verb::Reset => GatewayOrder::Reset,
    };
    let mut answer = client.gateway(id, &order)?;
    if args.drain {
        answer.gateway = drained(client, id, answer.gateway)?;
        answer.message = format!("{}; its last call is over", answer.message);
    }
    report(&answer, global);
    Ok(CLEAN)
}

fn report(answer: &GatewayOrderAnswer, global: &Global) {
    if global.format == Format::Json {
        print_json(answer);
    } else if !global.quiet {
        print(&format!("{}\n", answer.message));
    }
}

/// Waits for the end of its calls; progress goes to standard error.
fn drained(client: &Client, id: &str, mut gateway: GatewayStatus) -> Result<GatewayStatus, AdminError> {
    let mut told = None;
    if gateway.calls.is_none() {
        anstream::eprintln!("without accounting nobody knows answered calls: waiting for those in set-up alone");
    }
    loop {
        let left = gateway.calls.unwrap_or(gateway.calls_in_setup);
        if left == 0 {
            return Ok(gateway);
        }
        if told.replace(left) != Some(left) {
            anstream::eprintln!("{id}: {left} calls left");
        }
        pause();
        gateway = find(client, id)?;
    }
}

/// Asks for a probe and waits for its end.
fn probe(client: &Client, id: &str, global: &Global) -> Result<u8, AdminError> {
    let before = find(client, id)?;
    let mut answer = client.gateway(id, &GatewayOrder::Probe)?;
    // A probe's own timeout is some seconds; the router gives it up by itself.
    while answer.gateway.probes == before.probes {
        pause();
        answer.gateway = find(client, id)?;
    }
    let gateway = &answer.gateway;
    let failed = gateway.last_failure != before.last_failure;
    let state = match gateway.state {
        GatewayState::Up => "up",
        GatewayState::Down => "down",
        GatewayState::Unknown => "unknown",
    };
    let how = match (&gateway.last_failure, gateway.probe_ms) {
        (Some(failure), _) if failed => failure.why.clone(),
        (_, Some(ms)) => format!("answered in {ms} ms"),
        _ => "answered".to_owned(),
    };
    answer.message = format!("{id}: {how}; it is {state}");
    report(&answer, global);
    Ok(if failed { FINDINGS } else { CLEAN })
}

fn find(client: &Client, id: &str) -> Result<GatewayStatus, AdminError> {
    let found = client.status()?.gateways.into_iter().find(|gateway| gateway.id == id);
    found.ok_or_else(|| AdminError::Refused(format!("no gateway `{id}` in the running revision")))
}
