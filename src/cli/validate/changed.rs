//! `--changed-since REV`: which files of a set changed, as git sees it.

use crate::cli::git::Repository;
use crate::config::{Diagnostic, Diagnostics, Severity};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The files that differ from a revision, and those that git does not know yet.
pub struct Changed {
    /// Real paths.
    files: HashSet<PathBuf>,
    /// The root file's directory.
    directory: PathBuf,
}

impl Changed {
    /// Asks git about the repository that holds `root`. The error is one line for people.
    pub fn since(revision: &str, root: &Path) -> Result<Changed, String> {
        let directory = root.parent().filter(|d| *d != Path::new("")).unwrap_or(Path::new(".")).to_owned();
        let repository = Repository::of(&directory)?;
        let commit = repository.commit(revision);
        let commit = commit.ok_or_else(|| format!("--changed-since {revision}: git knows no such revision"))?;
        let files = repository.changed_since(&commit)?.into_iter();
        Ok(Changed { files: files.map(|path| path.canonicalize().unwrap_or(path)).collect(), directory })
    }

    /// Whether a finding is shown: every error (a change in one file can break another), and what points into a file
    /// that changed.
    pub fn concerns(&self, diagnostic: &Diagnostic, all: &Diagnostics) -> bool {
        let spans = std::iter::once(diagnostic.span).chain(diagnostic.related.iter().map(|(span, _)| *span));
        diagnostic.severity == Severity::Error
            || spans.filter_map(|span| all.sources().of(span)).any(|source| {
                let path = self.directory.join(&source.path);
                self.files.contains(&path.canonicalize().unwrap_or(path))
            })
    }
}
