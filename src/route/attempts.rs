//! From a route's `to` to the attempts of one call: lists in place, each gateway once, its number, its health.

use super::at_route::{AtRoute, Seen};
use super::choice::{Choice, Order, draw, rotate};
use super::{
    Decision, GatewayIx, ListIx, Member, Outcome, Policy, Route, RouteTarget, Share, Skipped, Table, WhySkipped,
};
use crate::health::Board;
use crate::time::Now;
use smallvec::SmallVec;

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
