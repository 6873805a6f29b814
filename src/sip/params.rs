//! Header parameters: `;name`, `;name=value`, `;name="quoted; value"`, with white space and folds anywhere between.

use super::grammar::{self, class};

/// One parameter, with offsets into the text that was walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Param<'a> {
    pub name: &'a [u8],
    /// Quotes, if any, are part of it.
    pub value: Option<&'a [u8]>,
    /// The semicolon.
    pub start: usize,
    pub name_end: usize,
    /// One past the value (or the name).
    pub end: usize,
}

/// Walks parameters up to the end of the text. Empty ones (`;;`) are passed over: devices send them, and nothing
/// depends on them.
#[derive(Debug)]
pub(super) struct Params<'a> {
    text: &'a [u8],
    at: usize,
    broken: bool,
}

impl<'a> Params<'a> {
    pub(super) fn new(text: &'a [u8], at: usize) -> Params<'a> {
        Params { text, at, broken: false }
    }

    /// True after the walk when the text was not a parameter list.
    pub(super) fn broken(&self) -> bool {
        self.broken
    }

    fn param(&mut self, start: usize, name_at: usize) -> Option<Param<'a>> {
        let text = self.text;
        let name_end = grammar::token_end(text, name_at);
        let name = text.get(name_at..name_end).filter(|n| !n.is_empty())?;
        let equals = grammar::skip_lws(text, name_end);
        if text.get(equals) != Some(&b'=') {
            return Some(Param { name, value: None, start, name_end, end: name_end });
        }
        let value_at = grammar::skip_lws(text, equals + 1);
        let end = if text.get(value_at) == Some(&b'"') {
            grammar::quoted_end(text, value_at)?
        } else {
            grammar::find(text, value_at, class::ENDS_VALUE)
        };
        Some(Param { name, value: text.get(value_at..end), start, name_end, end })
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        loop {
            let start = grammar::skip_lws(self.text, self.at);
            match self.text.get(start) {
                None => return None,
                Some(b';') => {}
                Some(_) => break,
            }
            let name_at = grammar::skip_lws(self.text, start + 1);
            if matches!(self.text.get(name_at), None | Some(b';')) {
                self.at = name_at;
                continue;
            }
            let Some(param) = self.param(start, name_at) else { break };
            self.at = param.end;
            return Some(param);
        }
        self.broken = true;
        self.at = self.text.len();
        None
    }
}
