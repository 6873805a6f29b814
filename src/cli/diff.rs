//! What a command would change in a file, as a unified diff.

use std::fmt::Write;

/// Lines of the surroundings that are shown.
const CONTEXT: usize = 3;
/// With more differences than these in one file all that lies between them is shown as replaced: the search for the
/// shortest diff takes time and memory with their square.
const MOST_EDITS: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Gone(&'t str),
    New(&'t str),
}

/// The diff of one file; empty when nothing differs but the line end of the last line.
pub fn unified(path: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_terminator('\n').collect(), after.split_terminator('\n').collect());
    let lines = lines(&old, &new);
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| !matches!(line, Line::Same(_))).map(|(at, _)| at).collect();
    if changed.is_empty() {
        return String::new();
    }
    let mut out = format!("--- {path}\n+++ {path}\n");
    for hunk in changed.chunk_by(|a, b| b - a <= 2 * CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let from = first.saturating_sub(CONTEXT);
        let shown = lines.get(from..(last + CONTEXT + 1).min(lines.len())).unwrap_or_default();
        let before = lines.get(..from).unwrap_or_default();
        let count = |lines: &[Line], side: fn(&Line) -> bool| lines.iter().filter(|line| side(line)).count();
        let in_old = |line: &Line| !matches!(line, Line::New(_));
        let in_new = |line: &Line| !matches!(line, Line::Gone(_));
        let _ = writeln!(
            out,
            "@@ -{},{} +{},{} @@",
            count(before, in_old) + 1,
            count(shown, in_old),
            count(before, in_new) + 1,
            count(shown, in_new)
        );
        for line in shown {
            let _ = match line {
                Line::Same(text) => writeln!(out, " {text}"),
                Line::Gone(text) => writeln!(out, "-{text}"),
                Line::New(text) => writeln!(out, "+{text}"),
            };
        }
    }
    out
}

/// All lines of both, each once.
fn lines<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.iter().skip(head).rev().zip(new.iter().skip(head).rev());
    let tail = rest.take_while(|(a, b)| a == b).count();
    let middle = |all: &[&'t str]| all.get(head..all.len() - tail).unwrap_or_default().to_vec();
    let mut out: Vec<Line> = old.iter().take(head).map(|line| Line::Same(line)).collect();
    shortest(&middle(old), &middle(new), &mut out);
    out.extend(old.iter().skip(old.len() - tail).map(|line| Line::Same(line)));
    out
}

/// Myers' greedy search: the furthest place on each diagonal with one more edit, until the end is reached.
fn shortest<'t>(old: &[&'t str], new: &[&'t str], out: &mut Vec<Line<'t>>) {
    let (n, m) = (old.len() as isize, new.len() as isize);
    let edits = (old.len() + new.len()).min(MOST_EDITS);
    let middle = edits as isize + 1;
    let mut furthest = vec![0isize; 2 * edits + 3];
    let mut steps = Vec::new();
    let get = |furthest: &[isize], k: isize| furthest.get((k + middle) as usize).copied().unwrap_or(0);
    for d in 0..=edits as isize {
        steps.push(furthest.clone());
        for k in (-d..=d).step_by(2) {
            let down = k == -d || k != d && get(&furthest, k - 1) < get(&furthest, k + 1);
            let mut x = if down { get(&furthest, k + 1) } else { get(&furthest, k - 1) + 1 };
            while x < n && x - k < m && x >= 0 && x - k >= 0 && old.get(x as usize) == new.get((x - k) as usize) {
                x += 1;
            }
            if let Some(place) = furthest.get_mut((k + middle) as usize) {
                *place = x;
            }
            if x >= n && x - k >= m {
                return walk_back(old, new, &steps, middle, out);
            }
        }
    }
    out.extend(old.iter().map(|line| Line::Gone(line)));
    out.extend(new.iter().map(|line| Line::New(line)));
}

fn walk_back<'t>(old: &[&'t str], new: &[&'t str], steps: &[Vec<isize>], middle: isize, out: &mut Vec<Line<'t>>) {
    let (mut x, mut y) = (old.len() as isize, new.len() as isize);
    let mut back = Vec::new();
    let line = |lines: &[&'t str], at: isize| lines.get(at as usize).copied().unwrap_or_default();
    for (d, furthest) in steps.iter().enumerate().rev() {
        let get = |k: isize| furthest.get((k + middle) as usize).copied().unwrap_or(0);
        let (d, k) = (d as isize, x - y);
        let down = k == -d || k != d && get(k - 1) < get(k + 1);
        let before = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = (get(before), get(before) - before);
        while x > from_x && y > from_y && x > 0 && y > 0 {
            (x, y) = (x - 1, y - 1);
            back.push(Line::Same(line(old, x)));
        }
        if d > 0 {
            if down {
                y -= 1;
                back.push(Line::New(line(new, y)));
            } else {
                x -= 1;
                back.push(Line::Gone(line(old, x)));
            }
        }
    }
    out.extend(back.into_iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_stands_with_its_surroundings() {
        let before = "a\nb\nc\nd\ne\nf\ng\n";
        assert_eq!(unified("r.yaml", before, before), "");
        assert_eq!(
            unified("r.yaml", before, "a\nb\nc\nd\nE\nf\ng\nh\n"),
            "--- r.yaml\n+++ r.yaml\n@@ -2,6 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n+h\n"
        );
        assert_eq!(unified("r.yaml", "", "a\n"), "--- r.yaml\n+++ r.yaml\n@@ -1,0 +1,1 @@\n+a\n");
    }

    #[test]
    fn both_sides_can_be_read_back() {
        let words = ["a", "b", "c", "d"];
        let mut state = 7u32;
        for _ in 0..300 {
            let mut text = || {
                let mut lines = Vec::new();
                for _ in 0..12 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    lines.push(words[(state >> 16) as usize % words.len()]);
                }
                lines
            };
            let (old, new) = (text(), text());
            let lines = lines(&old, &new);
            let side = |left: bool| -> Vec<&str> {
                let keep = |line: &Line<'static>| match *line {
                    Line::Same(text) => Some(text),
                    Line::Gone(text) => left.then_some(text),
                    Line::New(text) => (!left).then_some(text),
                };
                lines.iter().filter_map(keep).collect()
            };
            assert_eq!((side(true), side(false)), (old, new));
        }
    }
}
