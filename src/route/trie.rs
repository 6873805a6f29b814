//! The longest-prefix search: one path-compressed trie for all groups with the same rules, all in two flat arrays.
//!
//! A node is 16 bytes. Its children lie side by side, found by counting the bits below the wanted symbol; a stretch
//! of up to six symbols without a branch is held in the node itself, and so is its rule when it has only one. A
//! million rules of a rate sheet take about 20 bytes each, and a search touches a handful of cache lines.

mod cursor;

pub use cursor::{Cursor, RuleHere};

use super::number::{NOT_DIALABLE, symbol};
use super::{GroupIx, Route, RouteIx};
use std::cmp::Reverse;
use std::collections::VecDeque;

/// One rule at one prefix, on its way into the trie of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule<'a> {
    /// The prefix's first eight bytes as a number, so that sorting rarely has to fetch the prefix itself.
    head: u64,
    /// Not empty, dialable characters alone.
    prefix: &'a [u8],
    exact: bool,
    /// Has a `when`.
    timed: bool,
    priority: u16,
    route: RouteIx,
}

impl<'a> Rule<'a> {
    pub(super) fn new(prefix: &'a [u8], ix: RouteIx, route: &Route) -> Rule<'a> {
        let mut head = [0; 8];
        head.iter_mut().zip(prefix).for_each(|(to, &from)| *to = from);
        let (exact, timed, priority) = (route.exact, !route.when.is_empty(), route.priority);
        Rule { head: u64::from_be_bytes(head), prefix, exact, timed, priority, route: ix }
    }
}

/// A rule that matches a number, as the search meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) route: RouteIx,
    pub(super) exact: bool,
    /// Has a `when`, which must hold.
    pub(super) timed: bool,
    /// How many characters of the number its prefix takes.
    pub(super) matched: usize,
}

#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// Lists of rules for the nodes that have several, each closed by [`LAST`].
    rules: Vec<u32>,
    /// The root of each group; [`NOWHERE`] for a group without prefixes. Groups with the same rules have the same one.
    roots: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// Bits 0–16: symbols that have a child. 17–19: length of `skip`. Above: the flags below.
    head: u32,
    /// The symbols before this node's own place that no other rule leaves, five bits each, the first lowest.
    skip: u32,
    /// Where its children begin in `nodes`.
    children: u32,
    /// With [`ONE`] the rule itself, else where its rules begin in `rules`.
    rules: u32,
}

const CHILDREN: u32 = (1 << 17) - 1;
const SKIP_SHIFT: u32 = 17;
const SKIP_MOST: usize = 6;
const SYMBOL_BITS: usize = 5;
/// There is a rule here that takes longer numbers too.
const PREFIX: u32 = 1 << 20;
/// There is a rule here for this number alone.
const EXACT: u32 = 1 << 21;
/// There is one rule here.
const ONE: u32 = 1 << 22;
/// Some rule here has a `when`.
const TIMED: u32 = 1 << 23;

/// Marks in a packed rule, beside the route's position.
const RULE_EXACT: u32 = 1 << 31;
const LAST: u32 = 1 << 30;
const RULE_TIMED: u32 = 1 << 29;
const ROUTE: u32 = RULE_TIMED - 1;

const NOWHERE: u32 = u32::MAX;

impl Node {
    fn skip_length(&self) -> usize {
        (self.head >> SKIP_SHIFT & 7) as usize
    }
}

impl Trie {
    /// Compiles the rules of each group that has some of its own; a group that is said to be like another one before it
    /// shares that one's.
    pub(super) fn build<'a>(alike: &[GroupIx], mut rules: impl FnMut(GroupIx) -> Vec<Rule<'a>>) -> Trie {
        let mut trie = Trie { roots: vec![NOWHERE; alike.len()], ..Trie::default() };
        for (group, &first) in (0u16..).map(GroupIx).zip(alike) {
            let root = match first == group {
                true => trie.grow(rules(group)),
                false => trie.roots.get(usize::from(first.0)).copied().unwrap_or(NOWHERE),
            };
            if let Some(slot) = trie.roots.get_mut(usize::from(group.0)) {
                *slot = root;
            }
        }
        trie.nodes.shrink_to_fit();
        trie.rules.shrink_to_fit();
        trie
    }

    /// Adds a trie and gives its root. The same route twice at one prefix counts once. At a place the rules stand in the
    /// order of preference: exact ones first, then by falling priority. It grows level by level, so that the levels every
    /// search passes lie close together.
    fn grow(&mut self, mut rules: Vec<Rule>) -> u32 {
        rules.sort_unstable_by_key(|r| (r.head, r.prefix, !r.exact, Reverse(r.priority), r.route));
        rules.dedup_by_key(|r| (r.prefix, r.exact, r.route));
        if rules.is_empty() {
            return NOWHERE;
        }
        let root = self.nodes.len() as u32;
        self.nodes.push(Node::default());
        let mut open = VecDeque::from([(self.nodes.len() - 1, rules.as_slice(), 0)]);
        while let Some((at, rules, depth)) = open.pop_front() {
            let (mut node, depth) = skip(rules, depth);
            let (here, below) = rules.split_at(rules.partition_point(|r| r.prefix.len() == depth));
            self.put(&mut node, here);
            node.children = self.nodes.len() as u32;
            for branch in below.chunk_by(|a, b| a.prefix[depth] == b.prefix[depth]) {
                node.head |= 1 << symbol(branch[0].prefix[depth]);
                self.nodes.push(Node::default());
                open.push_back((self.nodes.len() - 1, branch, depth + 1));
            }
            self.nodes[at] = node;
        }
        root
    }

    /// Writes the rules of one place.
    fn put(&mut self, node: &mut Node, here: &[Rule]) {
        let mark = |is: bool, mark: u32| if is { mark } else { 0 };
        let packed = |r: &Rule| r.route.0 & ROUTE | mark(r.exact, RULE_EXACT) | mark(r.timed, RULE_TIMED);
        for rule in here {
            node.head |= if rule.exact { EXACT } else { PREFIX } | mark(rule.timed, TIMED);
        }
        match here {
            [] => {}
            [only] => {
                node.head |= ONE;
                node.rules = packed(only) | LAST;
            }
            [most @ .., last] => {
                node.rules = self.rules.len() as u32;
                self.rules.extend(most.iter().map(packed));
                self.rules.push(packed(last) | LAST);
            }
        }
    }

    /// Whether a group has any prefix at all.
    pub(super) fn has_rules(&self, group: u16) -> bool {
        self.roots.get(usize::from(group)).is_some_and(|&root| root != NOWHERE)
    }

    /// The rule for a number: an exact one, else the longest prefix; among those of one prefix the highest priority.
    /// Only rules whose `when` holds: `holds` is asked about those that have one. The number must be dialable.
    pub(super) fn find(&self, group: u16, number: &[u8], holds: impl Fn(RouteIx) -> bool) -> Option<Hit> {
        let takes = |hit: &Hit| (!hit.exact || hit.matched == number.len()) && (!hit.timed || holds(hit.route));
        let mut best = None;
        self.walk(group, number, |node, matched| {
            let here = node.head & PREFIX != 0 || node.head & EXACT != 0 && matched == number.len();
            if here && (node.head & TIMED == 0 || self.hits(node, matched).any(|hit| takes(&hit))) {
                best = Some((*node, matched));
            }
        });
        let (node, matched) = best?;
        self.hits(&node, matched).find(takes)
    }

    /// Every rule whose prefix begins the number (exact ones only for the whole of it), best first.
    pub(super) fn matching(&self, group: u16, number: &[u8]) -> Vec<Hit> {
        let mut nodes = Vec::new();
        self.walk(group, number, |node, matched| nodes.push((*node, matched)));
        let hits = nodes.iter().rev().flat_map(|(node, matched)| self.hits(node, *matched));
        hits.filter(|hit| !hit.exact || hit.matched == number.len()).collect()
    }

    /// Calls `visit` for each node on the number's way that has rules, the shortest prefix first.
    fn walk(&self, group: u16, number: &[u8], mut visit: impl FnMut(&Node, usize)) {
        let mut at = 0;
        let mut next = self.roots.get(usize::from(group)).copied().unwrap_or(NOWHERE);
        while let Some(node) = self.nodes.get(next as usize) {
            let length = node.skip_length();
            let Some(stretch) = number.get(at..at + length) else { return };
            if pack(stretch) != node.skip {
                return;
            }
            at += length;
            if node.head & (PREFIX | EXACT) != 0 {
                visit(node, at);
            }
            let Some(&character) = number.get(at) else { return };
            let symbol = symbol(character);
            if symbol == NOT_DIALABLE || node.head >> symbol & 1 == 0 {
                return;
            }
            let before = (node.head & CHILDREN & ((1 << symbol) - 1)).count_ones();
            next = node.children + before;
            at += 1;
        }
    }

    fn hits<'a>(&'a self, node: &'a Node, matched: usize) -> impl Iterator<Item = Hit> + 'a {
        let list = match node.head & (ONE | PREFIX | EXACT) {
            0 => &[],
            flags if flags & ONE != 0 => std::slice::from_ref(&node.rules),
            _ => self.rules.get(node.rules as usize..).unwrap_or_default(),
        };
        let length = list.iter().position(|rule| rule & LAST != 0).map_or(0, |last| last + 1);
        let hit = move |rule: &u32| Hit {
            route: RouteIx(rule & ROUTE),
            exact: rule & RULE_EXACT != 0,
            timed: rule & RULE_TIMED != 0,
            matched,
        };
        list.iter().take(length).map(hit)
    }
}

/// The stretch from `depth` on that all of these sorted rules share, as much of it as a node holds, and where it ends.
fn skip(rules: &[Rule], depth: usize) -> (Node, usize) {
    let (Some(first), Some(last)) = (rules.first(), rules.last()) else { return (Node::default(), depth) };
    // Sorted, so what the first and the last share is shared by all.
    let shared = first.prefix[depth..].iter().zip(&last.prefix[depth..]).take_while(|(a, b)| a == b).count();
    let length = shared.min(SKIP_MOST);
    let head = (length as u32) << SKIP_SHIFT;
    let skip = pack(&first.prefix[depth..depth + length]);
    (Node { head, skip, ..Node::default() }, depth + length)
}

/// At most six characters as five bits each. A character that can't be dialled gives a value that no node has.
fn pack(stretch: &[u8]) -> u32 {
    stretch.iter().enumerate().fold(0, |packed, (i, &c)| {
        let symbol = symbol(c);
        if symbol == NOT_DIALABLE { u32::MAX } else { packed | u32::from(symbol) << (i * SYMBOL_BITS) }
    })
}
