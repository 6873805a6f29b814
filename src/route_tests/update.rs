//! `test --update`: the answers of today written into the expectations, in place. Only what differs is touched, so that
//! comments and layout stay; what is written is compiled and run before anybody gets it.

use super::{Ending, Got, Verdict};
use crate::config::{Expected, FileSet, RouteTest, Span, compile};
use crate::question::percent_digits;
use std::fmt::Write;
use std::path::PathBuf;

/// A file with new expectations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Relative to the root file's directory.
    pub path: PathBuf,
    pub before: String,
    pub after: String,
}

struct Edit {
    span: Span,
    text: String,
}

/// The files with the answers of all failed tests in them. Undecided tests stay as they are. The error says why nothing
/// can be written.
pub fn update(verdicts: &[Verdict], set: &FileSet) -> Result<Vec<Change>, String> {
    let text = |span: Span| set.files.get(span.file as usize).and_then(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let mut edits = Vec::new();
    let mut updated = Vec::new();
    for verdict in verdicts {
        let Ending::Failed(failure) = &verdict.ending else { continue };
        let text = text(verdict.test.expect.span).unwrap_or_default();
        edits.extend(edits_of(verdict.test, &failure.got, text));
        updated.push(&*verdict.test.name);
    }
    edits.sort_by_key(|edit| edit.span);
    // Aliases lead several tests to one place; where they agree it is written once.
    edits.dedup_by(|a, b| a.span == b.span && a.text == b.text);
    let mut new = set.clone();
    let mut changes = Vec::new();
    for of_file in edits.chunk_by(|a, b| a.span.file == b.span.file) {
        let Some(file) = of_file.first().map(|edit| edit.span.file as usize) else { continue };
        let Some((path, bytes)) = set.files.get(file) else { continue };
        let before = String::from_utf8_lossy(bytes).into_owned();
        let after = applied(&before, of_file).ok_or("two tests share an expectation by an anchor, and now differ")?;
        if let Some((_, bytes)) = new.files.get_mut(file) {
            *bytes = after.clone().into_bytes();
        }
        changes.push(Change { path: path.clone(), before, after });
    }
    works(&new, &updated)?;
    Ok(changes)
}

fn applied(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut wider = 0;
    for edit in edits {
        let range = edit.span.range();
        // Overlapping edits have no text between them.
        keep(text.get(at..range.start)?, &mut wider, &mut out);
        out.push_str(&edit.text);
        let old = text.get(range.clone())?;
        let one_line = !old.contains('\n') && !edit.text.contains('\n');
        wider += if one_line { edit.text.chars().count() as isize - old.chars().count() as isize } else { 0 };
        at = range.end;
    }
    keep(text.get(at..)?, &mut wider, &mut out);
    Some(out)
}

/// Text that stays, behind text on its line that became wider: a comment stays in its column as long as there is room.
fn keep(text: &str, wider: &mut isize, out: &mut String) {
    let (line, rest) = text.find('\n').map_or((text, ""), |end| text.split_at(end));
    let comment = line.find("  #").filter(|_| *wider != 0 && (!rest.is_empty() || !line.is_empty()));
    match comment {
        Some(at) => {
            let (before, comment) = line.split_at(at);
            let hash = comment.trim_start_matches(' ');
            let blanks = (comment.len() - hash.len()) as isize;
            out.push_str(before.trim_end_matches(' '));
            let blanks = blanks + (before.len() - before.trim_end_matches(' ').len()) as isize - *wider;
            out.push_str(&" ".repeat(blanks.max(1) as usize));
            out.push_str(hash);
        }
        None => out.push_str(line),
    }
    if !rest.is_empty() || comment.is_some() {
        *wider = 0;
    }
    out.push_str(rest);
}

/// The updated tests must pass now; else an anchor leads somewhere else than it seems.
fn works(set: &FileSet, updated: &[&str]) -> Result<(), String> {
    let (compiled, diagnostics) = compile(set);
    let Some(compiled) = compiled else {
        return Err(format!("the new expectations would not compile: {}", diagnostics.first_line()));
    };
    let verdicts = super::run(&compiled);
    let bad = verdicts.iter().find(|verdict| !verdict.passed() && updated.contains(&&*verdict.test.name));
    match bad {
        Some(verdict) => Err(format!("the test `{}` can't be updated in place: edit it by hand", verdict.test.name)),
        None => Ok(()),
    }
}

fn edits_of(test: &RouteTest, got: &Got, text: &str) -> Vec<Edit> {
    let expect = &test.expect;
    if !same_kind(expect, got) {
        return vec![Edit { span: expect.span, text: fresh(expect, got, &Style::of(expect.span, text)) }];
    }
    let mut edits = Vec::new();
    if let (Some(route), Some(now)) = (&expect.route, &got.route)
        && route.value != *now
    {
        edits.push(Edit { span: route.span, text: word(now) });
    }
    if let (Some(code), Some(reply)) = (&expect.reject, &got.reject) {
        edits.push(Edit { span: code.span, text: reply.code.to_string() });
    }
    if let (Some(access), Some(now)) = (&expect.access, got.access) {
        edits.push(Edit { span: access.span, text: now.to_owned() });
    }
    if !super::expect::attempts_hold(expect, got) {
        attempts(expect, got, text, &mut edits);
    }
    if !super::expect::first_holds(expect, got) {
        first(expect, got, text, &mut edits);
    }
    edits.retain(|edit| text.get(edit.span.range()) != Some(&*edit.text));
    edits
}

/// Whether each key of the expectation still means something.
fn same_kind(expect: &Expected, got: &Got) -> bool {
    let calls = expect.attempts.is_some() || expect.first.is_some();
    let Expected { route, reject, access, .. } = expect;
    match got.outcome {
        "access" => access.is_some() && route.is_none() && reject.is_none() && !calls,
        "reject" => access.is_none() && !calls && (route.is_none() || got.route.is_some()),
        _ => access.is_none() && reject.is_none(),
    }
}

fn attempts(expect: &Expected, got: &Got, text: &str, edits: &mut Vec<Edit>) {
    let Some(list) = &expect.attempts else { return };
    let numbered = list.value.iter().any(|attempt| attempt.number.is_some()) || list.value.is_empty();
    let now: Vec<_> = got.one_course().collect();
    if list.value.len() != now.len() {
        let style = Style::of(list.span, text);
        return edits.push(Edit { span: list.span, text: style.list(&attempt_items(got, numbered)) });
    }
    for (old, new) in list.value.iter().zip(now) {
        if old.gateway.value != new.gateway {
            edits.push(Edit { span: old.gateway.span, text: word(&new.gateway) });
        }
        if let Some(number) = old.number.as_ref().filter(|number| *number.value != *new.number) {
            edits.push(Edit { span: number.span, text: quoted(&new.number) });
        }
    }
}

fn attempt_items(got: &Got, numbered: bool) -> Vec<String> {
    let item = |attempt: &super::GotAttempt| match numbered {
        true => format!("{{ gateway: {}, number: {} }}", word(&attempt.gateway), quoted(&attempt.number)),
        false => format!("{{ gateway: {} }}", word(&attempt.gateway)),
    };
    got.one_course().map(item).collect()
}

fn first(expect: &Expected, got: &Got, text: &str, edits: &mut Vec<Edit>) {
    let Some(shares) = &expect.first else { return };
    let now: Vec<_> = got.attempts.iter().filter(|attempt| attempt.share > 0.0).collect();
    let known = |gateway: &str| now.iter().find(|attempt| *attempt.gateway == *gateway);
    let same =
        shares.value.len() == now.len() && shares.value.iter().all(|(gateway, _)| known(&gateway.value).is_some());
    if !same {
        let style = Style::of(shares.span, text);
        return edits.push(Edit { span: shares.span, text: style.map(&first_entries(got)) });
    }
    for (gateway, share) in &shares.value {
        if let Some(attempt) = known(&gateway.value) {
            edits.push(Edit { span: share.span, text: format!("{}%", percent_digits(attempt.share)) });
        }
    }
}

fn first_entries(got: &Got) -> Vec<String> {
    let likely = got.attempts.iter().filter(|attempt| attempt.share > 0.0);
    likely.map(|attempt| format!("{}: {}%", word(&attempt.gateway), percent_digits(attempt.share))).collect()
}

/// A whole new expectation, about the same as the old one as far as that has a meaning.
fn fresh(expect: &Expected, got: &Got, style: &Style) -> String {
    let mut entries = Vec::new();
    if let Some(access) = got.access {
        return style.map(&[format!("access: {access}")]);
    }
    if let Some(route) = &got.route {
        entries.push(format!("route: {}", word(route)));
    }
    match &got.reject {
        Some(reply) => entries.push(format!("reject: {}", reply.code)),
        None if expect.first.is_some() => entries.push(format!("first: {{ {} }}", first_entries(got).join(", "))),
        None => {
            let inner = style.deeper();
            let list = inner.list(&attempt_items(got, true));
            let gap = if inner.flow { " ".to_owned() } else { format!("\n{}", inner.indent) };
            entries.push(format!("attempts:{gap}{list}"));
        }
    }
    style.map(&entries)
}

/// How the text that is replaced was laid out.
struct Style {
    flow: bool,
    /// What stands before each line of a block.
    indent: String,
}

impl Style {
    fn of(span: Span, text: &str) -> Style {
        let flow = text.get(span.range()).is_some_and(|old| old.starts_with(['{', '[']));
        let before = text.get(..span.start as usize).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        Style { flow, indent: " ".repeat(column) }
    }
    fn deeper(&self) -> Style {
        Style { flow: self.flow, indent: format!("{}  ", self.indent) }
    }
    fn list(&self, items: &[String]) -> String {
        match self.flow || items.is_empty() {
            true => format!("[{}]", items.join(", ")),
            false => self.lines(items.iter().map(|item| format!("- {item}"))),
        }
    }
    fn map(&self, entries: &[String]) -> String {
        match self.flow {
            true => format!("{{ {} }}", entries.join(", ")),
            false => self.lines(entries.iter().cloned()),
        }
    }
    fn lines(&self, lines: impl Iterator<Item = String>) -> String {
        let mut out = String::new();
        for (at, line) in lines.enumerate() {
            // Writing to a String can't fail.
            let _ = if at == 0 { write!(out, "{line}") } else { write!(out, "\n{}{line}", self.indent) };
        }
        out
    }
}

/// An id as a value: bare where no reader could take it for something else.
fn word(id: &str) -> String {
    let plain = id.starts_with(|c: char| c.is_ascii_lowercase())
        && !matches!(id, "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null");
    if plain { id.to_owned() } else { quoted(id) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
