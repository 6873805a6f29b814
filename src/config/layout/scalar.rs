//! The text of one scalar: its quotes, and its lines where it has several.

use crate::config::yaml::syntax::Written;
use std::borrow::Cow;

/// A scalar or an alias, ready to be written at any indentation.
#[derive(Debug)]
pub(super) struct Text<'t> {
    /// The first line: all of it, or the header of a block (`|-`).
    pub first: Cow<'t, str>,
    /// The lines below, without their indentation; an empty one is an empty line.
    pub rest: Vec<Cow<'t, str>>,
    /// Empty lines at its end belong to it (`|+`).
    pub keeps_blank_lines: bool,
    /// It began below its key, as the text of a block does.
    pub block: bool,
}

impl<'t> Text<'t> {
    pub fn plain(raw: &'t str) -> Text<'t> {
        Text { first: Cow::Borrowed(raw), rest: Vec::new(), keeps_blank_lines: false, block: false }
    }

    /// A bare or quoted scalar: in double quotes where that needs no escape.
    pub fn flow(raw: &'t str, value: &Cow<'t, str>, written: Written) -> Text<'t> {
        if written == Written::Single && !raw.contains('\n') && value.chars().all(|c| !needs_escape(c)) {
            let first = Cow::Owned(format!("\"{value}\""));
            return Text { first, rest: Vec::new(), keeps_blank_lines: false, block: false };
        }
        let mut lines = raw.split('\n').map(|line| Cow::Borrowed(line.trim_matches([' ', '\t'])));
        let first = lines.next().unwrap_or_default();
        Text { first, rest: lines.collect(), keeps_blank_lines: false, block: false }
    }

    pub fn is_one_line(&self) -> bool {
        self.rest.is_empty() && !self.block
    }
}

/// What double quotes would have to escape, or nobody can see.
fn needs_escape(c: char) -> bool {
    matches!(c, '"' | '\\') || c.is_control() || matches!(c, '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A block scalar whose header stands after byte `from`, in a parent whose entries are at column `parent`. Gives where
/// it ends, too: behind its last line.
pub(super) fn block<'t>(text: &'t str, from: usize, parent: usize) -> (Text<'t>, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let header_at = from + rest.find(['|', '>']).unwrap_or(0);
    let after = text.get(header_at..).unwrap_or_default();
    let header: &str = after.split(['\n', ' ', '\t', '#']).next().unwrap_or_default();
    let first_line = after.find('\n').map_or(text.len(), |newline| header_at + newline + 1);
    let body = text.get(first_line..).unwrap_or_default();
    let explicit = header.chars().find_map(|c| c.to_digit(10)).map(|digit| parent + digit as usize);
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let blank = |line: &str| line.trim_matches(' ').is_empty();
    let indent = explicit.unwrap_or_else(|| body.lines().find(|line| !blank(line)).map_or(0, spaces));
    let mut lines: Vec<Cow<str>> = Vec::new();
    let (mut end, mut at) = (first_line, first_line);
    for line in body.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        if !blank(content) && spaces(content) < indent {
            break;
        }
        at += line.len();
        lines.push(Cow::Borrowed(content.get(indent..).unwrap_or_default()));
        if !blank(content) {
            end = at;
        }
    }
    let keeps_blank_lines = header.contains('+');
    if keeps_blank_lines {
        end = at;
    } else {
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
    }
    // Where the indentation is said, it is said anew: two more than its parent.
    let first: String = header.chars().map(|c| if c.is_ascii_digit() { '2' } else { c }).collect();
    (Text { first: Cow::Owned(first), rest: lines, keeps_blank_lines, block: true }, end)
}
