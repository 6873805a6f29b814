//! Whether two texts mean the same and have the same comments: what stands between a formatter and somebody's file.

use crate::config::yaml::syntax::{Syntax, Token, What};
use std::ops::Range;

/// Where in the first text something is that the second does not have. Maps may have another order, and nothing else.
pub(super) fn difference(text: &str, before: &Syntax<'_>, out: &str, after: &Syntax<'_>) -> Option<usize> {
    let comments = |text: &str, comments: &[Range<usize>]| {
        let mut list: Vec<String> =
            comments.iter().map(|range| text.get(range.clone()).unwrap_or_default().trim_end().to_owned()).collect();
        list.sort_unstable();
        list
    };
    if comments(text, &before.comments) != comments(out, &after.comments) {
        return Some(before.comments.first().map_or(0, |comment| comment.start));
    }
    let mut ours = Shapes { text, tokens: &before.tokens, at: 0 };
    let mut theirs = Shapes { text: out, tokens: &after.tokens, at: 0 };
    let (ours, theirs) = (ours.shape(), theirs.shape());
    ours.difference(&theirs)
}

/// A tree of which only the meaning is left.
#[derive(Debug)]
struct Shape {
    at: usize,
    /// Anchors and tags, and the text; what kind of scalar matters too: `"1"` is no `1`.
    own: String,
    inner: Vec<Shape>,
    map: bool,
}

struct Shapes<'t, 'k> {
    text: &'t str,
    tokens: &'k [Token<'t>],
    at: usize,
}

impl Shapes<'_, '_> {
    fn shape(&mut self) -> Shape {
        let Some(token) = self.tokens.get(self.at) else {
            return Shape { at: 0, own: String::new(), inner: Vec::new(), map: false };
        };
        self.at += 1;
        let properties = token.properties.iter().map(|range| self.text.get(range.clone()).unwrap_or_default().trim());
        let mut own: String = properties.collect::<Vec<_>>().join(" ");
        own.push('\n');
        let mut shape = Shape { at: token.range.start, own, inner: Vec::new(), map: false };
        match &token.what {
            What::Scalar(value, written) => {
                let plain = *written == crate::config::yaml::syntax::Written::Plain;
                shape.own.push_str(if plain { "plain " } else { "text " });
                shape.own.push_str(value);
            }
            What::Alias => shape.own.push_str(self.text.get(token.range.clone()).unwrap_or_default()),
            What::Omitted | What::End => shape.own.push_str("nothing"),
            What::Begin { map, .. } => {
                shape.map = *map;
                shape.own.push_str(if *map { "map" } else { "list" });
                while self.tokens.get(self.at).is_some_and(|token| token.what != What::End) {
                    shape.inner.push(self.shape());
                }
                self.at += 1;
            }
        }
        shape
    }
}

impl Shape {
    fn difference(&self, other: &Shape) -> Option<usize> {
        if self.own != other.own || self.inner.len() != other.inner.len() {
            return Some(self.at);
        }
        if !self.map {
            return self.inner.iter().zip(&other.inner).find_map(|(a, b)| a.difference(b));
        }
        // The same key twice is an error, but not one of the formatter: such pairs keep their order.
        let pairs = |shape: &Shape| {
            let mut order: Vec<usize> = (0..shape.inner.len() / 2).collect();
            order.sort_by_key(|pair| shape.inner.get(pair * 2).map(|key| key.own.clone()));
            order
        };
        pairs(self).into_iter().zip(pairs(other)).find_map(|(a, b)| {
            (0..2).find_map(|part| self.inner.get(a * 2 + part)?.difference(other.inner.get(b * 2 + part)?))
        })
    }
}
