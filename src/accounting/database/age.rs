//! What happens to old rows: those older than `keep` are deleted, and open ones that no process will close any more are
//! closed as lost. A few at a time, when nothing waits to be written.

use crate::accounting::settings::DatabaseOrder;
use crate::accounting::text::time_text;
use crate::time::{Instant, Now, Wall};
use rusqlite::{Connection, Error, TransactionBehavior};
use std::time::Duration;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(600);
/// Rows of one transaction.
const FEW: i64 = 500;
/// A call is closed by its process at `max_duration`. This much later there is no such process: its state was deleted.
const ORPHANED: Duration = Duration::from_secs(300);

/// The open rows that nobody closes.
const LOSE: &str = "UPDATE calls SET outcome = 'lost', ended_at = ?1 WHERE seq IN \
     (SELECT seq FROM calls WHERE ended_at IS NULL AND answered_at < ?2 LIMIT ?3)";
const OLD: &str = "SELECT seq FROM calls WHERE started_at < ?1 ORDER BY started_at LIMIT ?2";

#[derive(Debug)]
pub struct Age {
    next: Instant,
}

impl Age {
    pub fn new(now: Now) -> Age {
        Age { next: now.at }
    }

    /// One small piece of the work, if it is time. True when there is more. A lock is no trouble here: it is tried again.
    pub fn step(&mut self, now: Now, order: &DatabaseOrder, connection: &mut Connection) -> Result<bool, Error> {
        if now.at < self.next {
            return Ok(false);
        }
        let more = match piece(now.wall, order, connection) {
            Err(e) if super::is_busy(&e) => true,
            outcome => outcome?,
        };
        if !more {
            self.next = now.at + EVERY;
        }
        Ok(more)
    }
}

/// True when there may be more to do.
fn piece(now: Wall, order: &DatabaseOrder, connection: &mut Connection) -> Result<bool, Error> {
    let before = |ago: Duration| Wall(now.0.saturating_sub(i64::try_from(ago.as_micros()).unwrap_or(i64::MAX)));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let orphaned = time_text(before(order.max_duration + ORPHANED));
    let lost = transaction.prepare_cached(LOSE)?.execute((time_text(now).as_str(), orphaned.as_str(), FEW))?;
    let mut deleted = 0;
    if let Some(keep) = order.database.keep {
        let oldest = time_text(before(keep));
        let attempts = format!("DELETE FROM attempts WHERE call IN ({OLD})");
        transaction.prepare_cached(&attempts)?.execute((oldest.as_str(), FEW))?;
        deleted = transaction
            .prepare_cached(&format!("DELETE FROM calls WHERE seq IN ({OLD})"))?
            .execute((oldest.as_str(), FEW))?;
    }
    transaction.commit()?;
    Ok(lost as i64 == FEW || deleted as i64 == FEW)
}
