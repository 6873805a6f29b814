//! Runs the router in a simulated network and holds every call to the laws.
//!
//! `cargo run --release --example simulate -- --calls 100000 --seed 1 --loss 5 --reloads 100 --kills 20 --crashes 5`
//!
//! Exit code 0: all laws held, and every number of workers answered the same calls (or, with `--plant`, the planted
//! faults were found). A breach prints the seed, the time, the call and its messages; the same command with
//! `--trace CALL` shows any other call of that run.

mod words;

use clap::{Parser, ValueEnum};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use trunkline::proxy::Plant;
use trunkline::sim::{Law, Options, Report, Schedule, Simulation};
use words::say;

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
    /// Deaths of the router's process (SIGKILL), spread over the run; the next one starts soon after
    #[arg(long, default_value_t = 0)]
    crashes: u64,
    /// How many workers the router has; several numbers: one run each, which must end alike
    #[arg(long, value_name = "N,N…", value_delimiter = ',', default_value = "1")]
    workers: Vec<usize>,
    /// In which order workers take their turns within a tick
    #[arg(long, value_enum, default_value_t)]
    schedule: Turns,
    /// Switch on a known fault, which must be found: a name, or `all`
    #[arg(long, value_name = "NAME")]
    plant: Option<String>,
    /// Print every message of this call
    #[arg(long, value_name = "CALL")]
    trace: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Turns {
    /// What arrived first is served first: the outcome does not depend on the number of workers
    #[default]
    Arrival,
    /// By chance; different numbers of workers need not end alike
    Shuffled,
}

/// One run of those that were asked for.
#[derive(Clone, Copy, Debug)]
struct Run {
    seed: u64,
    workers: usize,
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
    if args.workers.iter().any(|n| !(1..=64).contains(n)) {
        return usage("--workers takes numbers from 1 to 64, for instance 1,2,8");
    }
    let mut good = true;
    for seed in seeds.0..=seeds.1 {
        good &= match plants.is_empty() {
            true => alike(&args, seed),
            false => all_found(&args, seed, &plants),
        };
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

fn options(args: &Args, run: Run, plant: Plant) -> Options {
    let Args { calls, loss, reloads, kills, crashes, trace, .. } = *args;
    let Run { seed, workers } = run;
    let schedule = match args.schedule {
        Turns::Arrival => Schedule::Arrival,
        Turns::Shuffled => Schedule::Shuffled,
    };
    let aftermath = Duration::ZERO;
    Options { calls, seed, loss, reloads, kills, crashes, workers, schedule, plant, trace, aftermath }
}

fn run(options: Options) -> (Report, f64) {
    let began = Instant::now();
    let calls = options.calls;
    let mut simulation = Simulation::new(options);
    while !simulation.over() {
        simulation.round();
        words::progress(simulation.begun(), calls, began);
    }
    let report = simulation.finish();
    words::clear_progress();
    (report, began.elapsed().as_secs_f64())
}

/// Runs without a fault, one for each number of workers: all laws must hold, and all must end alike.
fn alike(args: &Args, seed: u64) -> bool {
    let mut first: Option<Report> = None;
    for &workers in &args.workers {
        let report = sound(args, Run { seed, workers });
        if report.breach().is_some() {
            return false;
        }
        match &first {
            Some(first) if args.schedule == Turns::Arrival && first.endings != report.endings => {
                words::differ(first, &report, args.workers[0], workers);
                return false;
            }
            Some(_) => {}
            None => first = Some(report),
        }
    }
    true
}

/// A run without a fault: all laws must hold.
fn sound(args: &Args, which: Run) -> Report {
    let (report, seconds) = run(options(args, which, Plant::None));
    let Run { seed, workers } = which;
    match report.breach() {
        Some(_) => breach(args, which, &report),
        None if args.seeds.is_some() || args.workers.len() > 1 => words::line(seed, workers, &report, seconds),
        None => {
            words::trace(&report);
            words::laws(&report);
            words::summary(seed, workers, &report, seconds);
        }
    }
    report
}

/// Runs with planted faults: each must be found.
fn all_found(args: &Args, seed: u64, plants: &[(&str, Plant)]) -> bool {
    let mut good = true;
    say!("{:<20} {:<24} {:>12}", "planted fault", "found by", "after calls");
    for plant in plants {
        for &workers in &args.workers {
            good &= found(args, Run { seed, workers }, *plant);
        }
    }
    good
}

fn found(args: &Args, which: Run, plant: (&str, Plant)) -> bool {
    let (report, seconds) = run(options(args, which, plant.1));
    let Some(found) = report.breach() else {
        say!("{:<20} NOT found in {} calls, seed {}", plant.0, report.begun, which.seed);
        return false;
    };
    say!("{:<20} {:<24} {:>12} {seconds:>8.1} s", plant.0, found.law.name(), report.begun);
    if args.trace.is_some() {
        say!("{}", found.what);
        words::trace(&report);
    }
    true
}

/// Prints a breach with the messages of its call, for which the run is repeated from its seed.
fn breach(args: &Args, which: Run, report: &Report) {
    words::breach(which.seed, which.workers, report);
    let call = args.trace.or(report.breach().and_then(|b| b.call));
    if let Some(call) = call {
        let again = Options { trace: Some(call), aftermath: AFTERMATH, ..options(args, which, Plant::None) };
        let again = Simulation::run(again);
        say!("\ncall {call}:");
        words::trace(&again);
    }
    let Args { calls, loss, reloads, kills, crashes, schedule, .. } = args;
    let (Run { seed, workers }, schedule) = (which, format!("{schedule:?}").to_lowercase());
    say!(
        "\nagain: simulate --calls {calls} --seed {seed} --loss {loss} --reloads {reloads} --kills {kills} \
         --crashes {crashes} --workers {workers} --schedule {schedule}"
    );
}

/// How many checks a run has made.
fn checks(report: &Report) -> u64 {
    Law::ALL.iter().map(|l| report.tally.checked(*l)).sum()
}
