//! Which group a call belongs to: the most specific matcher wins (CONFIG-AND-CLI (a) "Choosing the group", (g) "Groups").

use super::GatewayIx;
use std::net::IpAddr;
use std::sync::Arc;

/// A network in CIDR form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Net {
    pub address: IpAddr,
    pub length: u8,
}

/// From user: a literal, or a beginning followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserPattern {
    pub text: Arc<str>,
    pub prefix: bool,
}

/// One entry of `match:`; all keys given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    pub account: Option<Arc<str>>,
    pub user: Option<UserPattern>,
    pub domain: Option<Arc<str>>,
    pub source: Option<Net>,
    pub gateway: Option<GatewayIx>,
    /// Position in the snapshot's `listeners`.
    pub listener: Option<usize>,
}

impl Net {
    /// Whether `ip` lies in this network; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn contains(&self, _ip: IpAddr) -> bool {
        todo!()
    }
}
