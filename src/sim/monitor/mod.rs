//! One call as it is seen at the router's border: what went in, what came out, and whether the one follows from the
//! other.
//!
//! The monitor stands at the router's own sockets, so loss and delay of the network can't blur its sight. It knows
//! the site's revisions by their model (`site`), never by the router's tables.

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
use crate::time::Now;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;

pub use parties::{Client, Server};

/// What the monitors of all calls look at.
pub struct View<'a> {
    pub now: Now,
    pub sites: &'a [Site],
    /// The revision in force.
    pub site: usize,
    pub health: &'a HealthWatch,
    pub tally: &'a mut Tally,
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
    records: Vec<Record>,
    /// Whether the call had a late answer when its record was written.
    late_then: bool,
    /// User parts of the Record-Routes that the router wrote: its cookies.
    cookies: Vec<String>,
    /// BYEs that came in whole: from the caller's side?, when.
    byes: Vec<Bye>,
    pub attempts: u32,
    pub repeats: u32,
    pub last_at: u64,
}

#[derive(Clone, Debug)]
struct Bye {
    by_caller: bool,
    wall_ms: i64,
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

    /// The router has sent a final to every request that it took and owes one.
    pub fn answered_all(&self) -> bool {
        let owes = |s: &&Server| s.is_invite() && s.initial;
        !self.servers.is_empty()
            && self.servers.iter().filter(owes).all(|s| s.final_code.is_some() || s.answered.is_some())
    }

    /// A record of this call was written.
    pub fn recorded(&mut self, record: &Record) {
        self.late_then = self.servers.iter().any(|s| s.initial && s.late);
        self.records.push(record.clone());
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
