//! Hangs every comment on what it belongs to: the entry below it, the value it stands beside, or the end of a block.

use super::tree::{Beside, Block, Document, Flow, Kind, Lead, Node, column};
use std::ops::Range;

pub(super) fn attach<'t>(document: &mut Document<'t>, text: &'t str, comments: &[Range<usize>]) {
    let mut queue = Queue { text, comments, at: 0 };
    let (start, end) = (document.root.start, document.root.end);
    match &mut document.root.kind {
        Kind::Block(block) => {
            block_comments(block, &mut queue, text.len(), None);
            document.tail = queue.leads(text.len());
            document.header = header(block);
        }
        Kind::Flow(flow) => {
            document.header = queue.leads(start);
            flow_comments(flow, &mut queue, end);
            document.tail = queue.leads(text.len());
        }
        Kind::Omitted | Kind::Text(_) => document.tail = queue.leads(text.len()),
    }
}

/// The comments on top that speak of the file: down to the last empty line, or all of them where an editor reads them.
fn header<'t>(block: &mut Block<'t>) -> Vec<Lead<'t>> {
    let Some(first) = block.entries.first_mut() else { return Vec::new() };
    let for_editors = |lead: &Lead| matches!(lead, Lead::Comment(text) if text.contains("yaml-language-server") || text.contains("$schema"));
    let comments = first.lead.iter().position(|lead| *lead != Lead::Blank);
    let blank =
        first.lead.iter().rposition(|lead| *lead == Lead::Blank).filter(|blank| comments.is_some_and(|c| c < *blank));
    let length = match blank {
        Some(blank) if !first.lead.iter().skip(blank).any(for_editors) => blank + 1,
        _ if first.lead.iter().any(for_editors) => first.lead.len(),
        _ => 0,
    };
    first.lead.drain(..length).collect()
}

struct Queue<'t, 'c> {
    text: &'t str,
    comments: &'c [Range<usize>],
    at: usize,
}

impl<'t> Queue<'t, '_> {
    fn next(&self, until: usize) -> Option<&Range<usize>> {
        self.comments.get(self.at).filter(|comment| comment.start < until)
    }

    fn slice(&self, comment: &Range<usize>) -> &'t str {
        self.text.get(comment.clone()).unwrap_or_default().trim_end()
    }

    /// Whether nothing but spaces, or the mark of a document's begin, stands before it on its line.
    fn has_its_own_line(&self, comment: &Range<usize>) -> bool {
        let before = self.text.get(..comment.start).unwrap_or_default();
        let line = before.rfind('\n').map_or(before, |newline| before.get(newline + 1..).unwrap_or_default());
        matches!(line.trim(), "" | "---" | "...")
    }

    /// Whether the line above the one with this byte is empty.
    fn blank_above(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        let Some(newline) = before.rfind('\n') else { return false };
        let above = before.get(..newline).unwrap_or_default();
        let line = above.rfind('\n').map_or(above, |newline| above.get(newline + 1..).unwrap_or_default());
        line.trim().is_empty()
    }

    /// All comments before `until`, each as a line of its own.
    fn leads(&mut self, until: usize) -> Vec<Lead<'t>> {
        let mut leads = Vec::new();
        while let Some(comment) = self.next(until).cloned() {
            self.lead(&comment, &mut leads);
        }
        leads
    }

    fn lead(&mut self, comment: &Range<usize>, leads: &mut Vec<Lead<'t>>) {
        if self.has_its_own_line(comment) && self.blank_above(comment.start) {
            leads.push(Lead::Blank);
        }
        leads.push(Lead::Comment(self.slice(comment)));
        self.at += 1;
    }

    /// The next comment, if it stands before `until` and behind something on its line.
    fn beside(&mut self, until: usize) -> Option<Beside<'t>> {
        let comment = self.next(until).filter(|comment| !self.has_its_own_line(comment))?.clone();
        self.at += 1;
        let before = self.text.get(..comment.start).unwrap_or_default();
        let gap = before.len() - before.trim_end_matches([' ', '\t']).len();
        Some(Beside { text: self.slice(&comment), gap, column: column(self.text, comment.start) })
    }
}

/// `until` is where the next thing after the block begins; `parent` is the column of the entry that holds it.
fn block_comments<'t>(block: &mut Block<'t>, queue: &mut Queue<'t, '_>, until: usize, parent: Option<usize>) {
    let starts: Vec<usize> = block.entries.iter().map(|entry| entry.start).collect();
    // The empty line before an entry is the scalar's where a scalar keeps its empty lines.
    let mut kept = false;
    for (position, entry) in block.entries.iter_mut().enumerate() {
        entry.lead = queue.leads(entry.start);
        if queue.blank_above(entry.start) && !(kept && entry.lead.is_empty()) {
            entry.lead.push(Lead::Blank);
        }
        let next = starts.get(position + 1).copied().unwrap_or(until);
        node_comments(&mut entry.value, &mut entry.head, &mut entry.before, queue, next, block.column);
        if !matches!(entry.value.kind, Kind::Block(_)) {
            entry.trail = same_line(entry.value.end, queue, next);
        }
        kept = ends_with_blank_lines(&entry.value);
    }
    // What is indented like the entries, or deeper, is about them. A list may stand at the column of its key: then only
    // what is deeper is.
    let least = if parent == Some(block.column) { block.column + 1 } else { block.column };
    while let Some(comment) = queue.next(until).cloned() {
        if !queue.has_its_own_line(&comment) || column(queue.text, comment.start) < least {
            break;
        }
        queue.lead(&comment, &mut block.tail);
    }
}

/// The comments from behind a key or dash to the end of its value.
fn node_comments<'t>(
    node: &mut Node<'t>,
    head: &mut Option<Beside<'t>>,
    before: &mut Vec<Lead<'t>>,
    queue: &mut Queue<'t, '_>,
    next: usize,
    column: usize,
) {
    match &mut node.kind {
        Kind::Block(block) => {
            let first = block.entries.first().map_or(node.start, |entry| entry.start);
            *head = queue.beside(first);
            block_comments(block, queue, next, Some(column));
        }
        Kind::Flow(flow) => {
            *head = queue.beside(node.start);
            *before = queue.leads(node.start);
            flow_comments(flow, queue, node.end);
        }
        Kind::Text(text) if text.block => *head = queue.beside(node.end),
        Kind::Text(_) => {
            *head = queue.beside(node.start);
            *before = queue.leads(node.start);
        }
        Kind::Omitted => {}
    }
}

/// The comment on the line on which a value ends.
fn same_line<'t>(end: usize, queue: &mut Queue<'t, '_>, until: usize) -> Option<Beside<'t>> {
    let comment = queue.next(until)?;
    let between = queue.text.get(end..comment.start)?;
    if between.contains('\n') { None } else { queue.beside(until) }
}

fn ends_with_blank_lines(node: &Node) -> bool {
    match &node.kind {
        Kind::Text(text) => text.keeps_blank_lines,
        Kind::Block(block) => {
            block.tail.is_empty() && block.entries.last().is_some_and(|e| ends_with_blank_lines(&e.value))
        }
        Kind::Flow(_) | Kind::Omitted => false,
    }
}

/// The comments inside brackets, which end at `end`.
fn flow_comments<'t>(flow: &mut Flow<'t>, queue: &mut Queue<'t, '_>, end: usize) {
    let first = flow.items.first().map_or(end, |first| first.start);
    flow.head = queue.beside(first);
    let starts: Vec<usize> = flow.items.iter().map(|item| item.start).collect();
    for (position, item) in flow.items.iter_mut().enumerate() {
        item.lead = queue.leads(item.start);
        item.lead.retain(|lead| *lead != Lead::Blank);
        for node in [&mut item.key, &mut item.value].into_iter().flatten() {
            if let Kind::Flow(inner) = &mut node.kind {
                flow_comments(inner, queue, node.end);
            }
        }
        // A comment inside an item moves behind it; more than one becomes lines before the next.
        let next = starts.get(position + 1).copied().unwrap_or(end);
        item.trail = queue.beside(item.end).or_else(|| same_line(item.end, queue, next));
    }
    flow.tail = queue.leads(end);
    flow.tail.retain(|lead| *lead != Lead::Blank);
}
