//! The last revisions that served, with the files they were compiled from, in the state directory: what a start with
//! broken files falls back to, and what `reload --rollback` goes back to. Also the set of files that was last refused, for
//! inspection.
//!
//! - `revisions/000042-b71e04d.json`: one of the last ten, the highest number served last.
//! - `refused/`: the files that were refused last, and `diagnostics.txt`.
//! - `pin.json`: see [`Pin`].

use super::whole::{self, For};
use crate::admin::{RevisionLine, SourceText};
use crate::config::FileSet;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// As many are kept.
const KEPT: usize = 10;

/// See the module.
#[derive(Clone, Debug)]
pub struct Revisions {
    state: PathBuf,
}

/// A revision that served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub revision: String,
    pub hash: String,
    pub git: Option<String>,
    pub loaded_at: String,
    pub trigger: String,
    /// The root file first.
    pub files: Vec<SourceText>,
}

/// A revision that is served on purpose, whatever the files say; it outlives the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub hash: String,
    pub by: String,
    pub at: String,
    /// A rollback: it ends when the files are no longer these.
    pub files: Option<String>,
}

impl Revisions {
    pub fn new(state: &Path) -> Revisions {
        Revisions { state: state.to_owned() }
    }

    /// Notes that a revision serves: it is the newest now, and the eleventh goes.
    pub fn keep(&self, kept: &Kept) -> io::Result<()> {
        let folder = self.folder();
        fs::create_dir_all(&folder)?;
        let numbered = self.numbered()?;
        let next = numbered.last().map_or(1, |(number, _)| number + 1);
        let path = folder.join(format!("{next:06}-{}.json", kept.revision));
        whole::write(&path, &serde_json::to_vec_pretty(kept).map_err(io::Error::other)?, For::Everybody)?;
        let stale = |path: &Path| path.to_string_lossy().ends_with(&format!("-{}.json", kept.revision));
        let (again, others): (Vec<_>, Vec<_>) = numbered.into_iter().partition(|(_, path)| stale(path));
        let surplus = (others.len() + 1).saturating_sub(KEPT);
        for (_, path) in again.iter().chain(others.iter().take(surplus)) {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    /// The revisions that served, the newest first. One that can't be read is left out.
    pub fn list(&self) -> Vec<Kept> {
        let numbered = self.numbered().unwrap_or_default();
        numbered.iter().rev().filter_map(|(_, path)| serde_json::from_slice(&fs::read(path).ok()?).ok()).collect()
    }

    /// Keeps a set that was refused, and why, in place of the one before.
    pub fn keep_refused(&self, set: &FileSet, why: &str) -> io::Result<()> {
        let folder = self.state.join("refused");
        match fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        for (path, bytes) in &set.files {
            let path = folder.join(path);
            if let Some(parent) = path.parent().filter(|_| is_below(&path, &folder)) {
                fs::create_dir_all(parent)?;
                fs::write(&path, bytes)?;
            }
        }
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("diagnostics.txt"), why)
    }

    pub fn pin(&self) -> Option<Pin> {
        serde_json::from_slice(&fs::read(self.state.join("pin.json")).ok()?).ok()
    }

    pub fn set_pin(&self, pin: Option<&Pin>) -> io::Result<()> {
        let path = self.state.join("pin.json");
        match pin {
            Some(pin) => {
                whole::write(&path, &serde_json::to_vec_pretty(pin).map_err(io::Error::other)?, For::Everybody)
            }
            None => match fs::remove_file(path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
                _ => Ok(()),
            },
        }
    }

    fn folder(&self) -> PathBuf {
        self.state.join("revisions")
    }

    /// By number, the oldest first.
    fn numbered(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let entries = match fs::read_dir(self.folder()) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let number = |path: &Path| path.file_name()?.to_str()?.split_once('-')?.0.parse().ok();
        let mut found: Vec<(u64, PathBuf)> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter_map(|path| Some((number(&path)?, path)))
            .collect();
        found.sort();
        Ok(found)
    }
}

impl Kept {
    pub fn file_set(&self) -> FileSet {
        let files: Vec<(&str, &str)> = self.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        FileSet::of(&files)
    }

    pub fn line(&self) -> RevisionLine {
        RevisionLine {
            revision: self.revision.clone(),
            git: self.git.clone(),
            loaded_at: self.loaded_at.clone(),
            trigger: self.trigger.clone(),
        }
    }
}

/// The texts of a set that compiled: it is UTF-8.
pub fn texts(set: &FileSet) -> Vec<SourceText> {
    let text = |(path, bytes): &(PathBuf, Vec<u8>)| SourceText {
        path: path.to_string_lossy().into_owned(),
        text: String::from_utf8_lossy(bytes).into_owned(),
    };
    set.files.iter().map(text).collect()
}

fn is_below(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder) && !path.components().any(|component| component == Component::ParentDir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(n: usize) -> Kept {
        let files = vec![SourceText { path: "routes.yaml".into(), text: format!("version: 1 # {n}\n") }];
        let (hash, word) = (format!("{n:064x}"), String::new);
        Kept { revision: format!("{n:07x}"), hash, git: None, loaded_at: word(), trigger: word(), files }
    }

    #[test]
    fn ten_are_kept_and_one_that_serves_again_is_the_newest() {
        let folder = tempfile::tempdir().expect("a folder");
        let revisions = Revisions::new(folder.path());
        assert!(revisions.list().is_empty());
        for n in 0..13 {
            revisions.keep(&kept(n)).expect("kept");
        }
        let names = || revisions.list().into_iter().map(|kept| kept.revision).collect::<Vec<_>>();
        assert_eq!(names(), (3..13).rev().map(|n| format!("{n:07x}")).collect::<Vec<_>>());
        revisions.keep(&kept(5)).expect("kept");
        assert_eq!((names().len(), names().first()), (10, Some(&kept(5).revision)));
        assert_eq!(revisions.list().first(), Some(&kept(5)));
    }

    #[test]
    fn what_was_refused_can_be_looked_at_and_leads_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let revisions = Revisions::new(&folder.path().join("state"));
        revisions.keep_refused(&FileSet::of(&[("a.yaml", "x"), ("parts/b.yaml", "y")]), "why").expect("kept");
        revisions.keep_refused(&FileSet::of(&[("c.yaml", "z"), ("../out.yaml", "y")]), "because").expect("kept");
        let refused = folder.path().join("state/refused");
        assert_eq!(fs::read_to_string(refused.join("diagnostics.txt")).expect("said"), "because");
        assert_eq!((refused.join("c.yaml").exists(), refused.join("a.yaml").exists()), (true, false));
        assert!(!folder.path().join("state/out.yaml").exists());
    }

    #[test]
    fn a_pin_outlives_the_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let revisions = Revisions::new(folder.path());
        let pin = Pin { hash: "ab".into(), by: "anna".into(), at: String::new(), files: None };
        revisions.set_pin(Some(&pin)).expect("pinned");
        assert_eq!(revisions.pin(), Some(pin));
        revisions.set_pin(None).expect("unpinned");
        revisions.set_pin(None).expect("once more");
        assert_eq!(revisions.pin(), None);
    }
}
