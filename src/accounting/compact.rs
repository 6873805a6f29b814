//! Rewriting the journal without what nobody needs any more.

use super::disk::{Disk, DiskFile, write_all};
use super::entry::{About, Entry};
use super::lines::Ids;
use super::sink::{SinkName, Sinks};
use super::text::Id;
use crate::record::RecordId;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Which sinks need a record no more.
pub type Marks = HashMap<RecordId, Sinks, FixedState>;

/// What the marks of a journal say.
#[derive(Debug, Default)]
pub struct Marked {
    /// Nothing remains to be written about these.
    pub written: Ids,
    /// Some sinks need these no more.
    pub partly: Marks,
}

/// Reads the marks of a journal.
pub fn marked(disk: &dyn Disk, path: &Path) -> io::Result<Marked> {
    let mut marked = Marked::default();
    read(disk, path, |line| note_mark(line, &mut marked))?;
    marked.partly.retain(|id, _| !marked.written.contains(id));
    Ok(marked)
}

/// What a compaction did.
#[derive(Debug)]
pub struct Compacted {
    /// Bytes of the lines that stay.
    pub kept: u64,
    /// Whether the shorter file is in its place; the old one serves as well.
    pub replaced: io::Result<()>,
}

/// Rewrites the file without the lines of records that need not be kept; each line that stays is shown. An error means
/// that the file can't be read.
pub fn compact(
    disk: &dyn Disk,
    path: &Path,
    keep: impl Fn(RecordId) -> bool,
    mut each: impl FnMut(&[u8]),
) -> io::Result<Compacted> {
    if disk.stat(path).is_ok_and(|stat| stat.len == 0) {
        return Ok(Compacted { kept: 0, replaced: Ok(()) });
    }
    let new = path.with_extension("jsonl.new");
    let mut copy = disk.create(&new).map(|file| Copy { file, waiting: Vec::new() });
    let (mut kept, mut marked) = (0, Marked::default());
    read(disk, path, |line| match About::of(line) {
        About::Record(id) if keep(id) => {
            each(line);
            kept += line.len() as u64;
            let outcome = copy.as_mut().map_or(Ok(()), |copy| copy.write(line));
            if let Err(e) = outcome {
                copy = Err(e);
            }
        }
        About::Mark => note_mark(line, &mut marked),
        _ => {}
    })?;
    marked.partly.retain(|id, _| keep(*id));
    let replaced = copy.and_then(|copy| copy.finish(&marked.partly)).and_then(|()| disk.rename(&new, path));
    if replaced.is_err() {
        // On a full disk half a copy is in the way. There may be none.
        let _ = disk.remove(&new);
    }
    Ok(Compacted { kept, replaced })
}

fn note_mark(line: &[u8], marked: &mut Marked) {
    if About::of(line) != About::Mark {
        return;
    }
    match serde_json::from_slice(line) {
        Ok(Entry::Written { ids }) => marked.written.extend(ids.iter().map(|id| id.0)),
        Ok(Entry::Partly { sink, ids }) => {
            for Id(id) in ids {
                let mark = marked.partly.entry(id).or_default();
                *mark = mark.with(sink);
            }
        }
        _ => {}
    }
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

    fn finish(mut self, marks: &Marks) -> io::Result<()> {
        self.write_marks(marks)?;
        self.flush()?;
        self.file.sync()
    }

    /// In the order of ids, so that the same journal gives the same file.
    fn write_marks(&mut self, marks: &Marks) -> io::Result<()> {
        for sink in [SinkName::File, SinkName::Sqlite] {
            let mut ids: Vec<Id> = marks.iter().filter(|(_, sinks)| sinks.has(sink)).map(|(id, _)| Id(*id)).collect();
            if ids.is_empty() {
                continue;
            }
            ids.sort_unstable_by_key(|id| id.0);
            let mut line = serde_json::to_vec(&Entry::Partly { sink, ids }).map_err(io::Error::other)?;
            line.push(b'\n');
            self.write(&line)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        write_all(&mut *self.file, &self.waiting, &mut 0)?;
        self.waiting.clear();
        Ok(())
    }
}

/// The lines of the file, with their line ends: a last one that lacks nothing else counts.
fn read(disk: &dyn Disk, path: &Path, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let file = match disk.read(path, 0) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    let mut reader = BufReader::with_capacity(Copy::BLOCK, file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        each(&line);
        line.clear();
    }
    Ok(())
}
