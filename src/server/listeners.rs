//! Which sockets are bound, over all revisions: a reload binds what is new before anything is swapped, keeps what stays
//! untouched, and lets go of the rest later (CONFIG-AND-CLI (d) 8).

use super::sockets::{BindError, Bound, overlap};
use super::worker_loop::Sockets;
use crate::flow::SocketIx;
use crate::proxy::Snapshot;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the socket of a removed listener serves the dialogs that go through it.
const LEAVE: Duration = Duration::from_secs(3600);

/// The sockets of the process, and which of them are on their way out.
#[derive(Debug, Default)]
pub struct Listeners {
    sockets: Sockets,
    leaving: Vec<(SocketIx, Instant)>,
}

/// A revision's sockets, bound and not yet in use; dropping it changes nothing.
#[derive(Debug)]
pub struct Prepared {
    sockets: Sockets,
    used: Vec<SocketIx>,
}

impl Listeners {
    /// Finds or binds the socket of each listener and writes its number into the snapshot.
    pub fn prepare(&self, snapshot: &mut Snapshot) -> Result<Prepared, BindError> {
        let mut prepared = Prepared { sockets: self.sockets.clone(), used: Vec::new() };
        let wanted: Vec<_> = snapshot.listeners.iter().map(|listener| listener.bind).collect();
        for listener in &mut snapshot.listeners {
            let socket = match prepared.free_match(listener.bind) {
                Some(socket) => socket,
                None => {
                    // Sockets that go with this revision may hold the port under another address.
                    let going: Vec<&Bound> =
                        self.own().filter(|s| overlap(s.bind, listener.bind) && !wanted.contains(&s.bind)).collect();
                    let socket =
                        Arc::new(Bound::new(prepared.free_number(), listener.id.clone(), listener.bind, &going)?);
                    prepared.place(socket.clone());
                    socket
                }
            };
            prepared.used.push(socket.ix);
            listener.socket = socket.ix;
            // Port 0 means any: from here on it is the one it got.
            listener.bind.set_port(socket.local.port());
        }
        Ok(prepared)
    }

    /// Takes a prepared revision into use. Returns the sockets for the workers.
    pub fn commit(&mut self, prepared: Prepared, now: Instant) -> Sockets {
        self.sockets = prepared.sockets;
        let used = prepared.used;
        self.leaving.retain(|(ix, _)| !used.contains(ix));
        let gone: Vec<Arc<Bound>> = self.own_shared().filter(|socket| !used.contains(&socket.ix)).collect();
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
        self.sockets.clone()
    }

    /// When [`Listeners::expire`] has something next.
    pub fn deadline(&self) -> Option<Instant> {
        self.leaving.iter().map(|(_, until)| *until).min()
    }

    /// Closes sockets whose time is over. `Some` when the workers' list changes.
    pub fn expire(&mut self, now: Instant) -> Option<Sockets> {
        let over: Vec<SocketIx> = self.leaving.iter().filter(|(_, until)| *until <= now).map(|(ix, _)| *ix).collect();
        if over.is_empty() {
            return None;
        }
        self.leaving.retain(|(ix, _)| !over.contains(ix));
        over.iter().for_each(|ix| self.set(*ix, None));
        Some(self.sockets.clone())
    }

    /// The sockets that stand under their own number (not heirs).
    fn own(&self) -> impl Iterator<Item = &Bound> {
        self.sockets.iter().enumerate().filter_map(|(n, s)| s.as_deref().filter(|s| usize::from(s.ix.0) == n))
    }

    fn own_shared(&self) -> impl Iterator<Item = Arc<Bound>> {
        self.sockets.iter().enumerate().filter_map(|(n, s)| s.clone().filter(|s| usize::from(s.ix.0) == n))
    }

    /// The wildcard socket in use that covers a narrower one.
    fn heir(&self, socket: &Bound, used: &[SocketIx]) -> Option<Arc<Bound>> {
        let covers = |other: &Bound| {
            used.contains(&other.ix) && other.wildcard && !socket.wildcard && overlap(other.bind, socket.bind)
        };
        self.sockets.iter().flatten().find(|other| covers(other)).cloned()
    }

    fn set(&mut self, ix: SocketIx, socket: Option<Arc<Bound>>) {
        if let Some(place) = self.sockets.get_mut(usize::from(ix.0)) {
            *place = socket;
        }
    }
}

impl Prepared {
    /// A bound socket of this address that no listener of the revision has yet.
    fn free_match(&self, bind: std::net::SocketAddr) -> Option<Arc<Bound>> {
        let fits = |(n, socket): (usize, &Option<Arc<Bound>>)| {
            socket.clone().filter(|s| usize::from(s.ix.0) == n && s.bind == bind && !self.used.contains(&s.ix))
        };
        self.sockets.iter().enumerate().find_map(fits)
    }

    fn free_number(&self) -> SocketIx {
        let free = self.sockets.iter().position(Option::is_none).unwrap_or(self.sockets.len());
        // The configuration has far fewer listeners than a number can count.
        SocketIx(u16::try_from(free).unwrap_or(u16::MAX))
    }

    fn place(&mut self, socket: Arc<Bound>) {
        let n = usize::from(socket.ix.0);
        if n >= self.sockets.len() {
            self.sockets.resize(n + 1, None);
        }
        if let Some(place) = self.sockets.get_mut(n) {
            *place = Some(socket);
        }
    }
}
