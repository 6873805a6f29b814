//! Findings in the formats of other programs: code scanning, workflow annotations, test reports. A command collects
//! [`Finding`]s, from the compiler's diagnostics or its own, and each format is one file here.

pub mod github;
pub mod junit;
pub mod sarif;

use crate::config::{Diagnostics, Severity};
use std::path::{Path, PathBuf};

/// Something to look at, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// `TL0104 bare-digits`.
    pub code: String,
    pub message: String,
    pub help: Option<String>,
    pub file: String,
    /// From 1, as are all four; the end is the place behind the last character.
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Finding {
    /// `routes.yaml:14:13`.
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What the compiler shows, most severe first.
pub fn findings(diagnostics: &Diagnostics) -> Vec<Finding> {
    let one = |diagnostic: &crate::config::Diagnostic| {
        let source = diagnostics.sources().of(diagnostic.span)?;
        let (from, to) = (source.place(diagnostic.span.start), source.place(diagnostic.span.end));
        Some(Finding {
            severity: diagnostic.severity,
            code: diagnostic.code.to_string(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            file: diagnostics.shown_path(diagnostic.span),
            line: from.line,
            column: from.column,
            end_line: to.line,
            end_column: to.column,
        })
    };
    diagnostics.list().iter().filter_map(one).collect()
}

/// How many findings [`findings`] leaves out.
pub fn left_out(diagnostics: &Diagnostics) -> usize {
    diagnostics.more().iter().map(|(_, more)| more).sum()
}

/// What stands before a path of the set that `root` begins, for programs that count from the top of the git
/// repository: a directory with its `/`, or nothing. Outside of a repository paths count from here, as for people.
pub fn from_the_top(root: &Path) -> String {
    let directory = match root.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let below = |directory: &Path| match directory == Path::new("") || directory == Path::new(".") {
        true => String::new(),
        false => format!("{}/", directory.display()),
    };
    let Ok(real) = directory.canonicalize() else { return below(&directory) };
    // `.git` is a directory, or a file in a worktree and a submodule.
    let top = real.ancestors().find(|above| above.join(".git").exists());
    match top.and_then(|top| real.strip_prefix(top).ok()) {
        Some(relative) => below(relative),
        None => below(&directory),
    }
}
