//! Source texts and places in them: every node, diagnostic and rule points back at the bytes it came from.

use std::fmt::Write;

/// A stretch of bytes of one file of the set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Position of the file in its [`Sources`].
    pub file: u32,
    /// First byte, and the byte after the last.
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The empty span where `self` begins.
    pub fn at_start(self) -> Span {
        Span { end: self.start, ..self }
    }
    /// The empty span where `self` ends.
    pub fn at_end(self) -> Span {
        Span { start: self.end, ..self }
    }
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place as people write it: both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// One file: its path as shown, and its text.
#[derive(Debug)]
pub struct Source {
    /// Relative to the root file's directory, with `/`.
    pub path: String,
    /// What was read; bytes that are no UTF-8 are replaced (and complained about).
    pub text: String,
    /// Where each line begins.
    lines: Vec<u32>,
}

impl Source {
    pub fn new(path: String, text: String) -> Source {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes());
        let lines = std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect();
        Source { path, text, lines }
    }

    /// Line and column of a byte; past the end means the end.
    pub fn place(&self, byte: u32) -> Place {
        let byte = byte.min(self.text.len() as u32);
        let line = self.line_of(byte);
        let start = self.lines.get(line - 1).copied().unwrap_or(0) as usize;
        let before = self.text.as_bytes().get(start..byte as usize).unwrap_or_default();
        // Characters are counted by their first bytes, so that a place inside one is still a place.
        Place { line, column: 1 + before.iter().filter(|b| !matches!(b, 0x80..0xC0)).count() }
    }

    fn line_of(&self, byte: u32) -> usize {
        self.lines.partition_point(|start| *start <= byte.min(self.text.len() as u32)).max(1)
    }

    /// The bytes of one line (from 1), its line end left out.
    pub fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0) as usize;
        let end = self.lines.get(line).map_or(self.text.len(), |next| *next as usize);
        let text = self.text.get(start..end).unwrap_or_default();
        start..start + text.trim_end_matches(['\n', '\r']).len()
    }

    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
}

/// The files of a set, in its order: the root first.
#[derive(Debug, Default)]
pub struct Sources(pub Vec<Source>);

impl Sources {
    pub fn of(&self, span: Span) -> Option<&Source> {
        self.0.get(span.file as usize)
    }
    /// The bytes of a span; empty when there is no such place.
    pub fn slice(&self, span: Span) -> &str {
        self.of(span).map_or("", |source| source.slice(span))
    }
    /// Puts `x` for everything in a span, so that no snippet shows it; quotes and indentation stay, so that the text is
    /// read as before.
    pub fn mask(&mut self, span: Span) {
        let Some(source) = self.0.get_mut(span.file as usize) else { return };
        if let (Some(secret), true) = (source.text.get(span.range()), span.start < span.end) {
            let kept = |b: u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'|' | b'>');
            let hidden: String = secret.bytes().map(|b| if kept(b) { char::from(b) } else { 'x' }).collect();
            source.text.replace_range(span.range(), &hidden);
        }
    }
    /// `routes.yaml:8:9`.
    pub fn place(&self, span: Span) -> String {
        self.of(span).map_or_else(String::new, |source| {
            let place = source.place(span.start);
            format!("{}:{}:{}", source.path, place.line, place.column)
        })
    }
    /// `routes.yaml:8`.
    pub fn line(&self, span: Span) -> String {
        let mut out = String::new();
        self.put_line(span, &mut out);
        out
    }
    /// Writes [`Sources::line`] behind what is there.
    pub fn put_line(&self, span: Span, out: &mut String) {
        if let Some(source) = self.of(span) {
            // Writing to a String can't fail.
            let _ = write!(out, "{}:{}", source.path, source.line_of(span.start));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_begin_at_one() {
        let source = Source::new("r.yaml".into(), "a: ü\r\nbb: x\n".into());
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        assert_eq!(source.place(5), Place { line: 1, column: 5 });
        assert_eq!(source.place(11), Place { line: 2, column: 5 });
        assert_eq!(&source.text[source.line_range(1)], "a: ü");
        assert_eq!(&source.text[source.line_range(2)], "bb: x");
        assert_eq!(source.place(99), Place { line: 3, column: 1 });
    }
}
