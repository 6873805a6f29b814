//! What breaks watchers, under calls: 1,000 changes in bursts of five, each written in another way. No call may be lost,
//! every revision that was left alone for a moment must be in the log, and be live within a second.

use crate::load::{Load, gateway};
use crate::ports::wait_for;
use crate::report::Report;
use crate::router::Router;
use crate::stage::Stage;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;
use trunkline::config::FileSet;

/// Changes in a row, without a pause.
const BURST: u32 = 5;

pub fn run(stage: &Stage) -> Report {
    let rate = stage.either(500, 200);
    let bursts = stage.either(200, 20);
    let gateways = [gateway("answers"), gateway("answers")];
    let router = stage.setup(&gateways.each_ref().map(|gateway| gateway.port)).start();
    let mut load = Load::start("calls", router.port(), rate, &["-d", "100"]);
    load.wait_succeeded(u64::from(rate) / 2);

    let (mut took, mut last) = (Vec::new(), String::new());
    for burst in 0..bursts {
        let before = router.log.len();
        for n in burst * BURST..(burst + 1) * BURST {
            last = stage.revision(&router, n);
            write(&router, n, &last);
        }
        let written = Instant::now();
        let live = format!("-> {} by file event", short(&last));
        let at = wait_for(&live, || router.log.find(&live, before).first().map(|(_, at, _)| *at));
        took.push(at.saturating_duration_since(written).as_millis() as u64);
        if burst % 20 == 19 {
            stage.say(format_args!("{} changes, {} calls", (burst + 1) * BURST, load.counts().succeeded));
        }
    }
    let calls = load.counts().succeeded;
    load.wait_succeeded(calls + u64::from(rate) / 2);
    let counts = load.stop();

    let mut report = Report::default();
    report.show("changes", bursts * BURST);
    report.show("calls", format_args!("{} at {rate}/s", counts.succeeded));
    report.at_most("calls lost", counts.failed, 0);
    if counts.failed > 0 {
        stage.say(load.errors());
    }
    report.check("settled revisions in the log", took.len(), format_args!("= {bursts}"), took.len() as u32 == bursts);
    report.at_most("last change to live, ms", took.last().copied().unwrap_or(u64::MAX), 1000);
    took.sort_unstable();
    report.show("change to live, median", format_args!("{} ms", took[took.len() / 2]));
    report.show("change to live, longest", format_args!("{} ms", took.last().copied().unwrap_or_default()));
    let of_last = |records: &[serde_json::Value]| records.iter().any(|record| record["revision"] == short(&last));
    wait_for("a call of the last revision", || of_last(&router.records()).then_some(()));
    let refused = router.log.find("TL0801", 0).len() as u64;
    report.show("half-written sets that were seen and refused", refused);
    report
}

/// Written over, renamed over, truncated and written in two steps, or moved away and written anew.
fn write(router: &Router, n: u32, text: &str) {
    let file = router.file();
    let (half, rest) = text.as_bytes().split_at(text.len() / 2);
    let wrote = match n % 4 {
        0 => fs::write(&file, text),
        1 => return router.replace(text),
        2 => File::create(&file).and_then(|mut file| {
            file.write_all(half)?;
            file.sync_data()?;
            file.write_all(rest)
        }),
        _ => {
            let backup = Path::new(&file).with_extension("yaml~");
            fs::rename(&file, &backup).and_then(|()| fs::write(&file, text)).and_then(|()| fs::remove_file(backup))
        }
    };
    wrote.expect("the routes file");
}

fn short(text: &str) -> String {
    FileSet::of(&[("routes.yaml", text)]).hash[..7].to_owned()
}
