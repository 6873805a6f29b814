//! Diagnostics as people read them: the compiler look, by `annotate-snippets`.

use super::{Diagnostic, Diagnostics, Fix, Safety, Severity};
use crate::config::source::{Source, Sources, Span};
use annotate_snippets::{AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet};
use std::fmt::Write;
use std::ops::Range;

/// Where `[safe fix]` stands in a help line.
const FIX_COLUMN: usize = 61;

pub(super) fn render(all: &Diagnostics, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in &all.list {
        let groups = groups(diagnostic, all);
        out.push_str(&renderer.render(&groups));
        out.push_str("\n\n");
    }
    for (code, more) in &all.more {
        let plural = if *more == 1 { "" } else { "s" };
        let _ = writeln!(out, "{}[{code}]: {more} more place{plural} like these\n", code.severity().word());
    }
    out
}

fn groups<'a>(diagnostic: &'a Diagnostic, all: &'a Diagnostics) -> Vec<Group<'a>> {
    let sources = &*all.sources;
    let level = match diagnostic.severity {
        Severity::Error | Severity::Guard => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.to_string());
    let mut main = title.elements(snippets(diagnostic, all));
    let shown_fix = diagnostic.fix.as_ref().filter(|fix| !fix.edits.is_empty());
    if let (Some(help), None) = (&diagnostic.help, shown_fix) {
        main = main.element(Level::HELP.message(help.as_str()));
    }
    if diagnostic.severity == Severity::Warning {
        main =
            main.element(Level::NOTE.with_name("see").message(format!("trunkline explain {}", diagnostic.code.id())));
    }
    let mut groups = vec![main];
    if let Some(fix) = shown_fix
        && let Some(group) = fix_group(diagnostic.help.as_deref().unwrap_or("change it"), fix, sources)
    {
        groups.push(group);
    }
    groups
}

/// The primary place with everything else in its file, then one snippet for each other file.
fn snippets<'a>(diagnostic: &'a Diagnostic, all: &'a Diagnostics) -> Vec<Element<'a>> {
    let mut files = vec![diagnostic.span.file];
    for (span, _) in &diagnostic.related {
        if !files.contains(&span.file) {
            files.push(span.file);
        }
    }
    let mut out: Vec<Element<'a>> = Vec::new();
    for file in files {
        let here = |span: &Span| span.file == file;
        let mut marks = Vec::new();
        if here(&diagnostic.span) {
            marks.push((diagnostic.span, AnnotationKind::Primary, diagnostic.label.as_deref()));
        }
        for (span, label) in diagnostic.related.iter().filter(|(span, _)| here(span)) {
            marks.push((*span, AnnotationKind::Context, Some(label.as_str())));
        }
        let Some(source) = all.sources.0.get(file as usize) else { continue };
        let (excerpt, first_line, shift) = excerpt(source, marks.iter().map(|(span, ..)| *span));
        let annotations = marks.into_iter().map(|(span, kind, label)| {
            kind.span(within(span, shift, excerpt)).label(label.map(std::borrow::Cow::Borrowed))
        });
        let path = format!("{}{}", all.directory, source.path);
        let snippet = Snippet::source(excerpt).path(path).line_start(first_line).annotations(annotations);
        out.push(snippet.into());
    }
    out
}

fn fix_group<'a>(help: &'a str, fix: &'a Fix, sources: &'a Sources) -> Option<Group<'a>> {
    let first = fix.edits.first()?.span;
    let source = sources.of(first)?;
    let word = match fix.safety {
        Safety::Safe => "safe fix",
        Safety::Review => "fix, to be reviewed",
    };
    let (excerpt, first_line, shift) = excerpt(source, fix.edits.iter().map(|edit| edit.span));
    let patches = fix.edits.iter().map(|edit| Patch::new(within(edit.span, shift, excerpt), edit.text.as_str()));
    let snippet = Snippet::source(excerpt).line_start(first_line).patches(patches);
    Some(Level::HELP.secondary_title(format!("{help:<FIX_COLUMN$} [{word}]")).element(snippet))
}

/// The whole lines that hold the spans: text, number of the first line, and the byte it begins at. Only these are given
/// to the renderer, so that a huge file costs nothing.
fn excerpt(source: &Source, spans: impl Iterator<Item = Span>) -> (&str, usize, usize) {
    let mut lines: Option<(usize, usize)> = None;
    for span in spans {
        let (from, to) = (source.place(span.start).line, source.place(span.end.max(span.start + 1) - 1).line);
        let (low, high) = lines.get_or_insert((from, to));
        (*low, *high) = ((*low).min(from), (*high).max(to.max(from)));
    }
    let (low, high) = lines.unwrap_or((1, 1));
    let range = source.line_range(low).start..source.line_range(high).end;
    (source.text.get(range.clone()).unwrap_or_default(), low, range.start)
}

fn within(span: Span, shift: usize, excerpt: &str) -> Range<usize> {
    let clamp = |byte: usize| byte.saturating_sub(shift).min(excerpt.len());
    let range = clamp(span.range().start)..clamp(span.range().end);
    let on_characters = excerpt.is_char_boundary(range.start) && excerpt.is_char_boundary(range.end);
    if on_characters { range } else { 0..0 }
}
