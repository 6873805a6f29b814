//! One round after another: rows are noted in the journal, joined into records, and these are written.
//!
//! An answered call is noted in the journal before anything else; its record is written once, and the journal then
//! says so. A crash between these two is found out at the next start by looking for the record's id at the end of the
//! records file.

use super::Accounting;
use super::appender::Appender;
use super::disk::Disk;
use super::journal::Journal;
use super::record_line::{RecordLine, id_text};
use crate::record::{Ledger, Record, RecordId, Row, Tally};
use crate::time::{Instant, Now};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long until a disk that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How many retries between two complaints about the same trouble.
const COMPLAIN_EVERY: u32 = 60;
/// As much of the end of the records file as is searched for a record after a crash.
const TAIL: u64 = 4 << 20;
/// Records that wait for the disk and are to be noted in the journal; beyond it a restart may write some twice.
const UNWRITTEN: usize = 1 << 20;

/// See the module. Made before the workers start, so that an unusable journal is known in time.
#[derive(Debug)]
pub struct Bookkeeper {
    disk: Arc<dyn Disk>,
    ledger: Ledger,
    journal: Journal,
    file: Option<Appender>,
    accounting: Accounting,
    finished: Vec<Record>,
    /// Answered calls whose record waits for the disk.
    unwritten: Vec<RecordId>,
    trouble: Trouble,
}

/// An error of the disk, said once and then now and then.
#[derive(Debug, Default)]
struct Trouble {
    rounds: u32,
}

impl Bookkeeper {
    /// Opens the journal of the state directory and takes up the calls that an earlier process left open.
    pub fn open(now: Now, disk: Arc<dyn Disk>, state: &Path, accounting: Accounting) -> io::Result<Bookkeeper> {
        let (journal, rows) = Journal::open(disk.clone(), state)?;
        let mut keeper = Bookkeeper {
            disk,
            ledger: Ledger::default(),
            journal,
            file: None,
            accounting: Accounting::default(),
            finished: Vec::new(),
            unwritten: Vec::new(),
            trouble: Trouble::default(),
        };
        keeper.account(accounting);
        keeper.take_up(now, rows);
        Ok(keeper)
    }

    /// When [`Bookkeeper::step`] has something to do without further rows.
    pub fn deadline(&self, now: Now) -> Option<Instant> {
        let retry = (self.trouble.rounds > 0).then(|| now.at + RETRY);
        self.ledger.deadline(self.accounting.max_duration).into_iter().chain(retry).min()
    }

    /// What was counted.
    pub fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// Records that are open.
    pub fn open_records(&self) -> usize {
        self.ledger.open_len()
    }

    /// One round: takes the rows, and writes what can be written.
    pub fn step(&mut self, now: Now, rows: &mut Vec<Row>) {
        for row in rows.drain(..) {
            self.journal.note(&row);
            self.ledger.row(now, row, &mut self.finished);
        }
        self.ledger.expire(now, self.accounting.max_duration, &mut self.finished);
        // The journal first: what it misses is lost with a crash, what the file misses is not.
        let journal = self.journal.flush();
        self.write_finished();
        let file = self.file.as_mut().map_or(Ok(()), Appender::flush);
        if file.is_ok() {
            self.unwritten.drain(..).for_each(|id| self.journal.written(id));
        }
        let journal = journal.and_then(|()| self.journal.flush());
        self.complain(journal, file);
    }

    fn write_finished(&mut self) {
        for record in self.finished.drain(..) {
            let Some(file) = &mut self.file else { continue };
            let mut line = RecordLine::from(&record);
            line.mask(self.accounting.mask_digits);
            // Strings and numbers alone: this can't fail.
            let Ok(json) = serde_json::to_vec(&line) else { continue };
            file.push(&json);
            if record.answered_at.is_some() && self.unwritten.len() < UNWRITTEN {
                self.unwritten.push(record.id);
            }
        }
    }

    fn complain(&mut self, journal: io::Result<()>, file: io::Result<()>) {
        let lost = self.file.as_mut().map_or(0, Appender::take_dropped) + self.journal.take_dropped();
        if lost > 0 {
            tracing::error!(records = lost, "call records lost: what waits for the disk is full");
        }
        let path = self.file.as_ref().map(|file| file.path().display().to_string()).unwrap_or_default();
        let failed = match (&journal, &file) {
            (Ok(()), Ok(())) => {
                if self.trouble.rounds > 0 {
                    tracing::info!(file = path, "call records are written again");
                }
                self.trouble.rounds = 0;
                return;
            }
            (_, Err(e)) => format!("call records can't be written to {path}: {e}"),
            (Err(e), _) => format!("the journal of open calls can't be written: {e}"),
        };
        if self.trouble.rounds.is_multiple_of(COMPLAIN_EVERY) {
            tracing::error!("{failed}; they wait in memory, calls go on");
        }
        self.trouble.rounds += 1;
    }

    /// Another records file, or none.
    pub fn account(&mut self, accounting: Accounting) {
        let wanted = accounting.file.as_ref();
        match (wanted, &mut self.file) {
            (Some(wanted), Some(file)) if file.path() == wanted.path => file.set_rotate(wanted.rotate),
            (Some(wanted), _) => {
                self.leave_file();
                let mut file = Appender::new(self.disk.clone(), wanted.path.clone(), wanted.rotate);
                if let Err(e) = file.open() {
                    tracing::error!("call records can't be written to {}: {e}; trying again", wanted.path.display());
                    self.trouble.rounds = 1;
                }
                self.file = Some(file);
            }
            (None, _) => {
                self.leave_file();
                self.file = None;
            }
        }
        self.accounting = accounting;
    }

    fn leave_file(&mut self) {
        if let Some(Err(e)) = self.file.as_mut().map(Appender::flush) {
            tracing::error!("call records lost with the old records file: {e}");
        }
    }

    /// Rows from the journal of an earlier process. A record that finishes may have been written before the crash.
    fn take_up(&mut self, present: Now, rows: Vec<Row>) {
        let mut now = present;
        for row in rows {
            if let Row::Open { record, .. } = &row {
                now = aged(present, record);
            }
            self.ledger.row(now, row, &mut self.finished);
        }
        if self.finished.is_empty() {
            return;
        }
        let tail = self.file.as_ref().map(|file| tail_of(&*self.disk, file.path())).unwrap_or_default();
        let (there, missing): (Vec<_>, Vec<_>) =
            self.finished.drain(..).partition(|record| tail.contains(&format!("{{\"id\":\"{}\"", id_text(record.id))));
        there.iter().for_each(|record| self.journal.written(record.id));
        self.finished = missing;
    }

    /// The last round of a process: everything that can be written is.
    pub fn end(mut self) -> Tally {
        let still = self.file.as_mut().map_or(Ok(()), Appender::flush);
        if let Err(e) = still.and_then(|()| self.journal.flush()) {
            tracing::error!("call records lost at the end: {e}");
        }
        self.ledger.tally()
    }
}

/// A reading of the clocks at which a call that was answered in an earlier process would have opened.
fn aged(present: Now, record: &Record) -> Now {
    let answered = record.answered_at.unwrap_or(record.started_at);
    let age = u64::try_from(present.wall.0.saturating_sub(answered.0)).unwrap_or(0);
    Now { at: Instant(present.at.0.saturating_sub(age)), wall: present.wall }
}

fn tail_of(disk: &dyn Disk, path: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let from = disk.stat(path)?.len.saturating_sub(TAIL);
        let mut bytes = Vec::new();
        disk.read(path, from)?.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    // A file that can't be read can't show that it has the record: it is written (again).
    read().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
