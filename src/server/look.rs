//! One look at the files: read, compare by content, compile. Blocking; runs on a thread of its own, off the call path.

use super::guards;
use super::serving::Serving;
use crate::admin::Guard;
use crate::config::{Compiled, Diagnostics, FileSet, Secrets, compile_for_run};
use crate::time::Wall;
use std::path::{Path, PathBuf};

/// What the files were when they were last judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    Set(Print),
    /// There was no such file, or it could not be read.
    Unreadable(String),
    /// Whatever they are, they are judged anew.
    Nothing,
}

/// What makes two sets the same: their content hash, and what is in the secrets and certificates that they name. Secrets
/// are compared, never hashed or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    pub hash: String,
    pub secrets: Secrets,
}

impl Print {
    pub fn of(set: &FileSet) -> Print {
        Print { hash: set.hash.clone(), secrets: set.secrets.clone() }
    }
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
    /// `guards` stand between it and what runs.
    New {
        set: Box<FileSet>,
        compiled: Option<Box<Compiled>>,
        said: Box<Diagnostics>,
        guards: Vec<Guard>,
    },
}

/// A finding, with the directories to watch from now on (none known when nothing could be read).
#[derive(Debug)]
pub struct Look {
    pub found: Found,
    pub watch: Option<Vec<PathBuf>>,
}

/// While `git checkout` or `git pull` writes, its index is locked: then some files are of one revision and some of another.
/// A lock that a dead git left behind is no reason to wait for ever: whoever asks says how long to be `patient`.
fn git_writes(root: &Path) -> bool {
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let repository = root.ancestors().skip(1).map(|place| place.join(".git")).find(|git| git.exists());
    repository.is_some_and(|git| git.join("index.lock").exists())
}

/// Looks at the file set of `root`. The content hash is the truth: times of modification are never used.
pub fn look(root: &Path, attempted: &Attempted, serving: &Serving, now: Wall, patient: bool) -> Look {
    if patient && git_writes(root) {
        return Look { found: Found::Moving, watch: None };
    }
    let set = match FileSet::read(root) {
        Ok(set) => set,
        Err(e) => {
            let said = e.to_string();
            let same = *attempted == Attempted::Unreadable(said.clone());
            return Look { found: if same { Found::Same } else { Found::Unreadable(said) }, watch: None };
        }
    };
    let watch = Some(set.watch.clone());
    let print = Print::of(&set);
    let found = if *attempted == Attempted::Set(print.clone()) {
        Found::Same
    } else if print == Print::of(&serving.set) {
        Found::Back
    } else if FileSet::read(root).is_ok_and(|again| Print::of(&again) == print) {
        let (compiled, said) = compile_for_run(&set);
        let guards = compiled.as_ref().map(|next| guards::between(&serving.compiled, next, now)).unwrap_or_default();
        let said = Box::new(said.seen_from(root));
        Found::New { set: Box::new(set), compiled: compiled.map(Box::new), said, guards }
    } else {
        Found::Moving
    };
    Look { found, watch }
}
