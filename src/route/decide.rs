//! The answer to "where does this call go": types and the decision itself.

use super::{GatewayIx, GroupIx, Reply, RouteIx, Table};
use crate::health::Board;
use crate::time::Now;
use smallvec::SmallVec;
use std::net::IpAddr;

/// A number, cleaned or as sent.
pub type Number = SmallVec<[u8; 32]>;

/// What a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The cleaned dialled number ([`super::clean`]).
    pub number: &'a [u8],
    /// From user and domain, as they stand in the message.
    pub user: &'a [u8],
    pub domain: &'a [u8],
    pub source: IpAddr,
    /// The gateway whose address the call came from (all gateways with that address are tried as matchers).
    pub gateway: Option<GatewayIx>,
    /// Listener position in the snapshot.
    pub listener: Option<usize>,
    pub account: Option<&'a str>,
    /// A group given from outside (`explain --group`): the matchers are not asked.
    pub group: Option<GroupIx>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub gateway: GatewayIx,
    pub number: Number,
    /// Known to be down and tried all the same (`last_resort`).
    pub down: bool,
    /// The probability that this attempt is the first.
    pub share: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhySkipped {
    Disabled,
    Down,
    /// 503 with Retry-After.
    Resting,
    /// A half-open gateway whose one trial call is running.
    Trial,
    /// Gone with a reload.
    Removed,
    /// `strip` is longer than the number, or nothing would be left.
    Number,
    /// The same gateway stands earlier in the list.
    Repeated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub gateway: GatewayIx,
    pub why: WhySkipped,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub enum Outcome {
    /// `attempts` is not empty.
    Attempts,
    /// A route with `reject`.
    Reject(Reply),
    /// A route was chosen, and none of its gateways is usable: its `final`.
    Unusable,
    /// No route of the group matches: `no_route`.
    #[default]
    NoRoute,
    /// No group takes the call: 403.
    NoGroup,
}

/// The ordered attempts with the number for each, and what was skipped. Reused from call to call.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    pub group: Option<GroupIx>,
    pub route: Option<RouteIx>,
    pub outcome: Outcome,
    pub attempts: SmallVec<[Attempt; 4]>,
    pub skipped: SmallVec<[Skipped; 4]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyPassed {
    /// Another prefix that matches is longer.
    Prefix,
    Schedule,
    Priority,
    /// An `exact` route of the same prefix is preferred.
    Exact,
    Default,
}

/// A rule that matched by its prefix and was not chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    pub route: RouteIx,
    pub prefix: String,
    pub why: WhyPassed,
}

/// Why the decision is as it is, for people.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The prefix that matched.
    pub prefix: String,
    /// The matcher that chose the group, in words: `gateway pbx`, `default`.
    pub group_by: String,
    /// The next best group and its matcher, if any.
    pub next_best: Option<(GroupIx, String)>,
    pub passed_over: Vec<PassedOver>,
}

impl Table {
    /// Decides where a call goes. The only place where a route is chosen; `run`, `explain` and all others call it.
    /// `out` is cleared first. `trace` costs, so the call path gives `None`.
    pub fn decide(&self, _facts: &Facts, _board: &Board, _now: Now, _out: &mut Decision, _trace: Option<&mut Trace>) {
        todo!()
    }
}
