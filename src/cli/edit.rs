//! Writing files that people own: whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is written and waits for its name.
pub struct Prepared {
    temporary: PathBuf,
    target: PathBuf,
    done: bool,
}

/// Writes `bytes` beside `path`, with the permissions of the file that is there. A symbolic link stays one: what it
/// names is replaced.
pub fn prepare(path: &Path, bytes: &[u8]) -> io::Result<Prepared> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let target = if path.is_symlink() { path.canonicalize().map_err(named)? } else { path.to_owned() };
    let name = target.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    // A leading dot: patterns of `include` skip it.
    let temporary = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let prepared = Prepared { temporary, target, done: false };
    let mut file = std::fs::File::create(&prepared.temporary).map_err(named)?;
    if let Ok(there) = std::fs::metadata(&prepared.target) {
        file.set_permissions(there.permissions()).map_err(named)?;
    }
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(named)?;
    Ok(prepared)
}

impl Prepared {
    /// Gives it its name, over the file that had it.
    pub fn commit(mut self) -> io::Result<()> {
        std::fs::rename(&self.temporary, &self.target)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.target.display())))?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

/// Writes several files: all are on the disk before the first gets its name, so that a full disk changes none.
pub fn write_all(files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
    let prepared = files.iter().map(|(path, bytes)| prepare(path, bytes)).collect::<io::Result<Vec<_>>>()?;
    prepared.into_iter().try_for_each(Prepared::commit)
}
