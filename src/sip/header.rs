//! Header names and where a header stands in its message.

use std::ops::Range;

/// The headers that the router looks at; long, compact and any-case spellings are one name (checklist P5, P6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Name {
    Via,
    From,
    To,
    CallId,
    CSeq,
    MaxForwards,
    Route,
    RecordRoute,
    Contact,
    ContentLength,
    ContentType,
    ProxyRequire,
    Require,
    Supported,
    ProxyAuthorization,
    Timestamp,
    Reason,
    RetryAfter,
    MaxBreadth,
    PAssertedIdentity,
    PPreferredIdentity,
    /// A header that the router does not look at: passed on untouched.
    Other,
}

/// One header line (folded lines included): offsets into the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: Name,
    /// First byte of the line.
    pub start: u32,
    /// First and one-past-last byte of the value, white space around it left out.
    pub value_start: u32,
    pub value_end: u32,
    /// One past the line's CRLF.
    pub end: u32,
}

impl Header {
    pub fn line(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
    pub fn value(&self) -> Range<usize> {
        self.value_start as usize..self.value_end as usize
    }
}
