//! What accounting asks of a file system: a handful of calls, so that the simulation can put a disk in its place that
//! is full, slow, or loses what a crash catches half written.
//!
//! A write may take fewer bytes than it was given, as `write(2)` may. What [`DiskFile::write`] took survives the end
//! of the process (the kernel has it); what [`DiskFile::sync`] confirmed survives a power cut too.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file system.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file for appending; makes it, and its folders, where they are missing.
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A new, empty file in the place of what is there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// The file's bytes from `from` on; `NotFound` when there is no such file.
    fn read(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read>>;
    fn stat(&self, path: &Path) -> io::Result<Stat>;
    /// Puts `from` in the place of `to` at once: nobody ever sees half of it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// An open file. Writes go to its end.
pub trait DiskFile: Debug + Send {
    /// Appends as many of the bytes as it can, and says how many.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Returns when everything written would survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
    fn stat(&self) -> io::Result<Stat>;
}

/// Which file it is, and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Device and inode: the same as long as nobody renames another file into its place.
    pub id: (u64, u64),
    pub len: u64,
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        Ok(Box::new(File::options().create(true).append(true).open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File::create(path)?))
    }

    fn read(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read>> {
        let mut file = File::open(path)?;
        if from > 0 {
            file.seek(SeekFrom::Start(from))?;
        }
        Ok(Box::new(file))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        fs::metadata(path).map(|meta| stat_of(&meta))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn stat(&self) -> io::Result<Stat> {
        self.metadata().map(|meta| stat_of(&meta))
    }
}

fn stat_of(meta: &fs::Metadata) -> Stat {
    Stat { id: (meta.dev(), meta.ino()), len: meta.len() }
}

/// Writes all of it; `written` counts what is in the file, also when an error ends it early.
pub(super) fn write_all(file: &mut dyn DiskFile, bytes: &[u8], written: &mut usize) -> io::Result<()> {
    while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => *written += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
