//! What a router starts from: its files; the last good revision, loudly, when they are broken (CONFIG-AND-CLI (d) 6); or
//! the revision that an operator has pinned.

use super::StartError;
use super::look::{Attempted, Print};
use super::revisions::{Kept, Pin, Revisions};
use super::serving::{Origin, short};
use crate::admin::{FilesState, FilesStatus, Pinned, timestamp};
use crate::config::{Code, Compiled, Diagnostics, FileSet, compile_for_run};
use crate::time::Wall;
use std::path::Path;

/// See the module.
pub struct Boot {
    pub compiled: Compiled,
    pub set: FileSet,
    /// Warnings and notes about what is served; the errors of files that are not.
    pub said: Diagnostics,
    pub source: Origin,
    pub pin: Option<Pin>,
    /// What the files were.
    pub attempted: Attempted,
    pub files: FilesStatus,
    /// `files`, `last-good` or `pin`.
    pub word: &'static str,
    /// Whether the files were good.
    pub good: bool,
}

impl Boot {
    /// Chooses. `strict`: broken files are an error, whatever was good before.
    pub fn choose(root: &Path, revisions: &Revisions, strict: bool, now: Wall) -> Result<Boot, StartError> {
        let read = FileSet::read(root);
        if let Some(boot) = pinned(root, revisions, read.as_ref().ok(), now) {
            return Ok(boot);
        }
        let set = match read {
            Ok(set) => set,
            Err(e) => {
                let attempted = Attempted::Unreadable(e.to_string());
                let broken = Broken { why: StartError::Unreadable(e), attempted, revision: None, set: None };
                return last_good(root, revisions, strict, now, broken);
            }
        };
        let (compiled, said) = compile_for_run(&set);
        if let Some(compiled) = compiled {
            return Ok(from_files(compiled, set, said, now));
        }
        let why = StartError::Config(Box::new(said.seen_from(root)));
        let attempted = Attempted::Set(Print::of(&set));
        let revision = Some(short(&set.hash).to_owned());
        last_good(root, revisions, strict, now, Broken { why, attempted, revision, set: Some(set) })
    }
}

fn from_files(compiled: Compiled, set: FileSet, said: Diagnostics, now: Wall) -> Boot {
    let files = FilesStatus {
        revision: Some(compiled.snapshot.revision.to_string()),
        state: FilesState::Same,
        error: None,
        at: Some(timestamp(now)),
        guards: Vec::new(),
    };
    let attempted = Attempted::Set(Print::of(&set));
    Boot { compiled, set, said, source: Origin::Files, pin: None, attempted, files, word: "files", good: true }
}

/// Files that can't be served.
struct Broken {
    why: StartError,
    attempted: Attempted,
    revision: Option<String>,
    set: Option<FileSet>,
}

fn last_good(root: &Path, revisions: &Revisions, strict: bool, now: Wall, broken: Broken) -> Result<Boot, StartError> {
    let kept = if strict { None } else { revisions.list().into_iter().next() };
    let Some((compiled, set)) = kept.as_ref().and_then(|kept| revive(kept, root)) else { return Err(broken.why) };
    let said = match broken.why {
        StartError::Config(said) => *said,
        _ => Diagnostics::default(),
    };
    let error = match &broken.attempted {
        Attempted::Unreadable(said) => format!("error: {said}"),
        _ => said.first_line(),
    };
    if let Some(set) = &broken.set
        && let Err(e) = revisions.keep_refused(set, &said.human(false))
    {
        tracing::warn!("the files that were refused: not kept in the state directory: {e}");
    }
    let (code, revision) = (Code::StartedFromLastGood, &compiled.snapshot.revision);
    let since = kept.map(|kept| kept.loaded_at).unwrap_or_default();
    tracing::error!("warning[{code}]: {error}; started from the last good revision {revision}, first served {since}");
    let files = FilesStatus {
        revision: broken.revision,
        state: FilesState::Refused,
        error: Some(error),
        at: Some(timestamp(now)),
        guards: Vec::new(),
    };
    let (source, word) = (Origin::LastGood, Origin::LastGood.word());
    Ok(Boot { compiled, set, said, source, pin: None, attempted: broken.attempted, files, word, good: false })
}

/// A pin that outlived the process: what an operator asked for stays; a rollback, while the files are those that it left
/// behind.
fn pinned(root: &Path, revisions: &Revisions, files: Option<&FileSet>, now: Wall) -> Option<Boot> {
    let pin = revisions.pin()?;
    let hash = files.map(|set| set.hash.clone());
    let attempted = files.map_or(Attempted::Nothing, |set| Attempted::Set(Print::of(set)));
    if pin.files.is_some() && pin.files != hash {
        return None;
    }
    let kept = revisions.list().into_iter().find(|kept| kept.hash == pin.hash)?;
    let (compiled, set) = revive(&kept, root)?;
    let revision = &compiled.snapshot.revision;
    tracing::warn!("started from revision {revision}, which {} pinned at {}", pin.by, pin.at);
    let same = hash.as_ref() == Some(&pin.hash);
    let files = FilesStatus {
        revision: hash.as_deref().map(|hash| short(hash).to_owned()),
        state: if same { FilesState::Same } else { FilesState::Pending },
        error: (!same).then(|| "another revision is pinned".to_owned()),
        at: Some(timestamp(now)),
        guards: Vec::new(),
    };
    let said = Diagnostics::default();
    let source = Origin::History;
    Some(Boot { compiled, set, said, source, pin: Some(pin), attempted, files, word: "pin", good: true })
}

/// A kept revision, compiled anew; its relative paths count from where the files are, and its secrets are those of today.
fn revive(kept: &Kept, root: &Path) -> Option<(Compiled, FileSet)> {
    let set = kept.file_set().at(root);
    let (compiled, _) = compile_for_run(&set);
    Some((compiled?, set))
}

impl Boot {
    /// For `status`.
    pub fn pin_status(&self) -> Option<Pinned> {
        let pin = self.pin.as_ref()?;
        Some(Pinned { by: pin.by.clone(), at: pin.at.clone(), until_files_change: pin.files.is_some() })
    }
}
