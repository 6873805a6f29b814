//! The simulation in small: that it finds nothing in a sound router, everything that was planted, the same thing every
//! time, and the same thing with any number of workers. `cargo run --release --example simulate` is the same at full
//! size.

use std::time::Duration;
use trunkline::proxy::Plant;
use trunkline::sim::{Law, Options, Report, Schedule, Simulation};

fn options(calls: u64, seed: u64) -> Options {
    Options {
        calls,
        seed,
        loss: 5.0,
        reloads: calls / 100,
        kills: calls / 300,
        crashes: calls / 1_500,
        workers: 2,
        schedule: Schedule::Arrival,
        plant: Plant::None,
        trace: None,
        aftermath: Duration::ZERO,
    }
}

fn sound(options: Options) -> Report {
    let what = format!("{options:?}");
    let report = Simulation::run(options);
    let story = report.breach().map(|b| format!("{} in call {:?}: {}", b.law.name(), b.call, b.what));
    assert_eq!(story, None, "{what}");
    report
}

#[test]
fn a_sound_router_keeps_all_laws() {
    for seed in 101..=102 {
        let report = sound(options(3_000, seed));
        let idle: Vec<_> = Law::ALL.iter().filter(|law| report.tally.checked(**law) == 0).map(|l| l.name()).collect();
        // `down-is-kept` needs a gateway that is down beside one that is up: not in every small run.
        assert!(idle.iter().all(|name| *name == "down-is-kept"), "seed {seed}: never checked: {idle:?}");
        assert!(report.summary.answered > 300 && report.summary.cancelled > 50, "{:?}", report.summary);
        assert!(report.summary.crashes >= 2, "{:?}", report.summary);
    }
}

#[test]
fn the_same_calls_are_answered_by_any_number_of_workers() {
    let ends = |workers| sound(Options { workers, ..options(3_000, 103) }).endings;
    let one = ends(1);
    assert!(one.iter().filter(|code| **code == 200).count() > 300);
    assert_eq!(one, ends(2));
    assert_eq!(one, ends(8));
}

#[test]
fn workers_may_take_their_turns_in_any_order() {
    sound(Options { workers: 8, schedule: Schedule::Shuffled, ..options(3_000, 104) });
}

#[test]
fn every_planted_fault_is_found() {
    for (name, plant) in Plant::ALL {
        // A gateway must go down by what the other worker alone has seen: that takes longer.
        let calls = if plant == Plant::LostEvidence { 30_000 } else { 8_000 };
        let report = Simulation::run(Options { plant, ..options(calls, 7) });
        assert!(report.breach().is_some(), "{name} was not found in {} calls", report.begun);
    }
}

#[test]
fn a_run_replays_from_its_seed() {
    let figures = |seed| {
        let report = Simulation::run(options(1_000, seed));
        (report.datagrams, report.lost, report.virtual_time, format!("{:?}", report.summary))
    };
    assert_eq!(figures(5), figures(5));
    assert_ne!(figures(5), figures(6));
}
