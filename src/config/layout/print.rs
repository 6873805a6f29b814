//! Writes a tree: two spaces a level, one space behind a colon, at most one empty line, comments beside a value where
//! they stood.

use super::tree::{Beside, Block, Document, Entry, Flow, Item, Kind, Lead, Node};

/// Spaces a level.
const STEP: usize = 2;
/// A comment that stood further from its value than this stands in a column, and stays there.
const LOOSE: usize = 2;

/// The text, with a line end behind the last line.
pub(super) fn print(document: &Document<'_>) -> String {
    let mut printer = Printer { out: String::new() };
    printer.leads(&document.header, 0);
    match &document.root.kind {
        Kind::Block(block) => {
            if !document.root.properties.is_empty() {
                printer.properties(&document.root);
                printer.end_line();
            }
            printer.block(block, 0);
        }
        Kind::Omitted => {}
        Kind::Text(_) | Kind::Flow(_) => {
            printer.inline(&document.root, 0);
            printer.end_line();
        }
    }
    printer.leads(&document.tail, 0);
    printer.out
}

struct Printer {
    out: String,
}

impl Printer {
    fn end_line(&mut self) {
        self.out.push('\n');
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// The characters of the line that is being written.
    fn column(&self) -> usize {
        let line = self.out.rfind('\n').map_or(0, |newline| newline + 1);
        self.out.get(line..).map_or(0, |line| line.chars().count())
    }

    /// Comments on lines of their own; no empty line where something begins.
    fn leads(&mut self, leads: &[Lead<'_>], indent: usize) {
        for lead in leads {
            match lead {
                Lead::Blank => self.blank(),
                Lead::Comment(text) => {
                    self.indent(indent);
                    self.out.push_str(text);
                    self.end_line();
                }
            }
        }
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.end_line();
        }
    }

    fn beside(&mut self, comment: Option<&Beside<'_>>) {
        let Some(Beside { text, gap, column }) = comment else { return };
        let here = self.column();
        let spaces = if *gap > LOOSE { column.saturating_sub(here).max(1) } else { (*gap).max(1) };
        self.indent(spaces);
        self.out.push_str(text);
    }

    fn block(&mut self, block: &Block<'_>, indent: usize) {
        for (position, entry) in block.entries.iter().enumerate() {
            self.entry(entry, block.map, indent, position == 0, false);
        }
        self.leads(&block.tail, indent);
    }

    /// `inline`: the first entry of a map inside a list stands behind the dash.
    fn entry(&mut self, entry: &Entry<'_>, map: bool, indent: usize, first: bool, inline: bool) {
        if !inline {
            // An empty line at the beginning of a block says nothing; on top of the file the header has its own.
            let skip = if first { entry.lead.iter().take_while(|lead| **lead == Lead::Blank).count() } else { 0 };
            self.leads(entry.lead.get(skip..).unwrap_or_default(), indent);
            self.indent(indent);
        }
        match &entry.key {
            Some(key) => {
                self.properties(key);
                if let (false, Kind::Text(_)) = (key.properties.is_empty(), &key.kind) {
                    self.out.push(' ');
                }
                self.text(key, indent);
                // `*a:` would be an alias named `a:`.
                let alias = matches!(&key.kind, Kind::Text(text) if text.first.starts_with('*'));
                self.out.push_str(if alias { " :" } else { ":" });
            }
            None => self.out.push('-'),
        }
        debug_assert_eq!(map, entry.key.is_some());
        self.value(entry, indent);
    }

    /// Everything behind the colon or dash.
    fn value(&mut self, entry: &Entry<'_>, indent: usize) {
        let node = &entry.value;
        if !node.properties.is_empty() {
            self.out.push(' ');
            self.properties(node);
        }
        match &node.kind {
            Kind::Omitted => self.beside(entry.trail.as_ref()),
            Kind::Block(block) => return self.block_value(entry, block, indent),
            Kind::Text(text) if text.block => {
                self.out.push(' ');
                self.out.push_str(&text.first);
                self.beside(entry.head.as_ref());
                self.lines(&text.rest, indent + STEP);
            }
            Kind::Text(_) | Kind::Flow(_) => {
                if entry.head.is_some() || !entry.before.is_empty() {
                    self.beside(entry.head.as_ref());
                    self.end_line();
                    self.leads(&entry.before, indent + STEP);
                    self.indent(indent + STEP);
                    self.inline(node, indent + STEP);
                } else {
                    self.out.push(' ');
                    self.inline(node, indent);
                }
                self.beside(entry.trail.as_ref());
            }
        }
        self.end_line();
    }

    fn block_value(&mut self, entry: &Entry<'_>, block: &Block<'_>, indent: usize) {
        let bare = entry.value.properties.is_empty() && entry.head.is_none() && entry.key.is_none();
        let quiet = block.entries.first().is_some_and(|first| first.lead.iter().all(|lead| *lead == Lead::Blank));
        let (true, true, Some((first, rest))) = (bare, quiet, block.entries.split_first()) else {
            self.beside(entry.head.as_ref());
            self.end_line();
            return self.block(block, indent + STEP);
        };
        // `- key: value`, and `- - member`.
        self.out.push(' ');
        self.entry(first, block.map, indent + STEP, true, true);
        for entry in rest {
            self.entry(entry, block.map, indent + STEP, false, false);
        }
        self.leads(&block.tail, indent + STEP);
    }

    fn properties(&mut self, node: &Node<'_>) {
        self.out.push_str(&node.properties.join(" "));
    }

    fn text(&mut self, node: &Node<'_>, indent: usize) {
        let Kind::Text(text) = &node.kind else { return };
        self.out.push_str(&text.first);
        self.lines(&text.rest, indent + STEP);
    }

    /// The further lines of a scalar, each behind a line end.
    fn lines<T: AsRef<str>>(&mut self, lines: &[T], indent: usize) {
        for line in lines {
            self.end_line();
            if !line.as_ref().is_empty() {
                self.indent(indent);
                self.out.push_str(line.as_ref());
            }
        }
    }

    /// A scalar or brackets, where the line has begun; `indent` is what the lines below are measured from.
    fn inline(&mut self, node: &Node<'_>, indent: usize) {
        match &node.kind {
            Kind::Text(_) => self.text(node, indent),
            Kind::Flow(flow) => self.flow(flow, indent),
            Kind::Omitted | Kind::Block(_) => {}
        }
    }

    fn flow(&mut self, flow: &Flow<'_>, indent: usize) {
        let (open, close) = if flow.map { ('{', '}') } else { ('[', ']') };
        self.out.push(open);
        if flow.items.is_empty() && !flow.broken() {
            return self.out.push(close);
        }
        // YAML wants the closing bracket deeper than the key.
        let own_line =
            flow.closes_below || !flow.tail.is_empty() || flow.items.last().is_some_and(|i| i.trail.is_some());
        let inner = if own_line { indent + 2 * STEP } else { indent + STEP };
        let inner = if flow.broken() { inner } else { indent };
        self.beside(flow.head.as_ref());
        let mut fresh = false;
        for (position, item) in flow.items.iter().enumerate() {
            let after_comment = match position.checked_sub(1).and_then(|before| flow.items.get(before)) {
                Some(before) => before.trail.is_some(),
                None => flow.head.is_some(),
            };
            if item.below || !item.lead.is_empty() || after_comment {
                self.end_line();
                self.leads(&item.lead, inner);
                self.indent(inner);
                fresh = true;
            } else if position > 0 || flow.map {
                self.out.push(' ');
            }
            self.item(item, inner);
            let comma = position + 1 < flow.items.len() || (flow.comma && own_line);
            if self.out.ends_with(':') && item.trail.is_some() {
                // A comment where the value should be: `prefix: #31#`. It stays there, so that it is found.
                self.beside(item.trail.as_ref());
                if comma {
                    self.end_line();
                    self.indent(inner);
                    self.out.push(',');
                }
                continue;
            }
            if comma {
                // Some readers take `a:,` for a text.
                self.out.push_str(if self.out.ends_with(':') { " ," } else { "," });
            }
            self.beside(item.trail.as_ref());
        }
        if own_line {
            self.end_line();
            self.leads(&flow.tail, inner);
            self.indent(indent + STEP);
        } else if flow.map && !(fresh && flow.items.is_empty()) {
            self.out.push(' ');
        }
        self.out.push(close);
    }

    fn item(&mut self, item: &Item<'_>, indent: usize) {
        if let Some(key) = &item.key {
            self.flow_node(key, indent);
            let alias = matches!(&key.kind, Kind::Text(text) if text.first.starts_with('*'));
            match &item.value {
                None => return,
                Some(value) => {
                    self.out.push_str(if alias { " :" } else { ":" });
                    if !matches!(value.kind, Kind::Omitted) || !value.properties.is_empty() {
                        self.out.push(' ');
                    }
                }
            }
        }
        if let Some(value) = &item.value {
            self.flow_node(value, indent);
        }
    }

    fn flow_node(&mut self, node: &Node<'_>, indent: usize) {
        self.properties(node);
        if !node.properties.is_empty() && !matches!(node.kind, Kind::Omitted) {
            self.out.push(' ');
        }
        self.inline(node, indent);
    }
}
