//! One look at the files: read, compare by content, compile. Blocking; runs on a thread of its own, off the call path.

use crate::config::{Compiled, Diagnostics, FileSet, compile_for_run};
use std::path::{Path, PathBuf};

/// What the files were when they were last judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    Hash(String),
    /// There was no such file, or it could not be read.
    Unreadable(String),
}

/// What a look found.
#[derive(Debug)]
pub enum Found {
    /// As at the last attempt.
    Same,
    /// The last attempt failed, and now the files are what runs.
    Back,
    /// They changed while they were read.
    Moving,
    Unreadable(String),
    /// `None` with the diagnostics that refuse it.
    New {
        hash: String,
        compiled: Option<Box<Compiled>>,
        said: Diagnostics,
    },
}

/// A finding, with the directories to watch from now on (none known when nothing could be read).
#[derive(Debug)]
pub struct Look {
    pub found: Found,
    pub watch: Option<Vec<PathBuf>>,
}

/// Looks at the file set of `root`. The content hash is the truth: times of modification are never used.
pub fn look(root: &Path, attempted: &Attempted, running: &str) -> Look {
    let set = match FileSet::read(root) {
        Ok(set) => set,
        Err(e) => {
            let said = e.to_string();
            let same = *attempted == Attempted::Unreadable(said.clone());
            return Look { found: if same { Found::Same } else { Found::Unreadable(said) }, watch: None };
        }
    };
    let found = if *attempted == Attempted::Hash(set.hash.clone()) {
        Found::Same
    } else if set.hash == running {
        Found::Back
    } else if FileSet::read(root).is_ok_and(|again| again.hash == set.hash) {
        let (compiled, said) = compile_for_run(&set);
        Found::New { hash: set.hash, compiled: compiled.map(Box::new), said }
    } else {
        Found::Moving
    };
    Look { found, watch: Some(set.watch) }
}
