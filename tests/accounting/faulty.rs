//! A disk in memory that can be full, refuse single files, and stop in the middle of a write, as a killed process does.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use trunkline::accounting::{Disk, DiskFile, Stat};

#[derive(Clone, Debug, Default)]
pub struct FaultyDisk {
    inside: Arc<Mutex<Inside>>,
}

#[derive(Debug, Default)]
struct Inside {
    /// A path names a file by its number: an open file stays the same when its path goes.
    names: BTreeMap<PathBuf, u64>,
    files: BTreeMap<u64, Vec<u8>>,
    next: u64,
    /// Paths that refuse everything, as a folder in the way does.
    refused: Vec<PathBuf>,
    /// Bytes that fit still.
    room: Option<usize>,
    /// Writes until the process is killed; that one is cut in the middle.
    kill_after: Option<usize>,
    killed: bool,
}

#[derive(Debug)]
struct OpenFile {
    inside: Arc<Mutex<Inside>>,
    number: u64,
}

impl FaultyDisk {
    pub fn text(&self, path: &str) -> String {
        let inside = self.lock();
        let bytes = inside.names.get(Path::new(path)).and_then(|number| inside.files.get(number));
        String::from_utf8(bytes.cloned().unwrap_or_default()).expect("text")
    }

    /// From now on, or no more, the path refuses everything.
    pub fn refuse(&self, path: &str, refused: bool) {
        let mut inside = self.lock();
        inside.refused.retain(|known| known != Path::new(path));
        if refused {
            inside.refused.push(path.into());
        }
    }

    /// So many bytes fit still; `None` is a disk without an end.
    pub fn room(&self, bytes: Option<usize>) {
        self.lock().room = bytes;
    }

    /// The process dies at its `writes`-th write from now on, which is cut in the middle: nothing that it does later
    /// reaches the disk.
    pub fn kill_after(&self, writes: usize) {
        self.lock().kill_after = Some(writes);
    }

    /// The next process.
    pub fn restart(&self) {
        let mut inside = self.lock();
        inside.kill_after = None;
        inside.killed = false;
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().expect("the disk")
    }

    fn open(&self, path: &Path, fresh: bool) -> io::Result<Box<dyn DiskFile>> {
        let mut inside = self.lock();
        inside.check(path)?;
        let known = inside.names.get(path).copied().filter(|_| !fresh);
        let number = known.unwrap_or_else(|| {
            inside.next += 1;
            let number = inside.next;
            inside.files.insert(number, Vec::new());
            inside.names.insert(path.to_owned(), number);
            number
        });
        Ok(Box::new(OpenFile { inside: self.inside.clone(), number }))
    }
}

impl Inside {
    fn check(&self, path: &Path) -> io::Result<()> {
        if self.killed {
            return Err(io::Error::other("the process is dead"));
        }
        match self.refused.iter().any(|refused| refused == path) {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok(()),
        }
    }

    fn write(&mut self, number: u64, bytes: &[u8]) -> io::Result<usize> {
        if self.killed {
            return Err(io::Error::other("the process is dead"));
        }
        let path = self.names.iter().find(|(_, n)| **n == number).map(|(path, _)| path.clone());
        path.map_or(Ok(()), |path| self.check(&path))?;
        let mut count = bytes.len();
        if let Some(left) = &mut self.kill_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.killed = true;
                count /= 2;
            }
        }
        if let Some(room) = &mut self.room {
            count = count.min(*room);
            *room -= count;
        }
        let file = self.files.get_mut(&number).expect("an open file");
        file.extend_from_slice(&bytes[..count]);
        if self.killed || (count == 0 && !bytes.is_empty()) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(count)
    }
}

impl Disk for FaultyDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path, false)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path, true)
    }

    fn read(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read>> {
        let inside = self.lock();
        inside.check(path)?;
        let number = inside.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        let bytes = inside.files[number].get(from as usize..).unwrap_or_default().to_vec();
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let inside = self.lock();
        inside.check(path)?;
        let number = *inside.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Stat { id: (0, number), len: inside.files[&number].len() as u64 })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inside = self.lock();
        inside.check(from)?;
        inside.check(to)?;
        let number = inside.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        inside.names.insert(to.to_owned(), number);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inside = self.lock();
        inside.check(path)?;
        inside.names.remove(path).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl DiskFile for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inside.lock().expect("the disk").write(self.number, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn stat(&self) -> io::Result<Stat> {
        let inside = self.inside.lock().expect("the disk");
        Ok(Stat { id: (0, self.number), len: inside.files[&self.number].len() as u64 })
    }
}
