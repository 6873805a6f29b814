//! From files to a snapshot: text → spans → document → diagnostics → compiled snapshot. Used by every command and by
//! `run`; what `validate` accepts, `run` can serve.

use crate::proxy::Snapshot;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that one set of files says.
#[derive(Debug)]
pub struct Compiled {
    pub snapshot: Arc<Snapshot>,
    pub accounting: Accounting,
    /// The hash over (relative path, bytes) of all files, in hex.
    pub hash: String,
    /// Counts for the summary line.
    pub counts: Counts,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounting {
    /// `accounting.file`.
    pub file: Option<RecordFile>,
    /// How many digits of numbers are masked in records.
    pub mask_digits: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFile {
    pub path: PathBuf,
    /// Rotate when the file has this many bytes; keep this many old files.
    pub rotate: Option<(u64, u32)>,
    /// A call without a BYE closes as `lost` after this.
    pub max_duration: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub files: usize,
    pub gateways: usize,
    pub lists: usize,
    pub groups: usize,
    pub routes: usize,
}

/// The bytes of a file set at one moment: read once, compiled from nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSet {
    pub root: PathBuf,
    /// (path relative to the root file's directory, bytes), root first.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// Hash over relative paths and bytes, hex.
    pub hash: String,
    /// Directories whose changes matter: of each file, of each symlink on its path, and of each glob.
    pub watch: Vec<PathBuf>,
}

impl FileSet {
    /// Reads the root file and what it includes. An error of the operating system names its path.
    pub fn read(_root: &Path) -> std::io::Result<FileSet> {
        todo!()
    }
}

/// Compiles a file set. The diagnostics hold warnings and notes too; `None` when there is an error among them.
pub fn compile(_set: &FileSet) -> (Option<Compiled>, Diagnostics) {
    todo!()
}

/// Stand-in until `config::diagnostic` is there.
#[derive(Debug, Default)]
pub struct Diagnostics {}

impl Diagnostics {
    pub fn errors(&self) -> usize {
        todo!()
    }
    /// As a person sees them, with snippets; colour as asked.
    pub fn human(&self, _colour: bool) -> String {
        todo!()
    }
    /// The first error on one line: `error[TL0302 unknown-reference] routes.yaml:8:9: unknown gateway …`.
    pub fn first_line(&self) -> String {
        todo!()
    }
}
