//! Appending lines to a file that may be rotated, deleted, renamed or on a full disk.
//!
//! Lines wait in memory until they are written; the memory is bounded, and what does not fit is counted. The file is
//! looked at before each write: when somebody renamed or deleted it (logrotate), it is opened anew.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes that wait for a disk that does not take them: about 20,000 records.
const SPOOL: usize = 16 << 20;

/// One file of JSON lines.
#[derive(Debug)]
pub struct Appender {
    path: PathBuf,
    /// Rotate at this size; keep so many old files.
    rotate: Option<(u64, u32)>,
    file: Option<Open>,
    pending: Vec<u8>,
    /// Bytes of the first pending line that are already in the file (a write that was cut by a full disk).
    begun: usize,
    /// Lines that did not fit into the spool.
    dropped: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    device: u64,
    inode: u64,
    size: u64,
}

impl Appender {
    pub fn new(path: PathBuf, rotate: Option<(u64, u32)>) -> Appender {
        Appender { path, rotate, file: None, pending: Vec::new(), begun: 0, dropped: 0 }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Another size or number of old files from now on.
    pub fn set_rotate(&mut self, rotate: Option<(u64, u32)>) {
        self.rotate = rotate;
    }

    /// Adds one line (without its line end) to what is to be written.
    pub fn push(&mut self, line: &[u8]) {
        if self.pending.len() + line.len() >= SPOOL {
            self.dropped += 1;
            return;
        }
        self.pending.extend_from_slice(line);
        self.pending.push(b'\n');
    }

    /// Lines lost since the last call because the spool was full.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
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
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::options().create(true).append(true).read(true).open(&self.path)?;
        let meta = file.metadata()?;
        self.begun = 0;
        let mut size = meta.len();
        if !ends_with_line(&mut file, size)? {
            // Killed in the middle of a line: the next one must not be glued to it.
            size += file.write(b"\n")? as u64;
        }
        self.file = Some(Open { file, device: meta.dev(), inode: meta.ino(), size });
        Ok(())
    }

    fn forget_if_moved(&mut self) {
        let there = fs::metadata(&self.path).ok().map(|meta| (meta.dev(), meta.ino()));
        if self.file.as_ref().is_some_and(|open| there != Some((open.device, open.inode))) {
            self.file = None;
        }
    }

    fn wants_rotation(&self) -> bool {
        let (Some((limit, _)), Some(open)) = (self.rotate, &self.file) else { return false };
        self.begun == 0 && open.size > 0 && open.size + self.pending.len() as u64 > limit
    }

    /// `calls.jsonl` becomes `calls.jsonl.1`, that one `.2`, and so on; the last one goes.
    fn rotate_files(&mut self) -> io::Result<()> {
        let keep = self.rotate.map_or(0, |(_, keep)| keep);
        self.file = None;
        if keep == 0 {
            return fs::remove_file(&self.path);
        }
        for n in (1..keep).rev() {
            match fs::rename(self.numbered(n), self.numbered(n + 1)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        fs::rename(&self.path, self.numbered(1))
    }

    fn numbered(&self, n: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{n}"));
        name.into()
    }

    fn write_pending(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.file else { return Ok(()) };
        let result = loop {
            let rest = self.pending.get(self.begun..).unwrap_or_default();
            if rest.is_empty() {
                break Ok(());
            }
            match open.file.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => (self.begun, open.size) = (self.begun + n, open.size + n as u64),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => break Err(e),
            }
        };
        // Whole lines are done; a begun one is kept whole, for the case that it must go into another file.
        let whole = self.pending.get(..self.begun).and_then(|done| done.iter().rposition(|b| *b == b'\n'));
        let whole = whole.map_or(0, |at| at + 1);
        self.pending.drain(..whole);
        self.begun -= whole;
        result
    }
}

fn ends_with_line(file: &mut File, size: u64) -> io::Result<bool> {
    if size == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(size - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut appender = Appender::new(path.clone(), None);
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
        let mut appender = Appender::new(path.clone(), Some((8, 2)));
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
        write(&mut Appender::new(path.clone(), None), "whole");
        assert_eq!(read(&path), "{\"half\nwhole\n");
    }

    #[test]
    fn what_cannot_be_written_waits_and_is_written_later() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("calls.jsonl");
        fs::create_dir(&path).expect("a directory in the way");
        let mut appender = Appender::new(path.clone(), None);
        appender.push(b"one");
        appender.flush().expect_err("a directory");
        fs::remove_dir(&path).expect("removed");
        write(&mut appender, "two");
        assert_eq!(read(&path), "one\ntwo\n");
        assert!(appender.pending.is_empty());
    }

    #[test]
    fn the_spool_is_bounded_and_says_what_it_lost() {
        let mut appender = Appender::new("/nowhere/calls.jsonl".into(), None);
        let line = vec![b'x'; SPOOL / 2];
        (0..3).for_each(|_| appender.push(&line));
        assert_eq!((appender.take_dropped(), appender.take_dropped()), (2, 0));
    }
}
