//! Comma lists: values over one line or many, commas inside quotes and `<>` left alone (checklist P8, P9).

use super::{Message, Name, grammar};
use memchr::{memchr, memchr3};

/// One value of a comma list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// The value without white space around it; empty where two commas meet.
    pub text: &'a [u8],
    /// Its offset in the message.
    pub at: usize,
    /// Which header line it stands in (position in `Message::headers`).
    pub header: usize,
    /// Offset where the next value of the same line begins, if there is one: cutting `at..next` removes this value
    /// and its comma.
    pub next: Option<usize>,
}

/// Walks the values of one header over all its lines. A line without any value (`Route:`) gives none.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    message: Message<'a>,
    name: Name,
    /// The header line to look at next.
    header: usize,
    /// Where the next value begins in the line before that, if one is left.
    rest: Option<usize>,
}

impl<'a> Values<'a> {
    pub(super) fn new(message: Message<'a>, name: Name) -> Values<'a> {
        Values { message, name, header: 0, rest: None }
    }

    /// Where the next value begins: in the line at hand, or in the next one with this name.
    fn advance(&mut self) -> Option<usize> {
        if let Some(at) = self.rest.take() {
            return Some(at);
        }
        loop {
            let header = self.message.headers.get(self.header)?;
            self.header += 1;
            if header.name == self.name && header.value_start < header.value_end {
                return Some(header.value_start as usize);
            }
        }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let at = self.advance()?;
        let header = self.header.checked_sub(1)?;
        let line_end = self.message.headers.get(header)?.value_end as usize;
        let rest = self.message.bytes.get(at..line_end)?;
        let Some(comma) = comma(rest) else {
            // The line's value has no white space around it, and what follows a comma none in front.
            return Some(Value { text: rest, at, header, next: None });
        };
        let (front, text) = grammar::trim(&rest[..comma]);
        self.rest = Some(at + grammar::skip_lws(rest, comma + 1));
        Some(Value { text, at: at + front, header, next: self.rest })
    }
}

/// The first comma that separates values. What is not closed swallows the rest; whoever reads the value refuses it
/// (checklist P10).
fn comma(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let hit = at + memchr3(b',', b'"', b'<', text.get(at..)?)?;
        at = match text[hit] {
            b',' => return Some(hit),
            b'"' => grammar::quoted_end(text, hit)?,
            _ => hit + memchr(b'>', &text[hit..])? + 1,
        };
    }
}
