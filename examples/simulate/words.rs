//! What the simulation tells people.

use std::io::{IsTerminal, Write};
use std::time::Instant;
use trunkline::sim::{Law, Report, START};

/// Prints a line; a reader that has gone away (`| head`) is no reason to panic.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
pub(crate) use say;

/// Calls that differ between two runs, named at most.
const NAMED: usize = 10;

pub fn laws(report: &Report) {
    say!("{:<24} {:>12}", "law", "checked");
    for law in Law::ALL {
        say!("{:<24} {:>12}  {}", law.name(), report.tally.checked(*law), law.meaning());
    }
}

/// A run in one line.
pub fn line(seed: u64, workers: usize, report: &Report, seconds: f64) {
    say!(
        "seed {seed}, {workers} worker{}: {} calls, {} answered, digest {:016x}; {} checks, all laws hold, {seconds:.1} s",
        if workers == 1 { "" } else { "s" },
        report.begun,
        report.summary.answered,
        report.digest(),
        super::checks(report),
    );
}

pub fn summary(seed: u64, workers: usize, report: &Report, seconds: f64) {
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
    say!(
        "network   {} datagrams, {} lost; {} reloads, {} kills, {} crashes",
        report.datagrams,
        report.lost,
        s.reloads,
        s.kills,
        s.crashes
    );
    say!("records   {}; at most {} calls alive at a time", s.records, report.peak);
    say!("digest    {:016x} of how all calls ended, {workers} worker(s)", report.digest());
    say!(
        "time      {:.0} s of virtual time in {seconds:.1} s, {:.0} calls a second",
        report.virtual_time.as_secs_f64(),
        report.begun as f64 / seconds
    );
}

/// Two runs that should have ended alike did not.
pub fn differ(one: &Report, other: &Report, workers_one: usize, workers_other: usize) {
    let pairs = || (0_u64..).zip(one.endings.iter().zip(&other.endings)).filter(|(_, (a, b))| a != b);
    say!("DIFFERENT: {} calls end otherwise with {workers_other} workers than with {workers_one}", pairs().count());
    for (call, (a, b)) in pairs().take(NAMED) {
        say!("call {call}: {} with {workers_one}, {} with {workers_other}", ending(*a), ending(*b));
    }
}

fn ending(code: u16) -> String {
    match code {
        0 => "no end".into(),
        1 => "a timeout".into(),
        code => code.to_string(),
    }
}

pub fn breach(seed: u64, workers: usize, report: &Report) {
    let Some(breach) = report.breach() else { return };
    say!("BREACH of {}: {}", breach.law.name(), breach.law.meaning());
    let at = breach.at.since(START.at).as_secs_f64();
    say!("seed {seed}, {workers} worker(s), {at:.6} s, after {} calls", report.begun);
    say!("{}\n", breach.what);
    say!("gateways, reloads and crashes of late:");
    report.turns.iter().for_each(|turn| say!("{turn}"));
}

pub fn trace(report: &Report) {
    report.trace.iter().for_each(|line| say!("{line}"));
}

pub fn progress(begun: u64, calls: u64, began: Instant) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let done = (begun * 40 / calls.max(1)) as usize;
        let rate = begun as f64 / began.elapsed().as_secs_f64().max(0.001);
        let bar = format!("{}{}", "#".repeat(done), ".".repeat(40 - done));
        let _ = write!(err, "\r[{bar}] {begun} of {calls} calls, {rate:.0} a second ");
        let _ = err.flush();
    }
}

pub fn clear_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r{:80}\r", "");
    }
}
