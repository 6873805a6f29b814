//! URIs: sip, sips, tel; anything else is a scheme with opaque rest (RFC 3261 §19.1, RFC 3966, checklist P16, P18).

use super::grammar::{self, class};
use memchr::memchr;
use std::net::{IpAddr, SocketAddr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    pub scheme: Scheme,
    /// The user part as it stands (tel: the number and no parameters); may hold `;` and escapes.
    pub user: Option<&'a [u8]>,
    pub password: Option<&'a [u8]>,
    /// IPv6 brackets left out; empty for tel and other schemes.
    pub host: &'a [u8],
    pub port: Option<u16>,
    /// URI parameters from the first `;` on, that included (empty when there is none).
    pub params: &'a [u8],
    /// URI headers from `?` on, that included.
    pub headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Reads a URI; `None` when it is malformed. User and parameters may hold more than the grammar allows (raw
    /// UTF-8, a lone `%`): they are forwarded as they came, and refusing them would only lose calls.
    pub fn parse(text: &'a [u8]) -> Option<Uri<'a>> {
        if grammar::has(text, class::NOT_URI) {
            return None;
        }
        // As nearly all of them begin.
        if let Some(rest) = text.strip_prefix(b"sip:") {
            return Uri::sip(Scheme::Sip, rest);
        }
        let colon = memchr(b':', text)?;
        let (name, rest) = (&text[..colon], &text[colon + 1..]);
        match name.len() {
            3 if name.eq_ignore_ascii_case(b"sip") => Uri::sip(Scheme::Sip, rest),
            4 if name.eq_ignore_ascii_case(b"sips") => Uri::sip(Scheme::Sips, rest),
            3 if name.eq_ignore_ascii_case(b"tel") => Uri::tel(rest),
            _ => Uri::other(name, rest),
        }
    }

    fn sip(scheme: Scheme, rest: &'a [u8]) -> Option<Uri<'a>> {
        // `@` can't stand in a parameter or a URI header unescaped, so the first one ends the user part, whatever
        // else stands in it (`;`, `?`, `/`; RFC 4475 §3.1.1.2).
        let (user, password, host_at) = match memchr(b'@', rest) {
            None => (None, None, 0),
            Some(at) => match memchr(b':', &rest[..at]) {
                None => (Some(&rest[..at]), None, at + 1),
                Some(colon) => (Some(&rest[..colon]), Some(&rest[colon + 1..at]), at + 1),
            },
        };
        let (host, mut at) = grammar::host(rest, host_at)?;
        let mut port = None;
        if rest.get(at) == Some(&b':') {
            let (number, end) = grammar::port(rest, at + 1)?;
            (port, at) = (Some(number), end);
        }
        let tail = &rest[at..];
        let (params, headers) = match tail.first() {
            None => (tail, tail),
            Some(b';' | b'?') if memchr(b'@', tail).is_none() => {
                tail.split_at(memchr(b'?', tail).unwrap_or(tail.len()))
            }
            Some(_) => return None,
        };
        Some(Uri { scheme, user, password, host, port, params, headers })
    }

    fn tel(rest: &'a [u8]) -> Option<Uri<'a>> {
        let (number, params) = rest.split_at(memchr(b';', rest).unwrap_or(rest.len()));
        let uri = Uri { user: Some(number), params, ..Uri::bare(Scheme::Tel) };
        (!number.is_empty()).then_some(uri)
    }

    fn other(name: &[u8], rest: &[u8]) -> Option<Uri<'a>> {
        let first = name.first()?.is_ascii_alphabetic();
        let others = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        (first && others && !rest.is_empty()).then_some(Uri::bare(Scheme::Other))
    }

    fn bare(scheme: Scheme) -> Uri<'a> {
        Uri { scheme, user: None, password: None, host: b"", port: None, params: b"", headers: b"" }
    }

    /// A URI parameter by name (case does not matter): `Some(None)` when it has no value.
    pub fn param(&self, name: &str) -> Option<Option<&'a [u8]>> {
        self.params().find(|(n, _, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value, _)| value)
    }

    /// All URI parameters: name, value, and the raw `;name=value` text. Empty ones are left out.
    pub fn params(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>, &'a [u8])> + use<'a> {
        let mut rest = self.params;
        std::iter::from_fn(move || {
            loop {
                let text = rest.strip_prefix(b";")?;
                let end = memchr(b';', text).unwrap_or(text.len());
                let (raw, tail) = rest.split_at(end + 1);
                rest = tail;
                let param = &text[..end];
                match memchr(b'=', param) {
                    None if param.is_empty() => {}
                    None => return Some((param, None, raw)),
                    Some(equals) => return Some((&param[..equals], Some(&param[equals + 1..]), raw)),
                }
            }
        })
    }

    /// The host as an address, if it is one (the three-colon form of RFC 5118 included).
    pub fn ip(&self) -> Option<IpAddr> {
        grammar::ip(self.host)
    }

    /// Host and port (5060 by default, 5061 for sips) as an address, if the host is one.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let default = if self.scheme == Scheme::Sips { 5061 } else { 5060 };
        Some(SocketAddr::new(self.ip()?, self.port.unwrap_or(default)))
    }
}
