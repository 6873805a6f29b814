//! The ledger: joins the proxy's rows into finished records, each exactly once.
//!
//! A record opens with its first answer and closes with its last leg. Usually there is one leg; a second 2xx of the
//! same INVITE (checklist X23, races E8 and E20) adds one. While several are open the record belongs to the gateway
//! that answered first; when that leg closes and another goes on, it belongs to the one that goes on. The time billed
//! runs from the first answer to the end of the last leg.

use super::{AttemptRow, Leg, Outcome, Party, Record, RecordId, Row, Why};
use crate::time::{Instant, Now, Wall};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What the ledger has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that were answered.
    pub opened: u64,
    /// Calls whose last leg ended.
    pub closed: u64,
    /// Calls that were never answered.
    pub done: u64,
    /// Calls whose end nobody told, by age or because too many were open.
    pub lost: u64,
    /// Legs and ends of records that are not open: a BYE repeated after the end, or a record of another process.
    pub orphans: u64,
    /// The end of a leg that had ended.
    pub repeats: u64,
    /// A record that was opened, or done, twice: only its first row counts.
    pub doubles: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Ledger {
    open: BTreeMap<RecordId, Entry>,
    /// By age, the oldest first.
    by_age: BTreeSet<(Instant, RecordId)>,
    most: usize,
    tally: Tally,
}

#[derive(Debug)]
struct Entry {
    record: Box<Record>,
    opened_at: Instant,
    legs: SmallVec<[OpenLeg; 1]>,
}

#[derive(Debug)]
struct OpenLeg {
    leg: Leg,
    gateway: Option<Arc<str>>,
    ended: bool,
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger::new(Ledger::MOST_OPEN)
    }
}

impl Ledger {
    /// How many records are open at most unless said otherwise.
    pub const MOST_OPEN: usize = 1_000_000;
    /// Legs of one record; further ones are counted as orphans.
    const MOST_LEGS: usize = 64;

    /// With at most `most` (at least one) records open; beyond it the oldest closes as lost.
    pub fn new(most: usize) -> Ledger {
        Ledger { open: BTreeMap::new(), by_age: BTreeSet::new(), most: most.max(1), tally: Tally::default() }
    }

    /// Takes one row; records that it finishes are appended to `out`.
    pub fn row(&mut self, now: Now, row: Row, out: &mut Vec<Record>) {
        match row {
            Row::Open { record, leg } => self.open(now, record, leg, out),
            Row::Leg { id, leg, at, attempt, late } => self.add_leg(id, leg, at, Some(attempt), late),
            // Which leg does not matter: an answer without any ACK is what people look for. After the end it comes too late.
            Row::Ack { id, leg: _ } => {
                if let Some(entry) = self.open.get_mut(&id) {
                    entry.record.ack = true;
                }
            }
            Row::Close { id, leg, at, by } => self.close_leg(id, leg, at, by, out),
            Row::Done { record } => {
                if self.open.contains_key(&record.id) {
                    self.tally.doubles += 1;
                    return;
                }
                self.tally.done += 1;
                let ended_at = record.ended_at.or(Some(now.wall));
                out.push(Record { ended_at, ..*record });
            }
        }
    }

    /// Closes what is older than `max_duration` as lost.
    pub fn expire(&mut self, now: Now, max_duration: Duration, out: &mut Vec<Record>) {
        while self.deadline(max_duration).is_some_and(|deadline| deadline <= now.at) {
            self.lose_oldest(now, out);
        }
    }

    /// Closes one record as lost; nothing when it is not open.
    pub fn lose(&mut self, id: RecordId, at: Wall, out: &mut Vec<Record>) {
        if let Some(mut record) = self.take(id) {
            self.tally.lost += 1;
            record.outcome = Outcome::Lost;
            out.push(ended(record, at));
        }
    }

    /// A record that is open.
    pub fn get(&self, id: RecordId) -> Option<&Record> {
        self.open.get(&id).map(|entry| &*entry.record)
    }

    /// The rows that would open this record again as it is; of further legs they do not say which attempt it was.
    pub fn retell(&self, id: RecordId) -> Vec<Row> {
        let Some(entry) = self.open.get(&id) else { return Vec::new() };
        let mut legs = entry.legs.iter();
        let Some(first) = legs.next() else { return Vec::new() };
        let at = entry.record.answered_at.unwrap_or(entry.record.started_at);
        let mut rows = vec![Row::Open { record: entry.record.clone(), leg: first.leg }];
        rows.extend(legs.map(|leg| Row::Leg { id, leg: leg.leg, at, attempt: u8::MAX, late: false }));
        let ended = entry.legs.iter().filter(|leg| leg.ended);
        rows.extend(ended.map(|leg| Row::Close { id, leg: leg.leg, at, by: Party::Router }));
        rows
    }

    /// The open records, the oldest first.
    pub fn open_ids(&self) -> impl DoubleEndedIterator<Item = RecordId> {
        self.by_age.iter().map(|&(_, id)| id)
    }

    /// When [`Ledger::expire`] has something next.
    pub fn deadline(&self, max_duration: Duration) -> Option<Instant> {
        self.by_age.first().map(|&(opened_at, _)| opened_at + max_duration)
    }

    /// How many records are open.
    pub fn open_len(&self) -> usize {
        self.open.len()
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    fn open(&mut self, now: Now, record: Box<Record>, leg: Leg, out: &mut Vec<Record>) {
        if self.open.contains_key(&record.id) {
            self.tally.doubles += 1;
            return self.add_leg(record.id, leg, now.wall, None, record.late);
        }
        if self.open.len() >= self.most {
            self.lose_oldest(now, out);
        }
        self.tally.opened += 1;
        self.by_age.insert((now.at, record.id));
        let first = OpenLeg { leg, gateway: record.gateway.clone(), ended: false };
        let legs = SmallVec::from_iter([first]);
        self.open.insert(record.id, Entry { record, opened_at: now.at, legs });
    }

    fn add_leg(&mut self, id: RecordId, leg: Leg, at: Wall, attempt: Option<u8>, late: bool) {
        let Some(entry) = self.open.get_mut(&id).filter(|entry| entry.legs.len() < Self::MOST_LEGS) else {
            self.tally.orphans += 1;
            return;
        };
        if entry.legs.iter().any(|known| known.leg == leg) {
            return;
        }
        let record = &mut entry.record;
        record.late |= late;
        let attempt = attempt.and_then(|ix| record.attempts.get_mut(usize::from(ix)));
        let gateway = attempt.map(|row| answered_late(row, at)).or_else(|| record.gateway.clone());
        entry.legs.push(OpenLeg { leg, gateway, ended: false });
    }

    fn close_leg(&mut self, id: RecordId, leg: Leg, at: Wall, by: Party, out: &mut Vec<Record>) {
        let Some(entry) = self.open.get_mut(&id) else {
            self.tally.orphans += 1;
            return;
        };
        match entry.end_leg(leg) {
            Ended::Nothing => self.tally.repeats += 1,
            Ended::Unknown => self.tally.orphans += 1,
            Ended::One => {}
            Ended::Last => {
                self.tally.closed += 1;
                if let Some(mut record) = self.take(id) {
                    record.hung_up_by = Some(by);
                    out.push(ended(record, at));
                }
            }
        }
    }

    fn lose_oldest(&mut self, now: Now, out: &mut Vec<Record>) {
        if let Some(&(_, id)) = self.by_age.first() {
            self.lose(id, now.wall, out);
        }
    }

    fn take(&mut self, id: RecordId) -> Option<Record> {
        let entry = self.open.remove(&id)?;
        self.by_age.remove(&(entry.opened_at, id));
        Some(*entry.record)
    }
}

enum Ended {
    /// It had ended before.
    Nothing,
    /// No such leg.
    Unknown,
    /// One of several.
    One,
    Last,
}

impl Entry {
    /// Ends a leg. An unknown one is not guessed at: a 481 of an early dialog that never became a call must not close
    /// the call that another gateway answered (checklist E22).
    fn end_leg(&mut self, leg: Leg) -> Ended {
        let which = match self.legs.iter().position(|known| known.leg == leg) {
            Some(known) if self.legs[known].ended => return Ended::Nothing,
            Some(known) => known,
            None => return Ended::Unknown,
        };
        self.legs[which].ended = true;
        let Some(goes_on) = self.legs.iter().find(|l| !l.ended) else { return Ended::Last };
        self.record.gateway.clone_from(&goes_on.gateway);
        Ended::One
    }
}

/// A 2xx of an attempt after another one had answered (checklist F21): the last word about it. One that had answered
/// before has forked behind the gateway, and stays as it is. Gives the gateway.
fn answered_late(row: &mut AttemptRow, at: Wall) -> Arc<str> {
    if !(200..300).contains(&row.code) {
        row.code = 200;
        row.why = Why::Late;
        row.duration_ms = millis(row.started_at, at);
    }
    row.gateway.clone()
}

/// `duration_ms` runs from the answer to the end (CONFIG-AND-CLI (g) "Records").
fn ended(mut record: Record, at: Wall) -> Record {
    record.ended_at = Some(at);
    record.duration_ms = record.answered_at.map(|answered| millis(answered, at));
    record
}

/// Zero when the wall clock was set back in between.
fn millis(from: Wall, to: Wall) -> u64 {
    u64::try_from(to.millis().saturating_sub(from.millis())).unwrap_or(0)
}
