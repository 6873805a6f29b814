//! Which sockets are bound, over all revisions: a reload binds what is new before anything is swapped, keeps what stays
//! untouched, and lets go of the rest later (CONFIG-AND-CLI (d) 8).

use super::sockets::{BindError, Bound, Group, Sockets, overlap};
use crate::flow::SocketIx;
use crate::proxy::Snapshot;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the socket of a removed listener serves the dialogs that go through it.
const LEAVE: Duration = Duration::from_secs(3600);

/// The sockets of the process, and which of them are on their way out.
#[derive(Debug)]
pub struct Listeners {
    /// Each listener has as many sockets.
    workers: usize,
    groups: Groups,
    leaving: Vec<(SocketIx, Instant)>,
}

/// By [`SocketIx`]; under the number of a socket that is gone may stand its heir.
type Groups = Vec<Option<Arc<Group>>>;

/// A revision's sockets, bound and not yet in use; dropping it changes nothing.
#[derive(Debug)]
pub struct Prepared {
    groups: Groups,
    used: Vec<SocketIx>,
}

impl Listeners {
    pub fn new(workers: usize) -> Listeners {
        Listeners { workers, groups: Vec::new(), leaving: Vec::new() }
    }

    /// Finds or binds the socket of each listener and writes its number into the snapshot.
    pub fn prepare(&self, snapshot: &mut Snapshot) -> Result<Prepared, BindError> {
        let mut prepared = Prepared { groups: self.groups.clone(), used: Vec::new() };
        let wanted: Vec<_> = snapshot.listeners.iter().map(|listener| listener.bind).collect();
        for listener in &mut snapshot.listeners {
            let socket = match prepared.free_match(listener.bind) {
                Some(socket) => socket,
                None => {
                    // Sockets that go with this revision may hold the port under another address.
                    let going: Vec<&Group> = self
                        .own()
                        .map(Arc::as_ref)
                        .filter(|s| overlap(s.bind, listener.bind) && !wanted.contains(&s.bind))
                        .collect();
                    let (number, id) = (prepared.free_number(), listener.id.clone());
                    let group = Arc::new(Group::open(number, id, listener.bind, self.workers, &going)?);
                    prepared.place(group.clone());
                    group
                }
            };
            prepared.used.push(socket.ix);
            listener.socket = socket.ix;
            // Port 0 means any: from here on it is the one it got.
            listener.bind.set_port(socket.local.port());
        }
        Ok(prepared)
    }

    /// Takes a prepared revision into use. Returns the sockets of each worker.
    pub fn commit(&mut self, prepared: Prepared, now: Instant) -> Vec<Sockets> {
        self.groups = prepared.groups;
        let used = prepared.used;
        self.leaving.retain(|(ix, _)| !used.contains(ix));
        let gone: Vec<Arc<Group>> = self.own().filter(|socket| !used.contains(&socket.ix)).cloned().collect();
        for socket in gone {
            if let Some(heir) = self.heir(&socket, &used) {
                // The kernel would go on giving the narrower socket what belongs to the new one. What is still sent
                // under the old number leaves through the heir: the port is the same.
                self.leaving.retain(|(ix, _)| *ix != socket.ix);
                self.set(socket.ix, Some(heir));
            } else if !self.leaving.iter().any(|(ix, _)| *ix == socket.ix) {
                self.leaving.push((socket.ix, now + LEAVE));
            }
        }
        self.by_worker()
    }

    /// When [`Listeners::expire`] has something next.
    pub fn deadline(&self) -> Option<Instant> {
        self.leaving.iter().map(|(_, until)| *until).min()
    }

    /// Closes sockets whose time is over. `Some` when the workers' lists change.
    pub fn expire(&mut self, now: Instant) -> Option<Vec<Sockets>> {
        let over: Vec<SocketIx> = self.leaving.iter().filter(|(_, until)| *until <= now).map(|(ix, _)| *ix).collect();
        if over.is_empty() {
            return None;
        }
        self.leaving.retain(|(ix, _)| !over.contains(ix));
        over.iter().for_each(|ix| self.set(*ix, None));
        Some(self.by_worker())
    }

    /// All sockets that are bound.
    pub fn bound(&self) -> impl Iterator<Item = &Arc<Bound>> {
        self.own().flat_map(|group| group.members())
    }

    fn by_worker(&self) -> Vec<Sockets> {
        let of = |worker| self.groups.iter().map(|group| group.as_ref()?.member(worker).cloned()).collect();
        (0..self.workers).map(of).collect()
    }

    /// The groups that stand under their own number (not heirs).
    fn own(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.groups.iter().enumerate().filter_map(|(n, s)| s.as_ref().filter(|s| usize::from(s.ix.0) == n))
    }

    /// The wildcard socket in use that covers a narrower one.
    fn heir(&self, socket: &Group, used: &[SocketIx]) -> Option<Arc<Group>> {
        let covers = |other: &Group| {
            used.contains(&other.ix) && other.wildcard && !socket.wildcard && overlap(other.bind, socket.bind)
        };
        self.groups.iter().flatten().find(|other| covers(other)).cloned()
    }

    fn set(&mut self, ix: SocketIx, socket: Option<Arc<Group>>) {
        if let Some(place) = self.groups.get_mut(usize::from(ix.0)) {
            *place = socket;
        }
    }
}

impl Prepared {
    /// A bound socket of this address that no listener of the revision has yet.
    fn free_match(&self, bind: std::net::SocketAddr) -> Option<Arc<Group>> {
        let fits = |(n, socket): (usize, &Option<Arc<Group>>)| {
            socket.clone().filter(|s| usize::from(s.ix.0) == n && s.bind == bind && !self.used.contains(&s.ix))
        };
        self.groups.iter().enumerate().find_map(fits)
    }

    fn free_number(&self) -> SocketIx {
        let free = self.groups.iter().position(Option::is_none).unwrap_or(self.groups.len());
        // The configuration has far fewer listeners than a number can count.
        SocketIx(u16::try_from(free).unwrap_or(u16::MAX))
    }

    fn place(&mut self, socket: Arc<Group>) {
        let n = usize::from(socket.ix.0);
        if n >= self.groups.len() {
            self.groups.resize(n + 1, None);
        }
        if let Some(place) = self.groups.get_mut(n) {
            *place = Some(socket);
        }
    }
}
