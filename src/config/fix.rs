//! Applies the fixes that diagnostics carry: in memory, over and over until none is left, so that a mistake which hid
//! another is no reason to come back.

use super::diagnostic::{Diagnostic, Edit, Report, Safety};
use super::files::FileSet;
use super::yaml::{self, Budget};
use super::{Code, Diagnostics, compile_counted};
use std::collections::HashSet;

/// Rounds of compiling and mending. A fix uncovers the next mistake of its file, rarely more than two or three deep.
const ROUNDS: usize = 12;

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    pub code: Code,
    pub message: String,
    /// Where it stood when it was found: `routes.yaml:13:21`, counted from the root file's directory.
    pub place: String,
}

/// Mends `set`. With [`Safety::Review`] also what somebody should look at afterwards. A second run finds nothing to do.
pub fn apply(set: &mut FileSet, level: Safety) -> Vec<Fixed> {
    let mut fixed = Vec::new();
    // Files that no longer parse with their fixes: left as they were.
    let mut stubborn: HashSet<u32> = HashSet::new();
    for _ in 0..ROUNDS {
        let (_, _, diagnostics) = compile_counted(set);
        let chosen = choose(&diagnostics, level, &stubborn);
        if chosen.is_empty() {
            break;
        }
        let mut files: Vec<u32> = chosen.iter().flat_map(|d| edits(d)).map(|edit| edit.span.file).collect();
        files.sort_unstable();
        files.dedup();
        let refused: Vec<u32> = files.into_iter().filter(|file| !mend(set, *file, &chosen)).collect();
        for diagnostic in &chosen {
            if !edits(diagnostic).iter().any(|edit| refused.contains(&edit.span.file)) {
                let (code, message) = (diagnostic.code, diagnostic.message.clone());
                fixed.push(Fixed { code, message, place: diagnostics.sources().place(diagnostic.span) });
            }
        }
        stubborn.extend(refused);
    }
    fixed
}

fn edits(diagnostic: &Diagnostic) -> &[Edit] {
    diagnostic.fix.as_ref().map_or(&[], |fix| &fix.edits)
}

/// The fixes of one round: each whole or not at all, none that touches another, each in one file.
fn choose<'d>(diagnostics: &'d Diagnostics, level: Safety, stubborn: &HashSet<u32>) -> Vec<&'d Diagnostic> {
    let mut taken: Vec<(u32, u32, u32)> = Vec::new();
    let mut chosen: Vec<&Diagnostic> = diagnostics
        .kept()
        .filter(|d| d.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe || level == Safety::Review))
        .filter(|d| {
            let mut files = edits(d).iter().map(|edit| edit.span.file);
            files.next().is_some_and(|first| !stubborn.contains(&first) && files.all(|file| file == first))
        })
        .collect();
    // In the order of the files, so that a look at the neighbour before is enough.
    chosen.sort_by_key(|d| edits(d).iter().map(|edit| edit.span).min());
    chosen.retain(|d| {
        let mut spans: Vec<(u32, u32, u32)> =
            edits(d).iter().map(|edit| (edit.span.file, edit.span.start, edit.span.end)).collect();
        spans.sort_unstable();
        let clear = match (taken.last(), spans.first()) {
            (Some((file, _, end)), Some((own, start, _))) => file != own || end < start,
            _ => true,
        };
        if clear {
            taken.extend(spans);
        }
        clear
    });
    chosen
}

/// Applies the chosen edits of one file. False when the file parsed before and would not any more: then it stays.
fn mend(set: &mut FileSet, file: u32, chosen: &[&Diagnostic]) -> bool {
    let Some(text) = set.files.get(file as usize).and_then(|(_, bytes)| std::str::from_utf8(bytes).ok()) else {
        return false;
    };
    let mut edits: Vec<&Edit> = chosen.iter().flat_map(|d| edits(d)).filter(|edit| edit.span.file == file).collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut mended = String::with_capacity(text.len() + edits.len());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        let Some(kept) = text.get(at..range.start) else { return false };
        mended.push_str(kept);
        mended.push_str(&edit.text);
        at = range.end;
    }
    let Some(rest) = text.get(at..) else { return false };
    mended.push_str(rest);
    if parses(text) && !parses(&mended) {
        return false;
    }
    set.replace(file as usize, mended.into_bytes());
    true
}

fn parses(text: &str) -> bool {
    yaml::read(text, 0, &mut Budget::default(), &mut Report::default()).is_some()
}
