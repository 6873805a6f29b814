//! Comma lists: values over one line or many, commas inside quotes and `<>` left alone (checklist P8, P9).

use super::{Message, Name};

/// One value of a comma list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// The value without white space around it.
    pub text: &'a [u8],
    /// Its offset in the message.
    pub at: usize,
    /// Which header line it stands in (position in `Message::headers`).
    pub header: usize,
    /// Offset where the next value of the same line begins, if there is one: cutting `at..next` removes this value
    /// and its comma.
    pub next: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Values<'a> {
    _message: Message<'a>,
    _name: Name,
}

impl<'a> Values<'a> {
    pub(super) fn new(message: Message<'a>, name: Name) -> Values<'a> {
        Values { _message: message, _name: name }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;
    fn next(&mut self) -> Option<Value<'a>> {
        todo!()
    }
}
