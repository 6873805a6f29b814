//! A disk made of memory: what a process wrote is there for the next one, and a crash may catch a write in its middle.

use crate::accounting::{Disk, DiskFile, Stat};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// See the module. A clone is the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<Files>>);

#[derive(Debug, Default)]
struct Files {
    names: BTreeMap<PathBuf, u64>,
    files: BTreeMap<u64, Content>,
    next: u64,
    /// A file that readers find empty, but for its last byte.
    blind: Option<PathBuf>,
    /// Takes only so many bytes more; then every write fails, as on a full disk.
    room: Option<u64>,
}

#[derive(Debug, Default)]
struct Content {
    /// Bytes at the beginning that were read by everybody and forgotten.
    forgotten: u64,
    bytes: Vec<u8>,
    /// How far [`SimDisk::new_lines`] has read.
    read: u64,
}

/// Of a file whose lines were read, more than anybody looks back at.
const KEPT: usize = 17 << 20;

#[derive(Debug)]
struct Handle {
    disk: SimDisk,
    id: u64,
}

impl SimDisk {
    /// From now on the disk takes `bytes` more and then none; `None` = all that comes.
    pub fn set_room(&self, bytes: Option<u64>) {
        self.lock().room = bytes;
    }

    /// Whether readers find a file empty, but for its last byte.
    pub fn set_blind(&self, path: &str, blind: bool) {
        self.lock().blind = blind.then(|| path.into());
    }

    /// Shows each whole line that was appended to a file since the last look.
    pub fn new_lines(&self, path: &Path, mut each: impl FnMut(&[u8])) {
        let mut files = self.lock();
        let Some(id) = files.names.get(path).copied() else { return };
        let Some(file) = files.files.get_mut(&id) else { return };
        let from = (file.read - file.forgotten) as usize;
        let fresh = &file.bytes[from..];
        let Some(end) = fresh.iter().rposition(|c| *c == b'\n') else { return };
        fresh[..end].split(|c| *c == b'\n').for_each(&mut each);
        file.read += end as u64 + 1;
        let done = (file.read - file.forgotten) as usize;
        if done > 2 * KEPT {
            file.bytes.drain(..done - KEPT);
            file.forgotten += (done - KEPT) as u64;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, path: &Path, fresh: bool) -> Box<dyn DiskFile> {
        let mut files = self.lock();
        let known = files.names.get(path).copied().filter(|_| !fresh);
        let id = known.unwrap_or_else(|| {
            files.next += 1;
            let id = files.next;
            files.files.insert(id, Content::default());
            files.named(path, Some(id));
            id
        });
        Box::new(Handle { disk: self.clone(), id })
    }
}

impl Files {
    /// Gives a name to a file, or takes it away; a file without a name goes.
    fn named(&mut self, path: &Path, id: Option<u64>) {
        let before = match id {
            Some(id) => self.names.insert(path.to_owned(), id),
            None => self.names.remove(path),
        };
        if let Some(before) = before.filter(|before| Some(*before) != id) {
            self.files.remove(&before);
        }
    }

    fn stat(&self, id: u64) -> io::Result<Stat> {
        let file = self.files.get(&id).ok_or(io::ErrorKind::NotFound)?;
        Ok(Stat { id: (1, id), len: file.forgotten + file.bytes.len() as u64 })
    }

    fn id(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for SimDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.open(path, false))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(self.open(path, true))
    }

    fn read(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read>> {
        let files = self.lock();
        let id = files.id(path)?;
        let file = files.files.get(&id).ok_or(io::ErrorKind::NotFound)?;
        let mut from = from.saturating_sub(file.forgotten) as usize;
        if files.blind.as_deref() == Some(path) && from + 1 < file.bytes.len() {
            from = file.bytes.len();
        }
        Ok(Box::new(Cursor::new(file.bytes.get(from..).unwrap_or_default().to_vec())))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let files = self.lock();
        files.stat(files.id(path)?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.lock();
        let id = files.id(from)?;
        files.names.remove(from);
        files.named(to, Some(id));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut files = self.lock();
        files.id(path)?;
        files.named(path, None);
        Ok(())
    }
}

impl DiskFile for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut files = self.disk.lock();
        let taken = files.room.map_or(bytes.len(), |room| bytes.len().min(room as usize));
        if taken == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        files.room = files.room.map(|room| room - taken as u64);
        // A file that was removed while it was open still takes what is written to it.
        if let Some(file) = files.files.get_mut(&self.id) {
            file.bytes.extend_from_slice(&bytes[..taken]);
        }
        Ok(taken)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn stat(&self) -> io::Result<Stat> {
        self.disk.lock().stat(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(disk: &SimDisk, path: &Path) -> Vec<String> {
        let mut found = Vec::new();
        disk.new_lines(path, |line| found.push(String::from_utf8_lossy(line).into_owned()));
        found
    }

    #[test]
    fn a_write_that_the_end_cuts_short_is_there_in_part_and_no_line() {
        let (disk, path) = (SimDisk::default(), Path::new("calls"));
        let mut file = disk.append(path).expect("file");
        assert_eq!(file.write(b"one\ntwo\n").expect("room"), 8);
        disk.set_room(Some(2));
        assert_eq!(file.write(b"three\n").expect("some room"), 2);
        assert!(file.write(b"ree\n").is_err());
        assert_eq!(lines(&disk, path), ["one", "two"]);
        disk.set_room(None);
        file.write(b"\nfour\n").expect("room");
        assert_eq!(lines(&disk, path), ["th", "four"]);
        assert_eq!(disk.stat(path).expect("file").len, 16);
    }

    #[test]
    fn a_new_name_is_another_file() {
        let (disk, old, new) = (SimDisk::default(), Path::new("a"), Path::new("b"));
        disk.append(old).expect("file").write(b"x").expect("room");
        let before = disk.stat(old).expect("file").id;
        disk.create(new).expect("file").write(b"yz").expect("room");
        disk.rename(new, old).expect("renamed");
        assert_ne!(disk.stat(old).expect("file").id, before);
        assert!(disk.stat(new).is_err());
        let mut text = String::new();
        disk.read(old, 1).expect("file").read_to_string(&mut text).expect("text");
        assert_eq!(text, "z");
    }
}
