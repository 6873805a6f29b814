//! `trunkline call`: places test calls.

use super::{CLEAN, FINDINGS, Format, Global, NO_ANSWER, messages};
use crate::agent::behaviour::parse_duration;
use crate::agent::tally::Summary;
use crate::agent::{Caller, Outcome, Plan, Tally};
use crate::config;
use rsip::Uri;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::mpsc;

/// Place test calls and print one line a message
///
/// A call is an INVITE to TO, sent to the router (or to any SIP server) with a body that offers silent audio. An answered
/// call is acknowledged and hung up after --duration. The exit code is 0 if every call ended as expected, else 1.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// A number, or a SIP URI
    #[arg(value_name = "TO")]
    to: String,
    /// Send the call here [default: the first listener of the routes file, else 127.0.0.1:5060]
    #[arg(long, value_name = "ADDR")]
    via: Option<String>,
    /// Who calls: a number, a user name, or a SIP URI
    #[arg(long, value_name = "USER", default_value = "test")]
    from: String,
    /// The final response that each call must have [default: 200; with --cancel-after 487]
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..700))]
    expect: Option<u16>,
    /// Hang up this long after the answer
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    duration: Duration,
    /// Place so many calls
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// So many new calls a second
    #[arg(long, value_name = "R", default_value_t = 10.0, value_parser = rate)]
    rate: f64,
    /// Cancel this long after the INVITE, if it has no answer by then
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    cancel_after: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  trunkline call 0301234567                       one call through the router of ./routes.yaml
  trunkline call 112 --via 192.0.2.1 --from 101   as extension 101, through another router
  trunkline call 0301 --count 100 --rate 20 -q    a hundred calls, only the summary
  trunkline call 0301 --cancel-after 1s           ring for a second, then give up
Times are written 250ms, 2s, 5m.";

pub fn run(args: Args, global: &Global) -> ExitCode {
    let answer = super::runtime::block_on(async {
        let plan = args.plan(global)?;
        place(&args, plan, global).await
    });
    match answer {
        Ok(code) => ExitCode::from(code),
        Err(complaint) => {
            anstream::eprintln!("call: {complaint}");
            ExitCode::from(NO_ANSWER)
        }
    }
}

impl Args {
    fn plan(&self, global: &Global) -> Result<Plan, String> {
        let via = match &self.via {
            Some(via) => address(via)?,
            None => first_listener(global)?,
        };
        let uri = |user: &str| user_uri(user, via);
        Ok(Plan {
            target: uri(&self.to)?,
            from: uri(&self.from)?,
            via,
            duration: self.duration,
            cancel_after: self.cancel_after,
        })
    }

    fn expected(&self) -> u16 {
        self.expect.unwrap_or(if self.cancel_after.is_some() { 487 } else { 200 })
    }
}

async fn place(args: &Args, plan: Plan, global: &Global) -> Result<u8, String> {
    let observer = messages::printer(global.format, global.quiet);
    let caller = Caller::open(SocketAddr::from(([0, 0, 0, 0], 0)), plan.via, observer).await;
    let caller = caller.map_err(|error| format!("no socket towards {}: {error}", plan.via))?;
    // Ended calls wait here until they are counted; bounded by the number of calls that run.
    let (ended, mut outcomes) = mpsc::channel(64);
    let (count, pause) = (args.count, Duration::from_secs_f64(1.0 / args.rate));
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(pause);
        for _ in 0..count {
            ticks.tick().await;
            let (outcome, ended) = (caller.place(plan.clone()), ended.clone());
            tokio::spawn(async move {
                if let Ok(outcome) = outcome.await {
                    let _ = ended.send(outcome).await;
                }
            });
        }
    });
    let (mut tally, mut as_expected) = (Tally::default(), true);
    loop {
        tokio::select! {
            outcome = outcomes.recv() => match outcome {
                Some(outcome) => {
                    tally.add(&outcome);
                    as_expected &= judge(&outcome, args.expected());
                }
                None => break,
            },
            _ = tokio::signal::ctrl_c() => {
                as_expected = false;
                break;
            }
        }
    }
    report(&tally.summary(), global.format);
    Ok(if as_expected { CLEAN } else { FINDINGS })
}

/// Complains about a call that went otherwise than expected.
fn judge(outcome: &Outcome, expected: u16) -> bool {
    let call = outcome.call_id.get(..6).unwrap_or(&outcome.call_id);
    if outcome.code != expected {
        let (code, reason) = (outcome.code, &outcome.reason);
        let got = if outcome.made_here { format!("no answer: {reason}") } else { format!("{code} {reason}") };
        anstream::eprintln!("call {call}: expected {expected}, got {got}");
        return false;
    }
    if let Some(problem) = &outcome.problem {
        anstream::eprintln!("call {call}: {problem}");
        return false;
    }
    true
}

fn report(summary: &Summary, format: Format) {
    if format != Format::Human {
        // The numbers are plain: this can't fail.
        let text = serde_json::to_string(summary).unwrap_or_default();
        return anstream::println!("{text}");
    }
    let codes: Vec<String> = summary.codes.iter().map(|(code, count)| format!("{code} x {count}")).collect();
    let setup = match (summary.setup_ms.p50, summary.setup_ms.p99) {
        (Some(p50), Some(p99)) => format!("; set-up p50 {p50} ms, p99 {p99} ms"),
        _ => String::new(),
    };
    let (sent, answered, failed) = (summary.sent, summary.answered, summary.failed);
    let calls = if sent == 1 { "call" } else { "calls" };
    anstream::println!("{sent} {calls}: {answered} answered, {failed} failed ({}){setup}", codes.join(", "));
}

/// `host`, `host:port`: the first IPv4 address of it.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let with_port = if text.contains(':') { text.to_owned() } else { format!("{text}:5060") };
    let found = with_port.to_socket_addrs().map_err(|error| format!("{text}: {error}"))?;
    let mut found = found.filter(SocketAddr::is_ipv4);
    found.next().ok_or_else(|| format!("{text}: no IPv4 address (the test agents speak IPv4 only)"))
}

fn user_uri(text: &str, via: SocketAddr) -> Result<Uri, String> {
    let uri = if text.starts_with("sip:") { text.to_owned() } else { format!("sip:{}@{via}", escaped(text)) };
    Uri::try_from(uri.as_str()).map_err(|error| format!("{text}: not a number, a user or a SIP URI ({error})"))
}

/// What may not stand in the user part of a URI is escaped (RFC 3261 §25.1): `#` for one.
fn escaped(user: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_!~*'()&=+$,".contains(&byte);
    user.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.01..=10_000.0).contains(&rate) { Ok(rate) } else { Err("must be from 0.01 to 10000".to_owned()) }
}

/// Where a router that runs with this configuration listens.
fn first_listener(global: &Global) -> Result<SocketAddr, String> {
    let fallback = SocketAddr::from(([127, 0, 0, 1], 5060));
    let root = match global.root() {
        Ok(root) => root,
        Err(_) if global.config.is_none() => return Ok(fallback),
        Err(complaint) => return Err(complaint),
    };
    let set = config::FileSet::read(&root).map_err(|error| error.to_string())?;
    let (compiled, diagnostics) = config::compile(&set);
    let compiled =
        compiled.ok_or_else(|| format!("{}\n  Say with --via where the router listens.", diagnostics.first_line()))?;
    let Some(listener) = compiled.snapshot.listeners.first() else { return Ok(fallback) };
    let mut address = listener.bind;
    if address.ip().is_unspecified() {
        address = SocketAddr::from(([127, 0, 0, 1], address.port()));
    }
    if address.is_ipv4() { Ok(address) } else { Err(format!("{address}: the test agents speak IPv4 only; say --via")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_a_uri() {
        let via = "127.0.0.1:5060".parse().expect("an address");
        for (typed, uri) in [
            ("0301234", "sip:0301234@127.0.0.1:5060"),
            ("+4930", "sip:+4930@127.0.0.1:5060"),
            ("*31#112", "sip:*31%23112@127.0.0.1:5060"),
            ("sip:a@example.org", "sip:a@example.org"),
        ] {
            assert_eq!(user_uri(typed, via).map(|uri| uri.to_string()), Ok(uri.to_owned()));
        }
    }

    #[test]
    fn an_address_may_lack_its_port() {
        assert_eq!(address("127.0.0.1"), Ok("127.0.0.1:5060".parse().expect("an address")));
        assert!(address("[::1]:5060").is_err_and(|complaint| complaint.contains("IPv4")));
    }
}
