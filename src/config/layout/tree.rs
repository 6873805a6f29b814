//! The tree as it is written: entries in their order, with the text of every scalar, and room for comments.

use super::scalar;
use crate::config::yaml::syntax::{Token, What, Written};

#[derive(Debug)]
pub(super) struct Document<'t> {
    /// Comments that stay on top, whatever comes first below them.
    pub header: Vec<Lead<'t>>,
    pub root: Node<'t>,
    /// Comments after everything else.
    pub tail: Vec<Lead<'t>>,
}

/// What stands on lines of its own before something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead<'t> {
    Blank,
    Comment(&'t str),
}

/// A comment on the line of something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'t> {
    pub text: &'t str,
    /// Spaces before it, and the column where it began, from 0.
    pub gap: usize,
    pub column: usize,
}

#[derive(Debug)]
pub(super) struct Node<'t> {
    /// Anchors and tags, as they stand.
    pub properties: Vec<&'t str>,
    pub kind: Kind<'t>,
    /// Its bytes, properties left out.
    pub start: usize,
    pub end: usize,
}

#[derive(Debug)]
pub(super) enum Kind<'t> {
    Omitted,
    /// A scalar or an alias, ready to be written.
    Text(scalar::Text<'t>),
    Block(Block<'t>),
    Flow(Flow<'t>),
}

/// A map or list, an entry a line.
#[derive(Debug)]
pub(super) struct Block<'t> {
    pub map: bool,
    /// The column of its entries, from 0.
    pub column: usize,
    pub entries: Vec<Entry<'t>>,
    /// Comments after the last entry.
    pub tail: Vec<Lead<'t>>,
}

#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub lead: Vec<Lead<'t>>,
    /// In a map.
    pub key: Option<Node<'t>>,
    /// Where the key (with its properties) or the dash begins.
    pub start: usize,
    /// A comment behind `key:`, where the value begins on a line below.
    pub head: Option<Beside<'t>>,
    /// Comments between `key:` and a value that is no block.
    pub before: Vec<Lead<'t>>,
    pub value: Node<'t>,
    /// A comment behind the value.
    pub trail: Option<Beside<'t>>,
}

/// A map or list in brackets.
#[derive(Debug)]
pub(super) struct Flow<'t> {
    pub map: bool,
    pub items: Vec<Item<'t>>,
    /// A comment behind the opening bracket.
    pub head: Option<Beside<'t>>,
    /// Comments before the closing bracket.
    pub tail: Vec<Lead<'t>>,
    /// The closing bracket has a line of its own.
    pub closes_below: bool,
    /// A comma behind the last item.
    pub comma: bool,
}

#[derive(Debug)]
pub(super) struct Item<'t> {
    /// It begins on another line than what is before it.
    pub below: bool,
    pub lead: Vec<Lead<'t>>,
    pub key: Option<Node<'t>>,
    /// `None`: a key without a colon.
    pub value: Option<Node<'t>>,
    pub trail: Option<Beside<'t>>,
    pub start: usize,
    pub end: usize,
}

impl Flow<'_> {
    /// Whether it is written on several lines.
    pub fn broken(&self) -> bool {
        self.closes_below || self.head.is_some() || !self.tail.is_empty() || self.items.iter().any(Item::breaks)
    }
}

impl Item<'_> {
    /// Whether a line ends before or behind it.
    fn breaks(&self) -> bool {
        self.below || self.trail.is_some() || !self.lead.is_empty()
    }
}

impl Node<'_> {
    /// Whether an anchor is declared in it.
    pub fn declares_anchors(&self) -> bool {
        let here = self.properties.iter().any(|property| property.starts_with('&'));
        here || match &self.kind {
            Kind::Omitted | Kind::Text(_) => false,
            Kind::Block(block) => {
                let key = |entry: &Entry| entry.key.as_ref().is_some_and(Node::declares_anchors);
                block.entries.iter().any(|entry| key(entry) || entry.value.declares_anchors())
            }
            Kind::Flow(flow) => {
                let of = |node: &Option<Node>| node.as_ref().is_some_and(Node::declares_anchors);
                flow.items.iter().any(|item| of(&item.key) || of(&item.value))
            }
        }
    }
}

/// Builds the tree, without comments. The error is the place of a key that cannot stand in one line.
pub(super) fn tree<'t>(text: &'t str, tokens: &[Token<'t>]) -> Result<Document<'t>, usize> {
    let mut builder = Builder { text, tokens, at: 0, last_end: 0 };
    let root = match tokens.is_empty() {
        true => Node { properties: Vec::new(), kind: Kind::Omitted, start: 0, end: 0 },
        false => builder.node(0)?,
    };
    Ok(Document { header: Vec::new(), root, tail: Vec::new() })
}

struct Builder<'t, 'k> {
    text: &'t str,
    tokens: &'k [Token<'t>],
    at: usize,
    /// Where the last scalar or bracket ended.
    last_end: usize,
}

impl<'t> Builder<'t, '_> {
    fn node(&mut self, indent: usize) -> Result<Node<'t>, usize> {
        let Some(token) = self.tokens.get(self.at) else { return Err(self.text.len()) };
        self.at += 1;
        let properties: Vec<&str> =
            token.properties.iter().filter_map(|range| self.text.get(range.clone())).map(str::trim_end).collect();
        let start = token.range.start;
        let after_properties = token.properties.last().map_or(self.last_end, |range| range.end);
        if token.what == What::Omitted {
            // The parser puts it behind a comment that may follow.
            let end = self.last_end.max(after_properties);
            return Ok(Node { properties, kind: Kind::Omitted, start: end, end });
        }
        let (kind, end) = match &token.what {
            What::Alias => (Kind::Text(scalar::Text::plain(self.slice(start, token.range.end))), token.range.end),
            What::Scalar(_, Written::Block) => {
                let (scalar, end) = scalar::block(self.text, after_properties.max(self.last_end), indent);
                (Kind::Text(scalar), end)
            }
            What::Scalar(value, written) => {
                let raw = self.slice(start, token.range.end);
                (Kind::Text(scalar::Text::flow(raw, value, *written)), token.range.end)
            }
            What::Begin { map, flow: false } => {
                let block = self.block(*map, start)?;
                (Kind::Block(block), self.last_end)
            }
            What::Begin { map, flow: true } => {
                // The pair in `[a: b]` is a map without brackets.
                let bracketed = self.text.get(start..).is_some_and(|rest| rest.starts_with(['{', '[']));
                self.last_end = if bracketed { start + 1 } else { start };
                let flow = self.flow(*map)?;
                (Kind::Flow(flow), self.last_end)
            }
            What::Omitted | What::End => return Err(start),
        };
        self.last_end = self.last_end.max(end);
        Ok(Node { properties, kind, start, end: self.last_end })
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Takes the end of a collection, if it is next.
    fn ends(&mut self) -> Option<usize> {
        let token = self.tokens.get(self.at).filter(|token| token.what == What::End)?;
        self.at += 1;
        Some(token.range.end)
    }

    fn block(&mut self, map: bool, start: usize) -> Result<Block<'t>, usize> {
        let mut block = Block { map, column: column(self.text, start), entries: Vec::new(), tail: Vec::new() };
        while self.ends().is_none() {
            let entry_start = if map { self.token_start() } else { self.dash(self.token_start()) };
            if !map {
                self.last_end = entry_start + 1;
            }
            if block.entries.is_empty() {
                block.column = column(self.text, entry_start);
            }
            let key = if map { Some(self.key(block.column)?) } else { None };
            let value = self.node(block.column)?;
            let (lead, before) = (Vec::new(), Vec::new());
            block.entries.push(Entry { lead, key, start: entry_start, head: None, before, value, trail: None });
        }
        Ok(block)
    }

    fn flow(&mut self, map: bool) -> Result<Flow<'t>, usize> {
        let (items, tail) = (Vec::new(), Vec::new());
        let mut flow = Flow { map, items, head: None, tail, closes_below: false, comma: false };
        loop {
            let before = self.last_end;
            if let Some(end) = self.ends() {
                let gap = self.slice(before, end.max(before));
                flow.comma = !flow.items.is_empty() && without_comments(gap).contains(',');
                flow.closes_below = gap.contains('\n');
                self.last_end = end.max(before);
                return Ok(flow);
            }
            let start = self.token_start();
            let below = self.slice(before, start).contains('\n');
            let key = if map { Some(self.key(0)?) } else { None };
            let after_key = self.last_end;
            let value = self.node(0)?;
            let omitted = matches!(value.kind, Kind::Omitted) && value.properties.is_empty();
            let colon = self.text.get(after_key..).is_some_and(|rest| rest.trim_start().starts_with(':'));
            if omitted && colon {
                let rest = self.text.get(after_key..).unwrap_or_default();
                self.last_end = after_key + (rest.len() - rest.trim_start().len()) + 1;
            }
            let value = (!map || !omitted || colon).then_some(value);
            let (lead, end) = (Vec::new(), self.last_end);
            flow.items.push(Item { below, lead, key, value, trail: None, start, end });
        }
    }

    /// A key is a scalar or an alias on one line.
    fn key(&mut self, indent: usize) -> Result<Node<'t>, usize> {
        let node = self.node(indent)?;
        match &node.kind {
            Kind::Text(text) if text.is_one_line() => Ok(node),
            _ => Err(node.start),
        }
    }

    /// Where the next token begins, with its properties.
    fn token_start(&self) -> usize {
        self.tokens.get(self.at).map_or(self.text.len(), |token| {
            token.properties.first().map_or(token.range.start, |property| property.start.min(token.range.start))
        })
    }

    /// The dash of the entry whose content begins at `content`: the last one before it that a comment does not hide.
    fn dash(&self, content: usize) -> usize {
        let gap = self.slice(self.last_end, content);
        let mut at = self.last_end;
        for line in gap.split_inclusive('\n') {
            let code = line.trim_start_matches([' ', '\t']);
            if code.starts_with('-') && !code.starts_with("---") {
                return at + (line.len() - code.len());
            }
            at += line.len();
        }
        content
    }
}

/// The column of a byte, in characters from 0.
pub(super) fn column(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    before.get(line..).map_or(0, |line| line.chars().count())
}

/// What stands between two tokens, comments left out.
fn without_comments(gap: &str) -> String {
    gap.lines().map(|line| line.split('#').next().unwrap_or_default()).collect()
}
