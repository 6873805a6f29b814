//! What the router may know of the gateways, as the border shows it: probes that went out, and what came back.
//!
//! Deliberately of two minds: `surely_down` and `doubtful` leave room between them for what the border can't tell.

use super::invariants::{Law, Tally};
use super::site::{self, OFFICE, Site};
use super::wire::Wire;
use crate::time::Instant;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

#[derive(Clone, Debug, Default)]
struct Seen {
    /// The probe in flight: branch, when it fails unless answered.
    probe: Option<(String, Instant)>,
    /// Branches of the latest probes: they repeat themselves, also when a reload has made them pointless.
    known: VecDeque<String>,
    /// Probes failed, and answered, in a row.
    failed: u32,
    answered: u32,
    /// So many failed that any revision takes it for down.
    down: bool,
    /// It is, and no probe was answered since.
    sure: bool,
    /// One failed, which is enough where nothing was known; it may take `RECOVERIES_MOST` to be trusted again.
    shaky: bool,
    /// Calls' INVITEs without any answer yet: branch, when they count as silence.
    asked: Vec<(String, Instant)>,
    /// A call met silence or an error, and none was answered since.
    silent: bool,
    resting_until: Option<Instant>,
    /// When it was last doubtful.
    doubted_at: Instant,
}

#[derive(Clone, Debug)]
pub struct HealthWatch {
    gateways: Vec<Seen>,
    pub probes: u64,
}

impl Default for HealthWatch {
    fn default() -> HealthWatch {
        HealthWatch { gateways: vec![Seen::default(); OFFICE + 1], probes: 0 }
    }
}

/// More successes in a row than any revision asks for.
const RECOVERIES_MOST: u32 = 3;

impl HealthWatch {
    /// A new revision: what it does not declare, or asks in another way, is known no more.
    pub fn reload(&mut self, before: &Site, after: &Site) {
        for (index, seen) in self.gateways.iter_mut().enumerate().take(site::TRUNKS) {
            let (old, new) = (&before.trunks[index], &after.trunks[index]);
            if !old.declared || !new.declared || old.probed != new.probed {
                let doubt = seen.down || seen.silent || seen.shaky;
                let Seen { resting_until, doubted_at, known, asked, .. } = std::mem::take(seen);
                *seen = Seen { silent: doubt, resting_until, doubted_at, known, asked, ..Seen::default() };
            }
        }
    }

    /// The router's process died: the next one knows nothing of any gateway.
    pub fn crashed(&mut self) {
        self.gateways.iter_mut().for_each(|seen| *seen = Seen::default());
    }

    /// An OPTIONS of the router's own.
    pub fn probe_out(&mut self, tally: &mut Tally, now: Instant, site: &Site, to: SocketAddr, wire: &Wire) {
        let Some(index) = site::gateway_at(to) else { return };
        self.tick(now);
        let seen = &mut self.gateways[index];
        let branch = wire.branch();
        let declared = index == OFFICE || site.trunks[index].declared;
        if seen.known.iter().any(|known| known == branch) {
            let what = || format!("a probe is repeated to {}, which is gone", site::name(index));
            return tally.check(Law::ProbesInOrder, now, None, declared, what);
        }
        seen.known.truncate(7);
        seen.known.push_front(branch.to_string());
        // The router's timers are a millisecond coarse.
        if seen.probe.as_ref().is_some_and(|(_, until)| *until <= now + Duration::from_millis(2)) {
            seen.probe = None;
            seen.ended(false, site);
        }
        let expected = index != OFFICE && site.trunks[index].declared && site.trunks[index].probed;
        let free = seen.probe.is_none();
        tally.check(Law::ProbesInOrder, now, None, expected && free, || {
            format!("a probe to {}: expected {expected}, none in flight {free}", site::name(index))
        });
        seen.probe = Some((branch.to_string(), now + site.timers.probe_timeout));
        self.probes += 1;
    }

    /// A response to a probe.
    pub fn probe_in(&mut self, now: Instant, site: &Site, from: SocketAddr, wire: &Wire) {
        let Some(index) = site::gateway_at(from) else { return };
        self.tick(now);
        let seen = &mut self.gateways[index];
        if seen.probe.as_ref().is_some_and(|(b, _)| b == wire.branch()) && wire.code >= 200 {
            seen.probe = None;
            seen.ended(wire.code < 500 && wire.code != 408 || wire.code == 501, site);
        }
    }

    /// An INVITE of a call goes to a gateway.
    pub fn asked(&mut self, now: Instant, to: SocketAddr, branch: &str, attempt: Duration) {
        if let Some(index) = site::gateway_at(to) {
            let seen = &mut self.gateways[index];
            if !seen.asked.iter().any(|(b, _)| b == branch) {
                seen.asked.push((branch.to_string(), now + attempt));
            }
        }
    }

    /// A response to an INVITE of a call.
    pub fn heard(&mut self, now: Instant, from: SocketAddr, wire: &Wire) {
        let Some(index) = site::gateway_at(from) else { return };
        self.tick(now);
        let seen = &mut self.gateways[index];
        if let Some(at) = seen.asked.iter().position(|(b, _)| b == wire.branch()) {
            seen.asked.swap_remove(at);
            seen.silent = false;
        }
        if wire.code == 503
            && let Some(seconds) = wire.named("Retry-After").and_then(|s| s.parse().ok())
        {
            let until = now + Duration::from_secs(seconds);
            seen.resting_until = seen.resting_until.max(Some(until));
        }
    }

    /// A branch that nobody waits for any more.
    pub fn lost(&mut self, to: SocketAddr, branch: &str) {
        if let Some(index) = site::gateway_at(to) {
            self.gateways[index].asked.retain(|(b, _)| b != branch);
        }
    }

    /// An ICMP error for something sent to a gateway.
    pub fn refused(&mut self, now: Instant, site: &Site, to: SocketAddr, branch: &str) {
        let Some(index) = site::gateway_at(to) else { return };
        self.tick(now);
        let seen = &mut self.gateways[index];
        if seen.probe.as_ref().is_some_and(|(b, _)| b == branch || branch.is_empty()) {
            seen.probe = None;
            seen.ended(false, site);
        }
        seen.shaky |= branch.is_empty() || seen.known.iter().any(|known| known == branch);
        seen.asked.retain(|(b, _)| b != branch && !branch.is_empty());
        seen.silent = true;
    }

    /// The router has fired its timers: what was not answered by now has failed. Not before: a stalled router takes
    /// the datagrams first.
    pub fn fired(&mut self, now: Instant, site: &Site) {
        self.tick(now);
        for seen in &mut self.gateways {
            if seen.probe.as_ref().is_some_and(|(_, until)| *until <= now) {
                seen.probe = None;
                seen.ended(false, site);
            }
            let before = seen.asked.len();
            seen.asked.retain(|(_, until)| *until > now);
            seen.silent |= seen.asked.len() < before;
        }
    }

    fn tick(&mut self, now: Instant) {
        for seen in self.gateways.iter_mut().filter(|seen| seen.doubtful(now)) {
            seen.doubted_at = now;
        }
    }

    /// Its probes fail, beyond doubt, so a router that forgot nothing takes it for down.
    pub fn surely_down(&self, gateway: usize) -> bool {
        self.gateways[gateway].sure
    }

    /// Nothing spoke against it at any time since `since`.
    pub fn surely_up(&self, gateway: usize, since: Instant, now: Instant) -> bool {
        let seen = &self.gateways[gateway];
        // A rest ends by itself, between two looks.
        let rested = seen.resting_until.is_none_or(|until| until < since);
        !seen.doubtful(now) && seen.doubted_at < since && rested
    }
}

impl Seen {
    /// It may be taken for down, or resting.
    fn doubtful(&self, now: Instant) -> bool {
        let overdue = |until: &Instant| *until <= now;
        self.down
            || self.shaky
            || self.silent
            || self.resting_until.is_some_and(|until| until >= now)
            || self.probe.as_ref().is_some_and(|(_, until)| overdue(until))
            || self.asked.iter().any(|(_, until)| overdue(until))
    }

    fn ended(&mut self, alive: bool, site: &Site) {
        if alive {
            self.answered += 1;
            self.failed = 0;
            self.sure = false;
            if self.answered >= RECOVERIES_MOST {
                (self.down, self.shaky) = (false, false);
            }
        } else {
            self.failed += 1;
            self.answered = 0;
            self.shaky = true;
            self.sure |= self.failed >= site.timers.failures;
            self.down |= self.sure;
        }
    }
}
