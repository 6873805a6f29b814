//! `accounting.file` as a sink, and looking for records at its end after a crash.

use super::RecordFile;
use super::appender::Appender;
use super::disk::Disk;
use super::sink::{Line, Sink};
use super::text::id_of;
use crate::record::RecordId;
use crate::time::Now;
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub type Ids = HashSet<RecordId, FixedState>;

/// As much of the end of the records file as is searched for records after a crash: about 20,000.
const TAIL: u64 = 16 << 20;

/// See the module.
#[derive(Debug)]
pub struct LineSink {
    disk: Arc<dyn Disk>,
    lines: Appender,
    opened: bool,
    /// Records that an earlier process may have written, until the file was searched for them; then those it has.
    unsure: Ids,
    there: Ids,
}

/// Where the file is, and what it may have already.
#[derive(Clone, Debug)]
pub struct FileOrder {
    pub file: RecordFile,
    pub unsure: Ids,
}

impl LineSink {
    /// Opens nothing yet.
    pub fn new(disk: Arc<dyn Disk>, order: FileOrder) -> LineSink {
        let FileOrder { file, unsure } = order;
        let lines = Appender::new(disk.clone(), file.path, file.rotate);
        LineSink { disk, lines, opened: false, unsure, there: Ids::default() }
    }

    /// Searches the file for what it may have, before anything is added to it.
    fn look(&mut self) -> io::Result<()> {
        if !self.unsure.is_empty() {
            self.there = find(&*self.disk, self.lines.path(), &self.unsure)?;
            self.unsure = Ids::default();
        }
        Ok(())
    }
}

impl Sink for LineSink {
    type Item = Line;

    fn write(&mut self, _: Now, items: &[Line]) -> (usize, Result<(), String>) {
        if let Err(e) = self.look() {
            return (0, Err(e.to_string()));
        }
        // After trouble the first of them wait in the appender already.
        let known = self.lines.waiting();
        let missing = |item: &&Line| !self.there.contains(&item.0.id);
        items.iter().filter(missing).skip(known).for_each(|item| self.lines.push(item.0.json()));
        let result = self.lines.flush().map_err(|e| e.to_string());
        // What waits still are the last ones; what stood there before needs no more care.
        let mut waiting = self.lines.waiting();
        let waits = |item: &Line| {
            let this = waiting > 0 && !self.there.contains(&item.0.id);
            waiting -= usize::from(this);
            waiting > 0 || this
        };
        let left = items.iter().rev().map(waits).take_while(|waits| *waits).count();
        (items.len() - left, result)
    }

    fn rest(&mut self, _: Now) -> Result<bool, String> {
        // So that a file which can't be opened is said at start and not at the first call.
        if !self.opened {
            self.look().map_err(|e| e.to_string())?;
            self.lines.open().map_err(|e| e.to_string())?;
            self.opened = true;
        }
        Ok(false)
    }

    fn place(&self) -> String {
        self.lines.path().display().to_string()
    }
}

/// Which of these records stand at the end of the records file, or of the one before it. A line that was cut by a crash
/// is no record, unless only its end is missing: that one is added when the file is opened. An error: it can't be read, and may have them or not.
fn find(disk: &dyn Disk, path: &Path, wanted: &Ids) -> io::Result<Ids> {
    let mut found = Ids::default();
    if wanted.is_empty() {
        return Ok(found);
    }
    let mut older = path.to_owned().into_os_string();
    older.push(".1");
    let mut left = TAIL;
    for path in [path.to_owned(), PathBuf::from(older)] {
        match search(disk, &path, left, wanted, &mut found) {
            Ok(searched) => left -= searched.min(left),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(found)
}

/// Returns how many bytes were searched.
fn search(disk: &dyn Disk, path: &Path, tail: u64, wanted: &Ids, found: &mut Ids) -> io::Result<u64> {
    let len = disk.stat(path)?.len;
    if tail == 0 {
        return Ok(0);
    }
    let mut reader = BufReader::new(disk.read(path, len.saturating_sub(tail))?.take(tail));
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if let Some(id) = id_in(&line).filter(|id| wanted.contains(id))
            && serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok()
        {
            found.insert(id);
        }
        line.clear();
    }
    Ok(len.min(tail))
}

/// The id that a record's line begins with.
fn id_in(line: &[u8]) -> Option<RecordId> {
    let text = line.strip_prefix(b"{\"id\":\"")?.get(..16)?;
    id_of(std::str::from_utf8(text).ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::super::text::id_text;
    use super::*;

    #[test]
    fn records_are_found_at_the_end_and_in_the_file_before_but_not_in_a_cut_line() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("calls.jsonl");
        let line =
            |id: u64| format!("{{\"id\":\"{}\",\"attempts\":[{{}}],\"late\":false}}\n", id_text(RecordId(id)).as_str());
        let cut = line(4);
        std::fs::write(folder.path().join("calls.jsonl.1"), line(1)).expect("file");
        let whole = line(5);
        let text = format!("{}{}\n{}{}", line(2), &cut[..cut.len() - 20], line(3), whole.trim_end());
        std::fs::write(&path, text).expect("file");
        let wanted: Ids = (0..6).map(RecordId).collect();
        let mut found: Vec<u64> = find(&RealDisk, &path, &wanted).expect("read").into_iter().map(|id| id.0).collect();
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3, 5]);
    }
}
