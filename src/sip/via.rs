//! One Via value (RFC 3261 §20.42, RFC 3581).

use super::grammar::{self, class};
use super::params::Params;
use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, … as it stands.
    pub transport: &'a [u8],
    /// Host of sent-by, IPv6 brackets left out.
    pub host: &'a [u8],
    pub port: Option<u16>,
    /// `None` when missing or empty.
    pub branch: Option<&'a [u8]>,
    pub received: Option<&'a [u8]>,
    /// `Some(None)` is `rport` without a value.
    pub rport: Option<Option<u16>>,
    /// Offsets inside the value: from one past the name `rport` to the end of its `=port`, if it has that …
    pub rport_value: Option<(usize, usize)>,
    /// … the whole `;received=…` parameter, to be cut when it must be replaced …
    pub received_span: Option<(usize, usize)>,
    /// … and one past the last byte of the value (where `;received=…` is added).
    pub end: usize,
    pub maddr: Option<&'a [u8]>,
}

impl<'a> Via<'a> {
    /// Reads one Via value; `None` when it is not one. White space and folds may stand wherever RFC 3261 §25.1 has
    /// SLASH, COLON, SEMI or EQUAL. A parameter that decides where responses go must not stand there twice.
    pub fn parse(value: &'a [u8]) -> Option<Via<'a>> {
        let transport_at = match value.strip_prefix(b"SIP/2.0/") {
            // As nearly all write it.
            Some(rest) if rest.first().is_some_and(u8::is_ascii_uppercase) => value.len() - rest.len(),
            _ => {
                let at = slash(value, token(value, 0)?)?;
                slash(value, token(value, at)?)?
            }
        };
        let transport_end = token(value, transport_at)?;
        let host_at = grammar::skip_lws(value, transport_end);
        if host_at == transport_end {
            return None;
        }
        let (host, mut at) = grammar::host(value, host_at)?;
        let colon = grammar::skip_lws(value, at);
        let mut port = None;
        if value.get(colon) == Some(&b':') {
            let (number, end) = grammar::port(value, grammar::skip_lws(value, colon + 1))?;
            (port, at) = (Some(number), end);
        }
        let mut via = Via {
            transport: &value[transport_at..transport_end],
            host,
            port,
            branch: None,
            received: None,
            rport: None,
            rport_value: None,
            received_span: None,
            end: grammar::trim(value).1.len(),
            maddr: None,
        };
        via.read_params(value, at)?;
        Some(via)
    }

    fn read_params(&mut self, value: &'a [u8], at: usize) -> Option<()> {
        let mut seen = [false; 4];
        let mut at = at;
        // As nearly all of them begin.
        if let Some(rest) = value.get(at..).and_then(|rest| rest.strip_prefix(b";branch="))
            && rest.first().is_some_and(u8::is_ascii_alphanumeric)
        {
            let end = grammar::find(rest, 0, class::ENDS_VALUE);
            self.branch = rest.get(..end);
            seen[0] = true;
            at = value.len() - rest.len() + end;
        }
        if at == value.len() {
            return Some(());
        }
        let mut params = Params::new(value, at);
        for param in params.by_ref() {
            let text = param.value.filter(|v| !v.is_empty());
            let known = match param.name.len() {
                6 if param.name.eq_ignore_ascii_case(b"branch") => {
                    self.branch = text;
                    0
                }
                8 if param.name.eq_ignore_ascii_case(b"received") => {
                    self.received = text;
                    self.received_span = Some((param.start, param.end));
                    1
                }
                5 if param.name.eq_ignore_ascii_case(b"rport") => {
                    let port = match text {
                        Some(digits) => Some(u16::try_from(grammar::decimal(digits)?).ok()?),
                        None => None,
                    };
                    self.rport = Some(port);
                    self.rport_value = Some((param.name_end, param.end));
                    2
                }
                5 if param.name.eq_ignore_ascii_case(b"maddr") => {
                    self.maddr = text;
                    3
                }
                _ => continue,
            };
            if std::mem::replace(&mut seen[known], true) {
                return None;
            }
        }
        (!params.broken()).then_some(())
    }

    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        grammar::ip(self.host)
    }

    /// The address that an earlier hop saw, with or without brackets (RFC 5118 §4.5).
    pub fn received_ip(&self) -> Option<IpAddr> {
        grammar::ip(self.received?)
    }
}

/// Passes a token that must not be empty.
fn token(value: &[u8], at: usize) -> Option<usize> {
    let end = grammar::token_end(value, at);
    (end > at).then_some(end)
}

/// Passes `SLASH`, white space around it included.
fn slash(value: &[u8], at: usize) -> Option<usize> {
    let at = grammar::skip_lws(value, at);
    (value.get(at) == Some(&b'/')).then(|| grammar::skip_lws(value, at + 1))
}
