//! One process of the router: its workers, what waits in their sockets, and what they hand to each other. A crash takes
//! all of it away.
//!
//! Each worker has a socket of its own on every address, as with `SO_REUSEPORT`: the sender's address says in whose it
//! arrives. Whoever receives what another worker owns hands it over by the queue that `run` uses.

use super::net::Datagram;
use crate::flow::{Flow, Paths, SocketIx};
use crate::health::Evidence;
use crate::proxy::{Effects, Plant, Snapshot};
use crate::time::{Instant, Now};
use crate::worker::{EVIDENCE_MOST, HEALTH, Handover, Kind, Load, Parcel, Place, Queue, Setup, Worker};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What a worker's socket has received, in the order of [`Arrived::number`].
#[derive(Clone, Debug)]
pub struct Arrived {
    pub number: u64,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Datagram(Datagram),
    /// An ICMP error, which quotes so much of what was sent.
    Refused {
        datagram: Datagram,
        quoted: usize,
    },
}

/// See the module.
pub struct Process {
    workers: Vec<Worker>,
    /// What waits in each worker's sockets.
    sockets: Vec<VecDeque<Arrived>>,
    queues: Vec<Handover>,
    /// What lies in each worker's queue, to know it again.
    in_queue: Vec<Vec<Arrived>>,
    /// What each worker took from its queue, in the order of the queue.
    handed: Vec<VecDeque<Arrived>>,
    /// What each worker received itself and owns.
    own: Vec<VecDeque<Arrived>>,
    evidence: Queue<Evidence>,
    owner_seed: u64,
    plant: Plant,
    /// Scratch.
    parcel: Parcel,
    judged: Vec<Evidence>,
}

/// How the simulated kernel chooses a source address for a wildcard socket.
struct OneHome(IpAddr);

impl Paths for OneHome {
    fn source_towards(&mut self, _: SocketIx, _: IpAddr) -> IpAddr {
        self.0
    }
}

/// What a process is made of.
pub struct Making<'a> {
    pub snapshot: &'a Arc<Snapshot>,
    pub home: IpAddr,
    pub seed: [u8; 32],
    pub workers: usize,
    pub plant: Plant,
}

impl Process {
    pub fn new(now: Now, making: &Making, effects: &mut Effects) -> Process {
        let Making { snapshot, home, seed, workers, plant } = *making;
        let owner_seed = u64::from_le_bytes(seed[..8].try_into().unwrap_or_default());
        let mut process = Process {
            workers: Vec::new(),
            sockets: vec![VecDeque::new(); workers],
            queues: (0..workers).map(|_| Handover::default()).collect(),
            in_queue: vec![Vec::new(); workers],
            handed: vec![VecDeque::new(); workers],
            own: vec![VecDeque::new(); workers],
            evidence: Queue::new(EVIDENCE_MOST),
            owner_seed,
            plant,
            parcel: Parcel::default(),
            judged: Vec::new(),
        };
        for index in 0..workers {
            let setup = Setup {
                index,
                workers,
                seed,
                owner_seed,
                cookie_key: if plant == Plant::NewCookieKey { seed.as_chunks().0[0] } else { [7; 16] },
                old_cookie_key: None,
                snapshot: snapshot.clone(),
                // The first worker has the health engine.
                shared: process.workers.first().map(Worker::loaded),
                overrides: Vec::new(),
                paths: Box::new(OneHome(home)),
                plant,
            };
            let mut worker = Worker::new(now, setup, effects);
            worker.in_order_of_calls();
            process.workers.push(worker);
        }
        process
    }

    /// Puts what arrived into the socket that the sender's address leads to.
    pub fn arrive(&mut self, arrived: Arrived) {
        let remote = match &arrived.what {
            What::Datagram(datagram) => datagram.from,
            What::Refused { datagram, .. } => datagram.to,
        };
        let worker = receiver(remote, self.workers.len());
        self.sockets[worker].push_back(arrived);
    }

    /// The worker in whose sockets lies what arrived before all else.
    pub fn reads_next(&self) -> Option<usize> {
        let heads = (0..).zip(&self.sockets).filter_map(|(worker, list)| Some((list.front()?.number, worker)));
        heads.min().map(|(_, worker)| worker)
    }

    /// A worker reads its sockets: at most `most` datagrams, its own to be handled, the others' into their queues.
    pub fn receive(&mut self, worker: usize, most: usize, sockets: &[SocketAddr]) {
        for _ in 0..most {
            let Some(arrived) = self.sockets[worker].pop_front() else { return };
            match self.owner_of(&arrived.what, worker) {
                Some(owner) if owner == worker => self.own[worker].push_back(arrived),
                Some(owner) => self.hand_over(owner, arrived, sockets),
                // Quoting nothing it may be about anybody's call.
                None => {
                    for other in self.place(worker).others() {
                        self.hand_over(other, arrived.clone(), sockets);
                    }
                    self.own[worker].push_back(arrived);
                }
            }
        }
    }

    fn owner_of(&self, what: &What, receiver: usize) -> Option<usize> {
        let place = self.place(receiver);
        match what {
            What::Datagram(datagram) => {
                let handler = place.handler(&datagram.bytes);
                let astray = self.plant == Plant::WrongWorker && datagram.bytes.starts_with(b"CANCEL");
                Some(if astray { (handler + 1) % place.workers } else { handler })
            }
            What::Refused { datagram, quoted } => place.handler_of_undelivered(&datagram.bytes[..*quoted]),
        }
    }

    fn place(&self, index: usize) -> Place {
        Place { index, workers: self.workers.len(), owner_seed: self.owner_seed }
    }

    fn hand_over(&mut self, owner: usize, arrived: Arrived, sockets: &[SocketAddr]) {
        if let Some((kind, flow, bytes)) = shape(&arrived.what, sockets) {
            self.parcel.push(kind, flow, bytes);
            let appended = self.queues[owner].append(&mut self.parcel);
            if appended.lost == 0 {
                self.in_queue[owner].push(arrived);
            }
        }
    }

    /// A worker takes what the others have handed over.
    pub fn take_handed(&mut self, worker: usize, sockets: &[SocketAddr]) {
        if self.in_queue[worker].is_empty() {
            return;
        }
        self.queues[worker].take(&mut self.parcel);
        let known = &mut self.in_queue[worker];
        for item in self.parcel.iter() {
            let at = known.iter().position(|arrived| shape(&arrived.what, sockets) == Some(item));
            self.handed[worker].extend(at.map(|at| known.remove(at)));
        }
        if self.plant == Plant::ReorderedHandover {
            self.handed[worker].make_contiguous().reverse();
        }
        known.clear();
        self.parcel.clear();
    }

    /// Number and worker of what came before all else that waits. Of what all have to look at, the last worker's first:
    /// the one with the health engine is the first of them, and must not judge before all have looked.
    pub fn earliest(&self) -> Option<(u64, usize)> {
        let both = (0..).zip(&self.handed).chain((0..).zip(&self.own));
        let first = both.filter_map(|(worker, list)| Some((list.front()?.number, Reverse(worker)))).min();
        first.map(|(number, Reverse(worker))| (number, worker))
    }

    /// Takes that.
    pub fn take(&mut self, number: u64, worker: usize) -> Option<Arrived> {
        let is_next = |list: &VecDeque<Arrived>| list.front().is_some_and(|arrived| arrived.number == number);
        match is_next(&self.handed[worker]) {
            true => self.handed[worker].pop_front(),
            false => self.own[worker].pop_front(),
        }
    }

    /// What a worker has next to do when it does not look at the others: first what was handed to it.
    pub fn next(&mut self, worker: usize) -> Option<Arrived> {
        self.handed[worker].pop_front().or_else(|| self.own[worker].pop_front())
    }

    /// Nothing lies in sockets and queues.
    pub fn idle(&self) -> bool {
        let lists = self.sockets.iter().chain(&self.handed).chain(&self.own);
        { lists }.all(VecDeque::is_empty) && self.in_queue.iter().all(Vec::is_empty)
    }

    pub fn serve(&mut self, now: Now, worker: usize, what: &What, sockets: &[SocketAddr], out: &mut Effects) {
        match shape(what, sockets) {
            Some((Kind::Arrived, flow, bytes)) => self.workers[worker].datagram(now, flow, bytes, out),
            Some((Kind::Undelivered, flow, bytes)) => self.workers[worker].undelivered(now, flow, bytes, out),
            None => {}
        }
        self.pass_on_evidence(worker, out);
    }

    /// Fires what is due at one worker.
    pub fn fire(&mut self, now: Now, worker: usize, out: &mut Effects) -> bool {
        let due = self.workers[worker].deadline().is_some_and(|at| at <= now.at);
        if due {
            self.workers[worker].fire(now, out);
            self.pass_on_evidence(worker, out);
        }
        due
    }

    fn pass_on_evidence(&mut self, worker: usize, out: &mut Effects) {
        if self.plant == Plant::LostEvidence && worker != HEALTH {
            out.evidence.clear();
        }
        let _ = self.evidence.append(&mut out.evidence);
    }

    /// The worker with the health engine takes what all have seen of gateways.
    pub fn judge(&mut self, now: Now, out: &mut Effects) {
        let Some(first) = self.workers.first_mut() else { return };
        // Probes that ended, or are due, come before what calls have shown, also when another worker served the call.
        first.evidence(now, &mut self.judged, out);
        self.evidence.take(&mut self.judged);
        if !self.judged.is_empty() {
            // Seen at the same moment by several workers: in no order, so in one that does not depend on the workers.
            self.judged.sort_by_cached_key(|e| (e.id.clone(), e.trial, format!("{:?}", e.result)));
            first.evidence(now, &mut self.judged, out);
        }
    }

    /// A new revision for all workers.
    pub fn reload(&mut self, now: Now, snapshot: &Arc<Snapshot>, out: &mut Effects) {
        let Some((first, others)) = self.workers.split_first_mut() else { return };
        if let Some(loaded) = first.reload(now, snapshot.clone(), out) {
            others.iter_mut().for_each(|w| w.adopt(loaded.clone()));
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.workers.iter().filter_map(Worker::deadline).min()
    }

    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    pub fn workers_mut(&mut self) -> &mut [Worker] {
        &mut self.workers
    }

    /// What is alive in all workers together.
    pub fn load(&self) -> Load {
        self.workers.iter().map(Worker::load).fold(Load::default(), |a, b| Load {
            setting_up: a.setting_up + b.setting_up,
            awaiting_ack: a.awaiting_ack + b.awaiting_ack,
            server_transactions: a.server_transactions + b.server_transactions,
            client_transactions: a.client_transactions + b.client_transactions,
            timers: a.timers + b.timers,
        })
    }
}

/// What arrived as a worker gets it: on which flow, and the bytes.
fn shape<'a>(what: &'a What, sockets: &[SocketAddr]) -> Option<(Kind, Flow, &'a [u8])> {
    let socket = |at: SocketAddr| sockets.iter().position(|s| *s == at).map(|ix| SocketIx(ix as u16));
    match what {
        What::Datagram(Datagram { from, to, bytes }) => {
            Some((Kind::Arrived, Flow::udp(socket(*to)?, *from), &bytes[..]))
        }
        What::Refused { datagram: Datagram { from, to, bytes }, quoted } => {
            Some((Kind::Undelivered, Flow::udp(socket(*from)?, *to), &bytes[..*quoted]))
        }
    }
}

/// In which worker's sockets arrives what an address sends: neighbours take turns.
fn receiver(remote: SocketAddr, workers: usize) -> usize {
    let octets: usize = match remote.ip() {
        IpAddr::V4(ip) => ip.octets().iter().map(|octet| usize::from(*octet)).sum(),
        IpAddr::V6(ip) => ip.octets().iter().map(|octet| usize::from(*octet)).sum(),
    };
    (octets + usize::from(remote.port())) % workers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scenario of an INVITE that arrives at two workers counts on it.
    #[test]
    fn two_neighbours_send_to_two_workers() {
        let phone = |n| SocketAddr::from(([10, 1, 0, n], 5060));
        assert_ne!(receiver(phone(1), 2), receiver(phone(2), 2));
    }
}
