//! One round after another: rows are noted in the journal, joined into records, and these handed to the sinks.
//!
//! The journal comes first: what it misses is lost with a crash, what a sink misses is not. A finished record goes to the
//! backlog of each sink; when all have it the journal says so. A crash before that is found out by the next process: its
//! writer searches the end of the records file for the record's id, the database knows it by its key.

use super::backlog::Backlog;
use super::database::Database;
use super::disk::Disk;
use super::entry::Past;
use super::journal::{Journal, Left};
use super::lines::{FileOrder, Ids, LineSink};
use super::mask::mask;
use super::settings::{Accounting, DatabaseOrder};
use super::sink::{Change, Line, SinkName};
use super::spelled::Spelling;
use super::spool::{Figures, Spool};
use super::writer::Writer;
use crate::record::{Ledger, Leg, Outcome, Record, RecordId, Row, Tally};
use crate::time::{Instant, Now};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long until a journal that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How soon it is looked at what the writers did.
const LOOK: Duration = Duration::from_millis(100);
/// How long a call is up before the database shows it as open: most calls that end at once cost one row change then.
const YOUNG: Duration = Duration::from_millis(250);
/// Open calls that the journal is told of again in one round.
const RETELL: usize = 4000;
/// Rows that are fetched together.
const FETCHED: usize = 256;
/// Between two complaints about the same trouble.
const COMPLAIN: Duration = Duration::from_secs(60);

pub type FileWriter = Writer<LineSink, FileOrder>;
pub type DatabaseWriter = Writer<Database, DatabaseOrder>;

/// See the module. Made before the workers start, so that an unusable journal is known in time.
#[derive(Debug)]
pub struct Bookkeeper {
    ledger: Ledger,
    journal: Journal,
    accounting: Accounting,
    spool: Spool,
    /// Calls that the database does not show yet, and since when they are up; `shown` are those that it was told of.
    young: VecDeque<(RecordId, Instant)>,
    shown: Ids,
    /// Calls that were answered in this round, and their first leg. The journal is told at its end: a call that is over
    /// by then has one line in it.
    fresh: Vec<(RecordId, Leg)>,
    unnoted: Ids,
    finished: Vec<Record>,
    spelling: Spelling,
    /// Stepped here until [`Bookkeeper::take_writers`].
    writers: Option<Box<(FileWriter, DatabaseWriter)>>,
    complained: Option<Instant>,
    /// Entries that the journal had no room for since it was whole.
    missed: u64,
    /// Open calls that it has to be told of again.
    untold: VecDeque<RecordId>,
}

impl Bookkeeper {
    /// Opens the journal of the state directory and takes up the calls that an earlier process left open, and the records
    /// that it could not write.
    pub fn open(now: Now, disk: Arc<dyn Disk>, state: &Path, accounting: Accounting) -> io::Result<Bookkeeper> {
        let (journal, left) = Journal::open(disk.clone(), state)?;
        let (file, database) = (Arc::<Backlog<_, _>>::default(), Arc::<Backlog<_, _>>::default());
        let file_writer = Writer::new(file.clone(), move |place| LineSink::new(disk.clone(), place));
        let database_writer = Writer::new(database.clone(), Database::new);
        let mut keeper = Bookkeeper {
            ledger: Ledger::default(),
            journal,
            accounting: Accounting::default(),
            spool: Spool::new(file, database),
            young: VecDeque::new(),
            shown: Ids::default(),
            fresh: Vec::new(),
            unnoted: Ids::default(),
            finished: Vec::new(),
            spelling: Spelling::default(),
            writers: Some(Box::new((file_writer, database_writer))),
            complained: None,
            missed: 0,
            untold: VecDeque::new(),
        };
        keeper.account(now, accounting);
        keeper.take_up(now, left);
        Ok(keeper)
    }

    /// The writers, for threads of their own: a disk that hangs then holds up nothing but its own sink. From now on
    /// [`Bookkeeper::step`] does not step them.
    pub fn take_writers(&mut self) -> Option<(FileWriter, DatabaseWriter)> {
        self.writers.take().map(|writers| *writers)
    }

    /// No record comes any more: the writers have one more try, and end.
    pub fn close(&self) {
        self.spool.file.close();
        self.spool.database.close();
    }

    /// When [`Bookkeeper::step`] has something to do without further rows.
    pub fn deadline(&self, now: Now) -> Option<Instant> {
        let retry = (!self.journal.is_flushed() || !self.untold.is_empty()).then(|| now.at + RETRY);
        let look = (!self.spool.is_empty()).then(|| now.at + LOOK);
        let show = self.young.front().map(|&(_, since)| since + YOUNG);
        let expire = self.ledger.deadline(self.accounting.max_duration);
        [retry, look, show, expire].into_iter().flatten().min()
    }

    #[cfg(feature = "sim")]
    pub fn plant(&mut self, plant: crate::proxy::Plant) {
        self.journal.plant = plant;
    }

    /// What was counted.
    pub fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// Whether a crash now would cost nothing: the journal has every row of the last step.
    pub fn is_journal_flushed(&self) -> bool {
        self.journal.is_flushed()
    }

    /// What became of finished records.
    pub fn figures(&self) -> Figures {
        self.spool.figures()
    }

    /// Records that are open.
    pub fn open_records(&self) -> usize {
        self.ledger.open_len()
    }

    /// The open records: calls that were answered and have not ended, the newest first.
    pub fn open_calls(&self) -> impl Iterator<Item = &Record> {
        self.ledger.open_ids().rev().filter_map(|id| self.ledger.get(id))
    }

    /// Another revision's accounting from now on.
    pub fn account(&mut self, now: Now, accounting: Accounting) {
        if accounting.file != self.accounting.file {
            let order = |file| FileOrder { file, unsure: Ids::default() };
            self.spool.file.order(accounting.file.clone().map(order));
        }
        let order = |accounting: &Accounting| {
            let database = accounting.database.clone()?;
            Some(DatabaseOrder { database, max_duration: accounting.max_duration })
        };
        if order(&accounting) != order(&self.accounting) {
            self.spool.database.order(order(&accounting));
            self.shown.clear();
            self.young = self.ledger.open_ids().map(|id| (id, now.at)).collect();
        }
        if accounting.database.is_none() {
            self.young.clear();
        }
        self.accounting = accounting;
    }

    /// One round: takes the rows, and writes what can be written.
    pub fn step(&mut self, now: Now, rows: &mut Vec<Row>) {
        let mut rows = rows.drain(..);
        while !rows.as_slice().is_empty() {
            fetch(rows.as_slice());
            rows.by_ref().take(FETCHED).for_each(|row| self.row(now, row));
        }
        drop(rows);
        self.ledger.expire(now, self.accounting.max_duration, &mut self.finished);
        self.note_fresh();
        let (lines, changes) = self.prepare(true);
        self.settle(now);
        let flushed = self.journal.flush();
        // Not before the journal has them: else a crash between the two could write a record twice.
        self.hand_over(now, lines, changes);
        if let Some(writers) = &mut self.writers {
            writers.0.step(now);
            writers.1.step(now);
            self.settle(now);
        }
        let flushed = flushed.and_then(|()| self.keep_in_order());
        self.complain(now, flushed);
    }

    /// Keeps the journal short, and makes it whole again after it had no room for all that happened.
    fn keep_in_order(&mut self) -> io::Result<()> {
        let dropped = self.journal.take_dropped();
        self.missed += dropped;
        let heal = self.missed > 0 && dropped == 0 && self.untold.is_empty() && self.journal.is_flushed();
        if heal {
            self.missed = 0;
            self.untold = self.ledger.open_ids().collect();
        }
        if heal || self.journal.has_grown() {
            let (ledger, spool) = (&self.ledger, &self.spool);
            self.journal.compact(|id| ledger.get(id).is_some() || spool.awaits(id))?;
        }
        let some = self.untold.len().min(RETELL);
        for id in self.untold.drain(..some) {
            for row in self.ledger.retell(id) {
                match &row {
                    Row::Open { record, leg } => self.journal.opened(id, *leg, self.spelling.json(record)),
                    other => self.journal.note(other),
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, now: Now, mut row: Row) {
        if let Row::Open { record, .. } | Row::Done { record } = &mut row {
            mask(record, self.accounting.mask_digits);
        }
        match &row {
            Row::Open { record, leg } => {
                if self.ledger.get(record.id).is_some() {
                    self.note_fresh();
                    self.journal.opened(record.id, *leg, self.spelling.json(record));
                } else {
                    self.fresh.push((record.id, *leg));
                    self.unnoted.insert(record.id);
                }
                if self.accounting.database.is_some() {
                    self.young.push_back((record.id, now.at));
                }
            }
            Row::Leg { id, .. } => {
                // Rare, and its line says which attempt it was: that of the call must stand before it.
                if self.unnoted.contains(id) {
                    self.note_fresh();
                }
                self.journal.note(&row);
            }
            // Of a call that the journal does not know: these are in the record when it is told.
            Row::Ack { id, .. } | Row::Close { id, .. } if self.unnoted.contains(id) => {}
            Row::Ack { .. } | Row::Close { .. } | Row::Done { .. } => self.journal.note(&row),
        }
        self.ledger.row(now, row, &mut self.finished);
    }

    /// Tells the journal of the calls that were answered in this round and go on.
    fn note_fresh(&mut self) {
        for (id, leg) in self.fresh.drain(..) {
            if let Some(record) = self.ledger.get(id) {
                self.journal.opened(id, leg, self.spelling.json(record));
                self.unnoted.remove(&id);
            }
        }
    }

    /// Finished records as the sinks take them; of this process's `own` ones it is noted what the journal has to know.
    fn prepare(&mut self, own: bool) -> (Vec<Line>, Vec<Change>) {
        let (mut lines, mut changes) = (Vec::new(), Vec::new());
        let (to_file, to_database) = (self.accounting.file.is_some(), self.accounting.database.is_some());
        for record in self.finished.drain(..) {
            let unwritten = self.spool.take_up(record.id, to_file, to_database);
            let unknown = own && (record.answered_at.is_none() || self.unnoted.remove(&record.id));
            let opened = self.shown.remove(&record.id);
            if unwritten.is_empty() {
                self.journal.written(&[record.id]);
                continue;
            }
            let json = self.spelling.json(&record);
            if unknown {
                self.journal.done(json);
            } else if own && record.outcome == Outcome::Lost {
                self.journal.lost(record.id, record.ended_at.unwrap_or(record.started_at));
            }
            let record = self.spelling.keep(&record);
            if unwritten.has(SinkName::File) {
                lines.push(Line(record.clone()));
            }
            if unwritten.has(SinkName::Sqlite) {
                changes.push(Change::Closed { record, opened });
            }
        }
        (lines, changes)
    }

    /// Hands records to the backlogs; what does not fit there is lost, and the journal knows.
    fn hand_over(&mut self, now: Now, lines: Vec<Line>, changes: Vec<Change>) {
        let mut open = Vec::new();
        while self.young.front().is_some_and(|&(_, since)| since + YOUNG <= now.at) {
            let Some((id, _)) = self.young.pop_front() else { break };
            if let Some(record) = self.ledger.get(id) {
                self.spelling.json(record);
                open.push(Change::Open(self.spelling.keep(record)));
                self.shown.insert(id);
            }
        }
        let refused = self.spool.file.offer(lines.into_iter());
        self.spool.refused(SinkName::File, &refused, &mut self.journal);
        // What opened comes first: it was so.
        let refused = self.spool.database.offer(open.into_iter().chain(changes));
        self.spool.refused(SinkName::Sqlite, &refused, &mut self.journal);
    }

    /// Notes what the writers have done.
    fn settle(&mut self, now: Now) {
        self.spool.settle(now.at, &mut self.journal);
    }

    fn complain(&mut self, now: Now, flushed: io::Result<()>) {
        self.spool.complain(now.at);
        let due = self.complained.is_none_or(|at| now.at >= at + COMPLAIN);
        match flushed {
            Err(e) if due => {
                tracing::error!(
                    "the journal of calls can't be written: {e}; calls go on, a crash now would cost records"
                );
                self.complained = Some(now.at);
            }
            Ok(()) if self.complained.take().is_some() => tracing::info!("the journal of calls is written again"),
            _ => {}
        }
    }

    /// What an earlier process left. A record that finishes here may have been written before the crash.
    fn take_up(&mut self, present: Now, left: Left) {
        let mut now = present;
        let mut ids = Ids::default();
        for past in left.past {
            match past {
                Past::Row(row) => {
                    if let Row::Open { record, .. } | Row::Done { record } = &row {
                        now = aged(present, record);
                        if !ids.insert(record.id) {
                            continue;
                        }
                    }
                    self.ledger.row(now, row, &mut self.finished);
                }
                Past::Lost { id, at } => self.ledger.lose(id, at, &mut self.finished),
            }
        }
        self.spool.know(left.marks);
        if let Some(file) = self.accounting.file.clone().filter(|_| !ids.is_empty()) {
            // The open ones too: the journal may have missed an end that the file has. It is searched by its writer: a
            // disk that hangs must not hold up the start.
            self.spool.file.order(Some(FileOrder { file, unsure: ids }));
        }
        if self.accounting.database.is_some() {
            self.young = self.ledger.open_ids().map(|id| (id, present.at)).collect();
        }
        let (lines, changes) = self.prepare(false);
        self.hand_over(present, lines, changes);
    }

    /// The last round of a process, after its writers ended: notes what they have done. What is left waits for the next
    /// process.
    pub fn end(mut self, now: Now) -> Tally {
        if let Some(mut writers) = self.writers.take() {
            writers.0.finish(now);
            writers.1.finish(now);
        }
        self.settle(now);
        let flushed = self.journal.flush();
        self.spool.say_the_end(flushed);
        self.ledger.tally()
    }
}

/// Asks for what the next rows point to. Another core wrote it: to wait for many of its pieces at once costs a fraction of
/// meeting one after another.
fn fetch(rows: &[Row]) {
    let records = rows.iter().take(FETCHED).filter_map(|row| match row {
        Row::Open { record, .. } | Row::Done { record } => Some(record),
        _ => None,
    });
    let first = |text: &str| usize::from(text.as_bytes().first().copied().unwrap_or(0));
    let sum = records.fold(0, |sum: usize, record| {
        let texts = [&record.call_id, &record.reason, &record.from, &record.to, &record.number];
        let texts = texts.into_iter().map(|text| first(text)).sum::<usize>();
        let attempts = record.attempts.iter().map(|attempt| first(&attempt.number)).sum::<usize>();
        sum + texts + attempts + usize::from(record.late)
    });
    std::hint::black_box(sum);
}

/// A reading of the clocks at which a call that was answered in an earlier process would have opened.
fn aged(present: Now, record: &Record) -> Now {
    let answered = record.answered_at.unwrap_or(record.started_at);
    let age = u64::try_from(present.wall.0.saturating_sub(answered.0)).unwrap_or(0);
    Now { at: Instant(present.at.0.saturating_sub(age)), wall: present.wall }
}
