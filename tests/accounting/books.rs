//! A process's books, their restarts, and what stands in the sinks afterwards.

use super::faulty::FaultyDisk;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trunkline::accounting::{Accounting, Bookkeeper, RecordDatabase, RecordFile};
use trunkline::record::{AttemptRow, Leg, Outcome, Party, Record, RecordId, Row, Why};
use trunkline::time::{Instant, Now, Wall};

/// The records file on the faulty disk, and the folder of the journal.
pub const FILE: &str = "/records/calls.jsonl";
pub const STATE: &str = "/state";
pub const JOURNAL: &str = "/state/open-calls.jsonl";

/// Midnight of the tests.
const BEGIN: i64 = 1_800_000_000_000_000;
/// Monotonic clocks begin late enough for calls of earlier processes.
const ORIGIN: u64 = 400 * 86_400_000_000;

pub fn at(ms: u64) -> Now {
    Now { at: Instant(ORIGIN + ms * 1000), wall: Wall(BEGIN + ms as i64 * 1000) }
}

pub struct Books {
    pub disk: FaultyDisk,
    /// Of the database: SQLite has a disk of its own.
    pub folder: tempfile::TempDir,
    pub accounting: Accounting,
    pub keeper: Option<Bookkeeper>,
    pub ms: u64,
}

impl Books {
    /// A first process with a file and, if wanted, a database.
    pub fn open(database: bool) -> Books {
        let folder = tempfile::tempdir().expect("a folder");
        let accounting = Accounting {
            file: Some(RecordFile { path: FILE.into(), rotate: None }),
            database: database.then(|| RecordDatabase { path: folder.path().join("calls.db"), keep: None }),
            ..Accounting::default()
        };
        let mut books = Books { disk: FaultyDisk::default(), folder, accounting, keeper: None, ms: 0 };
        books.start();
        books
    }

    pub fn start(&mut self) {
        self.disk.restart();
        let disk = Arc::new(self.disk.clone());
        let keeper = Bookkeeper::open(at(self.ms), disk, Path::new(STATE), self.accounting.clone());
        self.keeper = Some(keeper.expect("a journal"));
    }

    /// The process is gone, with everything that it had only in memory; the next one starts.
    pub fn crash(&mut self) {
        self.keeper = None;
        self.start();
    }

    pub fn keeper(&mut self) -> &mut Bookkeeper {
        self.keeper.as_mut().expect("a process")
    }

    /// One round, `ms` later.
    pub fn step(&mut self, ms: u64, rows: impl IntoIterator<Item = Row>) {
        self.ms += ms;
        let now = at(self.ms);
        self.keeper().step(now, &mut rows.into_iter().collect());
    }

    /// Ends the process in order.
    pub fn end(&mut self) {
        let now = at(self.ms);
        if let Some(keeper) = self.keeper.take() {
            keeper.end(now);
        }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("calls.db")
    }

    pub fn query(&self) -> Connection {
        Connection::open(self.database()).expect("a database")
    }

    /// Whole lines of the records file: how often each id stands there.
    pub fn lines(&self) -> BTreeMap<u64, usize> {
        let mut counts = BTreeMap::new();
        for line in self.disk.text(FILE).lines() {
            let Ok(record) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            let id = u64::from_str_radix(record["id"].as_str().expect("an id"), 16).expect("an id");
            *counts.entry(id).or_default() += 1;
        }
        counts
    }

    /// Rows of the database: id, and (how many, how many of them closed).
    pub fn rows(&self) -> BTreeMap<u64, (usize, usize)> {
        let connection = self.query();
        let sql = "SELECT id, count(*), count(ended_at) FROM calls GROUP BY id";
        let mut statement = connection.prepare(sql).expect("the tables");
        let rows = statement.query_map([], |row| {
            let id: String = row.get(0)?;
            let counts: (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok((u64::from_str_radix(&id, 16).expect("an id"), (counts.0 as usize, counts.1 as usize)))
        });
        rows.expect("rows").map(|row| row.expect("a row")).collect()
    }
}

pub fn record(id: u64, started: Now) -> Record {
    Record {
        id: RecordId(id),
        call_id: format!("call-{id}@pbx"),
        started_at: started.wall,
        ringing_at: None,
        answered_at: None,
        ended_at: None,
        outcome: Outcome::Failed,
        code: 503,
        reason: "Service not available".into(),
        hung_up_by: None,
        from: "sip:101@192.0.2.1".into(),
        to: "sip:0049301234567@192.0.2.2".into(),
        number: "0049301234567".into(),
        source: ([192, 0, 2, 1], 5060).into(),
        listener: "lan".into(),
        account: None,
        group: Some("office".into()),
        route: Some("everything".into()),
        gateway: None,
        attempts: vec![AttemptRow {
            gateway: "carrier-a".into(),
            address: ([198, 51, 100, 7], 5060).into(),
            number: "0049301234567".into(),
            code: 503,
            why: Why::Replied,
            started_at: started.wall,
            duration_ms: 40,
        }],
        skipped: vec![],
        setup_ms: None,
        duration_ms: None,
        ack: false,
        late: false,
        revision: "3f2a9c1".into(),
    }
}

pub fn open(id: u64, ms: u64) -> Row {
    let (outcome, gateway) = (Outcome::Answered, Some("carrier-a".into()));
    let answered_at = Some(at(ms).wall);
    let record = Record { answered_at, outcome, gateway, code: 200, setup_ms: Some(40), ..record(id, at(ms)) };
    Row::Open { record: Box::new(record), leg: Leg(1) }
}

pub fn done(id: u64, ms: u64) -> Row {
    Row::Done { record: Box::new(Record { ended_at: Some(at(ms + 40).wall), ..record(id, at(ms)) }) }
}

pub fn ack(id: u64) -> Row {
    Row::Ack { id: RecordId(id), leg: Leg(1) }
}

pub fn bye(id: u64, ms: u64) -> Row {
    Row::Close { id: RecordId(id), leg: Leg(1), at: at(ms).wall, by: Party::Caller }
}
