//! The ledger thread: takes the rows off the tray, joins them into records, writes them. Off the hot path: a disk that
//! hangs costs records at worst, never a call (checklist N20).
//!
//! Rows reach the disk within 100 ms. An answered call is noted in the journal before anything else; its record is
//! written once, and the journal then says so. A crash between these two is found out at the next start by looking for
//! the record's id at the end of the records file.

use super::appender::Appender;
use super::clock::Clock;
use super::journal::Journal;
use super::record_line::{RecordLine, id_text};
use super::tray::Tray;
use crate::config::Accounting;
use crate::record::{Ledger, Record, RecordId, Row, Tally};
use crate::time::{Instant, Now};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long rows gather before they are taken: with the work itself it stays below 100 ms.
const GATHER: Duration = Duration::from_millis(50);
/// How long until a disk that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long the thread sleeps without rows.
const IDLE: Duration = Duration::from_secs(3600);
/// How many retries between two complaints about the same trouble.
const COMPLAIN_EVERY: u32 = 60;
/// When nothing says otherwise, a call without a BYE is given up after this.
const MAX_DURATION: Duration = Duration::from_secs(12 * 3600);
/// As much of the end of the records file as is searched for a record after a crash.
const TAIL: u64 = 4 << 20;
/// Records that wait for the disk and are to be noted in the journal; beyond it a restart may write some twice.
const UNWRITTEN: usize = 1 << 20;

/// What the control side tells the ledger thread.
#[derive(Debug, Default)]
pub struct Orders {
    accounting: Mutex<Option<Accounting>>,
}

impl Orders {
    /// Another revision's accounting from now on.
    pub fn set(&self, accounting: Accounting, tray: &Tray) {
        *self.accounting.lock().unwrap_or_else(PoisonError::into_inner) = Some(accounting);
        tray.knock();
    }

    fn take(&self) -> Option<Accounting> {
        self.accounting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The thread's state; made before the workers start, so that an unusable journal is known in time.
pub struct Bookkeeper {
    ledger: Ledger,
    journal: Journal,
    file: Option<Appender>,
    accounting: Accounting,
    clock: Clock,
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
    pub fn open(state: &Path, accounting: Accounting, clock: Clock) -> io::Result<Bookkeeper> {
        let (journal, rows) = Journal::open(state)?;
        let mut keeper = Bookkeeper {
            ledger: Ledger::default(),
            journal,
            file: None,
            accounting: Accounting::default(),
            clock,
            finished: Vec::new(),
            unwritten: Vec::new(),
            trouble: Trouble::default(),
        };
        keeper.account(accounting);
        keeper.take_up(rows);
        Ok(keeper)
    }

    /// Runs until the tray is closed. Returns what was counted.
    pub fn run(mut self, tray: &Arc<Tray>, orders: &Orders) -> Tally {
        let mut rows = Vec::new();
        loop {
            tray.wait(self.patience());
            tray.gather(GATHER);
            if let Some(accounting) = orders.take() {
                self.account(accounting);
            }
            let found = tray.take(&mut rows);
            if found.dropped > 0 {
                tracing::error!(rows = found.dropped, "call records lost: the disk is slower than the calls");
            }
            self.rows(&mut rows);
            if found.closed {
                return self.end();
            }
        }
    }

    fn patience(&mut self) -> Duration {
        let behind = self.trouble.rounds > 0;
        let next = self.ledger.deadline(self.max_duration()).map_or(IDLE, |at| self.clock.until(at));
        if behind { next.min(RETRY) } else { next.min(IDLE) }
    }

    fn rows(&mut self, rows: &mut Vec<Row>) {
        let now = self.clock.now();
        for row in rows.drain(..) {
            self.journal.note(&row);
            self.ledger.row(now, row, &mut self.finished);
        }
        self.ledger.expire(now, self.max_duration(), &mut self.finished);
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
    fn account(&mut self, accounting: Accounting) {
        let wanted = accounting.file.as_ref();
        match (wanted, &mut self.file) {
            (Some(wanted), Some(file)) if file.path() == wanted.path => file.set_rotate(wanted.rotate),
            (Some(wanted), _) => {
                self.leave_file();
                let mut file = Appender::new(wanted.path.clone(), wanted.rotate);
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
    fn take_up(&mut self, rows: Vec<Row>) {
        let mut now = self.clock.now();
        let present = now;
        for row in rows {
            if let Row::Open { record, .. } = &row {
                now = aged(present, record);
            }
            self.ledger.row(now, row, &mut self.finished);
        }
        if self.finished.is_empty() {
            return;
        }
        let tail = self.file.as_ref().map(|file| tail_of(file.path())).unwrap_or_default();
        let (there, missing): (Vec<_>, Vec<_>) =
            self.finished.drain(..).partition(|record| tail.contains(&format!("{{\"id\":\"{}\"", id_text(record.id))));
        there.iter().for_each(|record| self.journal.written(record.id));
        self.finished = missing;
    }

    fn end(mut self) -> Tally {
        let still = self.file.as_mut().map_or(Ok(()), Appender::flush);
        if let Err(e) = still.and_then(|()| self.journal.flush()) {
            tracing::error!("call records lost at the end: {e}");
        }
        self.ledger.tally()
    }

    fn max_duration(&self) -> Duration {
        self.accounting.file.as_ref().map_or(MAX_DURATION, |file| file.max_duration)
    }
}

/// A reading of the clocks at which a call that was answered in an earlier process would have opened.
fn aged(present: Now, record: &Record) -> Now {
    let answered = record.answered_at.unwrap_or(record.started_at);
    let age = u64::try_from(present.wall.0.saturating_sub(answered.0)).unwrap_or(0);
    Now { at: Instant(present.at.0.saturating_sub(age)), wall: present.wall }
}

fn tail_of(path: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    // A file that can't be read can't show that it has the record: it is written (again).
    read().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
