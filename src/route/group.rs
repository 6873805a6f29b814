//! Which group a call belongs to: the most specific matcher wins (CONFIG-AND-CLI (a) "Choosing the group", (g) "Groups").

use super::number::unescaped;
use super::{Facts, GatewayIx, Group, GroupIx};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

/// A network in CIDR form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Net {
    pub address: IpAddr,
    pub length: u8,
}

/// From user: a literal, or a beginning followed by `*`.
///
/// Compared byte for byte with the From user of the message, after its `%HH` escapes are decoded; case counts
/// (RFC 3261 §19.1.4).
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
    /// From domain; compared without case, and without the brackets of an IPv6 address.
    pub domain: Option<Arc<str>>,
    pub source: Option<Net>,
    pub gateway: Option<GatewayIx>,
    /// Position in the snapshot's `listeners`.
    pub listener: Option<usize>,
}

/// How much a matcher says, in the order in which it is compared: an account; the user (a literal beats a prefix, a
/// longer prefix a shorter, `*` says nothing); the network's length (IPv4 counts as /96 deeper, a gateway as a single
/// address); a domain; a listener. Greater wins; two groups that match a call equally are ambiguous (TL0306).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    account: bool,
    user: u16,
    network: u8,
    domain: bool,
    listener: bool,
}

impl Net {
    /// Whether `ip` lies in this network; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address.to_canonical(), ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let length = u32::from(self.depth().saturating_sub(96));
                let differ = u32::from(net) ^ u32::from(ip);
                differ.checked_shr(32 - length.min(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let differ = u128::from(net) ^ u128::from(ip);
                differ.checked_shr(128 - u32::from(self.length.min(128))).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// The prefix length with IPv4 counted as /96 deeper: 128 is a single address of either family.
    pub fn depth(&self) -> u8 {
        match self.address {
            IpAddr::V4(_) => 96 + self.length.min(32),
            IpAddr::V6(_) => self.length.min(128),
        }
    }
}

impl UserPattern {
    /// Whether the From user, as it stands in the message, fits.
    pub fn fits(&self, user: &[u8]) -> bool {
        let mut found = unescaped(user);
        self.text.bytes().all(|c| found.next() == Some(c)) && (self.prefix || found.next().is_none())
    }
}

impl Matcher {
    pub fn specificity(&self) -> Specificity {
        let user = |u: &UserPattern| match u.prefix {
            true => u16::try_from(u.text.len()).unwrap_or(u16::MAX).min(u16::MAX - 1),
            false => u16::MAX,
        };
        Specificity {
            account: self.account.is_some(),
            user: self.user.as_ref().map_or(0, user),
            network: if self.gateway.is_some() { 128 } else { self.source.map_or(0, |net| net.depth()) },
            domain: self.domain.is_some(),
            listener: self.listener.is_some(),
        }
    }

    /// Whether all keys hold. `addresses` are those of the table's gateways; gateways that share an address are one
    /// as far as a source can tell, so each of them holds.
    fn holds(&self, facts: &Facts, addresses: &[IpAddr]) -> bool {
        let address = |ix: GatewayIx| addresses.get(ix.0 as usize).copied();
        self.account.as_deref().is_none_or(|a| facts.account == Some(a))
            && self.user.as_ref().is_none_or(|u| u.fits(facts.user))
            && self.domain.as_deref().is_none_or(|d| same_domain(d.as_bytes(), facts.domain))
            && self.source.is_none_or(|net| net.contains(facts.source))
            && self.gateway.is_none_or(|g| {
                let ours = address(g);
                ours == Some(facts.source.to_canonical()) || facts.gateway.is_some_and(|f| ours == address(f))
            })
            && self.listener.is_none_or(|l| facts.listener == Some(l))
    }

    /// In words: `gateway pbx, user 150`.
    fn words(&self, gateways: &[super::Gateway]) -> String {
        let mut out = String::new();
        let mut word = |key: &str, value: &dyn std::fmt::Display| {
            let comma = if out.is_empty() { "" } else { ", " };
            // Writing to a String can't fail.
            let _ = write!(out, "{comma}{key} {value}");
        };
        if let Some(account) = &self.account {
            word("account", account);
        }
        if let Some(gateway) = self.gateway.and_then(|g| gateways.get(g.0 as usize)) {
            word("gateway", &gateway.id);
        }
        if let Some(net) = self.source {
            word("source", &format_args!("{}/{}", net.address, net.length));
        }
        if let Some(user) = &self.user {
            word("user", &format_args!("{}{}", user.text, if user.prefix { "*" } else { "" }));
        }
        if let Some(domain) = &self.domain {
            word("domain", domain);
        }
        if let Some(listener) = self.listener {
            word("listener", &listener);
        }
        out
    }
}

fn same_domain(ours: &[u8], theirs: &[u8]) -> bool {
    fn bare(domain: &[u8]) -> &[u8] {
        domain.strip_prefix(b"[").and_then(|d| d.strip_suffix(b"]")).unwrap_or(domain)
    }
    bare(ours).eq_ignore_ascii_case(bare(theirs))
}

/// All matchers of a table, most specific first, so that the first one that holds decides.
#[derive(Debug)]
pub(super) struct Matchers {
    /// (group, position among its matchers). Equal ones keep the groups' order; the configuration refuses those that
    /// can meet (TL0306).
    order: Vec<(GroupIx, usize)>,
    addresses: Vec<IpAddr>,
}

impl Matchers {
    pub(super) fn new(groups: &[Group], gateways: &[super::Gateway]) -> Matchers {
        let mut order: Vec<(GroupIx, usize, Specificity)> = Vec::new();
        for (group, g) in (0u16..).zip(groups) {
            order.extend(g.matchers.iter().enumerate().map(|(i, m)| (GroupIx(group), i, m.specificity())));
        }
        order.sort_by_key(|&(_, _, specificity)| std::cmp::Reverse(specificity));
        Matchers {
            order: order.into_iter().map(|(group, i, _)| (group, i)).collect(),
            addresses: gateways.iter().map(|g| g.address.ip().to_canonical()).collect(),
        }
    }

    /// The groups whose matchers hold, best first, each with its matcher.
    pub(super) fn holding<'a>(
        &'a self,
        groups: &'a [Group],
        facts: &'a Facts,
    ) -> impl Iterator<Item = (GroupIx, &'a Matcher)> {
        self.order.iter().filter_map(move |&(group, i)| {
            let matcher = groups.get(usize::from(group.0))?.matchers.get(i)?;
            matcher.holds(facts, &self.addresses).then_some((group, matcher))
        })
    }

    /// Fills the group's half of a trace: which matcher chose it, and which other group would have been next.
    pub(super) fn explain(
        &self,
        groups: &[Group],
        gateways: &[super::Gateway],
        facts: &Facts,
        trace: &mut super::Trace,
    ) {
        let mut holding = self.holding(groups, facts);
        let Some((chosen, matcher)) = holding.next() else { return };
        trace.group_by = matcher.words(gateways);
        trace.next_best =
            holding.find(|&(group, _)| group != chosen).map(|(group, matcher)| (group, matcher.words(gateways)));
    }
}
