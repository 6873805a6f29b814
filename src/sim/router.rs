//! The router under test: the same workers, hand-over and accounting that `run` uses, with sockets made of numbers and a
//! disk made of memory. It outlives its processes: a crash ends one, and the next one finds the disk.

use super::Chance;
use super::books::Books;
use super::net::Datagram;
use super::process::{Arrived, Making, Process, What};
use crate::proxy::{Effects, Plant, Snapshot};
use crate::record::{Record, Row};
use crate::time::{Instant, Now, Wall};
use crate::worker::{Load, Worker};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// See the module. A step leaves what it wants sent in `effects`, and finished records in `records`.
pub struct Router {
    process: Option<Process>,
    sockets: Vec<SocketAddr>,
    home: IpAddr,
    workers: usize,
    plant: Plant,
    /// The newest revision: what the next process begins with.
    snapshot: Arc<Snapshot>,
    pub effects: Effects,
    books: Books,
    /// What was written down, as the records file has it.
    pub records: Vec<Record>,
    /// Calls whose record left the workers in this step.
    pub noted: Vec<Noted>,
}

/// A record has left the workers: from now on it is for the books.
#[derive(Clone, Debug)]
pub struct Noted {
    pub call_id: String,
    pub started_at: Wall,
}

impl Router {
    /// Starts a router on the listeners of `snapshot`, whose sockets must be numbered in their order.
    pub fn start(now: Now, snapshot: Arc<Snapshot>, seed: [u8; 32], workers: usize, plant: Plant) -> Router {
        let sockets: Vec<SocketAddr> = snapshot.listeners.iter().map(|l| l.bind).collect();
        let home = sockets.first().map_or(IpAddr::from([127, 0, 0, 1]), SocketAddr::ip);
        let mut router = Router {
            process: None,
            sockets,
            home,
            workers: workers.max(1),
            plant,
            snapshot,
            effects: Effects::default(),
            books: Books::new(now, plant),
            records: Vec::new(),
            noted: Vec::new(),
        };
        router.start_process(now, seed);
        router
    }

    fn start_process(&mut self, now: Now, seed: [u8; 32]) {
        let Router { ref snapshot, home, workers, plant, .. } = *self;
        let making = Making { snapshot, home, seed, workers, plant };
        self.process = Some(Process::new(now, &making, &mut self.effects));
    }

    /// The process is gone at once, with all that it had in memory and in its sockets. A write to the disk may be caught
    /// in its middle.
    pub fn crash(&mut self, now: Now, chance: &mut Chance) {
        self.process = None;
        self.effects.clear();
        self.books.crash(now, chance, &mut self.records);
    }

    /// The next process: it knows the newest revision, the cookie's key, and the disk.
    pub fn restart(&mut self, now: Now, seed: [u8; 32]) {
        self.books.open(now);
        self.start_process(now, seed);
    }

    /// Whether a process runs.
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    pub fn sockets(&self) -> &[SocketAddr] {
        &self.sockets
    }

    /// Whether a datagram to `to` is for the router.
    pub fn listens(&self, to: SocketAddr) -> bool {
        self.sockets.contains(&to)
    }

    /// Puts what arrived into a socket.
    pub fn arrive(&mut self, arrived: Arrived) {
        if let Some(process) = &mut self.process {
            process.arrive(arrived);
        }
    }

    /// A worker takes what was handed to it, and reads at most `most` datagrams from its sockets.
    pub fn receive(&mut self, worker: usize, most: usize) {
        let Some(process) = &mut self.process else { return };
        process.take_handed(worker, &self.sockets);
        process.receive(worker, most, &self.sockets);
    }

    /// All workers read all that arrived, in the order in which it came, and hand it over, before any of them goes on.
    pub fn receive_all(&mut self) {
        let Some(process) = &mut self.process else { return };
        while let Some(worker) = process.reads_next() {
            process.receive(worker, 1, &self.sockets);
        }
        (0..self.workers).for_each(|worker| process.take_handed(worker, &self.sockets));
    }

    /// What came before everything else that waits at any worker, and which worker it is for.
    pub fn earliest(&mut self) -> Option<(usize, Arrived)> {
        let process = self.process.as_mut()?;
        let (number, worker) = process.earliest()?;
        Some((worker, process.take(number, worker)?))
    }

    /// Number of what would be [`Router::earliest`].
    pub fn earliest_number(&self) -> Option<u64> {
        self.process.as_ref()?.earliest().map(|(number, _)| number)
    }

    /// What one worker has next to do.
    pub fn next(&mut self, worker: usize) -> Option<Arrived> {
        self.process.as_mut()?.next(worker)
    }

    pub fn idle(&self) -> bool {
        self.process.as_ref().is_none_or(Process::idle)
    }

    pub fn serve(&mut self, now: Now, worker: usize, what: &What) {
        if let Some(process) = &mut self.process {
            process.serve(now, worker, what, &self.sockets, &mut self.effects);
            self.write_down(now);
        }
    }

    /// Fires what is due at one worker; false when nothing is.
    pub fn fire_one(&mut self, now: Now, worker: usize) -> bool {
        let Some(process) = &mut self.process else { return false };
        let due = process.fire(now, worker, &mut self.effects);
        self.write_down(now);
        due
    }

    /// The worker with the health engine hears what the others have seen.
    pub fn judge(&mut self, now: Now) {
        if let Some(process) = &mut self.process {
            process.judge(now, &mut self.effects);
        }
    }

    /// A datagram arrives and is served, by itself.
    pub fn datagram(&mut self, now: Now, datagram: &Datagram) {
        self.alone(now, What::Datagram(datagram.clone()));
    }

    /// An ICMP error for `datagram` arrives and is served, by itself; it quotes the first `quoted` bytes.
    pub fn undelivered(&mut self, now: Now, datagram: &Datagram, quoted: usize) {
        self.alone(now, What::Refused { datagram: datagram.clone(), quoted });
    }

    fn alone(&mut self, now: Now, what: What) {
        self.arrive(Arrived { number: 0, what });
        self.receive_all();
        while let Some((worker, arrived)) = self.earliest() {
            self.serve(now, worker, &arrived.what);
        }
        self.judge(now);
    }

    /// Fires the timers that are due, and writes what is to be written by now.
    pub fn fire(&mut self, now: Now) {
        for worker in (0..self.workers).rev() {
            self.fire_one(now, worker);
        }
        self.judge(now);
        self.keep_books(now);
    }

    /// A new revision for all workers.
    pub fn reload(&mut self, now: Now, snapshot: &Arc<Snapshot>) {
        self.snapshot = snapshot.clone();
        if let Some(process) = &mut self.process {
            process.reload(now, snapshot, &mut self.effects);
        }
    }

    pub fn drain(&mut self, now: Now) {
        self.workers_mut().iter_mut().for_each(|w| w.drain(now));
    }

    /// When a timer or the books want something next.
    pub fn deadline(&self) -> Option<Instant> {
        self.process.as_ref()?.deadline().into_iter().chain(self.books.deadline()).min()
    }

    /// Gives the rows of a step to the books.
    fn write_down(&mut self, now: Now) {
        for row in self.effects.rows.drain(..) {
            if let Row::Open { record, .. } | Row::Done { record } = &row {
                self.noted.push(Noted { call_id: record.call_id.clone(), started_at: record.started_at });
            }
            self.books.take(now, row);
        }
    }

    /// Writes what is to be written by now.
    pub fn keep_books(&mut self, now: Now) {
        if self.process.is_some() && self.books.deadline().is_some_and(|at| at <= now.at) {
            self.books.write(now, &mut self.records);
        }
    }

    /// Closes all open records as lost: their calls are over, and nobody will say so.
    pub fn expire(&mut self, now: Now) {
        self.books.expire(now, &mut self.records);
    }

    pub fn open_records(&self) -> usize {
        self.books.open_records()
    }

    /// What is alive in all workers together.
    pub fn load(&self) -> Load {
        self.process.as_ref().map(Process::load).unwrap_or_default()
    }

    pub fn worker_count(&self) -> usize {
        self.workers
    }

    pub fn workers(&self) -> &[Worker] {
        self.process.as_ref().map(Process::workers).unwrap_or_default()
    }

    pub fn workers_mut(&mut self) -> &mut [Worker] {
        self.process.as_mut().map(Process::workers_mut).unwrap_or_default()
    }
}
