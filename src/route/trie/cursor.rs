//! Walking the prefixes of a group character by character: what compares whole tables, or asks a table about all numbers
//! at once, steps through them here. The search of a call ([`Trie::find`]) takes a shorter way.

use super::{CHILDREN, NOWHERE, SYMBOL_BITS, Trie};
use crate::route::number::{ALPHABET, NOT_DIALABLE, symbol};
use crate::route::{GroupIx, RouteIx, Table};

/// A place that some prefix of the group leads to, or leads over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    node: u32,
    /// How many characters of the node's own stretch lie behind.
    passed: u8,
}

/// A rule that stands exactly at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleHere {
    pub route: RouteIx,
    /// For the number alone that leads here.
    pub exact: bool,
}

impl Table {
    /// Where a group's prefixes begin; `None` when it has none.
    pub fn top(&self, group: GroupIx) -> Option<Cursor> {
        let node = *self.trie.roots.get(usize::from(group.0))?;
        (node != NOWHERE).then_some(Cursor { node, passed: 0 })
    }

    /// The place one character on, if a prefix leads there.
    pub fn step(&self, from: Cursor, character: u8) -> Option<Cursor> {
        self.trie.step(from, symbol(character))
    }

    /// One bit for each character of [`ALPHABET`] that leads on from a place.
    pub fn onward_bits(&self, from: Cursor) -> u32 {
        self.trie.onward(from)
    }

    /// The characters that lead on from a place, in byte order.
    pub fn onward(&self, from: Cursor) -> impl Iterator<Item = u8> + use<> {
        let mask = self.trie.onward(from);
        ALPHABET.iter().enumerate().filter(move |(at, _)| mask >> at & 1 == 1).map(|(_, &character)| character)
    }

    /// The rules whose prefix ends at a place, in the order of preference: exact ones first, then by falling priority.
    pub fn rules_at(&self, place: Cursor) -> impl Iterator<Item = RuleHere> + '_ {
        let node = self.trie.nodes.get(place.node as usize);
        let node = node.filter(|node| usize::from(place.passed) == node.skip_length());
        let hits = node.map(|node| self.trie.hits(node, 0));
        hits.into_iter().flatten().map(|hit| RuleHere { route: hit.route, exact: hit.exact })
    }
}

impl Trie {
    /// One bit for each symbol that leads on.
    fn onward(&self, from: Cursor) -> u32 {
        let Some(node) = self.nodes.get(from.node as usize) else { return 0 };
        match usize::from(from.passed) {
            passed if passed < node.skip_length() => 1 << (node.skip >> (passed * SYMBOL_BITS) & 31),
            _ => node.head & CHILDREN,
        }
    }

    fn step(&self, from: Cursor, symbol: u8) -> Option<Cursor> {
        if symbol == NOT_DIALABLE || self.onward(from) >> symbol & 1 == 0 {
            return None;
        }
        let node = self.nodes.get(from.node as usize)?;
        if usize::from(from.passed) < node.skip_length() {
            return Some(Cursor { passed: from.passed + 1, ..from });
        }
        let before = (node.head & CHILDREN & ((1 << symbol) - 1)).count_ones();
        Some(Cursor { node: node.children + before, passed: 0 })
    }
}
