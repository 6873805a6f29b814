//! The ledger thread: takes the rows off the tray and steps the [`Bookkeeper`]. Off the hot path: a disk that hangs
//! costs records at worst, never a call (checklist N20).

use super::clock::Clock;
use super::tray::Tray;
use crate::accounting::{Accounting, Bookkeeper};
use crate::record::Tally;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long rows gather before they are taken: with the work itself it stays below 100 ms.
const GATHER: Duration = Duration::from_millis(50);
/// How long the thread sleeps without rows.
const IDLE: Duration = Duration::from_secs(3600);

/// What the control side tells the ledger thread.
#[derive(Debug, Default)]
pub struct Orders {
    accounting: Mutex<Option<Accounting>>,
}

impl Orders {
    /// Another revision's accounting from now on.
    pub fn set(&self, accounting: Accounting, tray: &Tray) {
        *self.accounting.lock().unwrap_or_else(PoisonError::into_inner) = Some(accounting);
        tray.knock();
    }

    fn take(&self) -> Option<Accounting> {
        self.accounting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Runs until the tray is closed. Returns what was counted.
pub fn run(mut keeper: Bookkeeper, mut clock: Clock, tray: &Arc<Tray>, orders: &Orders) -> Tally {
    let mut rows = Vec::new();
    loop {
        let next = keeper.deadline(clock.now());
        tray.wait(next.map_or(IDLE, |at| clock.until(at).min(IDLE)));
        tray.gather(GATHER);
        if let Some(accounting) = orders.take() {
            keeper.account(accounting);
        }
        let found = tray.take(&mut rows);
        if found.dropped > 0 {
            tracing::error!(rows = found.dropped, "call records lost: the disk is slower than the calls");
        }
        keeper.step(clock.now(), &mut rows);
        if found.closed {
            return keeper.end();
        }
    }
}
