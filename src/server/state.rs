//! The state directory: what must survive a restart, and must not be shared by two routers.
//!
//! - `cookie.key`: 16 random bytes, made once, mode 0600. Calls in progress come back with a cookie sealed by it.
//! - `cookie.key.previous`: the key before it, honoured for 24 h after the last change of the file.
//! - `open-calls.jsonl`: see [`super::journal`].
//! - `lock`: held while a router runs.

use super::whole::{self, For};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the previous cookie key is honoured (checklist X12).
const PREVIOUS_KEY: Duration = Duration::from_secs(24 * 3600);

/// An open, locked state directory.
#[derive(Debug)]
pub struct StateDir {
    pub path: PathBuf,
    /// Released when the process ends, however it ends.
    _lock: File,
}

/// The keys that seal cookies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CookieKeys {
    pub present: [u8; 16],
    pub previous: Option<[u8; 16]>,
}

/// Why the state directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("state directory {path}: {cause}; name another with --state-dir", path = path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("state directory {path} is in use by another trunkline; stop it, or name another with --state-dir", path = .0.display())]
    InUse(PathBuf),
    #[error("{path}: not a cookie key (16 bytes); delete it to have a new one made", path = .0.display())]
    BadKey(PathBuf),
}

impl StateDir {
    /// `.trunkline` beside the root file.
    pub fn beside(root: &Path) -> PathBuf {
        root.parent().unwrap_or(Path::new("")).join(".trunkline")
    }

    /// Makes the directory if need be (mode 0700) and locks it.
    pub fn open(path: &Path) -> Result<StateDir, StateError> {
        let named = |cause| StateError::Io { path: path.to_owned(), cause };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(named)?;
        let lock = File::options().create(true).truncate(false).write(true).open(path.join("lock")).map_err(named)?;
        match lock.try_lock() {
            Ok(()) => Ok(StateDir { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::InUse(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(named(cause)),
        }
    }

    /// Reads the cookie keys; makes the present one if there is none.
    pub fn cookie_keys(&self) -> Result<CookieKeys, StateError> {
        let path = self.path.join("cookie.key");
        let present = match read_key(&path)? {
            Some(key) => key,
            None => make_key(&path)?,
        };
        let previous_path = self.path.join("cookie.key.previous");
        let age = fs::metadata(&previous_path).and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
        let previous = match age {
            Some(age) if age < PREVIOUS_KEY => read_key(&previous_path)?,
            _ => None,
        };
        Ok(CookieKeys { present, previous })
    }
}

fn read_key(path: &Path) -> Result<Option<[u8; 16]>, StateError> {
    let named = |cause| StateError::Io { path: path.to_owned(), cause };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(named(cause)),
    };
    let mut bytes = Vec::new();
    file.take(64).read_to_end(&mut bytes).map_err(named)?;
    bytes.try_into().map(Some).map_err(|_| StateError::BadKey(path.to_owned()))
}

fn make_key(path: &Path) -> Result<[u8; 16], StateError> {
    let named = |cause| StateError::Io { path: path.to_owned(), cause };
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|e| named(io::Error::other(e.to_string())))?;
    whole::write(path, &key, For::Owner).map_err(named)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("state");
        let state = StateDir::open(&path).expect("state");
        let keys = state.cookie_keys().expect("keys");
        assert!(state.cookie_keys().expect("keys") == keys);
        assert_eq!(keys.previous, None);
        let mode = fs::metadata(path.join("cookie.key")).expect("key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_key_before_is_honoured_for_a_day() {
        let folder = tempfile::tempdir().expect("folder");
        let state = StateDir::open(folder.path()).expect("state");
        let previous = folder.path().join("cookie.key.previous");
        fs::write(&previous, [7; 16]).expect("key");
        assert_eq!(state.cookie_keys().expect("keys").previous, Some([7; 16]));
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(25 * 3600);
        File::options().write(true).open(&previous).and_then(|f| f.set_modified(long_ago)).expect("times");
        assert_eq!(state.cookie_keys().expect("keys").previous, None);
    }

    #[test]
    fn two_routers_do_not_share_it_and_a_broken_key_is_said() {
        let folder = tempfile::tempdir().expect("folder");
        let state = StateDir::open(folder.path()).expect("state");
        let second = StateDir::open(folder.path()).expect_err("locked");
        assert!(second.to_string().contains("in use by another trunkline"), "{second}");
        fs::write(folder.path().join("cookie.key"), b"short").expect("key");
        assert!(matches!(state.cookie_keys(), Err(StateError::BadKey(_))));
    }
}
