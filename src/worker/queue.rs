//! A bounded queue between threads, in arrival order: evidence on its way to the health engine, commands on their way
//! to a worker. Datagrams have their own ([`super::Handover`]).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What calls have shown about gateways and the engine has not yet heard, at most.
pub const EVIDENCE_MOST: usize = 4096;

#[derive(Debug)]
pub struct Queue<T> {
    items: Mutex<VecDeque<T>>,
    most: usize,
}

impl<T> Queue<T> {
    /// Holds at most `most` items.
    pub fn new(most: usize) -> Queue<T> {
        Queue { items: Mutex::default(), most }
    }

    /// Appends one; true when the queue was empty, so that its reader wants to be woken. A full queue gives it back.
    pub fn push(&self, item: T) -> Result<bool, T> {
        let mut items = self.lock();
        if items.len() >= self.most {
            return Err(item);
        }
        let first = items.is_empty();
        items.push_back(item);
        Ok(first)
    }

    /// Appends all, as far as they fit, and empties `from`.
    pub fn append(&self, from: &mut Vec<T>) -> super::Appended {
        let mut items = self.lock();
        let (room, offered) = (self.most.saturating_sub(items.len()), from.len());
        let first = items.is_empty() && room.min(offered) > 0;
        items.extend(from.drain(..).take(room));
        super::Appended { first, lost: offered.saturating_sub(room) }
    }

    /// Moves everything into `into`, in order.
    pub fn take(&self, into: &mut Vec<T>) {
        into.extend(self.lock().drain(..));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        // A panic elsewhere leaves the queue whole: nothing but push and drain happens under the lock.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Appended;
    use super::*;

    #[test]
    fn keeps_order_and_gives_back_or_counts_what_does_not_fit() {
        let queue = Queue::new(3);
        assert_eq!(queue.push(1), Ok(true));
        assert_eq!(queue.push(2), Ok(false));
        assert_eq!(queue.append(&mut vec![3, 4, 5]), Appended { first: false, lost: 2 });
        assert_eq!(queue.push(6), Err(6));
        let mut got = Vec::new();
        queue.take(&mut got);
        assert_eq!(got, [1, 2, 3]);
        assert_eq!(queue.append(&mut vec![7]), Appended { first: true, lost: 0 });
        assert_eq!(queue.append(&mut Vec::new()), Appended { first: false, lost: 0 });
    }
}
