//! Calls and their attempts as rows: inserted once, updated where they are still open.
//!
//! Binding a text costs more than half of what inserting it does. What a statement is bound to stays bound, and calls
//! resemble each other: only what differs from the row before is bound.

use crate::accounting::sink::Change;
use crate::accounting::spelled::{AttemptColumn, Column, Spelled, SpelledAttempt};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Error, Transaction, TransactionBehavior};

const INSERT: &str = "INSERT INTO calls (id, call_id, started_at, ringing_at, answered_at, ended_at, outcome, reason, \
     hung_up_by, \"from\", \"to\", number, source, listener, account, \"group\", route, gateway, revision, skipped, code, \
     setup_ms, duration_ms, late, ack) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, \
     ?24, ?25) ON CONFLICT (started_at, id) DO NOTHING";

/// In the order of [`INSERT`]; the numbers follow.
const INSERTED: [Column; Column::COUNT] = [
    Column::Id,
    Column::CallId,
    Column::StartedAt,
    Column::RingingAt,
    Column::AnsweredAt,
    Column::EndedAt,
    Column::Outcome,
    Column::Reason,
    Column::HungUpBy,
    Column::From,
    Column::To,
    Column::Number,
    Column::Source,
    Column::Listener,
    Column::Account,
    Column::Group,
    Column::Route,
    Column::Gateway,
    Column::Revision,
    Column::Skipped,
];

/// Only what may change after the answer.
const UPDATE: &str = "UPDATE calls SET ended_at = ?1, outcome = ?2, hung_up_by = ?3, gateway = ?4, duration_ms = ?7, \
     late = ?8, ack = ?9 WHERE started_at = ?5 AND id = ?6 AND ended_at IS NULL";

const UPDATED: [Column; 6] =
    [Column::EndedAt, Column::Outcome, Column::HungUpBy, Column::Gateway, Column::StartedAt, Column::Id];

const SEQ: &str = "SELECT seq FROM calls WHERE started_at = ?1 AND id = ?2";

const ATTEMPT: &str = "INSERT OR REPLACE INTO attempts (gateway, address, number, why, started_at, call, position, code, \
     duration_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const OF_ATTEMPT: [AttemptColumn; AttemptColumn::COUNT] = [
    AttemptColumn::Gateway,
    AttemptColumn::Address,
    AttemptColumn::Number,
    AttemptColumn::Why,
    AttemptColumn::StartedAt,
];

/// Changes whose words are fetched together.
const FETCHED: usize = 16;

/// Writes all of them, or none.
pub fn write(connection: &mut Connection, changes: &[Change]) -> Result<(), Error> {
    // Immediate: a lock is met now and not in the middle.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rows = Rows::prepare(&transaction)?;
    for changes in changes.chunks(FETCHED) {
        changes.iter().for_each(Change::fetch);
        for change in changes {
            match change {
                Change::Open(record) => rows.insert(record).map(|_| ())?,
                Change::Closed { record, opened } => rows.close(record, *opened)?,
            }
        }
    }
    drop(rows);
    transaction.commit()
}

struct Rows<'c, 'r> {
    transaction: &'c Transaction<'c>,
    insert: CachedStatement<'c>,
    update: CachedStatement<'c>,
    attempt: CachedStatement<'c>,
    /// What the statements are bound to.
    inserted: Option<&'r Spelled>,
    updated: Option<&'r Spelled>,
    attempted: Option<(&'r Spelled, &'r SpelledAttempt)>,
}

impl<'c, 'r> Rows<'c, 'r> {
    fn prepare(transaction: &'c Transaction<'_>) -> Result<Rows<'c, 'r>, Error> {
        let insert = transaction.prepare_cached(INSERT)?;
        let update = transaction.prepare_cached(UPDATE)?;
        let attempt = transaction.prepare_cached(ATTEMPT)?;
        Ok(Rows { transaction, insert, update, attempt, inserted: None, updated: None, attempted: None })
    }

    /// True when it is new.
    fn insert(&mut self, record: &'r Spelled) -> Result<bool, Error> {
        let before = self.inserted.replace(record);
        for (n, column) in INSERTED.into_iter().enumerate() {
            let text = record.text(column);
            if before.is_none_or(|before| before.text(column) != text) {
                self.insert.raw_bind_parameter(n + 1, Text(text))?;
            }
        }
        let before = before.map(numbers);
        bind_numbers(&mut self.insert, Column::COUNT + 1, &numbers(record), before.as_ref())?;
        let new = self.insert.raw_execute()?;
        if new == 1 {
            self.attempts(self.transaction.last_insert_rowid(), record)?;
        }
        Ok(new == 1)
    }

    /// A finished record: closes the row that is open, inserts it where there is none, and leaves a closed one alone.
    fn close(&mut self, record: &'r Spelled, opened: bool) -> Result<(), Error> {
        if (opened && self.update(record)?) || self.insert(record)? {
            return Ok(());
        }
        // There after all: an earlier process opened or closed it.
        self.update(record).map(|_| ())
    }

    fn update(&mut self, record: &'r Spelled) -> Result<bool, Error> {
        let before = self.updated.replace(record);
        for (n, column) in UPDATED.into_iter().enumerate() {
            let text = record.text(column);
            if before.is_none_or(|before| before.text(column) != text) {
                self.update.raw_bind_parameter(n + 1, Text(text))?;
            }
        }
        let numbers = [record.duration_ms.map(signed), Some(i64::from(record.late)), Some(i64::from(record.ack))];
        bind_numbers(&mut self.update, UPDATED.len() + 1, &numbers, None)?;
        let updated = self.update.raw_execute()?;
        // An answer that came late changes the row of its attempt; the others are as they were.
        if updated == 1 && record.attempts.len() > 1 {
            let mut seq = self.transaction.prepare_cached(SEQ)?;
            let key = (Text(record.text(Column::StartedAt)), Text(record.text(Column::Id)));
            let seq = seq.query_row(key, |row| row.get(0))?;
            self.attempts(seq, record)?;
        }
        Ok(updated == 1)
    }

    fn attempts(&mut self, seq: i64, record: &'r Spelled) -> Result<(), Error> {
        for (position, attempt) in record.attempts.iter().enumerate() {
            let before = self.attempted.replace((record, attempt));
            for (n, column) in OF_ATTEMPT.into_iter().enumerate() {
                let text = record.attempt_text(attempt, column);
                if before.is_none_or(|(record, attempt)| record.attempt_text(attempt, column) != text) {
                    self.attempt.raw_bind_parameter(n + 1, Text(text))?;
                }
            }
            let numbers = [seq, position as i64, i64::from(attempt.code), signed(attempt.duration_ms)].map(Some);
            bind_numbers(&mut self.attempt, AttemptColumn::COUNT + 1, &numbers, None)?;
            self.attempt.raw_execute()?;
        }
        Ok(())
    }
}

/// The last columns of [`INSERT`].
fn numbers(of: &Spelled) -> [Option<i64>; 5] {
    let (setup, duration) = (of.setup_ms.map(signed), of.duration_ms.map(signed));
    [Some(i64::from(of.code)), setup, duration, Some(i64::from(of.late)), Some(i64::from(of.ack))]
}

/// Binds what differs from `before`.
fn bind_numbers<const N: usize>(
    statement: &mut CachedStatement<'_>,
    first: usize,
    numbers: &[Option<i64>; N],
    before: Option<&[Option<i64>; N]>,
) -> Result<(), Error> {
    for (n, number) in numbers.iter().enumerate() {
        if before.is_none_or(|before| before[n] != *number) {
            statement.raw_bind_parameter(first + n, number)?;
        }
    }
    Ok(())
}

/// A text that is UTF-8 already, or NULL.
struct Text<'t>(Option<&'t [u8]>);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, Error> {
        Ok(ToSqlOutput::Borrowed(self.0.map_or(ValueRef::Null, ValueRef::Text)))
    }
}

/// SQLite's integers have a sign.
fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
