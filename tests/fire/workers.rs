//! A worker a core, at 1,000 and 2,000 calls a second, and the bare relay with the same calls in the same run: what the
//! relay loses is the machine's, what the router loses beyond that is its own.

use crate::load::{Counts, Load, gateway};
use crate::ports::{free, is_taken, wait_for};
use crate::report::Report;
use crate::stage::{Stage, memory_kib};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub fn run(stage: &Stage) -> Report {
    let cores = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let calls: u32 = stage.either(100_000, 5_000);
    let mut report = Report::default();
    let relay = build_relay(stage);
    for rate in [1000, 2000] {
        let by_relay = relay.as_deref().map(|relay| through_relay(stage, relay, rate, calls));
        let by_router = through_router(stage, cores, rate, calls, &mut report);
        let lost = u64::from(calls) - by_router.succeeded;
        let bar = by_relay.map_or(0, |counts| u64::from(calls) - counts.succeeded);
        report.show(format_args!("{calls} calls at {rate}/s, lost by the relay"), bar);
        report.at_most(format_args!("{calls} calls at {rate}/s, lost by {cores} workers"), lost, bar);
    }
    report
}

fn through_router(stage: &Stage, cores: usize, rate: u32, calls: u32, report: &mut Report) -> Counts {
    let gateway = gateway("answers");
    let mut setup = stage.setup(&[gateway.port]);
    setup.flags = vec!["--workers".to_owned(), cores.to_string()];
    let router = setup.start();
    let mut load = Load::start("calls", router.port(), rate, &["-m", &calls.to_string(), "-d", "0"]);
    let counts = watched(stage, "router", rate, calls, &mut load);
    report.show(format_args!("memory afterwards at {rate}/s, MiB"), memory_kib(router.process.id()) / 1024);
    counts
}

fn through_relay(stage: &Stage, relay: &Path, rate: u32, calls: u32) -> Counts {
    let gateway = gateway("answers");
    let (port, caller) = (free(), free());
    let ports = [port, caller, gateway.port].map(|port| port.to_string());
    let _relay = Relay(Command::new(relay).args(&ports).stdin(Stdio::null()).spawn().expect("the relay"));
    wait_for("the relay", || is_taken(port).then_some(()));
    // The relay tells caller and gateway apart by their ports: SIPp is told which one to take.
    let flags = ["-m", &calls.to_string(), "-d", "0", "-p", &caller.to_string()];
    watched(stage, "relay", rate, calls, &mut Load::start("calls", port, rate, &flags))
}

fn watched(stage: &Stage, who: &str, rate: u32, calls: u32, load: &mut Load) -> Counts {
    let counts = load.wait(Duration::from_secs(u64::from(calls / rate) + 60));
    stage.say(format_args!(
        "{who} at {rate}/s: {} calls well, {} failed, {} retransmissions",
        counts.succeeded, counts.failed, counts.retransmissions
    ));
    counts
}

struct Relay(Child);

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The relay of benches/compare.
fn build_relay(stage: &Stage) -> Option<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let build = ["build", "--release", "-q", "--example", "relay"];
    let built = Command::new(env!("CARGO")).current_dir(root).args(build).status();
    if !built.is_ok_and(|status| status.success()) {
        stage.say("the relay does not build: the bar is none lost");
        return None;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    Some(target.join("release/examples/relay"))
}
