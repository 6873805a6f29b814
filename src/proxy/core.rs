//! The core: tables of transactions, the timers, and the entrances that the worker calls.

use super::addresses::Addresses;
use super::alarm::{Packed, Timer};
use super::call::{Branch, Call};
use super::cookie::CookieKeys;
use super::course::Exchange;
use super::owners::{Owner, Owners};
use super::peers::Peers;
use super::probe::Probing;
use super::secrets::Secrets;
use super::{Counters, Effects, Load, Loaded};
use crate::flow::{Flow, Paths};
use crate::health::{ProbeResult, ProbeToken};
use crate::route::Decision;
use crate::sip::Index;
use crate::time::{Instant, Now};
use crate::transaction::{Key, Shelf, Timers, Wheel};

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::Arc;

/// Above this many live server transactions new calls get 503 (checklist T16).
const MOST_TRANSACTIONS: usize = 1_000_000;

pub struct Core {
    pub(super) loaded: Arc<Loaded>,
    pub(super) addresses: Addresses,
    pub(super) secrets: Secrets,
    pub(super) cookie_keys: CookieKeys,
    pub(super) timers: Timers,
    pub(super) wheel: Wheel<Packed>,
    pub(super) owners: Owners,
    pub(super) peers: Peers,
    pub(super) calls: Shelf<Call>,
    pub(super) branches: Shelf<Branch>,
    pub(super) exchanges: Shelf<Exchange>,
    pub(super) probes: Shelf<Probing>,
    /// Probes that ended, for the health engine.
    pub(super) probed: Vec<(ProbeToken, ProbeResult)>,
    pub(super) draining: bool,
    pub(super) overload: super::overload::Overload,
    /// Answers whose ACK has not passed yet: a router that drains stays for them.
    pub(super) awaited_acks: HashSet<NonZeroU64, foldhash::fast::FixedState>,
    pub(super) counters: Counters,
    pub(super) tally: super::Tally,
    pub(super) strangers: super::access::Budget,
    /// Scratch, reused from message to message.
    pub(super) index: Index,
    pub(super) decision: Decision,
    /// Header lines that are being made.
    pub(super) lines: Vec<u8>,
    fired: Vec<Packed>,
    #[cfg(feature = "sim")]
    pub(super) plant: super::Plant,
    #[cfg(feature = "sim")]
    pub(super) places: super::order::Places,
}

impl Core {
    pub fn new(
        now: Now,
        seed: [u8; 32],
        present: [u8; 16],
        previous: Option<[u8; 16]>,
        loaded: Loaded,
        paths: Box<dyn Paths>,
    ) -> Core {
        let secrets = Secrets::new(seed);
        let mut addresses = Addresses::new(paths);
        addresses.reload(&loaded.snapshot);
        Core {
            loaded: Arc::new(loaded),
            addresses,
            secrets,
            cookie_keys: CookieKeys { present, previous },
            timers: Timers::default(),
            wheel: Wheel::new(now.at),
            owners: Owners::default(),
            peers: Peers::default(),
            calls: Shelf::new(),
            branches: Shelf::new(),
            exchanges: Shelf::new(),
            probes: Shelf::new(),
            probed: Vec::new(),
            draining: false,
            overload: Default::default(),
            awaited_acks: HashSet::with_hasher(foldhash::fast::FixedState::with_seed(0)),
            counters: Counters::default(),
            tally: super::Tally::default(),
            strangers: super::access::Budget::new(now.at),
            index: Index::default(),
            decision: Decision::default(),
            lines: Vec::new(),
            fired: Vec::new(),
            #[cfg(feature = "sim")]
            plant: super::Plant::None,
            #[cfg(feature = "sim")]
            places: Default::default(),
        }
    }

    /// What weighted lists draw by, the same for all workers: a call's order does not depend on who has it.
    pub fn draw_by(&mut self, seed: u64) {
        self.secrets.draw_by(seed);
    }

    #[cfg(feature = "sim")]
    pub fn plant(&mut self, plant: super::Plant) {
        self.plant = plant;
    }

    /// A new revision for the calls to come; calls in set-up keep theirs (checklist F26).
    pub fn reload(&mut self, loaded: Loaded) {
        self.addresses.reload(&loaded.snapshot);
        self.loaded = Arc::new(loaded);
    }

    /// The present revision and its board.
    pub fn loaded(&self) -> Loaded {
        Loaded::clone(&self.loaded)
    }

    /// From now on new calls get 503 (checklist R4).
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Fires what is due by `now`.
    pub fn fire(&mut self, now: Now, out: &mut Effects) {
        let mut fired = std::mem::take(&mut self.fired);
        self.wheel.expire(now.at, &mut fired);
        // Before any of them is acted upon: what one does may arm or disarm the next.
        fired.iter().for_each(|timer| self.spent(timer.timer()));
        #[cfg(feature = "sim")]
        self.sort_timers(&mut fired);
        for timer in fired.drain(..) {
            match timer.timer() {
                Timer::Call(ix) => self.call_timer(now, ix, out),
                Timer::Branch(ix) => self.branch_timer(now, ix, out),
                Timer::Exchange(ix) => self.exchange_timer(now, ix, out),
                Timer::Probe(ix) => self.probe_timer(now, ix, out),
            }
        }
        self.fired = fired;
    }

    /// The wheel has fired it: its owner's alarm is armed no longer.
    fn spent(&mut self, timer: Timer) {
        let alarm = match timer {
            Timer::Call(ix) => self.calls.get_mut(ix as usize).map(|call| &mut call.alarm),
            Timer::Branch(ix) => self.branches.get_mut(ix as usize).map(|branch| &mut branch.alarm),
            Timer::Exchange(ix) => self.exchanges.get_mut(ix as usize).map(|exchange| &mut exchange.alarm),
            Timer::Probe(ix) => self.probes.get_mut(ix as usize).map(|probe| &mut probe.alarm),
        };
        if let Some(alarm) = alarm {
            alarm.spent();
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.wheel.next()
    }

    /// Probes that ended since the last call.
    pub fn take_probed(&mut self, into: &mut Vec<(ProbeToken, ProbeResult)>) {
        into.append(&mut self.probed);
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// What became of calls, by route, gateway and code.
    pub fn tally(&self) -> &super::Tally {
        &self.tally
    }

    pub fn load(&self) -> Load {
        Load {
            setting_up: self.calls.iter().filter(|(_, call)| call.server.proceeding()).count(),
            awaiting_ack: self.calls.iter().filter(|(_, call)| call.server.awaits_ack()).count()
                + self.awaited_acks.len(),
            server_transactions: self.calls.len() + self.exchanges.len(),
            client_transactions: self.branches.len()
                + self.probes.len()
                + self.exchanges.iter().filter(|(_, exchange)| exchange.waiting()).count(),
            timers: self.wheel.len(),
        }
    }

    /// The server transaction that a request with this key belongs to.
    pub(super) fn owner(&self, key: Key) -> Option<Owner> {
        self.owners.find(key, |owner| key_of(owner, &self.calls, &self.exchanges))
    }

    pub(super) fn own(&mut self, key: Key, owner: Owner) {
        #[cfg(feature = "sim")]
        self.places.put(owner);
        self.owners.insert(key, owner, |owner| key_of(owner, &self.calls, &self.exchanges));
    }

    /// Whether there is room for one more call (checklist T16).
    pub(super) fn full(&self) -> bool {
        self.calls.len() + self.exchanges.len() >= MOST_TRANSACTIONS
    }

    #[cfg(feature = "sim")]
    pub(super) fn planted(&self, plant: super::Plant) -> bool {
        self.plant == plant
    }

    /// A datagram to `flow` came back. Its branch names the transaction; without one all silent ones to that address
    /// fail (an ICMP error need not quote more than the UDP header).
    pub fn undelivered(&mut self, now: Now, flow: Flow, sent: &[u8], out: &mut Effects) {
        use super::token::{Kind, Token};
        if let Some(token) = Token::find(sent) {
            let ix = token.index;
            return match token.kind {
                Kind::Invite if self.branches.get(ix as usize).is_some_and(|b| b.nonce == token.nonce) => {
                    self.branch_undelivered(now, ix, out)
                }
                Kind::NonInvite if self.exchanges.get(ix as usize).is_some_and(|e| e.nonce == token.nonce) => {
                    self.exchange_undelivered(now, ix, out)
                }
                Kind::Probe if self.probes.get(ix as usize).is_some_and(|p| p.nonce == token.nonce) => {
                    self.probe_ended(ix, ProbeResult::Transport)
                }
                _ => {}
            };
        }
        if !sent.is_empty() {
            return;
        }
        let same = |other: &Flow| other.remote == flow.remote && other.socket == flow.socket;
        let asks = |b: &Branch| b.asked.as_ref().is_some_and(|asked| same(&asked.flow)) && b.client.calling();
        #[cfg_attr(not(feature = "sim"), allow(unused_mut))]
        let mut branches: Vec<u32> = self.branches.iter().filter(|(_, b)| asks(b)).map(|(ix, _)| ix as u32).collect();
        #[cfg(feature = "sim")]
        self.sort_branches(&mut branches);
        for ix in branches {
            self.branch_undelivered(now, ix, out);
        }
        let silent = |e: &Exchange| e.silent_flow().is_some_and(same);
        let exchanges: Vec<u32> = self.exchanges.iter().filter(|(_, e)| silent(e)).map(|(ix, _)| ix as u32).collect();
        for ix in exchanges {
            self.exchange_undelivered(now, ix, out);
        }
        let probes: Vec<u32> = self.probes.iter().filter(|(_, p)| same(&p.flow)).map(|(ix, _)| ix as u32).collect();
        for ix in probes {
            self.probe_ended(ix, ProbeResult::Transport);
        }
    }
}

fn key_of(owner: Owner, calls: &Shelf<Call>, exchanges: &Shelf<Exchange>) -> Option<Key> {
    match owner {
        Owner::Call(ix) => calls.get(ix as usize).map(|call| call.key),
        Owner::Exchange(ix) => exchanges.get(ix as usize).map(|exchange| exchange.key),
    }
}
