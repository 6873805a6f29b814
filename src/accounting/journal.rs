//! The journal of calls, in the state directory: what a process writes down at the answer, so that the next process can
//! close the record when the BYE comes (CONFIG-AND-CLI (g) "Records"), and what it writes down about finished records
//! until each sink has them.
//!
//! Append-only JSON lines: a call was answered (`open`), got one more leg, a leg ended (`close`), the call was given up
//! (`lost`); a call ended unanswered, or as soon as it was answered (`done`); records are in all sinks (`written`), or in one while another is behind
//! (`partly`). At start, and when it has grown, lines of written records are left out.

use super::appender::Appender;
use super::compact::{Compacted, Marked, Marks, compact, marked};
use super::disk::Disk;
use super::entry::{Entry, Past};
use super::json::{put_ack, put_close, put_done, put_open, put_written};
use super::sink::SinkName;
use super::text::{Id, Stamp};
#[cfg(feature = "sim")]
use crate::proxy::Plant;
use crate::record::{Leg, RecordId, Row};
use crate::time::Wall;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Grown by this much since it was last compacted: compact again. Some 15,000 calls.
const GROWTH: u64 = 16 << 20;
/// Bytes that wait for a disk that does not take them.
const SPOOL: usize = 16 << 20;
/// Beyond that much room for the ends of calls: short, and worth more than the beginnings of others.
const SPOOL_ENDS: usize = 4 << 20;

/// The journal of a running router.
#[derive(Debug)]
pub struct Journal {
    lines: Appender,
    disk: Arc<dyn Disk>,
    /// The line that is being made.
    line: Vec<u8>,
    /// Bytes since the last compaction, and when the next is due.
    grown: u64,
    limit: u64,
    dropped: u64,
    #[cfg(feature = "sim")]
    pub(super) plant: Plant,
}

/// What an earlier process left in the journal.
#[derive(Debug, Default)]
pub struct Left {
    /// In order, of records that are not in all sinks.
    pub past: Vec<Past>,
    /// Which sinks need some of these no more.
    pub marks: Marks,
}

impl Journal {
    /// Opens the journal of a state directory. A line that can't be read (a crash in its middle) is left out.
    pub fn open(disk: Arc<dyn Disk>, state: &Path) -> io::Result<(Journal, Left)> {
        let path = state.join("open-calls.jsonl");
        let mut past = Vec::new();
        let Marked { written, partly } = marked(&*disk, &path)?;
        let there = disk.stat(&path).is_ok();
        let take = |line: &[u8]| past.extend(serde_json::from_slice(line).ok().and_then(Entry::into_past));
        let Compacted { kept, replaced } = match there {
            true => compact(&*disk, &path, |id| !written.contains(&id), take)?,
            false => Compacted { kept: 0, replaced: Ok(()) },
        };
        if let Err(e) = replaced {
            tracing::warn!("the journal {} can't be shortened: {e}; it grows on", path.display());
        }
        let lines = Appender::new(disk.clone(), path, None);
        let journal = Journal {
            lines,
            disk,
            line: Vec::new(),
            grown: 0,
            limit: GROWTH.max(kept),
            dropped: 0,
            #[cfg(feature = "sim")]
            plant: Plant::None,
        };
        Ok((journal, Left { past, marks: partly }))
    }

    /// A call was answered and goes on; `record` is its line for the records file.
    #[cfg_attr(not(feature = "sim"), expect(unused_variables, reason = "a planted fault wants the id"))]
    pub fn opened(&mut self, id: RecordId, leg: Leg, record: &[u8]) {
        #[cfg(feature = "sim")]
        if self.plant == Plant::JournalGap && id.0.is_multiple_of(20) {
            return;
        }
        self.line.clear();
        put_open(&mut self.line, leg, record);
        self.push_line(SPOOL);
    }

    /// Notes what a row says about an answered call.
    pub fn note(&mut self, row: &Row) {
        match row {
            Row::Leg { id, leg, at, attempt, late } => {
                let entry = Entry::Leg { id: Id(*id), leg: leg.0, at: Stamp(*at), attempt: *attempt, late: *late };
                self.push(&entry, SPOOL + SPOOL_ENDS);
            }
            Row::Ack { id, leg } => {
                self.line.clear();
                put_ack(&mut self.line, *id, *leg);
                self.push_line(SPOOL);
            }
            Row::Close { id, leg, at, by } => {
                self.line.clear();
                put_close(&mut self.line, *id, *leg, *at, *by);
                self.push_line(SPOOL + SPOOL_ENDS);
            }
            // These have lines of their own: `open` and `done`.
            Row::Open { .. } | Row::Done { .. } => {}
        }
    }

    /// A call ended that `open` says nothing about; `record` is its line for the records file.
    pub fn done(&mut self, record: &[u8]) {
        self.line.clear();
        put_done(&mut self.line, record);
        self.push_line(SPOOL);
    }

    pub fn lost(&mut self, id: RecordId, at: Wall) {
        self.push(&Entry::Lost { id: Id(id), at: Stamp(at) }, SPOOL + SPOOL_ENDS);
    }

    /// Nothing remains to be written about these.
    pub fn written(&mut self, ids: &[RecordId]) {
        #[cfg(feature = "sim")]
        let ids = if self.plant == Plant::WrittenTwice { &[] } else { ids };
        if !ids.is_empty() {
            self.line.clear();
            put_written(&mut self.line, ids);
            self.push_line(SPOOL + SPOOL_ENDS);
        }
    }

    /// One sink needs these no more.
    pub fn partly(&mut self, sink: SinkName, ids: &[RecordId]) {
        if !ids.is_empty() {
            let ids = ids.iter().copied().map(Id).collect();
            self.push(&Entry::Partly { sink, ids }, SPOOL + SPOOL_ENDS);
        }
    }

    /// Writes what was noted.
    pub fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }

    /// Whether it has grown so much that it should be compacted.
    pub fn has_grown(&self) -> bool {
        self.grown > self.limit
    }

    /// Leaves out the lines of records that need not be kept.
    pub fn compact(&mut self, keep: impl Fn(RecordId) -> bool) -> io::Result<()> {
        self.grown = 0;
        let compacted = compact(&*self.disk, self.lines.path(), keep, |_| {})?;
        self.limit = GROWTH.max(compacted.kept);
        compacted.replaced
    }

    /// Whether everything that was noted is in the file.
    pub fn is_flushed(&self) -> bool {
        self.lines.waiting() == 0
    }

    /// Entries that a full disk has cost since the last call: a crash now would cost their records.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    fn push(&mut self, entry: &Entry<'_>, room: usize) {
        self.line.clear();
        // Strings and numbers alone: this can't fail.
        if serde_json::to_writer(&mut self.line, entry).is_ok() {
            self.push_line(room);
        }
    }

    fn push_line(&mut self, room: usize) {
        if self.lines.waiting_bytes() + self.line.len() >= room {
            self.dropped += 1;
            return;
        }
        self.grown += self.line.len() as u64 + 1;
        self.lines.push(&self.line);
    }
}
#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::super::record_line::tests::record;
    use super::super::spelled::Spelling;
    use super::*;
    use crate::record::Party;
    use std::fs;

    fn open_journal(state: &Path) -> io::Result<(Journal, Vec<Past>)> {
        Journal::open(Arc::new(RealDisk), state).map(|(journal, left)| (journal, left.past))
    }

    fn open(id: u64) -> Row {
        Row::Open { record: Box::new(record(id)), leg: Leg(7) }
    }

    fn note_open(journal: &mut Journal, id: u64) {
        let record = record(id);
        journal.opened(record.id, Leg(7), Spelling::default().json(&record));
    }

    fn close(id: u64) -> Row {
        let at = Wall(1_795_514_460_000_000);
        Row::Close { id: RecordId(id), leg: Leg(7), at, by: Party::Callee }
    }

    #[test]
    fn the_next_process_gets_the_rows_of_unwritten_records_back() {
        let folder = tempfile::tempdir().expect("folder");
        let (mut journal, rows) = open_journal(folder.path()).expect("journal");
        assert_eq!(rows, []);
        [1, 2, 3].iter().for_each(|id| note_open(&mut journal, *id));
        [close(2), close(3)].iter().for_each(|row| journal.note(row));
        journal.written(&[RecordId(2)]);
        journal.flush().expect("written");
        let (_, rows) = open_journal(folder.path()).expect("journal");
        assert_eq!(rows, [open(1), open(3), close(3)].map(Past::Row));
        let (_, again) = open_journal(folder.path()).expect("journal");
        assert_eq!(again, rows, "compacting loses nothing");
    }

    #[test]
    fn a_torn_last_line_is_left_out() {
        let folder = tempfile::tempdir().expect("folder");
        let (mut journal, _) = open_journal(folder.path()).expect("journal");
        note_open(&mut journal, 1);
        journal.flush().expect("written");
        let path = folder.path().join("open-calls.jsonl");
        let mut bytes = fs::read(&path).expect("journal");
        let whole = bytes.clone();
        bytes.extend(whole.iter().take(40));
        fs::write(&path, bytes).expect("journal");
        assert_eq!(open_journal(folder.path()).expect("journal").1, [Past::Row(open(1))]);
        // Only the line end is missing: that is no reason to forget a call.
        fs::write(&path, whole.trim_ascii_end()).expect("journal");
        assert_eq!(open_journal(folder.path()).expect("journal").1, [Past::Row(open(1))]);
        assert_eq!(fs::read(&path).expect("journal"), whole);
    }
}
