//! The workers of a process as one of them sees them: whose a datagram is, and what is on its way to the others.
//!
//! What was received for another worker is gathered over a batch of the kernel's and handed over at once: one lock and at
//! most one wake-up a batch and peer, and the order in which it was received is the order in which it is handled.

use super::inbox::Inbox;
use super::post::Command;
use crate::flow::Flow;
use crate::health::Evidence;
use crate::proxy::Loaded;
use crate::worker::{HEALTH, Kind, Parcel, Place};
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub struct Peers {
    place: Place,
    inboxes: Arc<[Arc<Inbox>]>,
    parcels: Vec<Parcel>,
    counters: Counters,
}

/// What went to other workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams handed over.
    pub handed: u64,
    /// Datagrams that were lost because their owner's queue was full.
    pub lost: u64,
    /// Evidence about gateways that was lost because the queue was full.
    pub untold: u64,
}

impl Counters {
    /// Those of two workers together.
    pub fn plus(self, other: Counters) -> Counters {
        Counters {
            handed: self.handed + other.handed,
            lost: self.lost + other.lost,
            untold: self.untold + other.untold,
        }
    }
}

impl Peers {
    /// Worker `index` among those with these inboxes. `owner_seed` is the same for all of them.
    pub fn new(index: usize, inboxes: Arc<[Arc<Inbox>]>, owner_seed: u64) -> Peers {
        let parcels = inboxes.iter().map(|_| Parcel::default()).collect();
        let place = Place { index, workers: inboxes.len(), owner_seed };
        Peers { place, inboxes, parcels, counters: Counters::default() }
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes a datagram that is another worker's; false: it is ours.
    pub fn takes(&mut self, flow: Flow, bytes: &[u8]) -> bool {
        let handler = self.place.handler(bytes);
        handler != self.place.index && self.put(handler, Kind::Arrived, flow, bytes)
    }

    /// As [`Peers::takes`], for what came back undelivered.
    pub fn takes_undelivered(&mut self, flow: Flow, sent: &[u8]) -> bool {
        match self.place.handler_of_undelivered(sent) {
            Some(handler) => handler != self.place.index && self.put(handler, Kind::Undelivered, flow, sent),
            None => {
                for other in self.place.others() {
                    self.put(other, Kind::Undelivered, flow, sent);
                }
                false
            }
        }
    }

    fn put(&mut self, to: usize, kind: Kind, flow: Flow, bytes: &[u8]) -> bool {
        let Some(parcel) = self.parcels.get_mut(to) else { return false };
        parcel.push(kind, flow, bytes);
        true
    }

    /// Hands over what was gathered.
    pub fn flush(&mut self) {
        for (parcel, inbox) in self.parcels.iter_mut().zip(self.inboxes.iter()) {
            if !parcel.is_empty() {
                self.counters.handed += parcel.len() as u64;
                self.counters.lost += inbox.hand(parcel) as u64;
            }
        }
    }

    /// Whether this worker is the one with the health engine.
    pub fn has_health(&self) -> bool {
        self.place.index == HEALTH
    }

    /// Sends evidence to the worker with the health engine.
    pub fn tell(&mut self, evidence: &mut Vec<Evidence>) {
        if let Some(inbox) = self.inboxes.get(HEALTH) {
            self.counters.untold += inbox.tell(evidence) as u64;
        }
    }

    /// Gives the other workers what a reload has made: `sockets` are those of each worker.
    pub fn adopt(&self, loaded: &Loaded, sockets: Vec<super::sockets::Sockets>) {
        for (n, (inbox, sockets)) in self.inboxes.iter().zip(sockets).enumerate() {
            if n != self.place.index && inbox.command(Command::Adopt { loaded: loaded.clone(), sockets }).is_err() {
                tracing::error!("worker {n} does not take commands any more: is its thread stuck?");
            }
        }
    }
}
