//! Runs the router in a simulated network and holds every call to the laws.
//!
//! `cargo run --release --example simulate -- --calls 100000 --seed 1 --loss 5 --reloads 100 --kills 20`
//!
//! Exit code 0: all laws held (or, with `--plant`, the planted fault was found). A breach prints the seed, the time,
//! the call and its messages; the same command with `--trace CALL` shows any other call of that run.

use clap::Parser;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use trunkline::proxy::Plant;
use trunkline::sim::{Law, Options, Report, START, Simulation};

/// Prints a line; a reader that has gone away (`| head`) is no reason to panic.
macro_rules! say {
    ($($text:tt)*) => {{ let _ = writeln!(std::io::stdout(), $($text)*); }};
}

/// Simulates calls through the router and checks what must always hold
#[derive(Debug, Parser)]
struct Args {
    /// Calls to simulate
    #[arg(long, default_value_t = 100_000)]
    calls: u64,
    /// Everything that depends on chance comes from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Several runs, one a seed: FIRST..LAST, both included
    #[arg(long, value_name = "FIRST..LAST", conflicts_with = "seed")]
    seeds: Option<String>,
    /// Datagrams lost, in percent
    #[arg(long, default_value_t = 5.0)]
    loss: f64,
    /// Reloads of a changed configuration, spread over the run
    #[arg(long, default_value_t = 100)]
    reloads: u64,
    /// Deaths of gateways, spread over the run; each comes back
    #[arg(long, default_value_t = 20)]
    kills: u64,
    /// Switch on a known fault, which must be found: a name, or `all`
    #[arg(long, value_name = "NAME")]
    plant: Option<String>,
    /// Print every message of this call
    #[arg(long, value_name = "CALL")]
    trace: Option<u64>,
}

/// How long the story of a breach goes on after it.
const AFTERMATH: Duration = Duration::from_secs(40);

fn main() -> ExitCode {
    let args = Args::parse();
    let plants = match args.plant.as_deref().map(plants) {
        Some(Err(message)) => return usage(&message),
        Some(Ok(plants)) => plants,
        None => Vec::new(),
    };
    let seeds = match args.seeds.as_deref().map_or(Some((args.seed, args.seed)), range) {
        Some(seeds) => seeds,
        None => return usage("--seeds takes FIRST..LAST, for instance 1..10"),
    };
    let mut good = true;
    for seed in seeds.0..=seeds.1 {
        match plants.is_empty() {
            true => good &= sound(&args, seed),
            false => plants.iter().for_each(|plant| good &= found(&args, seed, *plant)),
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(2)
}

fn plants(name: &str) -> Result<Vec<(&'static str, Plant)>, String> {
    let known = || Plant::ALL.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", ");
    match name {
        "all" => Ok(Plant::ALL.to_vec()),
        name => match Plant::ALL.iter().find(|(n, _)| *n == name) {
            Some(plant) => Ok(vec![*plant]),
            None => Err(format!("no planted fault is called `{name}`; there are: {}", known())),
        },
    }
}

fn range(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once("..")?;
    let (first, last) = (first.parse().ok()?, last.trim_start_matches('=').parse().ok()?);
    (first <= last).then_some((first, last))
}

fn options(args: &Args, seed: u64, plant: Plant) -> Options {
    let Args { calls, loss, reloads, kills, trace, .. } = *args;
    Options { calls, seed, loss, reloads, kills, plant, trace, aftermath: Duration::ZERO }
}

fn run(options: Options) -> (Report, f64) {
    let began = Instant::now();
    let calls = options.calls;
    let mut simulation = Simulation::new(options);
    while !simulation.over() {
        simulation.round();
        progress(simulation.begun(), calls, began);
    }
    let report = simulation.finish();
    clear_progress();
    (report, began.elapsed().as_secs_f64())
}

/// A run without a fault: all laws must hold.
fn sound(args: &Args, seed: u64) -> bool {
    let (report, seconds) = run(options(args, seed, Plant::None));
    match report.breach() {
        Some(_) => breach(args, seed, &report),
        None => {
            trace(&report);
            if args.seeds.is_some() {
                let checks: u64 = Law::ALL.iter().map(|l| report.tally.checked(*l)).sum();
                say!("seed {seed}: {} calls, {checks} checks, all laws hold, {seconds:.1} s", report.begun);
            } else {
                laws(&report);
                summary(seed, &report, seconds);
            }
        }
    }
    report.breach().is_none()
}

/// A run with a planted fault: a law must be broken.
fn found(args: &Args, seed: u64, plant: (&str, Plant)) -> bool {
    let (report, seconds) = run(options(args, seed, plant.1));
    match report.breach() {
        Some(found) => {
            say!("{:<20} found after {:>7} calls by {} ({seconds:.1} s)", plant.0, report.begun, found.law.name());
            if args.trace.is_some() {
                say!("{}", found.what);
                trace(&report);
            }
        }
        None => say!("{:<20} NOT found in {} calls, seed {seed}", plant.0, report.begun),
    }
    report.breach().is_some()
}

fn laws(report: &Report) {
    say!("{:<24} {:>12}", "law", "checked");
    for law in Law::ALL {
        say!("{:<24} {:>12}  {}", law.name(), report.tally.checked(*law), law.meaning());
    }
}

fn summary(seed: u64, report: &Report, seconds: f64) {
    let s = &report.summary;
    say!("");
    say!("seed {seed}: all laws hold");
    say!(
        "calls     {} answered, {} failed, {} cancelled, {} rejected, {} unheard; {} other requests",
        s.answered,
        s.failed,
        s.cancelled,
        s.rejected,
        s.unheard,
        s.others
    );
    say!("gateways  {} attempts, {} retransmissions, {} probes", s.attempts, s.repeats, report.probes);
    say!("network   {} datagrams, {} lost; {} reloads, {} kills", report.datagrams, report.lost, s.reloads, s.kills);
    say!("records   {}; at most {} calls alive at a time", s.records, report.peak);
    say!(
        "time      {:.0} s of virtual time in {seconds:.1} s, {:.0} calls a second",
        report.virtual_time.as_secs_f64(),
        report.begun as f64 / seconds
    );
}

/// Prints a breach with the messages of its call, for which the run is repeated from its seed.
fn breach(args: &Args, seed: u64, report: &Report) {
    let Some(breach) = report.breach() else { return };
    say!("BREACH of {}: {}", breach.law.name(), breach.law.meaning());
    say!("seed {seed}, {:.6} s, after {} calls", breach.at.since(START.at).as_secs_f64(), report.begun);
    say!("{}\n", breach.what);
    say!("gateways and reloads of late:");
    report.turns.iter().for_each(|turn| say!("{turn}"));
    if let Some(call) = args.trace.or(breach.call) {
        let again =
            Simulation::run(Options { trace: Some(call), aftermath: AFTERMATH, ..options(args, seed, Plant::None) });
        say!("\ncall {call}:");
        trace(&again);
    }
    let Args { calls, loss, reloads, kills, .. } = args;
    say!("\nagain: simulate --calls {calls} --seed {seed} --loss {loss} --reloads {reloads} --kills {kills}");
}

fn trace(report: &Report) {
    report.trace.iter().for_each(|line| say!("{line}"));
}

fn progress(begun: u64, calls: u64, began: Instant) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let done = (begun * 40 / calls.max(1)) as usize;
        let rate = begun as f64 / began.elapsed().as_secs_f64().max(0.001);
        let bar = format!("{}{}", "#".repeat(done), ".".repeat(40 - done));
        let _ = write!(err, "\r[{bar}] {begun} of {calls} calls, {rate:.0} a second ");
        let _ = err.flush();
    }
}

fn clear_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r{:80}\r", "");
    }
}
