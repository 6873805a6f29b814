//! `--changed-since REV`: which files of a set changed, as git sees it.

use crate::config::{Diagnostic, Diagnostics, Severity};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

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
        let top = git(&directory, &["rev-parse", "--show-toplevel"])?;
        let top = PathBuf::from(String::from_utf8_lossy(&top).trim_end());
        // `--` alone would let a revision that begins with a dash be read as an option.
        let commit = format!("{revision}^{{commit}}");
        git(&directory, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
            .map_err(|_| format!("--changed-since {revision}: git knows no such revision"))?;
        let differing = git(&top, &["diff", "--name-only", "-z", "--no-renames", "--end-of-options", revision, "--"])?;
        let unknown = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
        let names = differing.split(|b| *b == 0).chain(unknown.split(|b| *b == 0)).filter(|name| !name.is_empty());
        let files = names.map(|name| top.join(String::from_utf8_lossy(name).as_ref()));
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

/// What git answers, in an environment that cannot point it elsewhere.
fn git(directory: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(arguments).env("LC_ALL", "C");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"] {
        command.env_remove(variable);
    }
    let output = command.output().map_err(|error| format!("git does not run: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
    }
}
