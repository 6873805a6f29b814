//! One Via value (RFC 3261 §20.42, RFC 3581).

use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, … as it stands.
    pub transport: &'a [u8],
    /// Host of sent-by, IPv6 brackets left out.
    pub host: &'a [u8],
    pub port: Option<u16>,
    pub branch: Option<&'a [u8]>,
    pub received: Option<&'a [u8]>,
    /// `Some(None)` is `rport` without a value.
    pub rport: Option<Option<u16>>,
    /// Offsets inside the value: one past `rport` (where `=port` goes) when it has no value …
    pub rport_end: Option<usize>,
    /// … the whole `;received=…` parameter, to be cut when it must be replaced …
    pub received_span: Option<(usize, usize)>,
    /// … and one past the last byte of the value (where `;received=…` is added).
    pub end: usize,
    pub maddr: Option<&'a [u8]>,
}

impl<'a> Via<'a> {
    /// Reads one Via value; `None` when it is not one.
    pub fn parse(_value: &'a [u8]) -> Option<Via<'a>> {
        todo!()
    }
    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        todo!()
    }
}
