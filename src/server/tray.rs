//! Where workers leave the rows of calls for the ledger thread.
//!
//! A channel would cost a futex call for nearly every row. The tray costs a worker an uncontended lock, and a wake-up
//! of the ledger only when the tray was empty; the ledger then waits a moment and takes everything at once.
//! It is bounded: when the ledger can't keep up (a disk that hangs), rows are dropped and counted, calls go on. Records
//! are dropped first; the ends of calls are short, and have room for longer.

use crate::record::Row;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rows beyond which no record is taken any more. One is about a kilobyte.
const BOUND: usize = 65_536;
/// Rows beyond which nothing is taken: what is no record has some 40 bytes.
const BOUND_ENDS: usize = 4 * BOUND;

#[derive(Debug, Default)]
pub struct Tray {
    inside: Mutex<Inside>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    rows: Vec<Row>,
    dropped: Dropped,
    closed: bool,
    /// The ledger wants to be woken: something other than rows happened.
    knocked: bool,
}

/// What was lost because the tray was full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Calls whose record is lost.
    pub records: u64,
    /// Rows about other calls: their ends are not known, or their ACKs.
    pub ends: u64,
}

/// What the ledger found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Since the last look.
    pub dropped: Dropped,
    /// No worker will add any more.
    pub closed: bool,
}

impl Tray {
    /// Moves `rows` onto the tray.
    pub fn put(&self, rows: &mut Vec<Row>) {
        let mut inside = self.lock();
        let was_empty = inside.rows.is_empty();
        if inside.rows.len() + rows.len() <= BOUND {
            inside.rows.append(rows);
        } else {
            rows.drain(..).for_each(|row| inside.squeeze(row));
        }
        drop(inside);
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

impl Inside {
    fn squeeze(&mut self, row: Row) {
        let is_record = matches!(row, Row::Open { .. } | Row::Done { .. });
        let bound = if is_record { BOUND } else { BOUND_ENDS };
        if self.rows.len() < bound {
            self.rows.push(row);
        } else if is_record {
            self.dropped.records += 1;
        } else {
            self.dropped.ends += 1;
        }
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
        tray.put(&mut (0..BOUND_ENDS as u64 + 3).map(row).collect());
        let mut rows = Vec::new();
        let dropped = Dropped { records: 0, ends: 3 };
        assert_eq!(tray.take(&mut rows), Found { dropped, closed: false });
        assert_eq!(rows.len(), BOUND_ENDS);
        assert_eq!(tray.take(&mut rows), Found { dropped: Dropped::default(), closed: false });
        assert!(rows.is_empty());
    }

    #[test]
    fn a_closed_tray_still_gives_what_it_has_and_does_not_wait() {
        let tray = Tray::default();
        tray.put(&mut vec![row(1)]);
        tray.close();
        tray.wait(Duration::from_secs(3600));
        let mut rows = Vec::new();
        assert_eq!(tray.take(&mut rows), Found { dropped: Dropped::default(), closed: true });
        assert_eq!(rows, [row(1)]);
    }
}
