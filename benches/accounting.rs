//! What a record costs: rows of calls through the journal, into JSON lines and SQLite, at a virtual 2,000 calls/s, in
//! batches as the server's threads make them. CPU time of the process, kernel included.
//!
//! `cargo bench --bench accounting [-- CALLS]`. Under callgrind, counts repeat:
//! `valgrind --tool=callgrind target/release/deps/accounting-* both 20000`.

use nix::time::{ClockId, clock_gettime};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use trunkline::accounting::{Accounting, Bookkeeper, RealDisk, RecordDatabase, RecordFile};
use trunkline::record::{AttemptRow, Leg, Outcome, Party, Record, RecordId, Row, Why};
use trunkline::time::{Instant, Now, Wall};

/// Calls of a virtual second.
const RATE: u64 = 2000;
/// Virtual milliseconds between two steps of each thread.
const LEDGER: u64 = 50;
const FILE: u64 = 100;
const DATABASE: u64 = 250;

struct Case {
    name: &'static str,
    file: bool,
    sqlite: bool,
    /// Milliseconds that a call lasts; one of 0 is over in the round in which it was answered.
    lasts: u64,
    /// Call-IDs and numbers at random, which is hard on indices; else as SIPp makes them.
    random: bool,
}

const CASES: [Case; 6] = [
    Case { name: "journal", file: false, sqlite: false, lasts: 0, random: false },
    Case { name: "json", file: true, sqlite: false, lasts: 0, random: false },
    Case { name: "sqlite", file: false, sqlite: true, lasts: 0, random: false },
    Case { name: "both", file: true, sqlite: true, lasts: 0, random: false },
    Case { name: "both-random", file: true, sqlite: true, lasts: 0, random: true },
    Case { name: "both-long", file: true, sqlite: true, lasts: 5000, random: false },
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let calls = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    let named = |case: &Case| args.iter().any(|arg| arg == case.name);
    let any = CASES.iter().any(named);
    for case in CASES.iter().filter(|case| !any || named(case)) {
        let folder = tempfile::tempdir().expect("a folder");
        let spent = run(folder.path(), case, calls);
        println!("{:>12}: {:6.2} µs a call of {calls}", case.name, spent.as_secs_f64() * 1e6 / calls as f64);
    }
}

fn run(folder: &Path, case: &Case, calls: u64) -> Duration {
    let accounting = Accounting {
        file: case.file.then(|| RecordFile { path: folder.join("calls.jsonl"), rotate: None }),
        database: case.sqlite.then(|| RecordDatabase { path: folder.join("calls.db"), keep: None }),
        ..Accounting::default()
    };
    let mut keeper = Bookkeeper::open(at(0), Arc::new(RealDisk), folder, accounting).expect("a journal");
    let (mut file, mut database) = keeper.take_writers().expect("writers");
    let mut spent = Duration::ZERO;
    let (mut opened, mut closed, mut ms) = (0, 0, 0);
    while closed < calls {
        ms += LEDGER;
        // Not measured: making the rows is the core's business.
        let mut rows = Vec::new();
        let due = (ms * RATE / 1000).min(calls);
        rows.extend((opened..due).flat_map(|n| [open(n, case.random), Row::Ack { id: id(n), leg: Leg(1) }]));
        opened = due;
        let over = (ms.saturating_sub(case.lasts) * RATE / 1000).min(opened);
        rows.extend((closed..over).map(close));
        closed = over;
        let before = cpu();
        keeper.step(at(ms), &mut rows);
        if ms.is_multiple_of(FILE) {
            file.step(at(ms));
        }
        if ms.is_multiple_of(DATABASE) {
            database.step(at(ms));
        }
        spent += cpu() - before;
    }
    let before = cpu();
    keeper.close();
    file.finish(at(ms));
    database.finish(at(ms));
    keeper.end(at(ms));
    spent + (cpu() - before)
}

fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("a clock").into()
}

fn at(ms: u64) -> Now {
    Now { at: Instant(ms * 1000), wall: Wall(1_800_000_000_000_000 + ms as i64 * 1000) }
}

/// Random, as the core makes them.
fn id(n: u64) -> RecordId {
    RecordId((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

fn open(n: u64, random: bool) -> Row {
    let started_at = at(n * 1000 / RATE).wall;
    let number = if random { id(n).0 % 10_000_000_000 } else { n % 10 };
    let record = Record {
        id: id(n),
        call_id: match random {
            true => format!("{:016x}-4e5b-9f1c@198.51.100.7", id(n).0),
            false => format!("{n}-31337@198.51.100.7"),
        },
        started_at,
        ringing_at: Some(started_at),
        answered_at: Some(started_at),
        ended_at: None,
        outcome: Outcome::Answered,
        code: 200,
        reason: "OK".into(),
        hung_up_by: None,
        from: "sip:101@198.51.100.7:5060".into(),
        to: "sip:0049301234567@198.51.100.1:5060".into(),
        number: format!("0049{number:010}"),
        source: ([198, 51, 100, 7], 5060).into(),
        listener: "lan".into(),
        account: None,
        group: Some("office".into()),
        route: Some("everything".into()),
        gateway: Some("provider-a".into()),
        attempts: vec![AttemptRow {
            gateway: "provider-a".into(),
            address: ([203, 0, 113, 9], 5060).into(),
            number: format!("0049{number:010}"),
            code: 200,
            why: Why::Replied,
            started_at,
            duration_ms: 12,
        }],
        skipped: Vec::new(),
        setup_ms: Some(12),
        duration_ms: None,
        ack: false,
        late: false,
        revision: "3f2a9c1".into(),
    };
    Row::Open { record: Box::new(record), leg: Leg(1) }
}

fn close(n: u64) -> Row {
    Row::Close { id: id(n), leg: Leg(1), at: at(n * 1000 / RATE + 60).wall, by: Party::Caller }
}
