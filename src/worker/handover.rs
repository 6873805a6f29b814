//! Who owns a call, and how its datagrams get there: the owner is the worker that the Call-ID hashes to, found without
//! parsing the whole message; what another worker received reaches it by a bounded queue in arrival order.
//!
//! The bytes lie one after another in one buffer, and a taker swaps its empty buffer for the full one: no allocation a
//! datagram, none that is freed by another thread than the one that made it, one lock a batch.

use crate::flow::{Flow, call_hash};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The worker that owns a Call-ID: each has a range of the hashes, the first the lowest. `seed` is the same for all
/// workers of a process.
pub fn owner(call_id: &[u8], workers: usize, seed: u64) -> usize {
    ((u128::from(call_hash(call_id, seed)) * workers.max(1) as u128) >> 64) as usize
}

/// The Call-ID's bytes of a datagram, by a scan for its header line alone.
///
/// It is the parser's own line scanner and name table, so both always mean the same Call-ID: a call whose messages were
/// hashed differently would be torn between two workers.
pub fn peek_call_id(datagram: &[u8]) -> Option<&[u8]> {
    crate::sip::call_id_of(datagram)
}

/// What one worker hands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A datagram that arrived: [`super::Worker::datagram`].
    Arrived,
    /// As much as came back of a datagram that could not be delivered: [`super::Worker::undelivered`].
    Undelivered,
}

/// Datagrams in the order in which they were received.
#[derive(Debug, Default)]
pub struct Parcel {
    bytes: Vec<u8>,
    items: Vec<Item>,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    kind: Kind,
    flow: Flow,
    /// Where its bytes end; they begin where those of the one before end.
    end: usize,
}

impl Parcel {
    pub fn push(&mut self, kind: Kind, flow: Flow, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.items.push(Item { kind, flow, end: self.bytes.len() });
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.items.clear();
    }

    pub fn iter(&self) -> impl Iterator<Item = (Kind, Flow, &[u8])> {
        let mut start = 0;
        self.items.iter().map(move |item| {
            let bytes = self.bytes.get(start..item.end).unwrap_or_default();
            start = item.end;
            (item.kind, item.flow, bytes)
        })
    }

    /// Moves the first items of `from` behind these, as many as fit into `most` and `most_bytes`. Returns how many.
    fn take_from(&mut self, from: &Parcel, most: usize, most_bytes: usize) -> usize {
        let room = most.saturating_sub(self.items.len());
        let room_bytes = most_bytes.saturating_sub(self.bytes.len());
        let fits = from.items.iter().take(room).take_while(|item| item.end <= room_bytes).count();
        let moved = from.items.get(..fits).unwrap_or_default();
        let (base, end) = (self.bytes.len(), moved.last().map_or(0, |item| item.end));
        self.bytes.extend_from_slice(from.bytes.get(..end).unwrap_or_default());
        self.items.extend(moved.iter().map(|item| Item { end: base + item.end, ..*item }));
        fits
    }

    /// Lets go of the memory of a burst.
    fn shrink(&mut self) {
        self.bytes.shrink_to(KEPT_BYTES);
        self.items.shrink_to(KEPT_BYTES / 512);
    }
}

/// What a queue's buffer keeps when it is empty.
const KEPT_BYTES: usize = 256 << 10;

/// Datagrams that wait for a worker that another one received them for, and their bytes.
const MOST: usize = 16_384;
const MOST_BYTES: usize = 16 << 20;

/// A worker's bounded queue of datagrams that others received for it.
#[derive(Debug)]
pub struct Handover {
    waiting: Mutex<Parcel>,
    most: usize,
    most_bytes: usize,
}

/// What became of a parcel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// The queue was empty before: its owner wants to be woken.
    pub first: bool,
    /// Did not fit and are lost; SIP sends them again.
    pub lost: usize,
}

impl Default for Handover {
    fn default() -> Handover {
        Handover::new(MOST, MOST_BYTES)
    }
}

impl Handover {
    /// Holds at most `most` datagrams and `most_bytes` of them.
    pub fn new(most: usize, most_bytes: usize) -> Handover {
        Handover { waiting: Mutex::default(), most, most_bytes }
    }

    /// Appends a parcel and empties it. From the first that does not fit, all are lost: what follows would overtake it.
    pub fn append(&self, parcel: &mut Parcel) -> Appended {
        let mut waiting = self.lock();
        let first = waiting.is_empty();
        let moved = waiting.take_from(parcel, self.most, self.most_bytes);
        drop(waiting);
        let lost = parcel.len() - moved;
        parcel.clear();
        Appended { first: first && moved > 0, lost }
    }

    /// Takes all that waits, in order; `into` must be empty and gives its memory to the queue.
    pub fn take(&self, into: &mut Parcel) {
        into.clear();
        into.shrink();
        std::mem::swap(&mut *self.lock(), into);
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many datagrams it holds at most.
    pub fn bound(&self) -> usize {
        self.most
    }

    fn lock(&self) -> MutexGuard<'_, Parcel> {
        // A panic elsewhere leaves it whole enough: items are appended after their bytes.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::SocketIx;

    fn flow(port: u16) -> Flow {
        Flow::udp(SocketIx(0), ([127, 0, 0, 1], port).into())
    }

    fn parcel(texts: &[&str]) -> Parcel {
        let mut parcel = Parcel::default();
        texts.iter().for_each(|text| parcel.push(Kind::Arrived, flow(5060), text.as_bytes()));
        parcel
    }

    fn texts(parcel: &Parcel) -> Vec<String> {
        parcel.iter().map(|(_, _, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    #[test]
    fn order_is_kept_over_parcels_and_the_owner_is_woken_once() {
        let queue = Handover::new(10, 1000);
        assert_eq!(queue.append(&mut parcel(&[])), Appended { first: false, lost: 0 });
        assert_eq!(queue.append(&mut parcel(&["a", "", "bc"])), Appended { first: true, lost: 0 });
        let mut more = parcel(&["d"]);
        more.push(Kind::Undelivered, flow(9), b"e");
        assert_eq!(queue.append(&mut more), Appended { first: false, lost: 0 });
        assert!(more.is_empty());
        let mut got = Parcel::default();
        queue.take(&mut got);
        assert_eq!(texts(&got), ["a", "", "bc", "d", "e"]);
        assert_eq!(got.iter().last(), Some((Kind::Undelivered, flow(9), b"e".as_slice())));
        assert_eq!(queue.append(&mut parcel(&["f"])), Appended { first: true, lost: 0 });
        queue.take(&mut got);
        assert_eq!(texts(&got), ["f"]);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_counted_and_nothing_overtakes_it() {
        let queue = Handover::new(3, 10);
        assert_eq!(queue.append(&mut parcel(&["a", "b", "c", "d"])), Appended { first: true, lost: 1 });
        assert_eq!(queue.append(&mut parcel(&["e"])), Appended { first: false, lost: 1 });
        let mut got = Parcel::default();
        queue.take(&mut got);
        assert_eq!(texts(&got), ["a", "b", "c"]);
        assert_eq!(queue.append(&mut parcel(&["123456", "7890123", "4"])), Appended { first: true, lost: 2 });
        queue.take(&mut got);
        assert_eq!(texts(&got), ["123456"], "bytes are bounded, too");
    }

    #[test]
    fn every_worker_owns_its_share_and_the_seed_moves_it() {
        let ids: Vec<String> = (0..4000).map(|n| format!("{n}@pbx.example")).collect();
        for workers in [1, 2, 3, 8] {
            let mut shares = vec![0; workers];
            ids.iter().for_each(|id| shares[owner(id.as_bytes(), workers, 7)] += 1);
            let fair = ids.len() / workers;
            assert!(shares.iter().all(|share| (fair * 8 / 10..=fair * 12 / 10).contains(share)), "{shares:?}");
        }
        let moved = ids.iter().filter(|id| owner(id.as_bytes(), 8, 1) != owner(id.as_bytes(), 8, 2)).count();
        assert!(moved > ids.len() / 2, "nobody outside can aim at one worker: {moved}");
    }
}
