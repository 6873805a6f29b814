//! The parts of a routing table, as values: what the configuration compiles to.

use super::When;
use crate::flow::Transport;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Position of a gateway in its table. Means nothing in another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayIx(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListIx(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIx(pub u16);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteIx(pub u32);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    pub id: Arc<str>,
    /// Where its requests go.
    pub address: SocketAddr,
    /// The address as it is written into the Request-URI: `198.51.100.7:5060`, `[2001:db8::1]`.
    pub host: Arc<str>,
    pub transport: Transport,
    /// Position of its listener in the snapshot's `listeners`.
    pub listener: usize,
    /// Applied after the route's own change, unless the route says `raw`.
    pub number: NumberChange,
    pub probing: Probing,
    pub tags: Vec<Arc<str>>,
}

/// `strip`, then `add`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberChange {
    pub strip: Strip,
    pub add: Arc<str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strip {
    #[default]
    None,
    Digits(u8),
    /// As many as the route's prefix that matched has.
    Matched,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probing {
    pub method: ProbeMethod,
    pub when: ProbeWhen,
    pub interval: Duration,
    pub timeout: Duration,
    /// The probe's From URI.
    pub from: Arc<str>,
    /// Failures in a row that take an up gateway down.
    pub failures: u32,
    /// Successes in a row that bring a down gateway up.
    pub recoveries: u32,
    /// Replies that count as alive; a 408 and silence never do.
    pub up_on: CodeSet,
    /// Between probes while it is down; for gateways judged by calls, the pause before the next trial call.
    pub down_interval: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeMethod {
    Options,
    Info,
    /// Judged by calls alone.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeWhen {
    Always,
    /// Only while it is down.
    Down,
}

/// A set of reply codes, 100 to 699: one bit each, plus the words `timeout`, `transport` and `no-answer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSet {
    bits: [u64; 10],
    /// A 408 made here because nothing came (not one that a gateway sent).
    pub timeout: bool,
    pub transport: bool,
    /// Rang for `ring_timeout`.
    pub no_answer: bool,
}

impl CodeSet {
    pub fn new() -> CodeSet {
        CodeSet::default()
    }
    /// Adds one code; codes outside 100–699 are ignored.
    pub fn insert(&mut self, code: u16) {
        if (100..700).contains(&code) {
            let n = usize::from(code - 100);
            self.bits[n / 64] |= 1 << (n % 64);
        }
    }
    /// Adds a class: `5` is 500 to 599.
    pub fn insert_class(&mut self, class: u16) {
        (class * 100..class * 100 + 100).for_each(|c| self.insert(c));
    }
    pub fn contains(&self, code: u16) -> bool {
        (100..700).contains(&code) && {
            let n = usize::from(code - 100);
            self.bits[n / 64] >> (n % 64) & 1 == 1
        }
    }
}

/// A reply made here: code and reason phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub reason: Arc<str>,
}

/// What the caller hears when every attempt failed in a retryable way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinalAnswer {
    Reply(Reply),
    /// The last gateway's reply, passed on.
    Last,
    /// RFC 3261 §16.7 step 6 over all replies.
    Best,
}

/// The `failover:` settings that hold for a route (CONFIG-AND-CLI part (a)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    pub retry_on: CodeSet,
    pub never_on: CodeSet,
    /// No reply at all in this time: next gateway.
    pub attempt_timeout: Duration,
    /// Only a 100 in this time: next gateway; `None` = off.
    pub progress_timeout: Option<Duration>,
    /// Rang and was not answered.
    pub ring_timeout: Duration,
    pub max_attempts: u8,
    /// After this no new attempt starts.
    pub max_setup_time: Duration,
    pub last_resort: bool,
    pub final_answer: FinalAnswer,
    pub no_route: Reply,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub id: Arc<str>,
    pub matchers: Vec<super::Matcher>,
    /// `calls_out: false`: exempt from the emergency and catch-all lints.
    pub calls_out: bool,
}

/// How a list chooses among its members. Later policies join here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    Ordered,
    /// Drawn without replacement, by weight; members of weight 0 after all others, in order.
    Weighted,
    /// Each call starts one further.
    RoundRobin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    Gateway(GatewayIx),
    List(ListIx),
}

/// A member of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub to: Member,
    /// For weighted lists: its share of all weights.
    pub weight: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    pub id: Arc<str>,
    pub policy: Policy,
    pub members: Vec<Share>,
    /// At most so many members are used, of those that can be.
    pub limit: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    To(Vec<Member>),
    Reject(Reply),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub id: Arc<str>,
    /// Empty for the catch-all (`default: true`).
    pub prefixes: Vec<Arc<str>>,
    pub default: bool,
    /// The prefix is a whole number.
    pub exact: bool,
    pub groups: Vec<GroupIx>,
    /// When it is active: any of these; empty is always.
    pub when: Vec<When>,
    pub priority: u16,
    pub target: RouteTarget,
    pub number: NumberChange,
    /// Skip the gateways' own number change.
    pub raw: bool,
    pub failover: Arc<Failover>,
    /// Where it is declared: `routes.yaml:80`.
    pub place: Arc<str>,
}
