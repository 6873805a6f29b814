//! `trunkline run`: serves calls.

use super::{CLEAN, Global, NO_ANSWER};
use crate::agent::behaviour::parse_duration;
use crate::server::log::{self, Style};
use crate::server::{Ended, Options, Running, Server, StartError};
use clap::value_parser;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;

/// More than a machine has cores is a slip of the finger.
const MOST_WORKERS: i64 = 256;

/// Serve calls: listen, route, probe, fail over, reload when the files change
///
/// The log goes to standard error. When calls are taken, one line `ready` with revision and listeners is written to
/// standard output. SIGHUP makes it look at its files, SIGTERM and SIGINT drain and end it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where keys and open calls are kept [default: .trunkline beside the root file]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Do not watch the files, only look at them every --poll
    #[arg(long)]
    no_watch: bool,
    /// Look at the files this often, events or not
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_duration)]
    poll: Duration,
    /// Do not start from the last good revision when the files are broken: end with 2
    #[arg(long)]
    strict_boot: bool,
    /// Let operators ask at a TCP address too, with the token in the state directory's control.token
    #[arg(long, value_name = "ADDR")]
    control: Option<SocketAddr>,
    /// Serve Prometheus metrics (/metrics) and readiness (/ready) here
    #[arg(long, value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// Worker threads, which share the calls among them [default: one a core]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=MOST_WORKERS))]
    workers: Option<u16>,
    /// After SIGTERM, wait at most this long for calls in set-up
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    drain: Duration,
    /// How log lines are written
    #[arg(long, value_enum, value_name = "STYLE", default_value_t)]
    log: LogStyle,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum LogStyle {
    #[default]
    Text,
    Json,
}

pub fn run(args: Args, global: &Global) -> ExitCode {
    let config = match global.root() {
        Ok(root) => root,
        Err(why) => match vanished(global) {
            Some(root) => root,
            None => return no_answer(&why),
        },
    };
    let style = if args.log == LogStyle::Json { Style::Json } else { Style::Text };
    log::init(style, level(global), global.coloured(&std::io::stderr()));
    let options = Options {
        config,
        state_dir: args.state_dir,
        workers: args.workers.map_or_else(cores, usize::from),
        watch: !args.no_watch,
        poll: args.poll,
        drain: args.drain,
        strict_boot: args.strict_boot,
        control: args.control,
        metrics: args.metrics,
        signals: true,
    };
    match Server::start(options) {
        Ok(running) => serve(running, global),
        Err(StartError::Config(said)) => {
            complain(&said.human(global.coloured(&std::io::stderr())));
            no_answer("the files have errors, so there is nothing to serve")
        }
        Err(error) => no_answer(&error.to_string()),
    }
}

/// A root file that is named and not there: the last good revision may be served in its place.
fn vanished(global: &Global) -> Option<PathBuf> {
    let path = global.config.clone()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let named = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    (named && folder.is_none_or(Path::is_dir)).then_some(path)
}

/// As many as may run at once; affinity and cgroups are heeded.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS as usize)
}

fn serve(running: Running, global: &Global) -> ExitCode {
    let said = running.diagnostics();
    if said.warnings() > 0 && !global.quiet {
        complain(&said.human(global.coloured(&std::io::stderr())));
    }
    let ready = running.ready();
    tracing::info!("{ready}");
    // Whoever started us may not read standard output; that is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{ready}");
    match running.wait() {
        Ended::Drained => {
            tracing::info!("stopped: no call in set-up was left behind");
            ExitCode::from(CLEAN)
        }
        Ended::Cut => ExitCode::from(CLEAN),
        Ended::Broken => no_answer("stopped by a fault"),
    }
}

fn level(global: &Global) -> LevelFilter {
    match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::INFO,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    }
}

/// A standard error that nobody reads any more is no reason to panic.
fn complain(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

fn no_answer(why: &str) -> ExitCode {
    complain(&format!("trunkline run: {why}\n"));
    ExitCode::from(NO_ANSWER)
}
