//! How other threads reach a worker: a bounded queue in arrival order, and an eventfd that ends the worker's `ppoll`.
//!
//! Two queues share one eventfd. Commands come from the control side. Datagrams come from other workers: a call belongs
//! to the worker that its Call-ID hashes to, and the queue keeps the order in which its datagrams were received.

use crate::flow::Flow;
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A datagram that another worker received.
#[derive(Debug)]
pub struct Handed {
    pub flow: Flow,
    pub bytes: Box<[u8]>,
}

/// Ends a worker's sleep.
#[derive(Clone, Debug)]
pub struct Wake(Arc<EventFd>);

impl Wake {
    pub fn new() -> std::io::Result<Wake> {
        Ok(Wake(Arc::new(EventFd::from_value_and_flags(0, EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?)))
    }

    pub fn ring(&self) {
        // The only error is a counter at its maximum, and then the worker is awake anyway.
        let _ = self.0.write(1);
    }

    /// Forgets the rings so far. Call it before the queues are emptied, never after.
    pub fn clear(&self) {
        let _ = self.0.read();
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A bounded queue in arrival order.
#[derive(Debug)]
pub struct Inbox<T> {
    queue: Mutex<VecDeque<T>>,
    bound: usize,
    wake: Wake,
}

impl<T> Inbox<T> {
    pub fn new(bound: usize, wake: Wake) -> Inbox<T> {
        Inbox { queue: Mutex::default(), bound, wake }
    }

    /// Appends, and wakes the worker if the queue was empty. A full queue gives the item back.
    pub fn push(&self, item: T) -> Result<(), T> {
        let mut queue = self.lock();
        if queue.len() >= self.bound {
            return Err(item);
        }
        let first = queue.is_empty();
        queue.push_back(item);
        drop(queue);
        if first {
            self.wake.ring();
        }
        Ok(())
    }

    /// Moves everything into `into`, in order.
    pub fn take(&self, into: &mut Vec<T>) {
        into.extend(self.lock().drain(..));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        // A panic elsewhere leaves the queue whole: only push and drain happen under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    fn rung(wake: &Wake) -> bool {
        let mut fds = [PollFd::new(wake.fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).expect("poll") == 1
    }

    #[test]
    fn keeps_order_rings_once_and_gives_back_what_does_not_fit() {
        let wake = Wake::new().expect("eventfd");
        let inbox = Inbox::new(2, wake.clone());
        assert!(!rung(&wake));
        assert_eq!(inbox.push(1), Ok(()));
        assert!(rung(&wake));
        wake.clear();
        assert_eq!(inbox.push(2), Ok(()));
        assert!(!rung(&wake), "a worker that has not emptied its inbox need not be rung again");
        assert_eq!(inbox.push(3), Err(3));
        let mut got = Vec::new();
        inbox.take(&mut got);
        assert_eq!(got, [1, 2]);
        assert_eq!(inbox.push(4), Ok(()));
        assert!(rung(&wake));
    }
}
