//! `include`: which files a pattern names, and what is wrong with one that names none (TL0204).

use super::diagnostic::{Code, Diagnostic, Report};
use super::files::FileSet;
use super::source::Span;
use super::yaml::{Node, Value};
use glob::{MatchOptions, Pattern};
use std::collections::{BTreeSet, HashSet};
use std::path::{Component, Path, PathBuf};

/// Directories deeper than this, and files beyond this number, are not looked at.
const DEPTH: usize = 32;
const FILES: usize = 100_000;

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What the patterns of a set have found so far; all paths are relative to the root directory.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// In the order of the patterns, each pattern's files sorted by bytes, each file once.
    pub found: Vec<PathBuf>,
    /// Directories that were listed: a new file there may match.
    pub directories: BTreeSet<PathBuf>,
    pub refused: Vec<PathBuf>,
}

/// Adds the files that `pattern` names below `root`.
pub(super) fn expand(root: &Path, pattern: &str, walk: &mut Walk) {
    let (Ok(matcher), false) = (Pattern::new(pattern), escapes(pattern)) else { return };
    let Ok(real_root) = root.canonicalize() else { return };
    // Only what lies below the part without wildcards has to be listed.
    let fixed: PathBuf = Path::new(pattern).components().take_while(|c| !has_wildcard(c)).collect();
    let start =
        if fixed == Path::new(pattern) { fixed.parent().map(Path::to_owned).unwrap_or_default() } else { fixed };
    let mut found = Vec::new();
    list(&Listing { root, real_root: &real_root, matcher: &matcher }, &start, DEPTH, &mut found, walk);
    found.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    let known: HashSet<PathBuf> = walk.found.iter().cloned().collect();
    walk.found.extend(found.into_iter().filter(|path| !known.contains(path)));
}

/// The names that `pattern` means, of all the files of a tree: the same ones that [`expand`] finds in a directory.
pub(super) fn matching(pattern: &str, names: &[PathBuf]) -> Vec<PathBuf> {
    let (Ok(matcher), false) = (Pattern::new(pattern), escapes(pattern)) else { return Vec::new() };
    let wanted = |name: &&PathBuf| {
        name.components().count() <= DEPTH
            && !name.components().any(|part| skipped(&part.as_os_str().to_string_lossy()))
            && matcher.matches_path_with(name, OPTIONS)
    };
    let mut found: Vec<PathBuf> = names.iter().filter(wanted).take(FILES).cloned().collect();
    found.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    found
}

struct Listing<'l> {
    root: &'l Path,
    real_root: &'l Path,
    matcher: &'l Pattern,
}

fn list(listing: &Listing, directory: &Path, depth: usize, found: &mut Vec<PathBuf>, walk: &mut Walk) {
    walk.directories.insert(directory.to_owned());
    let Ok(entries) = std::fs::read_dir(listing.root.join(directory)) else { return };
    let here = listing.root.join(directory).canonicalize().unwrap_or_default();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let path = directory.join(&name);
        if skipped(&name.to_string_lossy()) || found.len() >= FILES {
            continue;
        }
        let full = listing.root.join(&path);
        let wanted = listing.matcher.matches_path_with(&path, OPTIONS);
        // A link may lead anywhere; what it names must lie below the root directory, and not above itself.
        let real = full.canonicalize().unwrap_or_default();
        let inside = real.starts_with(listing.real_root);
        let circular = full.is_symlink() && here.starts_with(&real);
        match full.is_dir() {
            _ if !inside && wanted => walk.refused.push(path),
            _ if !inside => {}
            true if depth > 0 && !circular && reaches(listing.matcher, &path) => {
                list(listing, &path, depth - 1, found, walk)
            }
            // A pipe would be waited for, and a socket can't be read.
            false if wanted && full.is_file() => found.push(path),
            _ => {}
        }
    }
}

/// Whether files below `directory` can match: the pattern has `**`, or as many parts as are needed.
fn reaches(matcher: &Pattern, directory: &Path) -> bool {
    matcher.as_str().contains("**") || directory.components().count() < Path::new(matcher.as_str()).components().count()
}

/// Hidden files, and what editors leave behind.
fn skipped(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~')
}

fn has_wildcard(component: &Component) -> bool {
    component.as_os_str().to_string_lossy().contains(['*', '?', '['])
}

/// Whether a pattern leads out of the root directory by its text.
fn escapes(pattern: &str) -> bool {
    Path::new(pattern).components().any(|c| !matches!(c, Component::Normal(_) | Component::CurDir))
}

/// Complains about patterns of the root tree that are malformed, leave the directory, or match nothing.
pub(super) fn check(root: &Node<'_>, set: &FileSet, report: &mut Report) {
    let Some(Value::List(items)) = root.get("include").map(|node| &node.value) else { return };
    for item in items {
        if let Value::Text(pattern, _) = &item.value {
            check_one(pattern, item.span, set, report);
        }
    }
}

fn check_one(pattern: &str, span: Span, set: &FileSet, report: &mut Report) {
    let complain = |message: String, help: &str| Diagnostic::new(Code::BadInclude, span, message).help(help);
    let matcher = match Pattern::new(pattern) {
        Ok(matcher) if !pattern.is_empty() => matcher,
        Ok(_) => {
            return report
                .push(complain("an empty pattern".to_owned(), "name a file, or a pattern like \"routes/*.yaml\""));
        }
        Err(error) => {
            let help = "`*` stands for any name, `**` for any number of directories and must be a part of its own";
            return report.push(complain(format!("`{pattern}` is no pattern: {}", error.msg), help));
        }
    };
    if escapes(pattern) {
        let help = "every file of a set lies below the root file's directory; write paths relative to it";
        return report.push(complain(format!("`{pattern}` leaves the root file's directory"), help));
    }
    if let Some(path) = set.refused.iter().find(|path| matcher.matches_path_with(path, OPTIONS)) {
        let help = "the link leads out of the root file's directory; copy the file, or move the root file";
        return report.push(complain(format!("`{pattern}` matches `{}`, which lies elsewhere", path.display()), help));
    }
    // The root file itself does not count: a pattern that matches it alone includes nothing.
    let matches = set.files.iter().skip(1).any(|(path, _)| matcher.matches_path_with(path, OPTIONS));
    if !matches {
        let help = "names that begin with `.` or end in `~` are skipped; delete the pattern, or create the file";
        report.push(complain(format!("`{pattern}` matches no file"), help));
    }
}
