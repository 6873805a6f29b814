//! Three times as many calls as the router can take.
//!
//! The router gets a quarter of one core: it is bound to the first one together with three loops that do nothing, and
//! the callers have the second one for themselves. So they outrun it by far, and what is measured is the router and not
//! the callers. First the rate rises until calls are refused. Around there it is held for as long as the storm will last, for
//! a router without finished calls behind it does better than it can go on: the most that were answered a second is the
//! peak. Then three times that many are offered, and then half as many.

use crate::phones::{Phones, Sum};
use crate::report::Report;
use crate::stage::Stage;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Loops beside the router on its core.
const LOOPS: usize = 3;
/// So long each rate is held while the peak is looked for.
const STEP: Duration = Duration::from_millis(1500);

pub fn run(stage: &Stage) -> Report {
    let mut report = Report::default();
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 || !bind(std::process::id(), 1) {
        report.skipped("three times the capacity", "needs two cores and taskset (util-linux)");
        return report;
    }
    let gateway = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let router = stage.setup(&[gateway.local_addr().expect("an address").port()]).start();
    bind(router.process.id(), 0);
    let loops = Loops::start();
    let mut phones = Phones::new(([127, 0, 0, 1], router.port()).into(), gateway);

    let time = Duration::from_secs(stage.either(20, 6));
    let peak = peak(stage, &mut phones, time);
    phones.call(peak * 0.3, Duration::from_secs(2));
    stage.say(format_args!("peak {peak:.0} calls/s; now {:.0}/s for {time:?}", peak * 3.0));
    let storm = phones.call(peak * 3.0, time);
    let goodput = storm.answered as f64 / time.as_secs_f64();
    stage.say(format_args!("{storm:?}"));

    let calm = Instant::now();
    let settling = phones.call(peak * 0.5, Duration::from_secs(2));
    let normal = phones.call(peak * 0.5, Duration::from_secs(3));
    let last = phones.last_refusal.map_or(Duration::ZERO, |at| at.saturating_duration_since(calm));
    phones.finish();
    drop(loops);
    bind_all();
    let total = phones.sum;
    stage.say(format_args!("settling {settling:?}\nnormal {normal:?}\ntotal {total:?}"));
    report.show("peak, calls answered a second for as long as the storm", format_args!("{peak:.0}"));
    report.show("offered in the storm, calls a second", format_args!("{:.0}", rate(storm.offered, time)));
    if rate(storm.offered, time) < peak * 2.7 {
        report.skipped("three times the capacity", "the callers did not have their core to themselves");
        return report;
    }
    report.show("refused by 503 in the storm", format_args!("{} of {}", storm.refused, storm.offered));
    report.at_least("goodput in the storm, % of the peak", (goodput / peak * 100.0) as u64, 80);
    report.at_most("requests of established calls that failed", total.cut, 0);
    report.check(
        "established calls that were hung up",
        format_args!("{} of {}", total.ended, total.answered),
        "all",
        total.ended == total.answered,
    );
    report.at_most("last refusal after the storm, ms", last.as_millis() as u64, 2000);
    report.at_most("refused or failed from 2 s after it on", normal.refused, 0);
    report
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// Raises the rate until a tenth of the calls is not answered, then holds it for `time` at that rate and below; the most
/// that were answered so.
fn peak(stage: &Stage, phones: &mut Phones, time: Duration) -> f64 {
    let mut offered = 200.0;
    let mut hold = |offered: f64, time: Duration| {
        let sum: Sum = phones.call(offered, time);
        let answered = rate(sum.answered, time);
        stage.say(format_args!(
            "{offered:.0}/s offered for {time:?}, {answered:.0}/s answered, {} refused",
            sum.refused
        ));
        answered
    };
    hold(offered, STEP);
    while hold(offered, STEP) >= offered * 0.9 && offered < 100_000.0 {
        offered *= 1.25;
    }
    [1.0, 0.9, 0.8, 0.7].map(|part| hold(offered * part, time)).into_iter().fold(0.0, f64::max)
}

/// Binds a process with all its threads to a core.
fn bind(pid: u32, core: usize) -> bool {
    taskset(pid, &core.to_string())
}

/// This process may run everywhere again.
fn bind_all() {
    taskset(std::process::id(), "0-1023");
}

fn taskset(pid: u32, cores: &str) -> bool {
    let mut command = Command::new("taskset");
    command.args(["-a", "-p", "-c", cores, &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Processes that do nothing as fast as they can, on the router's core.
struct Loops(Vec<Child>);

impl Loops {
    fn start() -> Loops {
        let busy = |_| {
            let child = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().expect("sh");
            bind(child.id(), 0);
            child
        };
        Loops((0..LOOPS).map(busy).collect())
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
