//! The answer to "where does this call go": types and the decision itself.

use super::at_route::AtRoute;
use super::number::dialable;
use super::trie::Hit;
use super::{Choice, GatewayIx, GroupIx, Line, Reply, RouteIx, RouteTarget, Table};
use crate::health::Board;
use crate::time::{Now, Wall};
use smallvec::SmallVec;
use std::net::{IpAddr, Ipv4Addr};

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
    /// The source is named under `access.trusted` on this listener. Such a call falls into the group `default` when no
    /// matcher holds, even when the address is a gateway's too: who is named twice was trusted on purpose.
    pub trusted: bool,
    /// Listener position in the snapshot.
    pub listener: Option<usize>,
    pub account: Option<&'a str>,
    /// A group given from outside (`explain --group`): the matchers are not asked.
    pub group: Option<GroupIx>,
    /// What chooses where lists leave it open.
    pub choice: Choice<'a>,
}

impl<'a> Facts<'a> {
    /// A call of a group, from nowhere and nobody: the matchers are not asked, and nothing is drawn.
    pub fn of_group(number: &'a [u8], group: GroupIx) -> Facts<'a> {
        Facts {
            number,
            user: b"",
            domain: b"",
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            gateway: None,
            trusted: false,
            listener: None,
            account: None,
            group: Some(group),
            choice: Choice::Exact,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub gateway: GatewayIx,
    pub number: Number,
    /// Known to be down, or resting, and tried all the same because nothing else is left (`last_resort`; checklist
    /// F11, D7): whoever starts it doesn't ask the board about health again, only whether it was disabled or removed.
    pub down: bool,
    /// The probability that this attempt is the first: exact by [`Choice::Exact`]; in a call's own order 1 for the
    /// first and 0 for all others.
    pub share: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhySkipped {
    Disabled,
    Down,
    /// 503 with Retry-After.
    Resting,
    /// As many calls as it takes at once.
    Full,
    /// A half-open gateway whose one trial call is running.
    Trial,
    /// Gone with a reload.
    Removed,
    /// `strip` is longer than the number, or nothing would be left.
    Number,
    /// The same gateway stands earlier in the list.
    Repeated,
}

impl WhySkipped {
    /// The word for it in records and answers to machines.
    pub fn word(self) -> &'static str {
        match self {
            WhySkipped::Disabled => "disabled",
            WhySkipped::Down => "down",
            WhySkipped::Resting => "resting",
            WhySkipped::Full => "full",
            WhySkipped::Trial => "trial",
            WhySkipped::Removed => "removed",
            WhySkipped::Number => "number",
            WhySkipped::Repeated => "repeated",
        }
    }
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
    /// In the order of the call; by [`Choice::Exact`] every one that may come, in the order of the lists.
    pub attempts: SmallVec<[Attempt; 4]>,
    pub skipped: SmallVec<[Skipped; 4]>,
    /// By [`Choice::Exact`]: how the attempts may follow each other. Empty for a call.
    pub order: Vec<Line>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyPassed {
    /// Another prefix that matches is longer.
    Prefix,
    /// Its `when` does not hold now.
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
    /// Empty for a catch-all.
    pub prefix: String,
    pub why: WhyPassed,
    /// With [`WhyPassed::Schedule`]: when its `when` holds next.
    pub next: Option<Wall>,
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
    /// Every other rule that takes the number, in the order in which they are asked.
    pub passed_over: Vec<PassedOver>,
    /// How many of them were asked before the chosen one: those that are not active.
    pub before: usize,
}

impl Table {
    /// Decides where a call goes. The only place where a route is chosen; `run`, `explain` and all others call it.
    /// `out` is cleared first. `trace` costs, so the call path gives `None`.
    ///
    /// The board has a slot for each gateway of this table; a gateway without one counts as removed.
    pub fn decide(&self, facts: &Facts, board: &Board, now: Now, out: &mut Decision, trace: Option<&mut Trace>) {
        out.clear();
        out.group = self.choose_group(facts);
        let chosen = out.group.and_then(|group| self.choose_route(group, facts.number, now.wall));
        if let Some(trace) = trace {
            *trace = Trace::default();
            self.explain_group(facts, out.group, trace);
            if let Some(group) = out.group {
                self.explain_route(group, facts.number, now.wall, trace);
            }
        }
        let Some((ix, matched)) = chosen else {
            out.outcome = if out.group.is_some() { Outcome::NoRoute } else { Outcome::NoGroup };
            return;
        };
        out.route = Some(ix);
        let route = self.route(ix);
        match &route.target {
            RouteTarget::Reject(reply) => out.outcome = Outcome::Reject(reply.clone()),
            RouteTarget::To(to) => {
                let call =
                    AtRoute { table: self, route, number: facts.number, matched, board, now, last_resort: false };
                self.line_up(call, to, facts.choice, out);
            }
        }
    }

    /// The group whose matcher says most. `default` takes trusted sources and digest users that no matcher fits, if a
    /// route is in it; a call from a gateway that is neither needs a group of its own (CONFIG-AND-CLI (g)).
    pub fn choose_group(&self, facts: &Facts) -> Option<GroupIx> {
        if facts.group.is_some() {
            return facts.group;
        }
        let matched = self.matchers.holding(self.groups(), facts).next().map(|(group, _)| group);
        let default = || Some(self.default_group()).filter(|&g| self.may_default(facts) && self.has_routes(g));
        matched.or_else(default)
    }

    fn may_default(&self, facts: &Facts) -> bool {
        facts.trusted || facts.account.is_some()
    }

    /// The route for a number and how long the prefix is that matched, of those that are active: an exact rule, the
    /// longest prefix, the catch-all. A number with a character that can't be dialled, or without any, goes to the catch-all alone.
    fn choose_route(&self, group: GroupIx, number: &[u8], wall: Wall) -> Option<(RouteIx, usize)> {
        let active = |route: RouteIx| self.active(route, wall);
        let by_prefix = if dialable(number) { self.trie.find(group.0, number, active) } else { None };
        let catch_all = || Some((self.catch_alls(group).iter().copied().find(|&route| active(route))?, 0));
        by_prefix.map(|hit| (hit.route, hit.matched)).or_else(catch_all)
    }

    fn explain_group(&self, facts: &Facts, chosen: Option<GroupIx>, trace: &mut Trace) {
        if facts.group.is_some() {
            trace.group_by = "as asked".to_owned();
            return;
        }
        self.matchers.explain(self.groups(), self.gateways(), facts, trace);
        if trace.group_by.is_empty() && chosen.is_some() {
            trace.group_by = "default".to_owned();
        }
    }

    /// The prefix that matched, and every other rule that would have taken the number.
    fn explain_route(&self, group: GroupIx, number: &[u8], wall: Wall, trace: &mut Trace) {
        let hits = if dialable(number) { self.trie.matching(group.0, number) } else { Vec::new() };
        let catch_alls =
            self.catch_alls(group).iter().map(|&route| Hit { route, exact: false, timed: true, matched: 0 });
        let mut chosen: Option<Hit> = None;
        for hit in hits.into_iter().chain(catch_alls) {
            let prefix = String::from_utf8_lossy(number.get(..hit.matched).unwrap_or_default()).into_owned();
            let (why, next) = match chosen {
                None if self.active(hit.route, wall) => {
                    trace.prefix = prefix;
                    trace.before = trace.passed_over.len();
                    chosen = Some(hit);
                    continue;
                }
                None => (WhyPassed::Schedule, self.schedules().next_edge_of(&self.route(hit.route).when, wall)),
                Some(chosen) if hit.matched == 0 && chosen.matched > 0 => (WhyPassed::Default, None),
                Some(chosen) if hit.matched < chosen.matched => (WhyPassed::Prefix, None),
                Some(chosen) if hit.exact != chosen.exact => (WhyPassed::Exact, None),
                Some(_) => (WhyPassed::Priority, None),
            };
            trace.passed_over.push(PassedOver { route: hit.route, prefix, why, next });
        }
        if chosen.is_none() {
            trace.before = trace.passed_over.len();
        }
    }
}

impl Decision {
    /// Back to nothing, the memory kept.
    pub fn clear(&mut self) {
        self.group = None;
        self.route = None;
        self.outcome = Outcome::NoRoute;
        self.attempts.clear();
        self.skipped.clear();
        self.order.clear();
    }
}
