//! What reads differently and means the same: names, order, places, comments. Counted, so that nobody wonders where an edit
//! went.

use super::declared::Declared;
use super::intern::Map;
use crate::config::{Compiled, FileSet, Span};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOnly {
    /// Declarations that say the same under another id.
    pub renamed: usize,
    /// Routes that stand elsewhere among the others of their file.
    pub reordered: usize,
    /// Routes that stand in another file.
    pub moved: usize,
    /// Comments that are new, gone, or read differently.
    pub comments: usize,
}

impl TextOnly {
    pub fn of(old: (&Compiled, &FileSet), new: (&Compiled, &FileSet), declared: &Declared) -> TextOnly {
        let counts = [&declared.routes, &declared.lists, &declared.gateways, &declared.groups, &declared.schedules];
        let (reordered, moved) = places(old, new);
        TextOnly {
            renamed: counts.iter().map(|count| count.renamed.len()).sum(),
            reordered,
            moved,
            comments: comments(old.1, new.1),
        }
    }

    pub fn is_nothing(&self) -> bool {
        *self == TextOnly::default()
    }
}

/// The routes that both sides have, in the order of the files: how many have to be taken out so that the rest stand in the
/// order in which they stood; and how many stand in another file.
fn places(old: (&Compiled, &FileSet), new: (&Compiled, &FileSet)) -> (usize, usize) {
    let (olds, news) = (old.0.snapshot.table.routes(), new.0.snapshot.table.routes());
    let place = |span: &Span| (span.file, span.start);
    let known: Map<&str, &Span> = news.iter().map(|route| &*route.id).zip(&new.0.route_spans).collect();
    let file = |set: &FileSet, at: u32| set.files.get(at as usize).map(|(path, _)| path.clone());
    let mut moved = 0;
    let mut stayed: Vec<((u32, u32), (u32, u32))> = Vec::new();
    for (route, was) in olds.iter().zip(&old.0.route_spans) {
        let Some(is) = known.get(&*route.id) else { continue };
        let (was, is) = (place(was), place(is));
        // The root file may be called otherwise; it is the first on both sides.
        if (was.0 == 0 && is.0 == 0) || file(old.1, was.0) == file(new.1, is.0) {
            stayed.push((was, is));
        } else {
            moved += 1;
        }
    }
    stayed.sort_unstable();
    // The longest run that kept its order; only places within one file are compared.
    let mut reordered = 0;
    for in_file in stayed.chunk_by(|a, b| a.0.0 == b.0.0) {
        let mut ends: Vec<(u32, u32)> = Vec::new();
        for (_, is) in in_file {
            let at = ends.partition_point(|end| end < is);
            match ends.get_mut(at) {
                Some(end) => *end = *is,
                None => ends.push(*is),
            }
        }
        reordered += in_file.len() - ends.len();
    }
    (reordered, moved)
}

/// How many comments are on one side alone; one that was reworded counts once.
fn comments(old: &FileSet, new: &FileSet) -> usize {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for (set, by) in [(old, -1), (new, 1)] {
        for (_, bytes) in &set.files {
            let text = String::from_utf8_lossy(bytes);
            text.lines()
                .filter(|line| line.contains('#'))
                .filter_map(comment)
                .for_each(|comment| *counts.entry(comment.to_owned()).or_default() += by);
        }
    }
    let gone: i64 = counts.values().filter(|count| **count < 0).map(|count| -count).sum();
    let come: i64 = counts.values().filter(|count| **count > 0).sum();
    gone.max(come).unsigned_abs() as usize
}

/// The comment of a line: from a `#` that begins the line or follows a space, outside quotes. Text in blocks is read as if
/// it were YAML; that only blurs a count.
fn comment(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return line.get(at..).map(str::trim_end),
            (None, '"' | '\'') if " [{,:".contains(before) => quote = Some(c),
            (Some('"'), _) if before == '\\' => {}
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_digits() {
        assert_eq!(comment("  a: \"#31#\" # withheld"), Some("# withheld"));
        assert_eq!(comment("# it's all"), Some("# it's all"));
        assert_eq!(comment("a: it's # one"), Some("# one"));
        assert_eq!(comment("  prefix: \"*72\"#"), None);
        assert_eq!(comment("  a: \"say \\\" # no\""), None);
    }
}
