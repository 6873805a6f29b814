//! Who sends the most while the core does not keep up: those are asked to come back later, and the others are served.
//!
//! A flood from one address must not cost the calls of all others. So when a few sources make more than half of the
//! traffic, new calls are refused to them alone. When nobody stands out, there are simply too many calls, and refusing
//! a few would not help: then everybody is refused (RFC 6357 §4, checklist R2).
//!
//! Counted is the latest thousand datagrams: few enough that a flood stands out before the pressure that it makes is
//! noticed. Sources share 256 counters; who shares one with a flood is taken for it, until the flood ends.

use std::net::IpAddr;

const COUNTERS: usize = 256;
/// Who sends this part of what the busiest sends stands out with it.
const PART: u32 = 4;
/// The shares are worked out anew after so many datagrams …
const ROUND: u8 = 64;
/// … and the counters are halved at this sum.
const MEMORY: u32 = 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct Busiest {
    counts: Box<[u32; COUNTERS]>,
    sum: u32,
    /// Datagrams since the shares were worked out.
    news: u8,
    /// Sources with at least this count stand out; `None` when nobody does.
    bar: Option<u32>,
}

impl Default for Busiest {
    fn default() -> Busiest {
        Busiest { counts: Box::new([0; COUNTERS]), sum: 0, news: 0, bar: None }
    }
}

impl Busiest {
    /// A datagram came.
    pub fn heard(&mut self, source: IpAddr) {
        if let Some(count) = self.counts.get_mut(place(source)) {
            *count += 1;
            self.sum += 1;
        }
        self.news += 1;
        if self.news == ROUND {
            self.news = 0;
            self.weigh();
        }
    }

    /// Whether this source is not one of those that make the pressure.
    pub fn spares(&self, source: IpAddr) -> bool {
        let count = self.counts.get(place(source)).copied().unwrap_or(0);
        self.bar.is_some_and(|bar| count < bar)
    }

    fn weigh(&mut self) {
        if self.sum >= MEMORY {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.sum = self.counts.iter().sum();
        }
        let most = self.counts.iter().copied().max().unwrap_or(0);
        let bar = (most / PART).max(1);
        let theirs: u32 = self.counts.iter().filter(|count| **count >= bar).sum();
        // Who stands out makes more than half, and is not everybody.
        self.bar = (theirs > self.sum / 2 && theirs < self.sum).then_some(bar);
    }
}

/// A peer with IPv6 has a whole /64.
fn place(source: IpAddr) -> usize {
    let number = match source {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    };
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % COUNTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(n: u32) -> IpAddr {
        IpAddr::from(n.to_be_bytes())
    }

    /// A thousand rounds of so many datagrams of each source.
    fn hear(busiest: &mut Busiest, shares: &[(u32, u32)]) {
        for (n, share) in shares.repeat(1_000) {
            (0..share).for_each(|_| busiest.heard(source(n)));
        }
    }

    #[test]
    fn a_flood_is_told_from_those_beside_it() {
        let mut busiest = Busiest::default();
        hear(&mut busiest, &[(1, 40), (2, 30), (3, 1), (4, 2)]);
        let spared: Vec<u32> = (1..=4).filter(|n| busiest.spares(source(*n))).collect();
        assert_eq!(spared, [3, 4]);
    }

    #[test]
    fn nobody_is_spared_where_nobody_stands_out() {
        let mut busiest = Busiest::default();
        assert!(!busiest.spares(source(1)), "before anything was counted");
        hear(&mut busiest, &[(1, 10)]);
        assert!(!busiest.spares(source(1)), "alone");
        // One is busier than each of the others, but most of the load is theirs.
        let mut shares: Vec<(u32, u32)> = (10..40).map(|n| (n, 1)).collect();
        shares.push((1, 10));
        let mut busiest = Busiest::default();
        hear(&mut busiest, &shares);
        assert!(!busiest.spares(source(20)) && !busiest.spares(source(1)));
    }

    #[test]
    fn a_flood_that_has_ended_is_forgotten() {
        let mut busiest = Busiest::default();
        hear(&mut busiest, &[(1, 40), (2, 1)]);
        assert!(busiest.spares(source(2)));
        hear(&mut busiest, &[(2, 40), (3, 1)]);
        assert!(!busiest.spares(source(2)) && busiest.spares(source(1)) && busiest.spares(source(3)));
    }
}
