//! URIs: sip, sips, tel; anything else is a scheme with opaque rest (RFC 3261 §19.1, RFC 3966, checklist P16, P18).

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
    /// Reads a URI; `None` when it is malformed.
    pub fn parse(_text: &'a [u8]) -> Option<Uri<'a>> {
        todo!()
    }
    /// A URI parameter by name (case does not matter): `Some(None)` when it has no value.
    pub fn param(&self, _name: &str) -> Option<Option<&'a [u8]>> {
        todo!()
    }
    /// All URI parameters: name, value, and the raw `;name=value` text.
    pub fn params(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>, &'a [u8])> {
        std::iter::empty()
    }
    /// The host as an address, if it is one (the three-colon form of RFC 5118 included).
    pub fn ip(&self) -> Option<IpAddr> {
        todo!()
    }
    /// Host and port (5060 by default, 5061 for sips) as an address, if the host is one.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        todo!()
    }
}
