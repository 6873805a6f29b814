//! `validate` of many routes beside the YAML reader's bare pass over the same text, in the same run.
//! `cargo bench --bench validate [-- ROUTES] [--bar RATIO]`; with a bar, the exit code is 1 when a shape misses it.

use granit_parser::Parser;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use trunkline::config::{FileSet, compile_counted};

/// The best of so many rounds counts: what disturbs a machine only ever adds.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let routes = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let bar =
        arguments.iter().position(|argument| argument == "--bar").and_then(|at| arguments.get(at + 1)?.parse().ok());
    let only = arguments.iter().position(|argument| argument == "--shape").and_then(|at| arguments.get(at + 1));
    let home = std::env::temp_dir().join(format!("trunkline-validate-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("a directory");
    let root = home.join("routes.yaml");
    let mut missed = false;
    for (shape, text) in [("one line each", lines(routes)), ("a line a key", blocks(routes))] {
        if only.is_some_and(|only| !shape.contains(only.as_str())) {
            continue;
        }
        std::fs::write(&root, &text).expect("a file");
        let (mut bare, mut whole) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            bare = bare.min(timed(|| pass(&text)));
            whole = whole.min(timed(|| validate(&root)));
        }
        let ratio = whole.as_secs_f64() / bare.as_secs_f64();
        let megabytes = text.len() as f64 / 1e6;
        println!(
            "{routes} routes, {shape} ({megabytes:.1} MB): reader alone {bare:.0?}, validate {whole:.0?}: {ratio:.2} times"
        );
        missed |= bar.is_some_and(|bar: f64| ratio > bar);
    }
    println!("{:.0} MB at most", peak() as f64 / 1e6);
    std::fs::remove_dir_all(&home).expect("the directory is ours");
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    black_box(work());
    began.elapsed()
}

/// Every event, looked at by nobody.
fn pass(text: &str) -> usize {
    Parser::new_from_str(text).map(|event| event.expect("valid YAML")).map(black_box).count()
}

/// What the command does: reads the file, compiles it, writes what is to be said.
fn validate(root: &Path) -> String {
    let set = FileSet::read(root).expect("a readable file");
    let (compiled, counts, diagnostics) = compile_counted(&set);
    assert!(compiled.is_some() && counts.routes > 0, "{}", diagnostics.first_line());
    diagnostics.human(false)
}

/// 20 groups, 50 schedules, and everything that routes hang on.
fn head() -> String {
    let mut text = String::from(
        "version: 1\ntimezone: Europe/Berlin\naccess: { trusted: { pbx: [\"192.168.10.10\"] } }\ngateways:\n",
    );
    for n in 0..20 {
        writeln!(text, "  g{n}: \"192.0.2.{}:5060\"", n + 1).expect("a string");
    }
    text += "lists:\n";
    for n in 0..10 {
        writeln!(text, "  l{n}: {{ members: [g{}, g{}] }}", 2 * n, 2 * n + 1).expect("a string");
    }
    text += "groups:\n";
    for n in 0..20 {
        writeln!(text, "  c{n}: {{ match: [{{ source: \"10.0.{n}.0/24\" }}] }}").expect("a string");
    }
    text += "schedules:\n";
    for n in 0..50 {
        writeln!(text, "  s{n}: {{ days: [mon-fri], hours: [\"{:02}:{:02}-18:00\"] }}", n % 12, n).expect("a string");
    }
    text + "routes:\n  rest: { default: true, group: all, to: [l0, l1] }\n"
}

fn lines(routes: usize) -> String {
    let mut text = head();
    for n in 0..routes {
        let (group, list) = (n % 20, n % 10);
        writeln!(text, "  r{n}: {{ prefix: \"00{n:06}\", group: c{group}, to: l{list} }}").expect("a string");
    }
    text
}

fn blocks(routes: usize) -> String {
    let mut text = head();
    for n in 0..routes {
        let (group, list) = (n % 20, n % 10);
        write!(
            text,
            "  route-{n}:\n    prefix: [\"00{n:06}\", \"+{n:06}\"]\n    group: [c{group}, c{}]\n",
            (group + 1) % 20
        )
        .expect("a string");
        write!(text, "    to: l{list}\n    number: {{ strip: matched, add: \"+\" }}\n").expect("a string");
        if n % 10 == 0 {
            writeln!(text, "    when: s{}", n % 50).expect("a string");
        }
    }
    text
}

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).map_or(0, |kib: u64| kib * 1024)
}
