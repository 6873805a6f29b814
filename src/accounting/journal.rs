//! The journal of open calls, in the state directory: what a process writes down at the answer, so that the next
//! process can close the record when the BYE comes (CONFIG-AND-CLI (g) "Records").
//!
//! Append-only JSON lines: a call was answered (`open`), got one more leg, a leg ended (`close`), its record was
//! written. At start, and when it has grown, lines of written records are left out.

use super::appender::Appender;
use super::disk::{Disk, DiskFile, write_all};
use super::record_line::{PartyWord, RecordLine, id_of, id_text, time_of, time_text};
use crate::record::{Leg, RecordId, Row};
use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Grown by this much since it was last compacted: compact again.
const GROWTH: u64 = 64 << 20;

type Ids = HashSet<RecordId, FixedState>;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Entry {
    Open { record: Box<RecordLine>, leg: u32 },
    Leg { id: String, leg: u32, at: String, attempt: u8, late: bool },
    Ack { id: String, leg: u32 },
    Close { id: String, leg: u32, at: String, by: PartyWord },
    Written { id: String },
}

/// The journal of a running router.
#[derive(Debug)]
pub struct Journal {
    lines: Appender,
    disk: Arc<dyn Disk>,
    /// Bytes since the last compaction, and when the next is due.
    grown: u64,
    limit: u64,
}

impl Journal {
    /// Opens the journal of a state directory and gives the rows of records that were not written, in order.
    /// A line that can't be read (a crash in its middle) is left out.
    pub fn open(disk: Arc<dyn Disk>, state: &Path) -> io::Result<(Journal, Vec<Row>)> {
        let path = state.join("open-calls.jsonl");
        let mut rows = Vec::new();
        let kept = compact(&*disk, &path, |entry| rows.extend(entry.into_row()))?;
        let lines = Appender::new(disk.clone(), path, None);
        Ok((Journal { lines, disk, grown: 0, limit: GROWTH.max(kept) }, rows))
    }

    /// Notes what a row says about an answered call; rows of calls that were never answered are not for the journal.
    pub fn note(&mut self, row: &Row) {
        let entry = match row {
            Row::Open { record, leg } => Entry::Open { record: Box::new(RecordLine::from(&**record)), leg: leg.0 },
            Row::Leg { id, leg, at, attempt, late } => {
                Entry::Leg { id: id_text(*id), leg: leg.0, at: time_text(*at), attempt: *attempt, late: *late }
            }
            Row::Ack { id, leg } => Entry::Ack { id: id_text(*id), leg: leg.0 },
            Row::Close { id, leg, at, by } => {
                Entry::Close { id: id_text(*id), leg: leg.0, at: time_text(*at), by: PartyWord(*by) }
            }
            Row::Done { .. } => return,
        };
        self.push(&entry);
    }

    /// The record of an answered call stands in the records file.
    pub fn written(&mut self, id: RecordId) {
        self.push(&Entry::Written { id: id_text(id) });
    }

    /// Writes what was noted; compacts when it has grown much.
    pub fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()?;
        if self.grown > self.limit {
            self.grown = 0;
            self.limit = GROWTH.max(compact(&*self.disk, self.lines.path(), drop)?);
        }
        Ok(())
    }

    /// Entries that a full disk has cost: their calls can't be closed after a restart.
    pub fn take_dropped(&mut self) -> u64 {
        self.lines.take_dropped()
    }

    fn push(&mut self, entry: &Entry) {
        // Strings and numbers alone: this can't fail.
        if let Ok(line) = serde_json::to_vec(entry) {
            self.grown += line.len() as u64 + 1;
            self.lines.push(&line);
        }
    }
}

impl Entry {
    fn id(&self) -> Option<RecordId> {
        match self {
            Entry::Open { record, .. } => id_of(&record.id),
            Entry::Leg { id, .. } | Entry::Ack { id, .. } | Entry::Close { id, .. } | Entry::Written { id } => {
                id_of(id)
            }
        }
    }

    fn into_row(self) -> Option<Row> {
        Some(match self {
            Entry::Open { record, leg } => Row::Open { record: Box::new(record.into_record()?), leg: Leg(leg) },
            Entry::Leg { id, leg, at, attempt, late } => {
                Row::Leg { id: id_of(&id)?, leg: Leg(leg), at: time_of(&at)?, attempt, late }
            }
            Entry::Ack { id, leg } => Row::Ack { id: id_of(&id)?, leg: Leg(leg) },
            Entry::Close { id, leg, at, by } => {
                Row::Close { id: id_of(&id)?, leg: Leg(leg), at: time_of(&at)?, by: by.0 }
            }
            Entry::Written { .. } => return None,
        })
    }
}

/// Rewrites the file without the lines of written records; each line that stays is shown. Returns the bytes that stay.
fn compact(disk: &dyn Disk, path: &Path, mut each: impl FnMut(Entry)) -> io::Result<u64> {
    let mut written = Ids::default();
    let mut lines = 0_u64;
    read(disk, path, |_, entry| {
        lines += 1;
        if let Entry::Written { .. } = entry {
            written.extend(entry.id());
        }
    })?;
    if lines == 0 {
        return Ok(0);
    }
    let new: PathBuf = path.with_extension("jsonl.new");
    let mut out = Copy { file: disk.create(&new)?, waiting: Vec::new() };
    let (mut kept, mut result) = (0, Ok(()));
    read(disk, path, |line, entry| {
        if entry.id().is_some_and(|id| !written.contains(&id)) && result.is_ok() {
            result = out.write(line);
            kept += line.len() as u64;
            each(entry);
        }
    })?;
    result?;
    out.flush()?;
    out.file.sync()?;
    disk.rename(&new, path)?;
    Ok(kept)
}

/// The file that a compaction writes.
struct Copy {
    file: Box<dyn DiskFile>,
    waiting: Vec<u8>,
}

impl Copy {
    const BLOCK: usize = 64 << 10;

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.waiting.extend_from_slice(line);
        if self.waiting.len() < Self::BLOCK { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        write_all(&mut *self.file, &self.waiting, &mut 0)?;
        self.waiting.clear();
        Ok(())
    }
}

/// The readable lines of the file, with their line ends.
fn read(disk: &dyn Disk, path: &Path, mut each: impl FnMut(&[u8], Entry)) -> io::Result<()> {
    let file = match disk.read(path, 0) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.ends_with(b"\n")
            && let Ok(entry) = serde_json::from_slice(&line)
        {
            each(&line, entry);
        }
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::super::record_line::tests::record;
    use super::*;
    use crate::record::Party;
    use crate::time::Wall;
    use std::fs;

    fn open_journal(state: &Path) -> io::Result<(Journal, Vec<Row>)> {
        Journal::open(Arc::new(RealDisk), state)
    }

    fn open(id: u64) -> Row {
        Row::Open { record: Box::new(record(id)), leg: Leg(7) }
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
        [open(1), open(2), open(3), close(2), close(3)].iter().for_each(|row| journal.note(row));
        journal.written(RecordId(2));
        journal.flush().expect("written");
        let (_, rows) = open_journal(folder.path()).expect("journal");
        assert_eq!(rows, [open(1), open(3), close(3)]);
        let (_, again) = open_journal(folder.path()).expect("journal");
        assert_eq!(again, rows, "compacting loses nothing");
    }

    #[test]
    fn a_torn_last_line_is_left_out() {
        let folder = tempfile::tempdir().expect("folder");
        let (mut journal, _) = open_journal(folder.path()).expect("journal");
        journal.note(&open(1));
        journal.flush().expect("written");
        let path = folder.path().join("open-calls.jsonl");
        let mut bytes = fs::read(&path).expect("journal");
        let whole = bytes.clone();
        bytes.extend(whole.iter().take(40));
        fs::write(&path, bytes).expect("journal");
        assert_eq!(open_journal(folder.path()).expect("journal").1, [open(1)]);
    }
}
