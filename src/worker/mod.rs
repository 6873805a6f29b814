//! One worker: the core, the health engine and the timers of the calls it owns, stepped from outside.
//!
//! `run` steps it with sockets and a clock, the simulation with a virtual network; the code is the same.

mod handover;

pub use handover::{owner, peek_call_id};

use crate::flow::{Flow, SocketIx};
use crate::proxy::{Effects, Snapshot};
use crate::time::{Instant, Now};
use std::net::IpAddr;
use std::sync::Arc;

/// Asks the kernel (or the simulated network) which source address it uses towards a peer; for listeners bound to a
/// wildcard without `advertise`. The answer is cached by the implementation.
pub trait Paths {
    fn source_towards(&mut self, socket: SocketIx, peer: IpAddr) -> IpAddr;
}

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

/// Plain counters of a worker, read at will by its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub datagrams: u64,
    pub keep_alives: u64,
    pub malformed: u64,
    /// Requests from sources that no access rule admits.
    pub strangers: u64,
    /// Responses and ACKs that match nothing.
    pub strays: u64,
    pub calls: u64,
    pub answered: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub rejected: u64,
    pub attempts: u64,
    pub probes: u64,
}

/// How much is alive: all zero when nothing is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls without a final answer.
    pub setting_up: usize,
    /// Finals (non-2xx) that wait for their ACK.
    pub awaiting_ack: usize,
    /// Server transactions in any state.
    pub server_transactions: usize,
    /// Client transactions in any state, probes included.
    pub client_transactions: usize,
    pub timers: usize,
}

/// See the module.
pub struct Worker {
    _setup: Setup,
}

impl Worker {
    pub fn new(_now: Now, setup: Setup, _out: &mut Effects) -> Worker {
        Worker { _setup: setup }
    }
    /// One datagram that this worker owns (by [`owner`] of its Call-ID).
    pub fn datagram(&mut self, _now: Now, _flow: Flow, _bytes: &[u8], _out: &mut Effects) {
        todo!()
    }
    /// A datagram to `flow` could not be delivered (ICMP, failed send). `sent` is as much of it as came back, maybe
    /// nothing.
    pub fn undelivered(&mut self, _now: Now, _flow: Flow, _sent: &[u8], _out: &mut Effects) {
        todo!()
    }
    /// A new revision: calls in set-up keep theirs, health is carried over.
    pub fn reload(&mut self, _now: Now, _snapshot: Arc<Snapshot>, _out: &mut Effects) {
        todo!()
    }
    /// From now on new calls are refused with 503 (SIGTERM).
    pub fn drain(&mut self, _now: Now) {
        todo!()
    }
    /// Fires what is due. Call it after the datagrams of a wake-up (checklist C2).
    pub fn fire(&mut self, _now: Now, _out: &mut Effects) {
        todo!()
    }
    /// When [`Worker::fire`] is next needed.
    pub fn deadline(&self) -> Option<Instant> {
        todo!()
    }
    pub fn load(&self) -> Load {
        todo!()
    }
    pub fn counters(&self) -> Counters {
        todo!()
    }
    /// An operator disables or enables a gateway; false when its id is unknown.
    pub fn set_override(&mut self, _now: Now, _id: &str, _o: Option<crate::health::Override>) -> bool {
        todo!()
    }
}
