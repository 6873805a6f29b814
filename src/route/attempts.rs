//! From a route's `to` to the attempts of one call: lists in place, each gateway once, its number, its health.

use super::{Attempt, Decision, GatewayIx, ListIx, Member, Number, Outcome, Route, Skipped, Table, WhySkipped, change};
use crate::health::{Board, Usability};
use crate::time::Now;
use smallvec::SmallVec;

impl Table {
    /// Fills `attempts`, `skipped` and the outcome for a route with `to`.
    #[expect(clippy::too_many_arguments, reason = "one call site; the facts of one decision")]
    pub(super) fn line_up(
        &self,
        route: &Route,
        to: &[Member],
        number: &[u8],
        matched: usize,
        board: &Board,
        now: Now,
        out: &mut Decision,
    ) {
        let mut seen = Seen::default();
        self.each_gateway(to, |gateway| {
            if !seen.first_time(gateway) {
                out.skipped.push(Skipped { gateway, why: WhySkipped::Repeated });
                return;
            }
            // Each gateway's number starts from the dialled one, never from another attempt's (checklist F15).
            let Some(number) = self.number_for(route, gateway, number, matched) else {
                out.skipped.push(Skipped { gateway, why: WhySkipped::Number });
                return;
            };
            match why_not(board.usability(gateway, now.at)) {
                Some(why) => out.skipped.push(Skipped { gateway, why }),
                None => out.attempts.push(Attempt { gateway, number, down: false, share: 0.0 }),
            }
        });
        if out.attempts.is_empty() {
            self.last_resort(route, number, matched, out);
        }
        if let Some(first) = out.attempts.first_mut() {
            // Ordered lists alone: the first is always the first.
            first.share = 1.0;
            out.outcome = Outcome::Attempts;
        } else {
            out.outcome = Outcome::Unusable;
        }
    }

    /// Nothing is usable: the gateways known to be down are tried in order all the same, for a probe can be wrong and
    /// a refused call surely fails (checklist F11); those that rest after a 503 even without `last_resort` (D7).
    fn last_resort(&self, route: &Route, number: &[u8], matched: usize, out: &mut Decision) {
        let Decision { attempts, skipped, .. } = out;
        skipped.retain(|skipped| {
            let again = match skipped.why {
                WhySkipped::Resting => true,
                WhySkipped::Down | WhySkipped::Trial => route.failover.last_resort,
                WhySkipped::Full
                | WhySkipped::Disabled
                | WhySkipped::Removed
                | WhySkipped::Number
                | WhySkipped::Repeated => false,
            };
            let number = if again { self.number_for(route, skipped.gateway, number, matched) } else { None };
            let Some(number) = number else { return true };
            attempts.push(Attempt { gateway: skipped.gateway, number, down: true, share: 0.0 });
            false
        });
    }

    /// The number as this gateway gets it: the route's change, then the gateway's. `None` when there is less to strip
    /// than they ask, or nothing would be left.
    fn number_for(&self, route: &Route, gateway: GatewayIx, dialled: &[u8], matched: usize) -> Option<Number> {
        let mut number = Number::from_slice(dialled);
        let fits = change(&mut number, &route.number, matched)
            && (route.raw || change(&mut number, &self.gateway(gateway).number, matched));
        (fits && !number.is_empty()).then_some(number)
    }

    /// Visits the gateways of `to` in order, nested lists in place. A list that stands inside one that was met before
    /// is not opened again: all its gateways were met, and lists within lists could otherwise multiply without bound.
    fn each_gateway(&self, to: &[Member], mut visit: impl FnMut(GatewayIx)) {
        let mut opened: SmallVec<[ListIx; 8]> = SmallVec::new();
        // The lists that are open, each with whether it was met for the first time.
        let mut open: SmallVec<[(std::slice::Iter<Member>, bool); 8]> = SmallVec::new();
        open.push((to.iter(), true));
        while let Some((members, first_time)) = open.last_mut() {
            let first_time = *first_time;
            match members.next() {
                None => drop(open.pop()),
                Some(&Member::Gateway(gateway)) => visit(gateway),
                Some(&Member::List(list)) => {
                    let met = opened.contains(&list);
                    if !met {
                        opened.push(list);
                    }
                    if !met || first_time {
                        open.push((self.list(list).members.iter(), !met));
                    }
                }
            }
        }
    }
}

/// Why a new attempt may not use a gateway; `None` when it may. Half-open gateways keep their place: whoever starts
/// the attempt takes the trial.
fn why_not(usability: Usability) -> Option<WhySkipped> {
    match usability {
        Usability::Usable | Usability::Trial => None,
        Usability::TrialBusy => Some(WhySkipped::Trial),
        Usability::Down => Some(WhySkipped::Down),
        Usability::Resting => Some(WhySkipped::Resting),
        Usability::Full => Some(WhySkipped::Full),
        Usability::Disabled => Some(WhySkipped::Disabled),
        Usability::Removed => Some(WhySkipped::Removed),
    }
}

/// The gateways met so far, one bit each; without allocation for the first 512.
#[derive(Default)]
struct Seen {
    bits: SmallVec<[u64; 8]>,
}

impl Seen {
    fn first_time(&mut self, gateway: GatewayIx) -> bool {
        let (word, bit) = (gateway.0 as usize / 64, 1 << (gateway.0 % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let first = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        first
    }
}
