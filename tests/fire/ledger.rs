//! Reading the records back: how many each call has, in the file of JSON lines and in the database.

use crate::router::{DATABASE, Router};
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::time::Duration;

/// The records of one call in one place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub all: u32,
    /// Of calls that were answered.
    pub answered: u32,
    pub lost: u32,
    /// The call is up; in the database alone.
    pub open: u32,
}

/// All records of one place.
#[derive(Default)]
pub struct Ledger {
    by_call: HashMap<String, Tally>,
    ids: HashMap<String, u64>,
}

impl Ledger {
    pub fn of_file(router: &Router) -> Ledger {
        let mut ledger = Ledger::default();
        for record in router.records() {
            let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            let lost = record["outcome"] == "lost";
            ledger.add(text("id"), text("call_id"), record["answered_at"].is_string(), lost, false);
        }
        ledger
    }

    /// What can be read now: nothing while somebody has locked it, or before it is there.
    pub fn of_database(router: &Router) -> rusqlite::Result<Ledger> {
        let database = Connection::open_with_flags(router.books.join(DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        database.busy_timeout(Duration::from_secs(5))?;
        let columns = "SELECT id, call_id, answered_at IS NOT NULL, outcome = 'lost', ended_at IS NULL FROM calls";
        let mut statement = database.prepare(columns)?;
        let mut rows = statement.query([])?;
        let mut ledger = Ledger::default();
        while let Some(row) = rows.next()? {
            ledger.add(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        }
        Ok(ledger)
    }

    fn add(&mut self, id: String, call_id: String, answered: bool, lost: bool, open: bool) {
        *self.ids.entry(id).or_default() += 1;
        let tally = self.by_call.entry(call_id).or_default();
        tally.all += 1;
        tally.answered += u32::from(answered);
        tally.lost += u32::from(lost);
        tally.open += u32::from(open);
    }

    pub fn get(&self, call_id: &str) -> Tally {
        self.by_call.get(call_id).copied().unwrap_or_default()
    }

    /// Records of answered calls that are finished.
    pub fn finished(&self) -> u64 {
        self.by_call.values().map(|tally| u64::from(tally.answered - tally.open)).sum()
    }

    /// Records with an id that another one has.
    pub fn same_id(&self) -> u64 {
        self.ids.values().map(|count| count - 1).sum()
    }

    /// Calls with more than one record of an answer.
    pub fn twice(&self) -> u64 {
        self.by_call.values().filter(|tally| tally.answered > 1).count() as u64
    }
}
