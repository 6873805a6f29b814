//! Calls and their attempts as rows: inserted once, updated where they are still open.

use crate::accounting::record_line::{SkippedLine, outcome_word, party_word, why_word};
use crate::accounting::sink::Change;
use crate::accounting::text::{id_text, put_address, time_text};
use crate::record::Record;
use crate::time::Wall;
use rusqlite::{CachedStatement, Connection, Error, Transaction, TransactionBehavior, params};
use std::net::SocketAddr;

const INSERT: &str = "INSERT INTO calls (id, call_id, started_at, ringing_at, answered_at, ended_at, outcome, code, \
     reason, hung_up_by, \"from\", \"to\", number, source, listener, account, \"group\", route, gateway, duration_ms, \
     setup_ms, late, ack, revision, skipped) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, \
     ?24, ?25) ON CONFLICT (started_at, id) DO NOTHING";

/// Only what may change after the answer.
const UPDATE: &str = "UPDATE calls SET ended_at = ?1, outcome = ?2, hung_up_by = ?3, gateway = ?4, duration_ms = ?5, \
     late = ?6, ack = ?7 WHERE started_at = ?8 AND id = ?9 AND ended_at IS NULL";

const SEQ: &str = "SELECT seq FROM calls WHERE started_at = ?1 AND id = ?2";

const ATTEMPT: &str = "INSERT OR REPLACE INTO attempts (call, position, gateway, address, number, code, why, started_at, \
     duration_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// Writes all of them, or none.
pub fn write(connection: &mut Connection, changes: &[Change]) -> Result<(), Error> {
    // Immediate: a lock is met now and not in the middle.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rows = Rows::prepare(&transaction)?;
    for change in changes {
        match change {
            Change::Open(record) => rows.insert(record).map(|_| ())?,
            Change::Closed { record, opened } => rows.close(record, *opened)?,
        }
    }
    drop(rows);
    transaction.commit()
}

struct Rows<'c> {
    transaction: &'c Transaction<'c>,
    insert: CachedStatement<'c>,
    update: CachedStatement<'c>,
    attempt: CachedStatement<'c>,
    address: Vec<u8>,
    skipped: String,
}

impl<'c> Rows<'c> {
    fn prepare(transaction: &'c Transaction<'_>) -> Result<Rows<'c>, Error> {
        let insert = transaction.prepare_cached(INSERT)?;
        let update = transaction.prepare_cached(UPDATE)?;
        let attempt = transaction.prepare_cached(ATTEMPT)?;
        Ok(Rows { transaction, insert, update, attempt, address: Vec::new(), skipped: String::new() })
    }

    /// True when it is new.
    fn insert(&mut self, record: &Record) -> Result<bool, Error> {
        let time = |at: Option<Wall>| at.map(time_text);
        let (ringing, answered, ended) = (time(record.ringing_at), time(record.answered_at), time(record.ended_at));
        self.spell_skipped(record);
        let new = self.insert.execute(params![
            id_text(record.id).as_str(),
            record.call_id,
            time_text(record.started_at).as_str(),
            ringing.as_ref().map(|at| at.as_str()),
            answered.as_ref().map(|at| at.as_str()),
            ended.as_ref().map(|at| at.as_str()),
            outcome_word(record.outcome),
            record.code,
            record.reason,
            record.hung_up_by.map(party_word),
            record.from,
            record.to,
            record.number,
            spell(record.source, &mut self.address),
            &*record.listener,
            record.account.as_deref(),
            record.group.as_deref(),
            record.route.as_deref(),
            record.gateway.as_deref(),
            record.duration_ms.map(signed),
            record.setup_ms.map(signed),
            record.late,
            record.ack,
            &*record.revision,
            self.skipped,
        ])?;
        if new == 1 {
            self.attempts(self.transaction.last_insert_rowid(), record)?;
        }
        Ok(new == 1)
    }

    /// A finished record: closes the row that is open, inserts it where there is none, and leaves a closed one alone.
    fn close(&mut self, record: &Record, opened: bool) -> Result<(), Error> {
        if (opened && self.update(record)?) || self.insert(record)? {
            return Ok(());
        }
        // There after all: an earlier process opened or closed it.
        self.update(record).map(|_| ())
    }

    fn update(&mut self, record: &Record) -> Result<bool, Error> {
        let (started, id) = (time_text(record.started_at), id_text(record.id));
        let ended = record.ended_at.map(time_text);
        let updated = self.update.execute(params![
            ended.as_ref().map(|at| at.as_str()),
            outcome_word(record.outcome),
            record.hung_up_by.map(party_word),
            record.gateway.as_deref(),
            record.duration_ms.map(signed),
            record.late,
            record.ack,
            started.as_str(),
            id.as_str(),
        ])?;
        // An answer that came late changes the row of its attempt; the others are as they were.
        if updated == 1 && record.attempts.len() > 1 {
            let mut seq = self.transaction.prepare_cached(SEQ)?;
            let seq = seq.query_row((started.as_str(), id.as_str()), |row| row.get(0))?;
            self.attempts(seq, record)?;
        }
        Ok(updated == 1)
    }

    fn attempts(&mut self, seq: i64, record: &Record) -> Result<(), Error> {
        for (position, attempt) in record.attempts.iter().enumerate() {
            self.attempt.execute(params![
                seq,
                position as i64,
                &*attempt.gateway,
                spell(attempt.address, &mut self.address),
                attempt.number,
                attempt.code,
                why_word(attempt.why),
                time_text(attempt.started_at).as_str(),
                signed(attempt.duration_ms),
            ])?;
        }
        Ok(())
    }

    fn spell_skipped(&mut self, record: &Record) {
        self.skipped.clear();
        if record.skipped.is_empty() {
            self.skipped.push_str("[]");
            return;
        }
        let lines: Vec<SkippedLine<'_>> = record.skipped.iter().map(SkippedLine::from).collect();
        // Strings alone: this can't fail.
        self.skipped = serde_json::to_string(&lines).unwrap_or_default();
    }
}

fn spell(address: SocketAddr, into: &mut Vec<u8>) -> &str {
    into.clear();
    put_address(into, address);
    std::str::from_utf8(into).unwrap_or_default()
}

/// SQLite's integers have a sign.
fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
