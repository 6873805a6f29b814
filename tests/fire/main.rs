//! Storms: what would hurt a router most, done to the real binary with real SIPp, and figures about how it held.
//!
//! ```console
//! $ cargo test --release --test fire                      # the short form of every storm, a few minutes
//! $ cargo test --release --test fire -- --full            # as long and as hard as they are specified
//! $ cargo test --release --test fire -- --full crash disk # these two
//! ```
//!
//! The router is built without the simulation's faults (`cargo build --release`) unless `--router PATH` names one.
//! Progress goes to standard error, a table of figures to standard output; the exit code is 1 when a bar is missed.
//! The figures are only worth something on a machine that does nothing else.

#[path = "crash.rs"]
mod crash;
#[path = "disk.rs"]
mod disk;
#[path = "hostile.rs"]
mod hostile;
#[path = "ledger.rs"]
mod ledger;
#[path = "load.rs"]
mod load;
#[path = "../hostile/mutate.rs"]
mod mutate;
#[path = "overload.rs"]
mod overload;
#[path = "phones.rs"]
mod phones;
#[path = "../e2e/ports.rs"]
mod ports;
#[path = "../e2e/process.rs"]
#[allow(dead_code, reason = "shared with tests/e2e.rs")]
mod process;
#[path = "reload.rs"]
mod reload;
#[path = "report.rs"]
mod report;
#[path = "../e2e/router.rs"]
#[allow(dead_code, reason = "shared with tests/e2e.rs")]
mod router;
#[path = "../e2e/sipp.rs"]
#[allow(dead_code, reason = "shared with tests/e2e.rs")]
mod sipp;
#[path = "../hostile/speech.rs"]
#[allow(dead_code, reason = "shared with tests/hostile.rs and tests/fuzz.rs")]
mod speech;
#[path = "stage.rs"]
mod stage;
#[path = "watcher.rs"]
mod watcher;
#[path = "workers.rs"]
mod workers;

use report::Report;
use stage::Stage;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// A storm by its name, and what it does.
type Storm = (&'static str, &'static str, fn(&Stage) -> Report);

const STORMS: &[Storm] = &[
    ("reload", "a new revision every 100 ms by SIGHUP, then one a second by file event, under calls", reload::run),
    ("crash", "SIGKILL and restart in mid-call, again and again", crash::run),
    ("disk", "a full disk, a read-only one, a locked database, under calls", disk::run),
    ("overload", "three times as many calls as it can take, then calm", overload::run),
    ("hostile", "mutated datagrams as fast as they can be made, beside calls", hostile::run),
    ("watcher", "1,000 changes of the files, written in every way there is, under calls", watcher::run),
    ("workers", "a worker a core beside a bare relay", workers::run),
];

fn main() -> ExitCode {
    let asked = match Asked::from(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(why) => return usage(&why),
    };
    let Some(program) = asked.program.or_else(build) else { return ExitCode::from(2) };
    let stage = Stage { full: asked.full, program };
    let mut total = Report::default();
    for (name, about, run) in asked.storms {
        stage.say(format_args!("{name}: {about}"));
        // A storm that can't go on has failed; the others go on.
        let report = catch_unwind(AssertUnwindSafe(|| run(&stage)));
        total.append(name, report.unwrap_or_else(|_| Report::broken()));
    }
    println!("{total}");
    if total.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Asked {
    full: bool,
    program: Option<PathBuf>,
    storms: Vec<Storm>,
}

impl Asked {
    fn from(mut arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
        let mut asked = Asked { full: false, program: None, storms: Vec::new() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--full" => asked.full = true,
                "--router" => asked.program = Some(arguments.next().ok_or("--router needs a path")?.into()),
                name => {
                    let storm = STORMS.iter().find(|storm| storm.0 == name);
                    asked.storms.push(*storm.ok_or_else(|| format!("there is no storm {name:?}"))?);
                }
            }
        }
        if asked.storms.is_empty() {
            asked.storms = STORMS.to_vec();
        }
        Ok(asked)
    }
}

fn usage(why: &str) -> ExitCode {
    eprintln!("{why}\nusage: cargo test --release --test fire -- [--full] [--router PATH] [STORM...]");
    STORMS.iter().for_each(|(name, about, _)| eprintln!("  {name:9} {about}"));
    ExitCode::from(2)
}

/// The binary that is delivered. The one that cargo builds for tests has the simulation's faults compiled in.
fn build() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO"));
    let built = command.current_dir(root).args(["build", "--release", "--bin", "trunkline"]).status();
    if !built.is_ok_and(|status| status.success()) {
        eprintln!("the router does not build");
        return None;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    Some(target.join("release/trunkline"))
}
