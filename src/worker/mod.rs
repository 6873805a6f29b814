//! One worker: the core, the health engine and the timers of the calls it owns, stepped from outside.
//!
//! A call has one owner, found by its Call-ID: its events are totally ordered, and each is handled whole, with no lock and
//! no await inside (checklist C1).
//!
//! `run` steps it with sockets and a clock, the simulation with a virtual network; the code is the same.

mod handover;

pub use crate::flow::Paths;
pub use crate::proxy::{Counters, Load};
pub use handover::{owner, peek_call_id};

use crate::flow::Flow;
use crate::health::{Engine, Override, Probe, ProbeResult, ProbeToken};
use crate::proxy::{Core, Effects, Loaded, Snapshot};
use crate::time::{Instant, Now};
use std::sync::Arc;

/// What a worker is made of.
pub struct Setup {
    pub index: usize,
    pub workers: usize,
    /// Seed of the CSPRNG for branches, tags, record ids, jitter.
    pub seed: [u8; 32],
    /// Key of the Record-Route cookie, and the one before it (honoured for 24 h).
    pub cookie_key: [u8; 16],
    pub old_cookie_key: Option<[u8; 16]>,
    pub snapshot: Arc<Snapshot>,
    pub paths: Box<dyn Paths>,
    /// Planted faults (simulation only).
    #[cfg(feature = "sim")]
    pub plant: crate::proxy::Plant,
}

/// See the module.
pub struct Worker {
    core: Core,
    health: Engine,
    /// Scratch.
    due: Vec<Probe>,
    probed: Vec<(ProbeToken, ProbeResult)>,
    #[cfg(feature = "sim")]
    plant: crate::proxy::Plant,
}

impl Worker {
    /// Probes that are due at once are in `out`.
    pub fn new(now: Now, setup: Setup, out: &mut Effects) -> Worker {
        let jitter = setup.seed.iter().fold(setup.index as u64, |seed, &byte| seed.rotate_left(8) ^ u64::from(byte));
        let mut health = Engine::new(jitter);
        let board = health.reload(now, &setup.snapshot.table);
        let loaded = Loaded { snapshot: setup.snapshot, board };
        let core = Core::new(now, setup.seed, setup.cookie_key, setup.old_cookie_key, loaded, setup.paths);
        let mut worker = Worker {
            core,
            health,
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

    /// One datagram that this worker owns (by [`owner`] of its Call-ID).
    pub fn datagram(&mut self, now: Now, flow: Flow, bytes: &[u8], out: &mut Effects) {
        self.core.datagram(now, flow, bytes, out);
        self.consider_health(now, out);
    }

    /// A datagram to `flow` could not be delivered (ICMP, failed send). `sent` is as much of it as came back, maybe
    /// nothing.
    pub fn undelivered(&mut self, now: Now, flow: Flow, sent: &[u8], out: &mut Effects) {
        self.core.undelivered(now, flow, sent, out);
        self.consider_health(now, out);
    }

    /// A new revision: calls in set-up keep theirs, health is carried over.
    pub fn reload(&mut self, now: Now, snapshot: Arc<Snapshot>, out: &mut Effects) {
        #[cfg(feature = "sim")]
        match self.plant {
            crate::proxy::Plant::StaleSnapshot => return,
            crate::proxy::Plant::HealthReset => self.health = Engine::new(now.at.0),
            _ => {}
        }
        let board = self.health.reload(now, &snapshot.table);
        self.core.reload(Loaded { snapshot, board });
        self.consider_health(now, out);
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
        self.core.deadline().into_iter().chain(self.health.deadline()).min()
    }

    pub fn load(&self) -> Load {
        self.core.load()
    }

    pub fn counters(&self) -> Counters {
        self.core.counters()
    }

    /// An operator disables or enables a gateway; false when its id is unknown.
    pub fn set_override(&mut self, now: Now, id: &str, o: Option<Override>) -> bool {
        self.health.set_override(now, id, o)
    }

    /// Feeds the engine with what calls and probes have shown, and sends the probes that are due.
    fn consider_health(&mut self, now: Now, out: &mut Effects) {
        for evidence in out.evidence.drain(..) {
            self.health.evidence(now, &evidence);
        }
        self.core.take_probed(&mut self.probed);
        for (token, result) in self.probed.drain(..) {
            self.health.probed(now, token, result);
        }
        if self.health.deadline().is_some_and(|at| at <= now.at) {
            self.health.poll(now, &mut self.due);
            for probe in self.due.drain(..) {
                self.core.probe(now, &probe, out);
            }
        }
        out.changes.append(&mut self.health.changes());
    }
}
