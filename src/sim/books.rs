//! The router's books over a disk made of memory: the real bookkeeper, stepped as `run`'s ledger thread steps it. What
//! the run takes for a record is a line of the records file, never a value in memory.

use super::Chance;
use super::disk::SimDisk;
use crate::accounting::{Accounting, Bookkeeper, MAX_DURATION, RecordFile, RecordLine};
use crate::proxy::Plant;
use crate::record::{Record, Row};
use crate::time::{Instant, Now};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long rows gather before they are written, as in `run`.
const GATHER: Duration = Duration::from_millis(50);
const STATE: &str = "state";
const RECORDS: &str = "calls.jsonl";
/// Most that a dying process may still have written of its last rows.
const LAST_BYTES: u64 = 6_000;

pub struct Books {
    disk: SimDisk,
    /// `None` between two processes.
    keeper: Option<Bookkeeper>,
    plant: Plant,
    rows: Vec<Row>,
    /// When the rows are written, or the keeper wants to look at something.
    due: Option<Instant>,
}

impl Books {
    pub fn new(now: Now, plant: Plant) -> Books {
        let mut books = Books { disk: SimDisk::default(), keeper: None, plant, rows: Vec::new(), due: None };
        books.open(now);
        books
    }

    /// A process opens the books that it finds.
    pub fn open(&mut self, now: Now) {
        let disk = Arc::new(self.disk.clone());
        self.disk.set_blind(RECORDS, self.plant == Plant::WrittenTwice);
        let keeper = Bookkeeper::open(now, disk, Path::new(STATE), accounting(MAX_DURATION));
        let mut keeper = keeper.unwrap_or_else(|error| panic!("a disk in good order: {error}"));
        keeper.plant(self.plant);
        self.keeper = Some(keeper);
        // What an earlier process left to be written.
        self.due = Some(now.at + GATHER);
    }

    pub fn take(&mut self, now: Now, row: Row) {
        self.rows.push(row);
        let gathered = now.at + if self.plant == Plant::LateJournal { GATHER * 20 } else { GATHER };
        self.due = Some(self.due.map_or(gathered, |due| due.min(gathered)));
    }

    /// When [`Books::write`] is next needed.
    pub fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Writes the rows that have gathered; shows what stands in the records file since.
    pub fn write(&mut self, now: Now, records: &mut Vec<Record>) {
        self.due = None;
        if let Some(keeper) = &mut self.keeper {
            keeper.step(now, &mut self.rows);
            self.due = keeper.deadline(now);
        }
        self.read(records);
    }

    fn read(&self, records: &mut Vec<Record>) {
        self.disk.new_lines(Path::new(RECORDS), |line| {
            // A line that a crash has cut is no record; whoever reads the file passes it over.
            let line = serde_json::from_slice::<RecordLine>(line).ok();
            records.extend(line.map(RecordLine::into_record));
        });
    }

    /// Closes all open records as lost.
    pub fn expire(&mut self, now: Now, records: &mut Vec<Record>) {
        self.write(now, records);
        if let Some(keeper) = &mut self.keeper {
            keeper.account(now, accounting(Duration::ZERO));
            keeper.step(now, &mut self.rows);
            keeper.account(now, accounting(MAX_DURATION));
        }
        self.read(records);
    }

    pub fn open_records(&self) -> usize {
        self.keeper.as_ref().map_or(0, Bookkeeper::open_records)
    }

    /// The process dies: rows that have gathered are lost, or it dies while it writes them, at any byte.
    pub fn crash(&mut self, now: Now, chance: &mut Chance, records: &mut Vec<Record>) {
        if chance.percent(50.0) {
            self.disk.set_room(Some(chance.below(LAST_BYTES)));
            self.write(now, records);
            self.disk.set_room(None);
        }
        self.read(records);
        self.rows.clear();
        (self.keeper, self.due) = (None, None);
    }
}

fn accounting(max_duration: Duration) -> Accounting {
    let file = RecordFile { path: RECORDS.into(), rotate: None };
    Accounting { file: Some(file), max_duration, ..Accounting::default() }
}
