//! From a route's `to` to the attempts of one call: lists in place, each gateway once, its number, its health.

use super::choice::{Choice, Order, draw, rotate};
use super::{
    Attempt, Decision, GatewayIx, ListIx, Member, Number, Outcome, Policy, Route, RouteTarget, Share, Skipped, Strip,
    Table, WhySkipped, change,
};
use crate::health::{Board, Usability};
use crate::time::Now;
use smallvec::SmallVec;

/// One call at the route that takes it.
#[derive(Clone, Copy)]
pub(super) struct AtRoute<'a> {
    pub table: &'a Table,
    pub route: &'a Route,
    /// As it was dialled.
    pub number: &'a [u8],
    /// The length of the prefix that matched.
    pub matched: usize,
    pub board: &'a Board,
    pub now: Now,
    /// Nothing is usable, so those that are known to be down are tried all the same.
    pub last_resort: bool,
}

impl Table {
    /// Fills `attempts`, `skipped` and the outcome for a route with `to`.
    pub(super) fn line_up(&self, mut call: AtRoute<'_>, to: &[Member], choice: Choice<'_>, out: &mut Decision) {
        let nothing = Seen::default();
        call.last_resort = !call.any_usable(to, &nothing);
        match choice {
            Choice::Exact => super::shares::line_up(&call, to, out),
            Choice::Drawn { seed, turns } => {
                Walk { call, seen: nothing, opened: SmallVec::new(), seed, turns, out }.all(to);
                if let Some(first) = out.attempts.first_mut() {
                    first.share = 1.0;
                }
            }
        }
        out.outcome = if out.attempts.is_empty() { Outcome::Unusable } else { Outcome::Attempts };
    }

    /// The attempts of a route for numbers that are long enough for every change, with every gateway up: what a route
    /// means apart from the call, exactly. The numbers in it mean nothing.
    pub fn course(&self, route: &Route) -> Decision {
        // A route strips at most 255 or its prefix, a gateway 255 more.
        const LONG_ENOUGH: [u8; 600] = [b'0'; 600];
        let mut out = Decision::default();
        let board = Board::all_up(self.gateways().len());
        let (number, now) = (&LONG_ENOUGH[..], Now::default());
        let call = AtRoute { table: self, route, number, matched: 1, board: &board, now, last_resort: false };
        if let RouteTarget::To(to) = &route.target {
            self.line_up(call, to, Choice::Exact, &mut out);
        }
        out
    }
}

impl AtRoute<'_> {
    /// The attempt at a gateway, or why there is none.
    ///
    /// With nothing usable the gateways known to be down are tried in order all the same, for a probe can be wrong and
    /// a refused call surely fails (checklist F11); those that rest after a 503 even without `last_resort` (D7).
    pub fn attempt(&self, gateway: GatewayIx) -> Result<Attempt, WhySkipped> {
        // Each gateway's number starts from the dialled one, never from another attempt's (checklist F15).
        let number = self.number_for(gateway).ok_or(WhySkipped::Number)?;
        let down = match self.why_not(gateway) {
            None => false,
            Some(why) if self.again(why) => true,
            Some(why) => return Err(why),
        };
        Ok(Attempt { gateway, number, down, share: 0.0 })
    }

    /// Whether [`AtRoute::attempt`] would give one, for less.
    pub fn usable(&self, gateway: GatewayIx) -> bool {
        self.why_not(gateway).is_none_or(|why| self.again(why)) && self.fits(gateway)
    }

    fn again(&self, why: WhySkipped) -> bool {
        self.last_resort
            && match why {
                WhySkipped::Resting => true,
                WhySkipped::Down | WhySkipped::Trial => self.route.failover.last_resort,
                _ => false,
            }
    }

    /// Why a new attempt may not use a gateway; `None` when it may. Half-open gateways keep their place: whoever starts
    /// the attempt takes the trial.
    fn why_not(&self, gateway: GatewayIx) -> Option<WhySkipped> {
        match self.board.usability(gateway, self.now.at) {
            Usability::Usable | Usability::Trial => None,
            Usability::TrialBusy => Some(WhySkipped::Trial),
            Usability::Down => Some(WhySkipped::Down),
            Usability::Resting => Some(WhySkipped::Resting),
            Usability::Full => Some(WhySkipped::Full),
            Usability::Disabled => Some(WhySkipped::Disabled),
            Usability::Removed => Some(WhySkipped::Removed),
        }
    }

    /// The number as this gateway gets it: the route's change, then the gateway's. `None` when there is less to strip
    /// than they ask, or nothing would be left.
    fn number_for(&self, gateway: GatewayIx) -> Option<Number> {
        let mut number = Number::from_slice(self.number);
        let fits = change(&mut number, &self.route.number, self.matched)
            && (self.route.raw || change(&mut number, &self.table.gateway(gateway).number, self.matched));
        (fits && !number.is_empty()).then_some(number)
    }

    /// Whether [`AtRoute::number_for`] gives one, by the lengths alone.
    fn fits(&self, gateway: GatewayIx) -> bool {
        let own = (!self.route.raw).then(|| &self.table.gateway(gateway).number);
        let mut changes = [Some(&self.route.number), own].into_iter().flatten();
        let length = changes.try_fold(self.number.len(), |length, change| {
            let strip = match change.strip {
                Strip::None => 0,
                Strip::Digits(n) => usize::from(n),
                Strip::Matched => self.matched,
            };
            Some(length.checked_sub(strip)? + change.add.len())
        });
        length.is_some_and(|length| length > 0)
    }

    /// Whether any gateway that `seen` does not have can be used, in these members or below. Each list is looked into
    /// once: lists within lists could otherwise multiply without bound.
    pub fn any_usable(&self, to: &[Member], seen: &Seen) -> bool {
        let mut opened: SmallVec<[ListIx; 8]> = SmallVec::new();
        let mut waiting: SmallVec<[ListIx; 8]> = SmallVec::new();
        let mut look = |member: Member, waiting: &mut SmallVec<[ListIx; 8]>| match member {
            Member::Gateway(gateway) => !seen.has(gateway) && self.usable(gateway),
            Member::List(list) => {
                if !opened.contains(&list) {
                    opened.push(list);
                    waiting.push(list);
                }
                false
            }
        };
        if to.iter().any(|&member| look(member, &mut waiting)) {
            return true;
        }
        while let Some(list) = waiting.pop() {
            if self.table.list(list).members.iter().any(|share| look(share.to, &mut waiting)) {
                return true;
            }
        }
        false
    }
}

/// The order of one call, list by list.
struct Walk<'a> {
    call: AtRoute<'a>,
    seen: Seen,
    /// A list is used once a call, as a gateway is.
    opened: SmallVec<[ListIx; 8]>,
    seed: u64,
    turns: &'a super::Turns,
    out: &'a mut Decision,
}

/// A list that is being gone through.
struct Open<'a> {
    rest: Rest<'a>,
    /// How many members may still be used.
    left: usize,
    /// How many attempts there were when its member at hand began.
    before: usize,
    /// The lengths of the round-robin lists around it, multiplied. Lists in a list move together, call by call; divided
    /// by this, each moves on when the one around it has been through.
    stride: u32,
}

/// One at a time is open a list within a list: the larger variant costs less than an allocation.
#[expect(clippy::large_enum_variant, reason = "on the stack of one decision")]
enum Rest<'a> {
    Route(std::slice::Iter<'a, Member>),
    Ordered(std::slice::Iter<'a, Share>),
    Chosen(smallvec::IntoIter<[Share; 32]>),
}

impl Open<'_> {
    /// The next member, unless the limit is reached; `attempts` are there by now.
    fn next(&mut self, attempts: usize) -> Option<Member> {
        // A member counts when it gave an attempt.
        self.left -= usize::from(attempts > self.before);
        self.before = attempts;
        if self.left == 0 {
            return None;
        }
        match &mut self.rest {
            Rest::Route(members) => members.next().copied(),
            Rest::Ordered(members) => members.next().map(|share| share.to),
            Rest::Chosen(members) => members.next().map(|share| share.to),
        }
    }
}

impl<'a> Walk<'a> {
    fn all(&mut self, to: &'a [Member]) {
        let mut open: SmallVec<[Open<'a>; 2]> = SmallVec::new();
        open.push(Open { rest: Rest::Route(to.iter()), left: usize::MAX, before: 0, stride: 1 });
        while let Some(list) = open.last_mut() {
            let stride = list.stride;
            match list.next(self.out.attempts.len()) {
                None => drop(open.pop()),
                Some(Member::Gateway(gateway)) => self.visit(gateway),
                Some(Member::List(list)) if self.opened.contains(&list) => self.repeated(list),
                Some(Member::List(list)) => {
                    self.opened.push(list);
                    open.push(self.open(list, stride));
                }
            }
        }
    }

    fn open(&self, ix: ListIx, mut stride: u32) -> Open<'a> {
        let list = self.call.table.list(ix);
        let chosen = |order: Order| Rest::Chosen(order.into_iter());
        let rest = match list.policy {
            Policy::Ordered => Rest::Ordered(list.members.iter()),
            Policy::Weighted => chosen(draw(&list.members, self.seed, ix)),
            Policy::RoundRobin => {
                let usable = |share: &Share| self.call.any_usable(&[share.to], &self.seen);
                let (order, count) = rotate(&list.members, self.turns.take(ix) / stride, usable);
                stride = stride.saturating_mul(count.max(1));
                chosen(order)
            }
        };
        let left = list.limit.map_or(usize::MAX, usize::from);
        Open { rest, left, before: self.out.attempts.len(), stride }
    }

    fn visit(&mut self, gateway: GatewayIx) {
        let attempt = match self.seen.first_time(gateway) {
            true => self.call.attempt(gateway),
            false => Err(WhySkipped::Repeated),
        };
        match attempt {
            Ok(attempt) => self.out.attempts.push(attempt),
            Err(why) => self.out.skipped.push(Skipped { gateway, why }),
        }
    }

    fn repeated(&mut self, list: ListIx) {
        for share in &self.call.table.list(list).members {
            match share.to {
                Member::Gateway(gateway) if self.seen.has(gateway) => {
                    self.out.skipped.push(Skipped { gateway, why: WhySkipped::Repeated });
                }
                Member::Gateway(_) | Member::List(_) => {}
            }
        }
    }
}

/// The gateways met so far, one bit each; without allocation for the first 512.
#[derive(Clone, Default)]
pub(super) struct Seen {
    bits: SmallVec<[u64; 8]>,
}

impl Seen {
    pub fn has(&self, gateway: GatewayIx) -> bool {
        let (word, bit) = place(gateway);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }
    /// Marks a gateway; whether it was not marked before.
    pub fn first_time(&mut self, gateway: GatewayIx) -> bool {
        let (word, bit) = place(gateway);
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let first = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        first
    }
    pub fn add(&mut self, other: &Seen) {
        self.bits.resize(self.bits.len().max(other.bits.len()), 0);
        self.bits.iter_mut().zip(&other.bits).for_each(|(to, from)| *to |= from);
    }
    pub fn meets(&self, other: &Seen) -> bool {
        self.bits.iter().zip(&other.bits).any(|(a, b)| a & b != 0)
    }
}

fn place(gateway: GatewayIx) -> (usize, u64) {
    (gateway.0 as usize / 64, 1 << (gateway.0 % 64))
}
