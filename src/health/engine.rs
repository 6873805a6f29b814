//! The engine: turns probes and calls into states. One owner; pure.

use super::jitter::Jitter;
use super::watch::{Turn, Watch};
use super::{Board, GatewayReport, Observed};
use crate::flow::Transport;
use crate::route::{GatewayIx, ProbeMethod, Table};
use crate::time::{Instant, Now};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a call tells about its gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub id: Arc<str>,
    pub address: SocketAddr,
    pub transport: Transport,
    /// The attempt was the half-open gateway's trial: its place is given back.
    pub trial: bool,
    pub result: ProbeResult,
}

/// How a probe, or an attempt of a call, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeResult {
    /// The first response (calls: the final, or a 1xx that shows life), with Retry-After in seconds (503 only).
    Code { code: u16, retry_after: Option<u32> },
    /// Nothing came in time.
    Timeout,
    /// ICMP error or failed send.
    Transport,
    /// Ended without a verdict (cancelled by the caller before anything came).
    Nothing,
}

impl ProbeResult {
    /// A reply that asks for no rest.
    pub fn answered(self) -> bool {
        matches!(self, ProbeResult::Code { code, retry_after } if code != 503 || retry_after.is_none())
    }
}

/// Names one probe in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProbeToken(pub u64);

/// A probe to be sent now.
#[derive(Clone, Debug)]
pub struct Probe {
    pub token: ProbeToken,
    pub gateway: GatewayIx,
    /// `OPTIONS` or `INFO`.
    pub method: &'static str,
    /// From URI of the configuration.
    pub from: Arc<str>,
    /// The engine wants [`Engine::probed`] by then.
    pub timeout: Duration,
}

/// An operator's word about a gateway; kept by id over reloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub by: String,
    pub reason: String,
    pub until: Option<Instant>,
}

/// A change of state, for the log and `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub gateway: Arc<str>,
    pub address: SocketAddr,
    pub up: bool,
    /// `3 probes without an answer`, `2 probes answered`, …
    pub why: String,
}

/// See the module. Deterministic: the same seed and the same calls give the same probes.
#[derive(Debug, Default)]
pub struct Engine {
    /// In the order of the table that is served.
    watches: Vec<Watch>,
    by_id: BTreeMap<Arc<str>, usize>,
    /// (when, which): each watch's `due`, once.
    agenda: BTreeSet<(Instant, usize)>,
    /// The probes in flight, at most one a gateway.
    in_flight: BTreeMap<u64, usize>,
    next_token: u64,
    /// Kept by id, also for an id that no table names at the moment.
    overrides: BTreeMap<Arc<str>, Override>,
    changes: Vec<Change>,
    jitter: Jitter,
}

/// Changes that nobody fetched: the oldest go beyond this.
const CHANGES_MOST: usize = 4096;
/// All first probes of new gateways leave within a twentieth of their interval, and within this.
const SPREAD_MOST: Duration = Duration::from_millis(100);

impl Engine {
    /// `seed` drives the jitter of the probes.
    pub fn new(seed: u64) -> Engine {
        Engine { jitter: Jitter::new(seed), ..Engine::default() }
    }

    /// Takes a new table: carries over by (id, address, transport), marks what is gone, probes what is new at once.
    pub fn reload(&mut self, now: Now, table: &Table) -> Board {
        let mut old: BTreeMap<Arc<str>, Watch> = self.watches.drain(..).map(|w| (w.id.clone(), w)).collect();
        self.by_id.clear();
        self.agenda.clear();
        self.in_flight.clear();
        let mut new = Vec::new();
        for (ix, gateway) in (0..).map(GatewayIx).zip(table.gateways()) {
            let same = |w: &Watch| w.address == gateway.address && w.transport == gateway.transport;
            let (watch, due) = match old.remove(&gateway.id) {
                Some(mut watch) if same(&watch) => {
                    let (was_down, was_set) = (watch.down(), watch.probing != gateway.probing);
                    watch.carry(now.at, ix, &gateway.probing);
                    let again = was_set || watch.down() != was_down;
                    let due = if again { next_due(&mut self.jitter, now.at, &watch) } else { watch.due };
                    (watch, due)
                }
                gone => {
                    new.push(self.watches.len());
                    // Calls in set-up hold boards with these slots: they skip what is gone.
                    gone.iter().for_each(|watch| watch.slot.set_removed());
                    (Watch::new(ix, gateway), None)
                }
            };
            self.adopt(watch, due);
        }
        old.values().for_each(|watch| watch.slot.set_removed());
        self.first_probes(now.at, &new);
        Board { slots: self.watches.iter().map(|w| w.slot.clone()).collect() }
    }

    /// Takes one gateway of the new table into the books.
    fn adopt(&mut self, mut watch: Watch, due: Option<Instant>) {
        let which = self.watches.len();
        watch.due = None;
        watch.disabled = self.overrides.contains_key(&watch.id);
        watch.slot.set_disabled(watch.disabled);
        if let Some(token) = watch.in_flight {
            self.in_flight.insert(token.0, which);
        }
        self.by_id.insert(watch.id.clone(), which);
        self.watches.push(watch);
        self.plan(which, due);
    }

    /// New gateways are probed at once, the first this very moment, many of them not in one burst.
    fn first_probes(&mut self, now: Instant, new: &[usize]) {
        for (n, &which) in (0u32..).zip(new) {
            let Some(watch) = self.watches.get(which).filter(|watch| watch.probed_now()) else { continue };
            let spread = (watch.probing.interval / 20).min(SPREAD_MOST);
            let step = spread / u32::try_from(new.len()).unwrap_or(u32::MAX).max(1);
            self.plan(which, Some(now + step * n));
        }
    }

    /// The probes due now, appended to `out`; a probe in flight is not sent again. After a stall each gateway is
    /// probed once, not once for every round missed (checklist C3).
    pub fn poll(&mut self, now: Now, out: &mut Vec<Probe>) {
        self.expire_overrides(now.at);
        while let Some(&(due, which)) = self.agenda.first() {
            if due > now.at {
                break;
            }
            self.agenda.pop_first();
            out.extend(self.send(now.at, which));
        }
    }

    /// When [`Engine::poll`] has something next.
    pub fn deadline(&self) -> Option<Instant> {
        let probe = self.agenda.first().map(|&(due, _)| due);
        let expiry = self.overrides.values().filter_map(|o| o.until).min();
        probe.into_iter().chain(expiry).min()
    }

    /// How a probe ended. A token that is not in flight (any more) is ignored, and so is a 1xx, which is no end.
    pub fn probed(&mut self, now: Now, token: ProbeToken, result: ProbeResult) {
        if matches!(result, ProbeResult::Code { code: ..200, .. }) {
            return;
        }
        let Some(which) = self.in_flight.remove(&token.0) else { return };
        let Some(watch) = self.watches.get_mut(which) else { return };
        watch.in_flight = None;
        watch.probes_ended += 1;
        if let (ProbeResult::Code { .. }, Some(sent_at)) = (result, watch.sent_at) {
            watch.probe_took = Some(now.at.since(sent_at));
        }
        let turn = watch.probe_ended(now.at, result);
        watch.since = turn.as_ref().map(|_| now.at).or(watch.since);
        self.tell(which, turn);
        self.replan(now.at, which);
    }

    /// Whether the end of a probe is still of interest: a reload may have taken its gateway away.
    pub fn awaits(&self, token: ProbeToken) -> bool {
        self.in_flight.contains_key(&token.0)
    }

    /// What a call tells about its gateway; ignored for a gateway that is gone.
    pub fn evidence(&mut self, now: Now, evidence: &Evidence) {
        let Some(&which) = self.by_id.get(&evidence.id) else { return };
        let Some(watch) = self.watches.get_mut(which) else { return };
        if watch.address != evidence.address || watch.transport != evidence.transport {
            return;
        }
        let was_down = watch.down();
        let turn = watch.call_ended(now.at, evidence.trial, evidence.result);
        watch.since = turn.as_ref().map(|_| now.at).or(watch.since);
        let turned = watch.down() != was_down;
        self.tell(which, turn);
        if turned {
            self.replan(now.at, which);
        }
    }

    /// Disables (`Some`) or enables (`None`) a gateway by id; false when no such gateway is known.
    pub fn set_override(&mut self, now: Now, id: &str, o: Option<Override>) -> bool {
        if !self.by_id.contains_key(id) && !self.overrides.contains_key(id) {
            return false;
        }
        match o {
            Some(o) => {
                let why = match o.reason.as_str() {
                    "" => format!("disabled by {}", o.by),
                    reason => format!("disabled by {}: {reason}", o.by),
                };
                self.overrides.insert(Arc::from(id), o);
                self.set_disabled(now.at, id, true, why);
            }
            None if self.overrides.remove(id).is_some() => {
                self.set_disabled(now.at, id, false, "enabled by an operator".to_owned());
            }
            None => {}
        }
        true
    }

    /// An operator's word from an earlier process, also about a gateway that no table names yet. Call it before the first
    /// [`Engine::reload`].
    pub fn restore(&mut self, id: Arc<str>, o: Override) {
        self.overrides.insert(id, o);
    }

    /// A probe at once. `None`: no such gateway; `Some(false)`: it is not probed, as things stand.
    pub fn probe_now(&mut self, now: Now, id: &str) -> Option<bool> {
        let which = *self.by_id.get(id)?;
        let watch = self.watches.get(which)?;
        let probed = !watch.disabled && watch.probing.method != ProbeMethod::None;
        if probed && watch.in_flight.is_none() {
            self.plan(which, Some(now.at));
        }
        Some(probed)
    }

    /// Forgets what was observed of a gateway, and probes it at once; false when there is none.
    pub fn reset(&mut self, now: Now, id: &str) -> bool {
        let Some(&which) = self.by_id.get(id) else { return false };
        let Some(watch) = self.watches.get_mut(which) else { return false };
        watch.forget(now.at);
        if watch.probed_now() && watch.in_flight.is_none() {
            self.plan(which, Some(now.at));
        }
        true
    }

    /// What is known about each gateway, in the order of the table.
    pub fn report(&self, now: Now) -> Vec<GatewayReport> {
        self.watches.iter().map(|watch| GatewayReport::of(watch, now)).collect()
    }

    /// An operator's word about a gateway, if there is one.
    pub fn overridden(&self, id: &str) -> Option<&Override> {
        self.overrides.get(id)
    }

    /// Changes since the last call.
    pub fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn expire_overrides(&mut self, now: Instant) {
        for (id, over) in
            self.overrides.extract_if(.., |_, o| o.until.is_some_and(|until| until <= now)).collect::<Vec<_>>()
        {
            self.set_disabled(now, &id, false, format!("{}'s disabling ended", over.by));
        }
    }

    fn set_disabled(&mut self, now: Instant, id: &str, disabled: bool, why: String) {
        let Some(&which) = self.by_id.get(id) else { return };
        let Some(watch) = self.watches.get_mut(which) else { return };
        watch.disabled = disabled;
        watch.slot.set_disabled(disabled);
        // Not probed for a while, so asked at once when it comes back.
        let due = if watch.probed_now() && watch.in_flight.is_none() { Some(now) } else { None };
        let up = !disabled && watch.slot.observed() != Observed::Down;
        self.tell(which, Some((up, why)));
        match due {
            Some(due) => self.plan(which, Some(due)),
            None => self.replan(now, which),
        }
    }

    /// Makes the probe that is due. One that was still in flight was never heard of and is forgotten.
    fn send(&mut self, now: Instant, which: usize) -> Option<Probe> {
        let watch = self.watches.get_mut(which)?;
        watch.due = None;
        if let Some(lost) = watch.in_flight.take() {
            self.in_flight.remove(&lost.0);
        }
        let method = match watch.probing.method {
            ProbeMethod::Options => "OPTIONS",
            ProbeMethod::Info => "INFO",
            ProbeMethod::None => return None,
        };
        if !watch.probed_now() {
            return None;
        }
        let token = ProbeToken(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        watch.in_flight = Some(token);
        watch.sent_at = Some(now);
        let (from, timeout) = (watch.probing.from.clone(), watch.probing.timeout);
        let probe = Probe { token, gateway: watch.ix, method, from, timeout };
        self.in_flight.insert(token.0, which);
        self.replan(now, which);
        Some(probe)
    }

    /// Works out anew when a gateway is to be looked at.
    fn replan(&mut self, now: Instant, which: usize) {
        let due = self.watches.get(which).and_then(|watch| next_due(&mut self.jitter, now, watch));
        self.plan(which, due);
    }

    fn plan(&mut self, which: usize, due: Option<Instant>) {
        let Some(watch) = self.watches.get_mut(which) else { return };
        if let Some(before) = watch.due {
            self.agenda.remove(&(before, which));
        }
        watch.due = due;
        self.agenda.extend(due.map(|due| (due, which)));
    }

    fn tell(&mut self, which: usize, turn: Turn) {
        let (Some((up, why)), Some(watch)) = (turn, self.watches.get(which)) else { return };
        if self.changes.len() >= CHANGES_MOST {
            self.changes.remove(0);
        }
        self.changes.push(Change { gateway: watch.id.clone(), address: watch.address, up, why });
    }
}

/// When a gateway is to be looked at next: its probe in flight given up, or the next one sent, a jittered pause after
/// the last. Where there was none it is asked at once, unless calls took it down a moment ago.
fn next_due(jitter: &mut Jitter, now: Instant, watch: &Watch) -> Option<Instant> {
    if watch.in_flight.is_some() {
        return Some(watch.lost_at(watch.sent_at.unwrap_or(now)));
    }
    let next = match watch.sent_at {
        None if !watch.down() => now,
        sent_at => sent_at.unwrap_or(now) + jitter.around(watch.pause()),
    };
    watch.probed_now().then_some(next.max(now))
}
