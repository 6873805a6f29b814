//! What the routes file says about records, compiled (CONFIG-AND-CLI (a), `accounting` and `max_duration`).

use std::path::PathBuf;
use std::time::Duration;

/// A call without a BYE closes as `lost` after this, unless the file says otherwise.
pub const MAX_DURATION: Duration = Duration::from_secs(12 * 3600);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounting {
    /// `accounting.file`.
    pub file: Option<RecordFile>,
    /// `accounting.sqlite`.
    pub database: Option<RecordDatabase>,
    /// How many digits of numbers are masked in records.
    pub mask_digits: u8,
    /// A call without a BYE closes as `lost` after this.
    pub max_duration: Duration,
}

impl Default for Accounting {
    fn default() -> Accounting {
        Accounting { file: None, database: None, mask_digits: 0, max_duration: MAX_DURATION }
    }
}

impl Accounting {
    /// Whether records are written anywhere.
    pub fn is_on(&self) -> bool {
        self.file.is_some() || self.database.is_some()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFile {
    pub path: PathBuf,
    /// Rotate when the file has this many bytes; keep this many old files.
    pub rotate: Option<(u64, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDatabase {
    pub path: PathBuf,
    /// Records of calls that came longer ago are deleted.
    pub keep: Option<Duration>,
}

/// What the database's writer is told: where it is, and when a call that is up counts as lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseOrder {
    pub database: RecordDatabase,
    pub max_duration: Duration,
}
