//! One worker: the core, the health engine and the timers of the calls it owns, stepped from outside.
//!
//! A call has one owner, found by its Call-ID: its events are totally ordered, and each is handled whole, with no lock and
//! no await inside (checklist C1). What another worker received for it comes by [`Handover`].
//!
//! One worker of a process has the health engine; the others read its [`Board`](crate::health::Board). What calls show about gateways is left
//! in [`Effects::evidence`], and whoever steps the workers brings it to [`Worker::evidence`] of the one with the engine.
//!
//! `run` steps it with sockets and a clock, the simulation with a virtual network; the code is the same.

mod handover;
mod place;
mod pressure;
mod queue;

pub use crate::flow::Paths;
pub use crate::proxy::{Counters, Load, Loaded};
pub use handover::{Appended, Handover, Kind, Parcel, peek_call_id};
pub use place::{HEALTH, Place};
pub use pressure::Pressure;
pub use queue::{EVIDENCE_MOST, Queue};

use crate::flow::Flow;
use crate::health::{Engine, Evidence, GatewayReport, Override, Probe, ProbeResult, ProbeToken};
use crate::proxy::{Core, Effects, SettingUp, Snapshot, Survey, Tally};
use crate::route::Turns;
use crate::time::{Instant, Now};
use std::sync::Arc;

/// What a worker is made of.
pub struct Setup {
    pub index: usize,
    pub workers: usize,
    /// Seed of the process for branches, tags, record ids, jitter: each worker draws from a stream of its own.
    pub seed: [u8; 32],
    /// Seed of [`owner`]: the same for all workers, and a secret, so that nobody outside can aim at one of them. Lists draw
    /// by it too: a call's order is the same whichever worker has it.
    pub owner_seed: u64,
    /// Key of the Record-Route cookie, and the one before it (honoured for 24 h).
    pub cookie_key: [u8; 16],
    pub old_cookie_key: Option<[u8; 16]>,
    pub snapshot: Arc<Snapshot>,
    /// `None`: this worker has the health engine. The others get its board and its turns ([`Worker::loaded`]).
    pub shared: Option<Loaded>,
    /// Operators' words about gateways that an earlier process left; only the worker with the health engine heeds them.
    pub overrides: Vec<(Arc<str>, Override)>,
    pub paths: Box<dyn Paths>,
    /// Planted faults (simulation only).
    #[cfg(feature = "sim")]
    pub plant: crate::proxy::Plant,
}

/// See the module.
pub struct Worker {
    core: Core,
    /// In one worker of a process.
    health: Option<Engine>,
    place: Place,
    /// Scratch.
    due: Vec<Probe>,
    probed: Vec<(ProbeToken, ProbeResult)>,
    #[cfg(feature = "sim")]
    plant: crate::proxy::Plant,
}

impl Worker {
    /// Probes that are due at once are in `out`.
    pub fn new(now: Now, setup: Setup, out: &mut Effects) -> Worker {
        let Setup { index, workers, seed, owner_seed, snapshot, shared, overrides, paths, .. } = setup;
        let place = Place { index, workers, owner_seed };
        let (loaded, health) = match shared {
            Some(loaded) => (loaded, None),
            None => {
                let jitter = seed.iter().fold(0, |seed: u64, &byte| seed.rotate_left(8) ^ u64::from(byte));
                let mut health = Engine::new(jitter);
                overrides.into_iter().for_each(|(id, over)| health.restore(id, over));
                let (board, turns) = (health.reload(now, &snapshot.table), Turns::new(&snapshot.table));
                (Loaded { snapshot, board, turns }, Some(health))
            }
        };
        let mut core = Core::new(now, place.seed(seed), setup.cookie_key, setup.old_cookie_key, loaded, paths);
        core.draw_by(owner_seed);
        let mut worker = Worker {
            core,
            health,
            place,
            due: Vec::new(),
            probed: Vec::new(),
            #[cfg(feature = "sim")]
            plant: setup.plant,
        };
        #[cfg(feature = "sim")]
        worker.core.plant(setup.plant);
        worker.consider_health(now, out);
        worker
    }

    /// From now on what is due at the same moment is done in an order that does not depend on how calls are spread over
    /// workers.
    #[cfg(feature = "sim")]
    pub fn in_order_of_calls(&mut self) {
        self.core.order_by(self.place.owner_seed);
    }

    /// One datagram that this worker owns (by [`Place::handler`]).
    pub fn datagram(&mut self, now: Now, flow: Flow, bytes: &[u8], out: &mut Effects) {
        self.core.datagram(now, flow, bytes, out);
        self.consider_health(now, out);
    }

    /// A datagram to `flow` could not be delivered (ICMP, failed send). `sent` is as much of it as came back, maybe
    /// nothing. It is for the owner of the Call-ID in it; without one every worker has to look.
    pub fn undelivered(&mut self, now: Now, flow: Flow, sent: &[u8], out: &mut Effects) {
        self.core.undelivered(now, flow, sent, out);
        self.consider_health(now, out);
    }

    /// What calls of any worker have shown about gateways, in order; empties `evidence`. Only the worker with the health
    /// engine can judge it, anywhere else it is lost.
    pub fn evidence(&mut self, now: Now, evidence: &mut Vec<Evidence>, out: &mut Effects) {
        if let Some(health) = &mut self.health {
            evidence.iter().for_each(|evidence| health.evidence(now, evidence));
        }
        evidence.clear();
        self.consider_health(now, out);
    }

    /// A new revision: calls in set-up keep theirs, health is carried over. It is for the worker with the health engine;
    /// what comes back is for all others to [`Worker::adopt`]. `None`: this is one of the others.
    pub fn reload(&mut self, now: Now, snapshot: Arc<Snapshot>, out: &mut Effects) -> Option<Loaded> {
        let health = self.health.as_mut()?;
        #[cfg(feature = "sim")]
        match self.plant {
            crate::proxy::Plant::StaleSnapshot => return Some(self.core.loaded()),
            crate::proxy::Plant::HealthReset => *health = Engine::new(now.at.0),
            _ => {}
        }
        let board = health.reload(now, &snapshot.table);
        let before = self.core.loaded();
        let turns = before.turns.carried(&before.snapshot.table, &snapshot.table);
        let loaded = Loaded { snapshot, board, turns };
        self.core.reload(loaded.clone());
        self.core.forget_probes(|token| health.awaits(token));
        self.consider_health(now, out);
        Some(loaded)
    }

    /// As [`Worker::reload`], for a worker without the health engine.
    pub fn adopt(&mut self, loaded: Loaded) {
        self.core.reload(loaded);
    }

    /// The present revision and its board.
    pub fn loaded(&self) -> Loaded {
        self.core.loaded()
    }

    /// Whether new calls get a cheap 503 from now on: [`Pressure`] says when.
    pub fn press(&mut self, pressed: bool) {
        self.core.press(pressed);
    }

    /// From now on new calls are refused with 503 (SIGTERM).
    pub fn drain(&mut self, _now: Now) {
        self.core.drain();
    }

    /// Writes down what is not yet written; the last thing before the process ends.
    pub fn close(&mut self, now: Now, out: &mut Effects) {
        self.core.close(now, out);
    }

    /// Fires what is due. Call it after the datagrams of a wake-up (checklist C2).
    pub fn fire(&mut self, now: Now, out: &mut Effects) {
        self.core.fire(now, out);
        self.consider_health(now, out);
    }

    /// When [`Worker::fire`] is next needed.
    pub fn deadline(&self) -> Option<Instant> {
        self.core.deadline().into_iter().chain(self.health.as_ref().and_then(Engine::deadline)).min()
    }

    pub fn load(&self) -> Load {
        self.core.load()
    }

    pub fn counters(&self) -> Counters {
        self.core.counters()
    }

    /// An operator disables or enables a gateway; false when its id is unknown, or this worker has no health engine.
    pub fn set_override(&mut self, now: Now, id: &str, o: Option<Override>) -> bool {
        self.health.as_mut().is_some_and(|health| health.set_override(now, id, o))
    }

    /// A probe of a gateway at once; `None`: no such gateway, `Some(false)`: it is not probed.
    pub fn probe_now(&mut self, now: Now, id: &str) -> Option<bool> {
        self.health.as_mut()?.probe_now(now, id)
    }

    /// Forgets what was observed of a gateway; false when its id is unknown, or this worker has no health engine.
    pub fn reset(&mut self, now: Now, id: &str) -> bool {
        self.health.as_mut().is_some_and(|health| health.reset(now, id))
    }

    /// What is known about each gateway; nothing in a worker without the health engine.
    pub fn health(&self, now: Now) -> Vec<GatewayReport> {
        self.health.as_ref().map(|health| health.report(now)).unwrap_or_default()
    }

    /// What became of calls, by route, gateway and code.
    pub fn tally(&self) -> &Tally {
        self.core.tally()
    }

    /// The calls in set-up; at most `most` of those that fit are described.
    pub fn survey(&self, now: Now, most: usize, fits: &dyn Fn(&SettingUp) -> bool) -> Survey {
        self.core.survey(now, most, fits)
    }

    /// Tells the engine how probes ended, and sends those that are due.
    fn consider_health(&mut self, now: Now, out: &mut Effects) {
        let Some(health) = &mut self.health else { return };
        self.core.take_probed(&mut self.probed);
        for (token, result) in self.probed.drain(..) {
            health.probed(now, token, result);
        }
        if health.deadline().is_some_and(|at| at <= now.at) {
            health.poll(now, &mut self.due);
            let place = self.place;
            for probe in self.due.drain(..) {
                self.core.probe(now, &probe, |call_id| place.owns(call_id), out);
            }
        }
        out.changes.append(&mut health.changes());
    }
}
