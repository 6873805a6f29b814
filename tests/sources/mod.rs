//! Reads the repository's Rust files for the tests that hold its shape.
#![allow(dead_code)]

use std::path::Path;

/// One Rust file, its path from the repository's root with `/` in it.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// All Rust files under a folder of the repository, in order.
pub fn all(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), Path::new(folder), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(root.join(&path)).unwrap();
            found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

impl Source {
    /// The top-level module the file belongs to: `sip` for `src/sip/uri.rs`, `time` for `src/time.rs`.
    pub fn module(&self) -> &str {
        let inner = self.path.split('/').nth(1).unwrap_or("");
        inner.strip_suffix(".rs").unwrap_or(inner)
    }

    /// The text with comments and the insides of string literals blanked out; lines stay where they are.
    pub fn code(&self) -> String {
        blank(&self.text)
    }

    /// The lines of code with their numbers, without those of `#[cfg(test)]` modules.
    pub fn code_lines(&self) -> Vec<(usize, String)> {
        let code = self.code();
        let mut out = Vec::new();
        let mut lines = code.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            if line.trim_start().starts_with("#[cfg(test)]") {
                skip_item(&mut lines);
                continue;
            }
            out.push((at + 1, line.to_string()));
        }
        out
    }
}

/// Skips one item: up to the `;` or the closing brace of its block.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) {
    let mut depth = 0i32;
    for (_, line) in lines {
        if depth == 0 && line.trim_start().starts_with("#[") {
            continue;
        }
        let opens = line.matches('{').count() as i32;
        depth += opens - line.matches('}').count() as i32;
        if depth <= 0 && (opens > 0 || line.trim_end().ends_with([';', '}'])) {
            return;
        }
    }
}

/// Replaces comments and the contents of strings and chars by spaces. Knows nested block comments and raw strings.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = if rest.starts_with(b"//") {
            at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            at + block_comment(rest)
        } else if let Some(length) = raw_string(rest, at.checked_sub(1).map(|i| bytes[i])) {
            at + length
        } else if rest[0] == b'"' {
            at + quoted(rest)
        } else if let Some(length) = char_literal(rest) {
            at + length
        } else {
            out.push(bytes[at]);
            at += 1;
            continue;
        };
        out.extend(bytes[at..end].iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }));
        at = end;
    }
    String::from_utf8(out).unwrap()
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn raw_string(rest: &[u8], before: Option<u8>) -> Option<usize> {
    if before.is_some_and(|b| b.is_ascii_alphanumeric() && b != b'b' || b == b'_') {
        return None;
    }
    let hashes = rest.strip_prefix(b"r")?.iter().take_while(|b| **b == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = 2 + hashes;
    let length = rest[body..].windows(close.len()).position(|w| w == close)?;
    Some(body + length + close.len())
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// `'x'`, `'\n'`, `'\u{1f}'`; a lifetime is none.
fn char_literal(rest: &[u8]) -> Option<usize> {
    if rest[0] != b'\'' {
        return None;
    }
    match rest.get(1)? {
        b'\\' => Some(3 + rest.get(3..)?.iter().take(10).position(|b| *b == b'\'')?).map(|n| n + 1),
        _ => {
            let width = std::str::from_utf8(&rest[1..rest.len().min(5)])
                .or_else(|e| std::str::from_utf8(&rest[1..1 + e.valid_up_to()]))
                .ok()?
                .chars()
                .next()?
                .len_utf8();
            (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
        }
    }
}
