//! Diagnostics: what is wrong, where, and what to do about it (CONFIG-AND-CLI part (b)).
//!
//! Checks make [`Diagnostic`]s and hand them to a [`Report`]; at the end it becomes [`Diagnostics`], sorted, capped and
//! able to show themselves to people ([`human`]) and to machines ([`json`]).

pub mod code;
mod human;
mod json;
mod object;

pub use code::{Code, Severity};
pub use json::{Summary, document as json_document, list as json_list};

use super::allow::Allowances;
use super::secrets::Secrets;
use super::source::{Sources, Span};
use super::value::LintLevel;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// At most so many of one code are shown; the rest is a count.
const SHOWN_PER_CODE: usize = 50;
/// At most so many of one code are kept at all, for `--fix` and for formats that list everything.
const KEPT_PER_CODE: usize = 5_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// One line, without a full stop: what is wrong.
    pub message: String,
    pub span: Span,
    /// What stands beside the underlined text.
    pub label: Option<String>,
    /// Other places that matter, each with its label.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    pub fix: Option<Fix>,
}

/// An edit that would repair it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub safety: Safety,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// The meaning cannot change.
    Safe,
    /// Somebody should look at it.
    Review,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Diagnostic {
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            span,
            label: None,
            related: Vec::new(),
            help: None,
            fix: None,
        }
    }
    pub fn severity(mut self, severity: Severity) -> Diagnostic {
        self.severity = severity;
        self
    }
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.label = Some(text.into());
        self
    }
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }
    pub fn fix(mut self, safety: Safety, span: Span, text: impl Into<String>) -> Diagnostic {
        let edit = Edit { span, text: text.into() };
        self.fix.get_or_insert(Fix { safety, edits: Vec::new() }).edits.push(edit);
        self
    }
}

/// Collects diagnostics while a set is compiled. The same complaint at the same place is taken once (an alias shows
/// its anchor's text again).
#[derive(Debug, Default)]
pub struct Report {
    list: Vec<Diagnostic>,
    seen: HashSet<(Code, Span, String)>,
    counts: HashMap<Code, usize>,
    errors: usize,
    /// How many of them are lints that the set wants to be errors.
    wished: usize,
    warnings: usize,
    notes: usize,
    secrets: Secrets,
    /// What nobody may see in a snippet.
    masked: Vec<Span>,
    /// The severities that the set gives to lints.
    levels: Vec<(Code, LintLevel)>,
    allowances: Allowances,
}

impl Report {
    pub fn with(secrets: Secrets) -> Report {
        Report { secrets, ..Report::default() }
    }

    pub(in crate::config) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The content of a secret file, without the line end at its end.
    pub(in crate::config) fn secret_file(&self, path: &str) -> Option<String> {
        let content = std::str::from_utf8(self.secrets.file(path)?).ok()?;
        Some(content.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Takes a secret out of every snippet.
    pub(in crate::config) fn mask(&mut self, span: Span) {
        self.masked.push(span);
    }

    /// Takes the secrets that `read` finds out of every snippet, and nothing else from it.
    pub(in crate::config) fn mask_like(&mut self, read: impl FnOnce(&mut Report)) {
        let mut other = Report::default();
        read(&mut other);
        self.masked.extend(other.masked);
    }

    /// A comment of the file whose text this is.
    pub(in crate::config) fn comment(&mut self, text: &str, span: Span) {
        let said = self.allowances.read(text, span);
        said.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// All comments are read, and lints speak as loudly as the set wants. Before this nothing is a lint.
    pub(in crate::config) fn lints(&mut self, levels: Vec<(Code, LintLevel)>) {
        self.levels = levels;
        self.allowances.close();
    }

    /// Complains about allowances that nothing needed.
    pub(in crate::config) fn unused_allowances(&mut self) {
        let said = self.allowances.unused();
        said.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// With the severity that the set gives it; `None` where the set allows it.
    fn as_wished(&mut self, mut diagnostic: Diagnostic) -> Option<Diagnostic> {
        // A case that is an error by itself stays one.
        if !diagnostic.code.is_lint() || diagnostic.severity == Severity::Error {
            return Some(diagnostic);
        }
        let level = self.levels.iter().find(|(code, _)| *code == diagnostic.code).map(|(_, level)| *level);
        if level == Some(LintLevel::Off) || self.allowances.allows(diagnostic.code, diagnostic.span) {
            return None;
        }
        match level {
            Some(LintLevel::Error) => {
                diagnostic.severity = Severity::Error;
                self.wished += 1;
            }
            Some(LintLevel::Warn) => diagnostic.severity = Severity::Warning,
            Some(LintLevel::Off) | None => {}
        }
        Some(diagnostic)
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        let Some(diagnostic) = self.as_wished(diagnostic) else { return };
        let key = (diagnostic.code, diagnostic.span, diagnostic.message.clone());
        let count = self.counts.entry(diagnostic.code).or_default();
        // Far past what is shown nothing is stored but the count, so that a million bad lines stay affordable.
        let stored = *count < KEPT_PER_CODE;
        if stored && !self.seen.insert(key) {
            return;
        }
        *count += 1;
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
            Severity::Guard => {}
        }
        if stored {
            self.list.push(diagnostic);
        }
    }

    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Errors that are no lints: with one of them the rest of the files may not mean what it seems to.
    pub fn mistakes(&self) -> usize {
        self.errors - self.wished.min(self.errors)
    }

    /// Sorts (errors first, then by file and position) and caps.
    pub fn finish(mut self, mut sources: Sources) -> Diagnostics {
        for span in &self.masked {
            sources.mask(*span);
        }
        self.list.sort_by_key(|d| (d.severity, d.span, d.code));
        let (list, beyond) = shown_and_kept(self.list);
        let mut more: Vec<(Code, usize)> = self
            .counts
            .into_iter()
            .filter(|(_, n)| *n > SHOWN_PER_CODE)
            .map(|(c, n)| (c, n - SHOWN_PER_CODE))
            .collect();
        more.sort();
        Diagnostics {
            list,
            beyond,
            more,
            errors: self.errors,
            warnings: self.warnings,
            notes: self.notes,
            sources: Arc::new(sources),
            directory: String::new(),
            levels: self.levels,
            allowances: self.allowances,
        }
    }
}

/// Divides what is sorted into what is shown and the rest.
fn shown_and_kept(list: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut shown: HashMap<Code, usize> = HashMap::new();
    list.into_iter().partition(|d| {
        let n = shown.entry(d.code).or_default();
        *n += 1;
        *n <= SHOWN_PER_CODE
    })
}

/// Everything that is to be said about a file set.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// What is kept beyond what is shown.
    beyond: Vec<Diagnostic>,
    /// Codes of which more were found than are shown, and how many more.
    more: Vec<(Code, usize)>,
    errors: usize,
    warnings: usize,
    notes: usize,
    sources: Arc<Sources>,
    /// What stands before each path when it is shown: empty, or a directory and its `/`.
    directory: String,
    /// What the set says about lints, for complaints that come later (`trunkline test`).
    levels: Vec<(Code, LintLevel)>,
    allowances: Allowances,
}

impl Diagnostics {
    pub fn errors(&self) -> usize {
        self.errors
    }
    pub fn warnings(&self) -> usize {
        self.warnings
    }
    pub fn notes(&self) -> usize {
        self.notes
    }
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }
    /// What is shown, and then what is kept beyond that.
    pub fn kept(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter().chain(&self.beyond)
    }
    /// Other complaints about the same files.
    pub fn instead(self, list: Vec<Diagnostic>) -> Diagnostics {
        let Diagnostics { sources, directory, levels, allowances, .. } = self;
        let mut report = Report { levels, allowances, ..Report::default() };
        list.into_iter().for_each(|diagnostic| report.push(diagnostic));
        Diagnostics { sources, directory, ..report.finish(Sources::default()) }
    }
    /// With more complaints about the same files; they are shown and kept within the same limits.
    pub fn with(mut self, more: Vec<Diagnostic>) -> Diagnostics {
        let of = |severity: Severity| more.iter().filter(|d| d.severity == severity).count();
        self.errors += of(Severity::Error);
        self.warnings += of(Severity::Warning);
        self.notes += of(Severity::Note);
        for diagnostic in more {
            let code = diagnostic.code;
            if self.list.iter().filter(|known| known.code == code).count() < SHOWN_PER_CODE {
                self.list.push(diagnostic);
                continue;
            }
            self.beyond.push(diagnostic);
            match self.more.iter_mut().find(|(known, _)| *known == code) {
                Some((_, count)) => *count += 1,
                None => self.more.push((code, 1)),
            }
        }
        self.list.sort_by_key(|d| (d.severity, d.span, d.code));
        self
    }
    /// Leaves out what `keep` refuses. Of what was counted and not kept nothing is known; it stays counted where it is
    /// an error.
    pub fn only(mut self, keep: impl Fn(&Diagnostic, &Diagnostics) -> bool) -> Diagnostics {
        let kept: Vec<Diagnostic> = self.kept().filter(|d| keep(d, &self)).cloned().collect();
        let unknown = |code: &Code, more: usize| match code.severity() {
            Severity::Error => more.saturating_sub(KEPT_PER_CODE - SHOWN_PER_CODE),
            Severity::Guard | Severity::Warning | Severity::Note => 0,
        };
        let mut more: HashMap<Code, usize> = self.more.iter().map(|(code, n)| (*code, unknown(code, *n))).collect();
        self.warnings = kept.iter().filter(|d| d.severity == Severity::Warning).count();
        self.notes = kept.iter().filter(|d| d.severity == Severity::Note).count();
        (self.list, self.beyond) = shown_and_kept(kept);
        for diagnostic in &self.beyond {
            *more.entry(diagnostic.code).or_default() += 1;
        }
        self.more = more.into_iter().filter(|(_, n)| *n > 0).collect();
        self.more.sort();
        self
    }
    /// Codes of which more were found than are in [`list`](Self::list), and how many more.
    pub fn more(&self) -> &[(Code, usize)] {
        &self.more
    }
    /// The object that each of [`kept`](Self::kept) belongs to, by its path: `routes.uk-mobile.prefix`; empty where
    /// there is none.
    pub fn object_paths(&self) -> Vec<String> {
        object::paths(self.kept(), &self.sources)
    }
    /// What stands before each path when it is shown.
    pub fn directory(&self) -> &str {
        &self.directory
    }
    /// A file's path as it is shown.
    pub fn shown_path(&self, span: Span) -> String {
        format!("{}{}", self.directory, self.sources.of(span).map_or("", |source| source.path.as_str()))
    }
    /// Shows all paths below `directory`: empty, or with a `/` at its end.
    pub fn below(mut self, directory: impl Into<String>) -> Diagnostics {
        self.directory = directory.into();
        self
    }
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
    /// The same for `run`: what keeps this build from serving the files is an error there (keys that it does not serve,
    /// variables that are not set, secret files that are not there).
    pub fn for_run(mut self) -> Diagnostics {
        self.raise(|code| matches!(code, Code::NotServed | Code::SecretReference));
        self
    }
    /// The same where unset variables and missing secret files are errors (`--strict-env`).
    pub fn strict_env(mut self) -> Diagnostics {
        self.raise(|code| code == Code::SecretReference);
        self
    }
    fn raise(&mut self, which: impl Fn(Code) -> bool) {
        for diagnostic in
            self.list.iter_mut().chain(&mut self.beyond).filter(|d| d.severity == Severity::Note && which(d.code))
        {
            diagnostic.severity = Severity::Error;
            self.errors += 1;
            self.notes = self.notes.saturating_sub(1);
        }
        self.list.sort_by_key(|d| (d.severity, d.span, d.code));
    }
    /// Shows paths below `root`'s directory, as whoever named that file can follow them.
    pub fn seen_from(mut self, root: &Path) -> Diagnostics {
        if let Some(directory) = root.parent().filter(|d| *d != Path::new("") && *d != Path::new(".")) {
            self.directory = format!("{}/", directory.display());
        }
        self
    }
    /// As a person sees them, with snippets; colour as asked. Ends with a line end, or is empty.
    pub fn human(&self, colour: bool) -> String {
        human::render(self, colour)
    }
    /// The first error on one line: `error[TL0302 unknown-reference] routes.yaml:8:9: unknown gateway …`, and how many
    /// more there are. Empty when there is none.
    pub fn first_line(&self) -> String {
        let Some(first) = self.list.iter().find(|d| d.severity == Severity::Error) else { return String::new() };
        let place = self.sources.place(first.span);
        let more = match self.errors {
            1 => String::new(),
            2 => " (and 1 more error)".to_owned(),
            n => format!(" (and {} more errors)", n - 1),
        };
        format!("error[{}] {place}: {}{more}", first.code, first.message)
    }
}
