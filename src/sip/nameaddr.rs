//! name-addr and addr-spec values: From, To, Contact, Route (RFC 3261 §20, checklist P10, P11).

use super::grammar::{self, class};
use super::params::Params;
use memchr::memchr3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAddr<'a> {
    /// As it stands, quotes included; empty when there is none.
    pub display: &'a [u8],
    /// The URI, angle brackets left out.
    pub uri: &'a [u8],
    /// Offset of `uri` in the value.
    pub uri_at: usize,
    /// Header parameters, from the first `;` on (empty when there is none).
    pub params: &'a [u8],
    pub tag: Option<&'a [u8]>,
}

impl<'a> NameAddr<'a> {
    /// Reads one value; `None` when a quote or `<` is not closed, when there is no URI or white space in it, or when
    /// something else than parameters follows. The URI itself is [`super::Uri`]'s to judge.
    pub fn parse(value: &'a [u8]) -> Option<NameAddr<'a>> {
        let start = grammar::skip_lws(value, 0);
        let quoted = value.get(start) == Some(&b'"');
        let (display_end, open) = if quoted {
            let end = grammar::quoted_end(value, start)?;
            (end, grammar::skip_lws(value, end))
        } else if value.get(start) == Some(&b'<') {
            (start, start)
        } else {
            let hit = memchr3(b'<', b';', b'"', &value[start..]).map_or(value.len(), |hit| start + hit);
            (hit, hit)
        };
        match value.get(open) {
            Some(b'<') => {
                let display = grammar::trim(&value[start..display_end]).1;
                let close = grammar::find(value, open + 1, class::ENDS_URI);
                if value.get(close) != Some(&b'>') || !quoted && display.contains(&0) {
                    return None;
                }
                NameAddr::assemble(value, display, open + 1, close, close + 1)
            }
            // Without brackets the first semicolon ends the URI: what follows is the header's (checklist P11).
            Some(b';') | None if !quoted => {
                let uri = grammar::trim(&value[start..open]).1;
                if grammar::has(uri, class::CONTROL) {
                    return None;
                }
                let uri_end = start + uri.len();
                NameAddr::assemble(value, b"", start, uri_end, open)
            }
            _ => None,
        }
    }

    fn assemble(
        value: &'a [u8],
        display: &'a [u8],
        uri_at: usize,
        uri_end: usize,
        rest: usize,
    ) -> Option<NameAddr<'a>> {
        let uri = value.get(uri_at..uri_end).filter(|uri| !uri.is_empty())?;
        // As nearly all of them end: with nothing, or with a tag.
        let params = value.get(rest..)?;
        let plain = |tag: &[u8]| !tag.is_empty() && !grammar::has(tag, class::ENDS_VALUE);
        let alone = params.strip_prefix(b";tag=").filter(|tag| plain(tag));
        if params.is_empty() || alone.is_some() {
            return Some(NameAddr { display, uri, uri_at, params, tag: alone });
        }
        let mut tag = None;
        let mut params = Params::new(value, rest);
        for param in params.by_ref() {
            if tag.is_none() && param.name.eq_ignore_ascii_case(b"tag") {
                tag = param.value.filter(|v| !v.is_empty());
            }
        }
        if params.broken() {
            return None;
        }
        let params = grammar::trim(value.get(rest..)?).1;
        Some(NameAddr { display, uri, uri_at, params, tag })
    }
}
