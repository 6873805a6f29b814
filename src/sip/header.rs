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

impl Name {
    /// The name that a line begins with, and its length, in the spelling of RFC 3261 with a colon behind it: nearly all
    /// lines begin so, and one look at a letter or two tells which.
    pub(super) fn spelled(line: &[u8]) -> Option<(Name, usize)> {
        fn begins<const N: usize>(line: &[u8], with: &[u8; N], name: Name) -> Option<(Name, usize)> {
            (line.first_chunk::<N>()? == with).then_some((name, N - 1))
        }
        match *line.first_chunk::<2>()? {
            [b'V', _] => begins(line, b"Via:", Name::Via),
            [b'F', _] => begins(line, b"From:", Name::From),
            [b'T', _] => begins(line, b"To:", Name::To),
            [b'M', _] => begins(line, b"Max-Forwards:", Name::MaxForwards),
            [b'C', b'a'] => begins(line, b"Call-ID:", Name::CallId),
            [b'C', b'S'] => begins(line, b"CSeq:", Name::CSeq),
            [b'C', _] if line.get(4) == Some(&b'a') => begins(line, b"Contact:", Name::Contact),
            [b'C', _] if line.get(8) == Some(&b'T') => begins(line, b"Content-Type:", Name::ContentType),
            [b'C', _] => begins(line, b"Content-Length:", Name::ContentLength),
            [b'R', b'o'] => begins(line, b"Route:", Name::Route),
            [b'R', _] => begins(line, b"Record-Route:", Name::RecordRoute),
            _ => None,
        }
    }

    /// The name that a header's text stands for: long or compact, in any case (checklist P5, P6).
    pub fn of(text: &[u8]) -> Name {
        // One candidate or two for each length: a header costs one or two comparisons.
        let candidates: &[(&[u8], Name)] = match text.len() {
            1 => return Name::of_compact(text),
            2 => &[(b"To", Name::To)],
            3 => &[(b"Via", Name::Via)],
            4 => &[(b"From", Name::From), (b"CSeq", Name::CSeq)],
            5 => &[(b"Route", Name::Route)],
            6 => &[(b"Reason", Name::Reason)],
            7 => &[(b"Call-ID", Name::CallId), (b"Contact", Name::Contact), (b"Require", Name::Require)],
            9 => &[(b"Supported", Name::Supported), (b"Timestamp", Name::Timestamp)],
            11 => &[(b"Retry-After", Name::RetryAfter), (b"Max-Breadth", Name::MaxBreadth)],
            12 => &[
                (b"Max-Forwards", Name::MaxForwards),
                (b"Content-Type", Name::ContentType),
                (b"Record-Route", Name::RecordRoute),
            ],
            13 => &[(b"Proxy-Require", Name::ProxyRequire)],
            14 => &[(b"Content-Length", Name::ContentLength)],
            19 => {
                &[(b"P-Asserted-Identity", Name::PAssertedIdentity), (b"Proxy-Authorization", Name::ProxyAuthorization)]
            }
            20 => &[(b"P-Preferred-Identity", Name::PPreferredIdentity)],
            _ => &[],
        };
        candidates.iter().find(|(long, _)| text.eq_ignore_ascii_case(long)).map_or(Name::Other, |&(_, name)| name)
    }

    fn of_compact(text: &[u8]) -> Name {
        match text.first().map(u8::to_ascii_lowercase) {
            Some(b'v') => Name::Via,
            Some(b'f') => Name::From,
            Some(b't') => Name::To,
            Some(b'i') => Name::CallId,
            Some(b'm') => Name::Contact,
            Some(b'l') => Name::ContentLength,
            Some(b'c') => Name::ContentType,
            Some(b'k') => Name::Supported,
            _ => Name::Other,
        }
    }
}

/// Compact forms of all registered headers, those included that the router does not look at (checklist P6).
const COMPACT: [(u8, &[u8]); 20] = [
    (b'a', b"Accept-Contact"),
    (b'b', b"Referred-By"),
    (b'c', b"Content-Type"),
    (b'd', b"Request-Disposition"),
    (b'e', b"Content-Encoding"),
    (b'f', b"From"),
    (b'i', b"Call-ID"),
    (b'j', b"Reject-Contact"),
    (b'k', b"Supported"),
    (b'l', b"Content-Length"),
    (b'm', b"Contact"),
    (b'n', b"Identity-Info"),
    (b'o', b"Event"),
    (b'r', b"Refer-To"),
    (b's', b"Subject"),
    (b't', b"To"),
    (b'u', b"Allow-Events"),
    (b'v', b"Via"),
    (b'x', b"Session-Expires"),
    (b'y', b"Identity"),
];

/// Whether two header names mean the same header: case does not matter, nor whether one is the compact form.
pub(super) fn same_header(a: &[u8], b: &[u8]) -> bool {
    fn long(name: &[u8]) -> &[u8] {
        let [letter] = name else { return name };
        COMPACT.iter().find(|(c, _)| c.eq_ignore_ascii_case(letter)).map_or(name, |(_, long)| long)
    }
    long(a).eq_ignore_ascii_case(long(b))
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
