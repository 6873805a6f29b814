//! Callers whom the new side puts into another group: the same call is then asked by other routes, although no group's routes
//! may have changed.
//!
//! A caller's group can only change if the matcher that wins on one side is not on the other. So each matcher that stands on
//! one side alone is cut into cells in which all matchers and access rules of both sides answer alike, and one caller of each
//! cell is asked for on both sides.

use super::Comparison;
use super::access::{same_listener, single, uncovered};
use super::cells::{self, Found, Stretch};
use super::identity::GroupPair;
use super::intern::Map;
use crate::proxy::Snapshot;
use crate::route::{Facts, GroupIx, Matcher, Net, UserPattern};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Callers that are asked for; beyond, `Moves::more` says that there may be others.
const CALLERS: usize = 20_000;
/// Ways from group to group of which the routes are compared.
const WAYS: usize = 100;

/// Callers who change from one group to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// In words: `192.0.2.10, user 1*`.
    pub callers: Vec<String>,
    /// `None`: in no group, and so refused.
    pub from: Option<Arc<str>>,
    pub to: Option<Arc<str>>,
    /// How many declared ranges of both groups are treated differently for them, by the part of the week, of how many.
    pub changed: f64,
    pub declared: u32,
    /// Emergency numbers that are treated differently for them.
    pub emergency: Vec<String>,
    /// A number that a route of the old group barred, and that leaves for a premium destination from the new one.
    pub opened: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moves {
    pub moves: Vec<Move>,
    /// There were too many combinations to look at all of them.
    pub more: bool,
}

/// What a matcher says, in words of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Region {
    account: Option<Arc<str>>,
    user: Option<UserPattern>,
    domain: Option<String>,
    net: Option<Net>,
    /// By its id.
    listener: Option<Arc<str>>,
}

/// A caller of a cell, and how it is called.
#[derive(Clone, Debug)]
struct Value<T> {
    value: T,
    words: Option<String>,
}

impl Comparison<'_> {
    /// Who moves, and what that does to their calls, those to the `emergency` numbers above all.
    pub fn moved(&mut self, old: &Snapshot, new: &Snapshot, emergency: &[String]) -> Moves {
        let (mut found, more) = movers(&self.groups, old, new);
        let mut moves = Moves { moves: Vec::new(), more: more || found.len() > WAYS };
        while let Some(((from, to), callers)) = found.pop_first() {
            if moves.moves.len() >= WAYS {
                break;
            }
            let pair = |at: Option<usize>| at.and_then(|at| self.groups.get(at)).cloned();
            let (was, is) = (pair(from), pair(to));
            let way = GroupPair {
                id: Arc::from(""),
                was: None,
                old: was.as_ref().and_then(|pair| pair.old),
                new: is.as_ref().and_then(|pair| pair.new),
            };
            let walked = cells::walk(&mut self.comparer, &way);
            moves.moves.push(Move {
                callers: callers.into_iter().collect(),
                from: was.map(|pair| pair.id),
                to: is.map(|pair| pair.id),
                changed: walked.changed,
                declared: walked.declared,
                emergency: emergency.iter().filter(|number| walked.has(number.as_bytes())).cloned().collect(),
                opened: self.opened(&walked),
            });
        }
        moves
    }

    fn opened(&self, found: &Found) -> Option<String> {
        let premium = |stretch: &&Stretch| {
            let changes = self.comparer.changes_in(stretch.value);
            changes.iter().any(|(change, _)| self.comparer.verdicts.key(*change).premium)
        };
        let stretch = found.stretches.iter().find(premium)?;
        Some(String::from_utf8_lossy(found.digits_of(stretch)).into_owned())
    }
}

type Ways = BTreeMap<(Option<usize>, Option<usize>), BTreeSet<String>>;

/// By the groups that callers leave and come into, those who do. True where not all could be asked for.
fn movers(groups: &[GroupPair], old: &Snapshot, new: &Snapshot) -> (Ways, bool) {
    let (befores, afters) = (regions(groups, old, true), regions(groups, new, false));
    let gone = befores.keys().filter(|known| !afters.contains_key(*known));
    let come: Vec<_> = afters.keys().filter(|known| !befores.contains_key(*known)).collect();
    let changed: Vec<&Region> = gone.chain(come.iter().copied()).map(|(_, region)| region).collect();
    let all: Vec<&Region> = befores.keys().chain(come).map(|(_, region)| region).collect();
    let nets = nets(&all, [old, new]);
    let pair_of = |group: Option<GroupIx>, side: fn(&GroupPair) -> Option<GroupIx>| {
        group.and_then(|group| groups.iter().position(|pair| side(pair) == Some(group)))
    };
    let (mut ways, mut asked) = (Ways::new(), 0);
    for region in changed {
        let near: Vec<&Region> = all.iter().copied().filter(|other| meet(region, other)).collect();
        let listeners = listeners(region, &near, old, new);
        for source in sources(region, &nets) {
            for user in users(region, &near) {
                for account in accounts(region, &near) {
                    for domain in domains(region, &near) {
                        for listener in &listeners {
                            asked += 1;
                            if asked > CALLERS {
                                return (ways, true);
                            }
                            let caller =
                                Caller { source: source.value, user: &user, account: &account, domain: &domain };
                            let sides = [(old, listener.value.0), (new, listener.value.1)];
                            let [Some(before), Some(after)] = sides.map(|(side, at)| caller.group(side, at)) else {
                                continue;
                            };
                            let way = (pair_of(before, |pair| pair.old), pair_of(after, |pair| pair.new));
                            if way.0 != way.1 {
                                let words =
                                    [&source.words, &account.words, &user.words, &domain.words, &listener.words];
                                let words: Vec<&str> = words.into_iter().filter_map(|words| words.as_deref()).collect();
                                ways.entry(way).or_default().insert(words.join(", "));
                            }
                        }
                    }
                }
            }
        }
    }
    (ways, false)
}

struct Caller<'c> {
    source: IpAddr,
    user: &'c Value<String>,
    account: &'c Value<Option<Arc<str>>>,
    domain: &'c Value<String>,
}

impl Caller<'_> {
    /// The group that takes this caller's calls on one side, if any; `None` for somebody who may not call there.
    fn group(&self, side: &Snapshot, listener: usize) -> Option<Option<GroupIx>> {
        let admission = side.admission(Some(listener), self.source);
        let account = self.account.value.as_deref();
        if !admission.admitted && account.is_none() {
            return None;
        }
        let facts = Facts {
            user: self.user.value.as_bytes(),
            domain: self.domain.value.as_bytes(),
            source: self.source,
            gateway: admission.gateway,
            trusted: admission.trusted,
            listener: Some(listener),
            account,
            group: None,
            ..Facts::of_group(b"", GroupIx(0))
        };
        Some(side.table.choose_group(&facts))
    }
}

/// Every matcher with its group, as a region.
fn regions(groups: &[GroupPair], snapshot: &Snapshot, old: bool) -> Map<(usize, Region), ()> {
    let table = &snapshot.table;
    let region = |matcher: &Matcher| Region {
        account: matcher.account.clone(),
        user: matcher.user.clone().filter(|user| !user.prefix || !user.text.is_empty()),
        domain: matcher.domain.as_deref().map(|d| d.trim_matches(['[', ']']).to_ascii_lowercase()),
        net: match matcher.gateway {
            Some(gateway) => Some(single(table.gateway(gateway).address.ip().to_canonical())),
            None => matcher.source,
        },
        listener: matcher.listener.and_then(|at| snapshot.listeners.get(at)).map(|listener| Arc::clone(&listener.id)),
    };
    let mut out = Map::default();
    for (at, pair) in groups.iter().enumerate() {
        let group = if old { pair.old } else { pair.new };
        out.extend(group.into_iter().flat_map(|group| &table.group(group).matchers).map(|m| ((at, region(m)), ())));
    }
    out
}

fn inside(inner: &Net, outer: &Net) -> bool {
    inner.address.is_ipv4() == outer.address.is_ipv4() && inner.length >= outer.length && outer.contains(inner.address)
}

/// Whether some call may be in both.
fn meet(a: &Region, b: &Region) -> bool {
    let users = match (&a.user, &b.user) {
        (Some(a), Some(b)) => {
            let begins = |long: &UserPattern, short: &UserPattern| short.prefix && long.text.starts_with(&*short.text);
            a.text == b.text || begins(a, b) || begins(b, a)
        }
        _ => true,
    };
    fn same<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let nets = match (&a.net, &b.net) {
        (Some(a), Some(b)) => inside(a, b) || inside(b, a),
        _ => true,
    };
    users && nets && same(&a.account, &b.account) && same(&a.domain, &b.domain) && same(&a.listener, &b.listener)
}

/// The networks that anything on either side speaks of.
fn nets(all: &[&Region], sides: [&Snapshot; 2]) -> Vec<Net> {
    let mut nets: Vec<Net> = all.iter().filter_map(|region| region.net).collect();
    for side in sides {
        nets.extend(side.access.trusted.iter().flat_map(|trusted| trusted.sources.iter().copied()));
        nets.extend(side.table.gateways().iter().map(|gateway| single(gateway.address.ip().to_canonical())));
    }
    nets.sort_by_key(|net| (net.address, net.length));
    nets.dedup();
    nets
}

/// An address of each network that is in no smaller one.
fn sources(region: &Region, nets: &[Net]) -> Vec<Value<IpAddr>> {
    let wanted = nets.iter().filter(|net| region.net.is_none_or(|outer| inside(net, &outer)));
    let own = wanted.filter_map(|net| {
        let smaller: Vec<Net> = nets.iter().filter(|other| *other != net && inside(other, net)).copied().collect();
        let rest = uncovered(*net, &smaller)?;
        let whole = net.length == if net.address.is_ipv4() { 32 } else { 128 };
        let words = if whole { net.address.to_string() } else { format!("{}/{}", net.address, net.length) };
        Some(Value { value: rest.address, words: Some(words) })
    });
    own.collect()
}

/// A user for each pattern that is in no narrower one.
fn users(region: &Region, near: &[&Region]) -> Vec<Value<String>> {
    let patterns: Vec<&UserPattern> = near.iter().filter_map(|region| region.user.as_ref()).collect();
    if let Some(user) = region.user.as_ref().filter(|user| !user.prefix) {
        return vec![Value { value: user.text.to_string(), words: Some(format!("user {}", user.text)) }];
    }
    let top = region.user.as_ref().map_or("", |user| &*user.text);
    let mut out: BTreeMap<String, Value<String>> = BTreeMap::new();
    for literal in patterns.iter().filter(|user| !user.prefix && user.text.starts_with(top)) {
        let words = Some(format!("user {}", literal.text));
        out.insert(literal.text.to_string(), Value { value: literal.text.to_string(), words });
    }
    let prefixes = patterns.iter().filter(|user| user.prefix && user.text.starts_with(top)).map(|user| &*user.text);
    for prefix in prefixes.chain([top]) {
        let taken = |begin: &str| patterns.iter().any(|p| p.text.starts_with(begin) && p.text.len() > prefix.len());
        let mut next = ('0'..='9').chain('a'..='z').chain(['~']).map(|c| format!("{prefix}{c}"));
        if let Some(witness) = next.find(|begin| !taken(begin)) {
            let words = match prefix {
                "" if patterns.is_empty() => None,
                "" => Some("any other user".to_owned()),
                prefix => Some(format!("user {prefix}*")),
            };
            out.insert(format!("{prefix}*"), Value { value: witness, words });
        }
    }
    out.into_values().collect()
}

fn accounts(region: &Region, near: &[&Region]) -> Vec<Value<Option<Arc<str>>>> {
    let named = |account: Arc<str>| Value { words: Some(format!("account {account}")), value: Some(account) };
    if let Some(account) = &region.account {
        return vec![named(Arc::clone(account))];
    }
    let all: BTreeSet<Arc<str>> = near.iter().filter_map(|region| region.account.clone()).collect();
    [Value { value: None, words: None }].into_iter().chain(all.into_iter().map(named)).collect()
}

fn domains(region: &Region, near: &[&Region]) -> Vec<Value<String>> {
    let named = |domain: String| Value { words: Some(format!("domain {domain}")), value: domain };
    if let Some(domain) = &region.domain {
        return vec![named(domain.clone())];
    }
    let all: BTreeSet<String> = near.iter().filter_map(|region| region.domain.clone()).collect();
    let other = Value { value: String::new(), words: (!all.is_empty()).then(|| "any other domain".to_owned()) };
    all.into_iter().map(named).chain([other]).collect()
}

/// The listeners that both sides have, by their positions.
fn listeners(region: &Region, near: &[&Region], old: &Snapshot, new: &Snapshot) -> Vec<Value<(usize, usize)>> {
    let matter = near.iter().any(|region| region.listener.is_some());
    let both = new.listeners.iter().enumerate().filter_map(|(at, listener)| {
        let before = same_listener(listener, old)?;
        let ids = [&listener.id, &old.listeners.get(before)?.id];
        let here = region.listener.as_ref().is_none_or(|id| ids.contains(&id));
        let words = matter.then(|| format!("on {}", listener.id));
        here.then_some(Value { value: (before, at), words })
    });
    both.collect()
}
