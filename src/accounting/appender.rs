//! Appending lines to a file that may be rotated, deleted, renamed or on a full disk.
//!
//! Lines wait in memory until they are written; who pushes them sees to it that they are not too many. The file is
//! looked at before each write: when somebody renamed or deleted it (logrotate), it is opened anew.

use super::disk::{Disk, DiskFile, Stat, write_all};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file of JSON lines.
#[derive(Debug)]
pub struct Appender {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// Rotate at this size; keep so many old files.
    rotate: Option<(u64, u32)>,
    file: Option<Open>,
    pending: Vec<u8>,
    /// Bytes of the first pending line that are already in the file (a write that was cut by a full disk).
    begun: usize,
    /// Lines in `pending`.
    waiting: usize,
}

#[derive(Debug)]
struct Open {
    file: Box<dyn DiskFile>,
    stat: Stat,
}

impl Appender {
    /// Memory that is kept between two flushes.
    const USUAL: usize = 256 << 10;

    pub fn new(disk: Arc<dyn Disk>, path: PathBuf, rotate: Option<(u64, u32)>) -> Appender {
        Appender { disk, path, rotate, file: None, pending: Vec::new(), begun: 0, waiting: 0 }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lines that are not, or not wholly, in the file.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Their bytes.
    pub fn waiting_bytes(&self) -> usize {
        self.pending.len()
    }

    /// Adds one line (without its line end) to what is to be written.
    pub fn push(&mut self, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.pending.push(b'\n');
        self.waiting += 1;
    }

    /// Writes what waits. After an error everything unwritten still waits.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.forget_if_moved();
        self.open()?;
        if self.wants_rotation() {
            self.rotate_files()?;
            self.open()?;
        }
        self.write_pending()
    }

    /// Opens the file now, so that an error is said at start and not at the first call.
    pub fn open(&mut self) -> io::Result<()> {
        if self.file.is_some() {
            return Ok(());
        }
        let mut file = self.disk.append(&self.path)?;
        let mut stat = file.stat()?;
        self.begun = 0;
        if !self.ends_with_line(stat.len)? {
            // Killed in the middle of a line: the next one must not be glued to it.
            let mut end = 0;
            write_all(&mut *file, b"\n", &mut end)?;
            stat.len += 1;
        }
        self.file = Some(Open { file, stat });
        Ok(())
    }

    fn ends_with_line(&self, len: u64) -> io::Result<bool> {
        if len == 0 {
            return Ok(true);
        }
        let mut last = [0];
        self.disk.read(&self.path, len - 1)?.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }

    fn forget_if_moved(&mut self) {
        let there = self.disk.stat(&self.path).ok().map(|stat| stat.id);
        if self.file.as_ref().is_some_and(|open| there != Some(open.stat.id)) {
            self.file = None;
        }
    }

    fn wants_rotation(&self) -> bool {
        let (Some((limit, _)), Some(open)) = (self.rotate, &self.file) else { return false };
        self.begun == 0 && open.stat.len > 0 && open.stat.len + self.pending.len() as u64 > limit
    }

    /// `calls.jsonl` becomes `calls.jsonl.1`, that one `.2`, and so on; the last one goes.
    fn rotate_files(&mut self) -> io::Result<()> {
        let keep = self.rotate.map_or(0, |(_, keep)| keep);
        self.file = None;
        if keep == 0 {
            return self.disk.remove(&self.path);
        }
        for n in (1..keep).rev() {
            match self.disk.rename(&self.numbered(n), &self.numbered(n + 1)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        self.disk.rename(&self.path, &self.numbered(1))
    }

    fn numbered(&self, n: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{n}"));
        name.into()
    }

    fn write_pending(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.file else { return Ok(()) };
        let before = self.begun;
        let result = write_all(&mut *open.file, &self.pending, &mut self.begun);
        open.stat.len += (self.begun - before) as u64;
        // Whole lines are done; a begun one is kept whole, for the case that it must go into another file.
        let whole = self.pending.get(..self.begun).and_then(|done| done.iter().rposition(|b| *b == b'\n'));
        let whole = whole.map_or(0, |at| at + 1);
        let ended = self.pending.get(..whole).map_or(0, |done| memchr::memchr_iter(b'\n', done).count());
        self.waiting = self.waiting.saturating_sub(ended);
        self.pending.drain(..whole);
        if self.pending.is_empty() {
            // After trouble: not more memory than usual.
            self.pending.shrink_to(Self::USUAL);
        }
        self.begun -= whole;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::*;
    use std::fs;

    fn new(path: PathBuf, rotate: Option<(u64, u32)>) -> Appender {
        Appender::new(Arc::new(RealDisk), path, rotate)
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    fn write(appender: &mut Appender, line: &str) {
        appender.push(line.as_bytes());
        appender.flush().expect("written");
    }

    #[test]
    fn makes_its_folder_and_opens_anew_what_was_renamed_or_deleted() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("deep/calls.jsonl");
        let mut appender = new(path.clone(), None);
        write(&mut appender, "one");
        fs::rename(&path, folder.path().join("moved")).expect("renamed");
        write(&mut appender, "two");
        assert_eq!((read(&folder.path().join("moved")), read(&path)), ("one\n".into(), "two\n".into()));
        fs::remove_file(&path).expect("deleted");
        write(&mut appender, "three");
        assert_eq!(read(&path), "three\n");
    }

    #[test]
    fn rotates_by_size_and_keeps_so_many() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("calls.jsonl");
        let mut appender = new(path.clone(), Some((8, 2)));
        for line in ["aaaa", "bbbb", "cccc", "dddd"] {
            write(&mut appender, line);
        }
        assert_eq!(read(&path), "dddd\n");
        assert_eq!(read(&appender.numbered(1)), "cccc\n");
        assert_eq!(read(&appender.numbered(2)), "bbbb\n");
        assert!(!appender.numbered(3).exists());
    }

    #[test]
    fn a_line_cut_by_a_crash_does_not_swallow_the_next() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("calls.jsonl");
        fs::write(&path, "{\"half").expect("file");
        write(&mut new(path.clone(), None), "whole");
        assert_eq!(read(&path), "{\"half\nwhole\n");
    }

    #[test]
    fn what_cannot_be_written_waits_and_is_written_later() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("calls.jsonl");
        fs::create_dir(&path).expect("a directory in the way");
        let mut appender = new(path.clone(), None);
        appender.push(b"one");
        appender.flush().expect_err("a directory");
        fs::remove_dir(&path).expect("removed");
        write(&mut appender, "two");
        assert_eq!(read(&path), "one\ntwo\n");
        assert!(appender.pending.is_empty());
    }
}
