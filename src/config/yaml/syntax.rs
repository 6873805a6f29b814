//! YAML as it is written: every token of the tree with its place and style, and every comment. What formats a file
//! works on this; what reads one works on [`read`](super::read).

use super::problem;
use crate::config::diagnostic::{Code, Diagnostic};
use crate::config::source::Span;
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, options};
use std::borrow::Cow;
use std::ops::Range;

/// More consecutive comments than a file of the largest size can hold.
pub(super) const COMMENTS: usize = 64 << 20;

/// A token, with its bytes.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub what: What<'a>,
    pub range: Range<usize>,
    /// Anchors and tags that stand before it, in their order.
    pub properties: Vec<Range<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// The text that it means.
    Scalar(Cow<'a, str>, Written),
    /// No value, where one could stand.
    Omitted,
    Alias,
    Begin {
        map: bool,
        flow: bool,
    },
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Plain,
    Single,
    Double,
    /// `|` or `>`; the range begins at the first line of the text.
    Block,
}

/// One document.
#[derive(Debug)]
pub struct Syntax<'t> {
    pub tokens: Vec<Token<'t>>,
    /// From `#` to the end of the line.
    pub comments: Vec<Range<usize>>,
}

/// The tokens and comments of one document, each in their order. The error is what keeps it from being read.
pub fn syntax(text: &str) -> Result<Syntax<'_>, Box<Diagnostic>> {
    let options = options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        max_buffered_comment_events: COMMENTS,
        flow_nesting_limit: 200,
        block_nesting_limit: 200,
    };
    let (mut tokens, mut comments) = (Vec::<Token>::new(), Vec::new());
    let mut documents = 0;
    let span = |at: &Range<usize>| Span { file: 0, start: at.start as u32, end: at.end as u32 };
    for step in Parser::new_from_str_with_options(text, options) {
        let (event, at) = step.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
            Box::new(problem::explain(error.kind(), text, span(&(at..at))))
        })?;
        let range = at.byte_range().unwrap_or(0..0);
        let tag = at.tag_span().and_then(|tag| tag.byte_range()).filter(|_| event.tag().is_some());
        let what = match event {
            Event::Comment(..) => {
                comments.push(range);
                continue;
            }
            Event::Anchor(..) => {
                if let Some(token) = tokens.last_mut() {
                    token.properties.push(range);
                    token.properties.sort_by_key(|property| property.start);
                }
                continue;
            }
            Event::DocumentStart(_, version) => {
                documents += 1;
                if documents > 1 || version.is_some() {
                    let message = "one document a file, and no `%YAML` line, is what can be formatted";
                    return Err(Box::new(Diagnostic::new(Code::SecondDocument, span(&range), message)));
                }
                continue;
            }
            Event::Scalar(_, ScalarStyle::Plain, ..) if range.is_empty() => What::Omitted,
            Event::Scalar(value, style, ..) => What::Scalar(
                value,
                match style {
                    ScalarStyle::Plain => Written::Plain,
                    ScalarStyle::SingleQuoted => Written::Single,
                    ScalarStyle::DoubleQuoted => Written::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Written::Block,
                },
            ),
            Event::Alias(_) | Event::UnresolvedAlias(_) => What::Alias,
            Event::SequenceStart(style, ..) => What::Begin { map: false, flow: style == StructureStyle::Flow },
            Event::MappingStart(style, ..) => What::Begin { map: true, flow: style == StructureStyle::Flow },
            Event::SequenceEnd | Event::MappingEnd => What::End,
            _ => continue,
        };
        tokens.push(Token { what, range, properties: tag.into_iter().collect() });
    }
    comments.sort_by_key(|comment| comment.start);
    Ok(Syntax { tokens, comments })
}
