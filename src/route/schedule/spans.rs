//! Stretches of time: a sorted list of instants at which something begins and ends.

use crate::time::Wall;

/// Disjoint, not touching, in order. The places with an even position begin a stretch, those with an odd one end it
/// (exclusive).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spans {
    edges: Box<[Wall]>,
}

impl Spans {
    /// One stretch.
    pub fn whole(from: Wall, until: Wall) -> Spans {
        Spans { edges: if from < until { Box::new([from, until]) } else { Box::default() } }
    }

    /// The union of stretches in any order.
    pub(super) fn union(mut parts: Vec<(Wall, Wall)>) -> Spans {
        parts.retain(|(from, until)| from < until);
        parts.sort_unstable();
        let mut edges: Vec<Wall> = Vec::with_capacity(parts.len() * 2);
        for (from, until) in parts {
            match edges.last_mut() {
                Some(end) if *end >= from => *end = (*end).max(until),
                _ => edges.extend([from, until]),
            }
        }
        Spans { edges: edges.into() }
    }

    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }
    /// The stretches, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Wall, Wall)> {
        self.edges.chunks_exact(2).map(|pair| (pair[0], pair[1]))
    }
    /// All beginnings and ends, in order.
    pub fn edges(&self) -> &[Wall] {
        &self.edges
    }
    pub fn active(&self, wall: Wall) -> bool {
        self.edges.partition_point(|&edge| edge <= wall) % 2 == 1
    }
    /// The first beginning or end after an instant.
    pub fn next_edge(&self, after: Wall) -> Option<Wall> {
        self.edges.get(self.edges.partition_point(|&edge| edge <= after)).copied()
    }
    /// The whole time in them, in microseconds.
    pub fn length(&self) -> i64 {
        self.iter().map(|(from, until)| until.0 - from.0).sum()
    }

    /// What is in either.
    pub fn with(&self, other: &Spans) -> Spans {
        self.merged(other, |a, b| a || b)
    }
    /// What is in both.
    pub fn and(&self, other: &Spans) -> Spans {
        self.merged(other, |a, b| a && b)
    }
    /// What is in this one alone.
    pub fn without(&self, other: &Spans) -> Spans {
        self.merged(other, |a, b| a && !b)
    }

    fn merged(&self, other: &Spans, keep: impl Fn(bool, bool) -> bool) -> Spans {
        let (mut a, mut b) = (self.edges.iter().peekable(), other.edges.iter().peekable());
        let (mut in_a, mut in_b, mut inside) = (false, false, false);
        let mut edges = Vec::new();
        while let Some(&at) = [a.peek(), b.peek()].into_iter().flatten().min() {
            in_a ^= a.next_if_eq(&at).is_some();
            in_b ^= b.next_if_eq(&at).is_some();
            if keep(in_a, in_b) != inside {
                inside = !inside;
                edges.push(*at);
            }
        }
        Spans { edges: edges.into() }
    }

    /// At most `most` edges, and until when they hold.
    pub(super) fn cut(self, most: usize, until: Wall) -> (Spans, Wall) {
        match self.edges.get(most) {
            None => (self, until),
            Some(&end) => (Spans { edges: self.edges.iter().take(most).copied().collect() }, end),
        }
    }
}
