//! `trunkline answer`: answers test calls.

use super::{Format, Global, NO_ANSWER, messages};
use crate::agent::behaviour::{parse_duration, script};
use crate::agent::{Answerer, Behaviour};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Answer calls as a test gateway, and print one line a message
///
/// Every call is taken alike, as the flags say, or one after the other as a script says. OPTIONS is answered with 200, so
/// that a router's probes find the gateway up. The first line printed is `ready ADDRESS`. Ends on Ctrl-C or SIGTERM.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Listen here; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5070")]
    listen: String,
    /// The final response
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..700))]
    code: u16,
    /// Wait before the first reply, even a provisional: a gateway that is slow to notice
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    delay: Duration,
    /// Ring (180) this long before the final response
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    ring: Duration,
    /// Add Retry-After to the final response
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    retry_after: Option<Duration>,
    /// Take everything and answer nothing, OPTIONS included
    #[arg(long, conflicts_with_all = ["code", "delay", "ring", "retry_after"])]
    silent: bool,
    /// A YAML list with one entry a call; the last entry stands for all further calls
    #[arg(long, value_name = "FILE", conflicts_with_all = ["code", "delay", "ring", "retry_after", "silent"])]
    script: Option<PathBuf>,
}

const EXAMPLES: &str = "\
A script:
  - {}                                       # answer at once; the caller hangs up
  - { code: 503, retry_after: 30s }
  - { ring: 2s, code: 486, reason: Not now }
  - { delay: 500ms, ring: 1s, hang_up_after: 5s, reinvite_after: 1s }
  - { silent: true }                         # this call, and all after it
Times are written 250ms, 2s, 5m.";

pub fn run(args: Args, global: &Global) -> ExitCode {
    match super::runtime::block_on(serve(&args, global)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            anstream::eprintln!("answer: {complaint}");
            ExitCode::from(NO_ANSWER)
        }
    }
}

async fn serve(args: &Args, global: &Global) -> Result<(), String> {
    let listen = super::call::address(&args.listen)?;
    let observer = messages::printer(global.format, global.quiet);
    let mut answerer = Answerer::open(listen, args.behaviours()?, observer)
        .await
        .map_err(|error| format!("{listen}: {error}; is another program on this port?"))?;
    ready(answerer.local(), global.format);
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        () = answerer.serve() => {}
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

fn ready(local: SocketAddr, format: Format) {
    match format {
        Format::Human => anstream::println!("ready {local}"),
        _ => anstream::println!("{}", serde_json::json!({ "ready": local.to_string() })),
    }
}

impl Args {
    fn behaviours(&self) -> Result<Vec<Behaviour>, String> {
        let Some(path) = &self.script else {
            let (silent, delay, ring, code) = (self.silent, self.delay, self.ring, self.code);
            let retry_after = self.retry_after;
            return Ok(vec![Behaviour { silent, delay, ring, code, retry_after, ..Behaviour::default() }]);
        };
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        script(&text).map_err(|complaint| format!("{}: {complaint}", path.display()))
    }
}
