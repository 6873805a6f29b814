//! 100,000 routes in 20 groups on 50 schedules, and one list that changes: one entry, in the time of a few validations.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

struct Size {
    routes: usize,
    groups: usize,
    schedules: usize,
}

/// As large as it is specified in a release build; a tenth of it in others.
fn size() -> Size {
    if cfg!(debug_assertions) {
        Size { routes: 2_000, groups: 20, schedules: 50 }
    } else {
        Size { routes: 100_000, groups: 20, schedules: 50 }
    }
}

fn files(size: &Size, shared: &str) -> String {
    let mut text = String::from("version: 1\ntimezone: Europe/Berlin\n");
    text += "access: { trusted: { pbx: [\"192.0.2.10\"] } }\n";
    text += "gateways:\n  a: \"192.0.2.1:5060\"\n  b: \"192.0.2.2:5060\"\n  c: \"192.0.2.3:5060\"\n";
    let _ = writeln!(text, "lists:\n  shared: {{ members: [{shared}] }}");
    text += "groups:\n";
    for at in 0..size.groups {
        let _ = writeln!(text, "  group-{at}: {{ match: [{{ source: \"10.0.{at}.0/24\" }}], calls_out: false }}");
    }
    text += "schedules:\n";
    for at in 0..size.schedules {
        let (hour, day) = (at % 12, ["mon", "tue", "wed", "thu", "fri"][at % 5]);
        let _ = writeln!(text, "  s{at}: {{ days: [{day}-sat], hours: [\"{hour:02}:{:02}-18:{:02}\"] }}", at, at);
    }
    text += "routes:\n  rest: { default: true, group: all, to: c }\n";
    for at in 0..size.routes {
        let _ = writeln!(
            text,
            "  r{at}: {{ prefix: \"{at:05}\", group: all, to: shared, when: s{} }}",
            at % size.schedules
        );
    }
    text
}

/// What a run took, and the most memory it had, in KiB, as the kernel last said.
struct Run {
    output: String,
    took: Duration,
    peak_kib: u64,
}

fn run(directory: &Path, arguments: &[&str]) -> Run {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(arguments)
        .current_dir(directory)
        .stdout(Stdio::from(std::fs::File::create(directory.join("output")).unwrap()))
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|n| n.parse().ok());
        peak_kib = kib.unwrap_or(0).max(peak_kib);
        std::thread::yield_now();
    }
    let took = start.elapsed();
    let output = std::fs::read_to_string(directory.join("output")).unwrap();
    Run { output, took, peak_kib }
}

#[test]
fn one_changed_list_of_many_routes_is_one_entry() {
    let size = size();
    let directory = tempfile::tempdir().unwrap();
    for (name, shared) in [("old", "a, b"), ("new", "b, a")] {
        std::fs::create_dir(directory.path().join(name)).unwrap();
        std::fs::write(directory.path().join(name).join("routes.yaml"), files(&size, shared)).unwrap();
    }
    let best = |arguments: &[&str], runs: usize| {
        (0..runs).map(|_| run(directory.path(), arguments)).min_by_key(|run| run.took).unwrap()
    };
    let runs = if cfg!(debug_assertions) { 1 } else { 3 };
    let validate = best(&["validate", "new", "--quiet"], runs);
    let arguments =
        ["-c", "new/routes.yaml", "plan", "--from", "./old", "--at", "2026-11-24T10:00", "--format", "json"];
    let plan = best(&arguments, runs);
    let document: serde_json::Value = serde_json::from_str(&plan.output).unwrap();
    let changes = document["changes"].as_array().unwrap();
    let ratio = plan.took.as_secs_f64() / validate.took.as_secs_f64();
    println!(
        "{} routes x {} groups x {} schedules: validate {:?} ({} MiB), plan {:?} ({} MiB), {ratio:.2} times; {} entries",
        size.routes,
        size.groups,
        size.schedules,
        validate.took,
        validate.peak_kib / 1024,
        plan.took,
        plan.peak_kib / 1024,
        changes.len(),
    );
    assert_eq!(changes.len(), 1, "{}", plan.output);
    let (change, groups) = (&changes[0], size.groups as u64);
    assert_eq!(change["groups"].as_array().unwrap().len() as u64, groups);
    assert!(change["range_count"].as_u64().unwrap() > 0);
    assert_eq!(document["blast_radius"]["ranges"].as_object().unwrap().len() as u64, groups);
    if !cfg!(debug_assertions) {
        assert!(ratio <= 3.0, "plan takes {ratio:.2} times as long as validate");
        assert!(plan.peak_kib < 300 * 1024, "{} KiB", plan.peak_kib);
    }
}
