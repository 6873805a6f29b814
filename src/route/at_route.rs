//! One call at the route that takes it: what each gateway would get, whether it may, and which were met already.

use super::{Attempt, GatewayIx, ListIx, Member, Number, Route, Strip, Table, WhySkipped, change};
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
