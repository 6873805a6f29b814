//! One call as it is seen at the router's border: what went in, what came out, and whether the one follows from the
//! other.
//!
//! The monitor stands at the router's own sockets, so loss and delay of the network can't blur its sight. It knows
//! the site's revisions by their model (`site`), never by the router's tables.

mod books;
mod duties;
mod parties;
mod requests;
mod responses;
mod truth;

use super::health::HealthWatch;
use super::invariants::{Law, Tally};
use super::site::Site;
use super::wire::Wire;
use crate::record::Record;
use crate::time::{Instant, Now, Wall};
use smallvec::SmallVec;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;

pub use books::Awaited;
pub use parties::{Client, Server};

/// What the monitors of all calls look at.
pub struct View<'a> {
    pub now: Now,
    pub sites: &'a [Site],
    /// The revision in force.
    pub site: usize,
    pub health: &'a HealthWatch,
    pub tally: &'a mut Tally,
    /// When the router's process was scheduled again after its latest stall.
    pub stalled_until: Instant,
}

impl<'a> View<'a> {
    /// The latest of `sites` is in force.
    pub fn of(
        now: Now,
        sites: &'a [Site],
        health: &'a HealthWatch,
        tally: &'a mut Tally,
        stalled_until: Instant,
    ) -> View<'a> {
        View { now, sites, site: sites.len() - 1, health, tally, stalled_until }
    }
}

/// A datagram at the border.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub wire: &'a Wire<'a>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Monitor {
    pub call: u64,
    pub servers: Vec<Server>,
    pub clients: Vec<Client>,
    /// What processes that died had seen of it.
    past: Vec<Life>,
    records: Vec<Record>,
    /// User parts of the Record-Routes that the router wrote: its cookies.
    cookies: Vec<String>,
    /// BYEs that came in whole: from the caller's side?, when.
    byes: Vec<Bye>,
    /// Who opened it.
    caller: Option<SocketAddr>,
    /// The place in the order of arrival of what was taken last from each sender.
    taken: SmallVec<[(SocketAddr, u64); 2]>,
    pub attempts: u32,
    pub repeats: u32,
    pub last_at: u64,
}

/// The transactions of one process.
#[derive(Debug)]
struct Life {
    servers: Vec<Server>,
    clients: Vec<Client>,
    /// Until when the process ran, if it died.
    ended: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Bye {
    by_caller: bool,
    at: Now,
    /// When its sender had the final.
    settled: Option<Instant>,
    branch: String,
    /// Which of the processes took it.
    life: usize,
    /// The callee's tag: which leg it ends.
    leg: String,
}

impl Monitor {
    pub fn new(call: u64) -> Monitor {
        Monitor { call, ..Monitor::default() }
    }

    /// One step of the router, as far as this call is concerned: at most one datagram in, any number out.
    pub fn step(&mut self, view: &mut View, input: Option<Seen>, sent: &[Seen]) {
        self.last_at = view.now.at.0;
        let duties = match input {
            Some(seen) => self.received(view, seen),
            None => Default::default(),
        };
        for out in sent {
            match out.wire.is_request() {
                true => self.request_out(view, input, *out),
                false => self.response_out(view, input, *out),
            }
        }
        self.settle(view, input, duties, sent);
    }

    /// The router was told that a datagram to `to` could not be delivered.
    pub fn refused(&mut self, view: &View, to: SocketAddr, branch: &str) {
        for client in self.clients.iter_mut().filter(|c| c.to == to && c.branch == branch) {
            client.refused_at.get_or_insert(view.now.at);
        }
    }

    /// As [`Monitor::refused`] for an error that quotes nothing: every silent branch to that address may be meant.
    pub fn refused_somewhere(&mut self, view: &View, to: SocketAddr) {
        let silent = |c: &&mut Client| c.to == to && c.provisionals == 0 && c.final_code.is_none();
        for client in self.clients.iter_mut().filter(silent) {
            client.refused_at.get_or_insert(view.now.at);
        }
    }

    /// The router has sent a final to every request that it took and owes one. What a process took that died is owed by
    /// nobody: the next one can't know of it.
    pub fn answered_all(&self) -> bool {
        let owes = |s: &&Server| s.is_invite() && s.initial;
        (!self.servers.is_empty() || !self.past.is_empty())
            && self.servers.iter().filter(owes).all(|s| s.final_code.is_some() || s.answered.is_some())
    }

    /// The process died, and with it all that it knew of this call; it had run until `ran`. Its cookies are good for the next one.
    pub fn crashed(&mut self, ran: Instant) {
        let (servers, clients) = (std::mem::take(&mut self.servers), std::mem::take(&mut self.clients));
        self.past.push(Life { servers, clients, ended: Some(ran) });
    }

    /// Whether several processes have decided this call, so that its caller may have heard of more than one end.
    pub fn decided_anew(&self) -> bool {
        let decided =
            |servers: &[Server]| servers.iter().any(|s| s.initial && (s.final_code.is_some() || s.answered.is_some()));
        self.past.iter().filter(|life| decided(&life.servers)).count() + usize::from(decided(&self.servers)) > 1
    }

    /// A record of this call has left the workers.
    pub fn noted(&mut self, now: Now, started_at: Wall) {
        if let Some(server) = self.servers.iter_mut().find(|s| s.at.wall == started_at && s.is_invite()) {
            server.noted = Some(now.at);
        }
    }

    /// A record of this call was written.
    pub fn recorded(&mut self, record: &Record) {
        self.records.push(record.clone());
    }

    /// Datagrams of one sender are taken in the order in which they came.
    pub fn in_order(&mut self, view: &mut View, from: SocketAddr, number: u64) {
        let last = match self.taken.iter_mut().find(|(sender, _)| *sender == from) {
            Some((_, last)) => std::mem::replace(last, number),
            None => {
                self.taken.push((from, number));
                0
            }
        };
        self.check(view, Law::HandOver, last < number, || {
            format!("number {number} of all that arrived was taken after {last}, both from {from}")
        });
    }

    fn check(&self, view: &mut View, law: Law, holds: bool, what: impl FnOnce() -> String) {
        let (at, call) = (view.now.at, Some(self.call));
        view.tally.check(law, at, call, holds, what);
    }

    fn server_of(&self, branch: &str, method: &str) -> Option<usize> {
        self.servers.iter().position(|s| s.branch == branch && s.method == method)
    }

    fn client_of(&self, branch: &str, method: &str) -> Option<usize> {
        self.clients.iter().position(|c| c.branch == branch && c.method == method)
    }
}

/// A number that stands for some bytes.
pub(super) fn print_of(bytes: &[u8]) -> u64 {
    let mut hasher = foldhash::fast::FixedState::with_seed(1).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}
