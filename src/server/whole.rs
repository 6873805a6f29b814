//! Files of the state directory are written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Who may read and write a file, before the umask.
#[derive(Clone, Copy, Debug)]
pub enum For {
    Everybody,
    /// Nobody but its owner: it holds a secret.
    Owner,
}

/// Written beside (`pin.json` as `pin.new`) and renamed, so that a crash leaves the file as it was or as it is meant. What a
/// crash leaves beside it is written over the next time.
pub fn write(path: &Path, bytes: &[u8], readers: For) -> io::Result<()> {
    let new = path.with_extension("new");
    let mode = match readers {
        For::Everybody => 0o666,
        For::Owner => 0o600,
    };
    let mut file = fs::File::options().create(true).write(true).truncate(true).mode(mode).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}
