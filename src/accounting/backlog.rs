//! What waits for one sink, between the bookkeeper, who never waits, and the sink's writer, who may.
//!
//! It is bounded in records and in bytes, what the writer has in its hands included. What does not fit is refused; the
//! bookkeeper counts it.

use super::sink::Entry;
use crate::record::RecordId;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Records that wait for one sink at most: at 200 calls/s five minutes.
const RECORDS: usize = 65_536;
/// Their bytes, about.
const BYTES: usize = 64 << 20;

/// See the module. `T` is what a sink takes, `P` names the place that the sink writes to.
#[derive(Debug)]
pub struct Backlog<T, P> {
    inside: Mutex<Inside<T, P>>,
    filled: Condvar,
}

#[derive(Debug)]
struct Inside<T, P> {
    waiting: VecDeque<T>,
    /// Of what waits and what the writer holds.
    records: usize,
    bytes: usize,
    /// In the sink since the last look.
    written: Vec<RecordId>,
    /// Given up since the last look, with the sink that they waited for.
    abandoned: Vec<RecordId>,
    /// Another place from now on, or none.
    order: Option<Option<P>>,
    /// Whether the sink's last try failed.
    behind: bool,
    closed: bool,
}

/// What became of records since the last look.
#[derive(Debug, Default)]
pub struct Fate {
    pub written: Vec<RecordId>,
    pub abandoned: Vec<RecordId>,
}

impl<T, P> Default for Backlog<T, P> {
    fn default() -> Self {
        let inside = Inside {
            waiting: VecDeque::new(),
            records: 0,
            bytes: 0,
            written: Vec::new(),
            abandoned: Vec::new(),
            order: None,
            behind: false,
            closed: false,
        };
        Backlog { inside: Mutex::new(inside), filled: Condvar::new() }
    }
}

impl<T: Entry, P> Backlog<T, P> {
    /// Takes as many of the items as fit, in order, and gives back the ids of the records that did not. What is no
    /// record is left out as soon as half the room is taken.
    pub fn offer(&self, items: impl Iterator<Item = T>) -> Vec<RecordId> {
        let mut refused = Vec::new();
        let mut inside = self.lock();
        let was_empty = inside.waiting.is_empty();
        for item in items {
            let bytes = item.bytes();
            let record = item.record();
            let share = if record.is_some() { 1 } else { 2 };
            if inside.records >= RECORDS / share || inside.bytes + bytes > BYTES / share {
                refused.extend(record);
                continue;
            }
            inside.records += usize::from(record.is_some());
            inside.bytes += bytes;
            inside.waiting.push_back(item);
        }
        if was_empty && !inside.waiting.is_empty() {
            self.filled.notify_one();
        }
        refused
    }

    /// Another place from now on, or none.
    pub fn order(&self, place: Option<P>) {
        self.lock().order = Some(place);
        self.filled.notify_one();
    }

    /// What became of records since the last look.
    pub fn take_fate(&self, fate: &mut Fate) {
        let mut inside = self.lock();
        fate.written.clear();
        fate.abandoned.clear();
        std::mem::swap(&mut inside.written, &mut fate.written);
        std::mem::swap(&mut inside.abandoned, &mut fate.abandoned);
    }

    /// Records that wait, those in the writer's hands included.
    pub fn records(&self) -> usize {
        self.lock().records
    }

    pub fn is_behind(&self) -> bool {
        self.lock().behind
    }

    /// The writer has one more try, and ends.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    // ------------------------------------------------------------------------------------------ for the writer

    /// Waits until something waits, an order comes, or the end; `longest` at most.
    pub fn wait(&self, longest: Duration) {
        let idle = |inside: &mut Inside<T, P>| inside.waiting.is_empty() && inside.order.is_none() && !inside.closed;
        let _guard = self.filled.wait_timeout_while(self.lock(), longest, idle);
    }

    /// Waits for an order or the end, `longest` at most. Records gather meanwhile, so that they are written together.
    pub fn gather(&self, longest: Duration) {
        let idle = |inside: &mut Inside<T, P>| inside.order.is_none() && !inside.closed;
        let _guard = self.filled.wait_timeout_while(self.lock(), longest, idle);
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn take_order(&self) -> Option<Option<P>> {
        self.lock().order.take()
    }

    /// Moves items into the writer's hands, `most` at most.
    pub(super) fn take(&self, most: usize, hands: &mut Vec<T>) {
        let mut inside = self.lock();
        let count = inside.waiting.len().min(most);
        hands.extend(inside.waiting.drain(..count));
        if inside.waiting.is_empty() {
            // After trouble: not more memory than usual.
            inside.waiting.shrink_to(4096);
        }
    }

    /// The first `count` items in the writer's hands are in the sink.
    pub(super) fn written(&self, hands: &mut Vec<T>, count: usize) {
        let mut inside = self.lock();
        for item in hands.drain(..count.min(hands.len())) {
            inside.release(&item);
            inside.written.extend(item.record());
        }
    }

    /// The sink is no more: nobody will write what waits for it.
    pub(super) fn abandon(&self, hands: &mut Vec<T>) {
        let mut inside = self.lock();
        let waiting = std::mem::take(&mut inside.waiting);
        for item in hands.drain(..).chain(waiting) {
            inside.release(&item);
            inside.abandoned.extend(item.record());
        }
    }

    pub(super) fn set_behind(&self, behind: bool) {
        self.lock().behind = behind;
    }

    fn lock(&self) -> MutexGuard<'_, Inside<T, P>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Entry, P> Inside<T, P> {
    fn release(&mut self, item: &T) {
        self.records = self.records.saturating_sub(usize::from(item.record().is_some()));
        self.bytes = self.bytes.saturating_sub(item.bytes());
    }
}
