//! The router under test: the same workers, hand-over and ledger that `run` uses, with sockets made of numbers.

use super::net::Datagram;
use crate::flow::{Flow, SocketIx};
use crate::proxy::{Effects, Plant, Snapshot};
use crate::record::{Ledger, Record};
use crate::time::{Instant, Now};
use crate::worker::{Load, Paths, Setup, Worker, owner, peek_call_id};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// See the module. A step leaves what it wants sent in `effects` and finished records in `records`.
pub struct Router {
    workers: Vec<Worker>,
    sockets: Vec<SocketAddr>,
    pub effects: Effects,
    ledger: Ledger,
    pub records: Vec<Record>,
    seed: u64,
}

/// How the simulated kernel chooses a source address for a wildcard socket.
struct OneHome(IpAddr);

impl Paths for OneHome {
    fn source_towards(&mut self, _: SocketIx, _: IpAddr) -> IpAddr {
        self.0
    }
}

impl Router {
    /// Starts a router on the listeners of `snapshot`, whose sockets must be numbered in their order.
    pub fn start(now: Now, snapshot: Arc<Snapshot>, seed: [u8; 32], workers: usize, plant: Plant) -> Router {
        let sockets: Vec<SocketAddr> = snapshot.listeners.iter().map(|l| l.bind).collect();
        let home = sockets.first().map_or(IpAddr::from([127, 0, 0, 1]), SocketAddr::ip);
        let owner_seed = u64::from_le_bytes(seed[..8].try_into().unwrap_or_default());
        let mut router = Router {
            workers: Vec::new(),
            sockets,
            effects: Effects::default(),
            ledger: Ledger::default(),
            records: Vec::new(),
            seed: owner_seed,
        };
        for index in 0..workers {
            let setup = Setup {
                index,
                workers,
                seed,
                owner_seed,
                cookie_key: [7; 16],
                old_cookie_key: None,
                snapshot: snapshot.clone(),
                // The first worker has the health engine.
                board: router.workers.first().map(|first| first.loaded().board),
                paths: Box::new(OneHome(home)),
                plant,
            };
            router.workers.push(Worker::new(now, setup, &mut router.effects));
        }
        router
    }

    pub fn sockets(&self) -> &[SocketAddr] {
        &self.sockets
    }

    /// Whether a datagram to `to` is for the router.
    pub fn listens(&self, to: SocketAddr) -> bool {
        self.socket(to).is_some()
    }

    fn socket(&self, to: SocketAddr) -> Option<SocketIx> {
        self.sockets.iter().position(|s| *s == to).map(|ix| SocketIx(ix as u16))
    }

    /// A datagram arrives at one of the sockets, and is handed to the worker that owns its call.
    pub fn datagram(&mut self, now: Now, datagram: &Datagram) {
        let Some(socket) = self.socket(datagram.to) else { return };
        let ix = peek_call_id(&datagram.bytes).map_or(0, |id| owner(id, self.workers.len(), self.seed));
        self.workers[ix].datagram(now, Flow::udp(socket, datagram.from), &datagram.bytes, &mut self.effects);
        self.judge(now);
        self.write_down(now);
    }

    /// An ICMP error arrives for what was sent from `from` to `to`; `back` is as much of it as came back. Without a
    /// Call-ID in it every worker has to look.
    pub fn undelivered(&mut self, now: Now, from: SocketAddr, to: SocketAddr, back: &[u8]) {
        let Some(socket) = self.socket(from) else { return };
        let flow = Flow::udp(socket, to);
        match peek_call_id(back) {
            Some(id) => {
                let ix = owner(id, self.workers.len(), self.seed);
                self.workers[ix].undelivered(now, flow, back, &mut self.effects);
            }
            None => self.workers.iter_mut().for_each(|w| w.undelivered(now, flow, back, &mut self.effects)),
        }
        self.judge(now);
        self.write_down(now);
    }

    /// A new revision for all workers.
    pub fn reload(&mut self, now: Now, snapshot: &Arc<Snapshot>) {
        let Some((first, others)) = self.workers.split_first_mut() else { return };
        if let Some(loaded) = first.reload(now, snapshot.clone(), &mut self.effects) {
            others.iter_mut().for_each(|w| w.adopt(loaded.clone()));
        }
        self.write_down(now);
    }

    pub fn drain(&mut self, now: Now) {
        self.workers.iter_mut().for_each(|w| w.drain(now));
    }

    /// The last thing before the process ends.
    pub fn close(&mut self, now: Now) {
        self.workers.iter_mut().for_each(|w| w.close(now, &mut self.effects));
        self.write_down(now);
    }

    /// Fires the timers that are due.
    pub fn fire(&mut self, now: Now) {
        for worker in &mut self.workers {
            if worker.deadline().is_some_and(|at| at <= now.at) {
                worker.fire(now, &mut self.effects);
            }
        }
        self.judge(now);
        self.write_down(now);
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.workers.iter().filter_map(Worker::deadline).min()
    }

    /// Brings what the workers have seen of gateways to the one that judges them.
    fn judge(&mut self, now: Now) {
        let mut evidence = std::mem::take(&mut self.effects.evidence);
        if let Some(first) = self.workers.first_mut().filter(|_| !evidence.is_empty()) {
            first.evidence(now, &mut evidence, &mut self.effects);
        }
        self.effects.evidence = evidence;
    }

    fn write_down(&mut self, now: Now) {
        for row in self.effects.rows.drain(..) {
            self.ledger.row(now, row, &mut self.records);
        }
    }

    /// Closes as lost what nobody closed in `max_duration`.
    pub fn expire(&mut self, now: Now, max_duration: Duration) {
        self.ledger.expire(now, max_duration, &mut self.records);
    }

    pub fn open_records(&self) -> usize {
        self.ledger.open_len()
    }

    pub fn ledger(&self) -> crate::record::Tally {
        self.ledger.tally()
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

    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    pub fn workers_mut(&mut self) -> &mut [Worker] {
        &mut self.workers
    }
}
