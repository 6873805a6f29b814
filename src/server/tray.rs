//! Where workers leave the rows of calls for the ledger thread.
//!
//! A channel would cost a futex call for nearly every row. The tray costs a worker an uncontended lock, and a wake-up
//! of the ledger only when the tray was empty; the ledger then waits a moment and takes everything at once.
//! It is bounded: when the ledger can't keep up (a disk that hangs), rows are dropped and counted, calls go on.

use crate::record::Row;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rows that wait, at most. A row is about a kilobyte.
const BOUND: usize = 65_536;

#[derive(Debug, Default)]
pub struct Tray {
    inside: Mutex<Inside>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    rows: Vec<Row>,
    dropped: u64,
    closed: bool,
    /// The ledger wants to be woken: something other than rows happened.
    knocked: bool,
}

/// What the ledger found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Rows that were lost because the tray was full, since the last look.
    pub dropped: u64,
    /// No worker will add any more.
    pub closed: bool,
}

impl Tray {
    /// Moves `rows` onto the tray.
    pub fn put(&self, rows: &mut Vec<Row>) {
        let mut inside = self.lock();
        let was_empty = inside.rows.is_empty();
        let room = BOUND.saturating_sub(inside.rows.len()).min(rows.len());
        inside.dropped += (rows.len() - room) as u64;
        inside.rows.extend(rows.drain(..room));
        drop(inside);
        rows.clear();
        if was_empty {
            self.filled.notify_one();
        }
    }

    /// Waits until there are rows, somebody knocks, or `longest` has passed.
    pub fn wait(&self, longest: Duration) {
        let idle = |inside: &mut Inside| inside.rows.is_empty() && !inside.closed && !inside.knocked;
        let _guard = self.filled.wait_timeout_while(self.lock(), longest, idle);
    }

    /// Lets rows gather for a moment, so that they are written together; not when the ledger is wanted.
    pub fn gather(&self, moment: Duration) {
        let idle = |inside: &mut Inside| !inside.closed && !inside.knocked;
        let _guard = self.filled.wait_timeout_while(self.lock(), moment, idle);
    }

    /// Takes all rows; `into` comes back with its capacity swapped.
    pub fn take(&self, into: &mut Vec<Row>) -> Found {
        into.clear();
        let mut inside = self.lock();
        std::mem::swap(&mut inside.rows, into);
        inside.knocked = false;
        Found { dropped: std::mem::take(&mut inside.dropped), closed: inside.closed }
    }

    /// Wakes the ledger.
    pub fn knock(&self) {
        self.lock().knocked = true;
        self.filled.notify_one();
    }

    /// The workers are gone: the ledger takes what is left and ends.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Leg, Party, RecordId};
    use crate::time::Wall;

    fn row(id: u64) -> Row {
        Row::Close { id: RecordId(id), leg: Leg(0), at: Wall(0), by: Party::Caller }
    }

    #[test]
    fn what_does_not_fit_is_counted_not_kept() {
        let tray = Tray::default();
        tray.put(&mut (0..BOUND as u64 + 3).map(row).collect());
        let mut rows = Vec::new();
        assert_eq!(tray.take(&mut rows), Found { dropped: 3, closed: false });
        assert_eq!(rows.len(), BOUND);
        assert_eq!(tray.take(&mut rows), Found { dropped: 0, closed: false });
        assert!(rows.is_empty());
    }

    #[test]
    fn a_closed_tray_still_gives_what_it_has_and_does_not_wait() {
        let tray = Tray::default();
        tray.put(&mut vec![row(1)]);
        tray.close();
        tray.wait(Duration::from_secs(3600));
        let mut rows = Vec::new();
        assert_eq!(tray.take(&mut rows), Found { dropped: 0, closed: true });
        assert_eq!(rows, [row(1)]);
    }
}
