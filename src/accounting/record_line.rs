//! A call record as JSON: one line a call, with the field names of CONFIG-AND-CLI (f).
//!
//! Times are RFC 3339 in UTC with milliseconds. Every field is always there, `null` where there is nothing to say.

use crate::record::{AttemptRow, Outcome, Party, Record, RecordId, SkippedRow, Why};
use crate::time::Wall;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// One line of `accounting.file`, and the record inside a line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordLine {
    /// 16 hex digits: as a number it would lose digits in many readers.
    pub id: String,
    pub call_id: String,
    pub started_at: String,
    pub ringing_at: Option<String>,
    pub answered_at: Option<String>,
    pub ended_at: Option<String>,
    pub outcome: OutcomeWord,
    pub code: u16,
    pub reason: String,
    pub hung_up_by: Option<PartyWord>,
    pub from: String,
    pub to: String,
    pub number: String,
    pub source: SocketAddr,
    pub listener: String,
    pub account: Option<String>,
    pub group: Option<String>,
    pub route: Option<String>,
    pub gateway: Option<String>,
    pub attempts: Vec<AttemptLine>,
    pub skipped: Vec<SkippedLine>,
    pub duration_ms: Option<u64>,
    pub setup_ms: Option<u64>,
    /// Answered after a CANCEL or after another final answer.
    pub late: bool,
    /// The caller's ACK for the answer was seen.
    pub ack: bool,
    pub revision: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptLine {
    pub gateway: String,
    pub address: SocketAddr,
    pub number: String,
    pub code: u16,
    pub why: WhyWord,
    pub started_at: String,
    pub duration_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkippedLine {
    pub gateway: String,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Outcome", rename_all = "kebab-case")]
enum OutcomeNames {
    Answered,
    Failed,
    Cancelled,
    Rejected,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Party", rename_all = "kebab-case")]
enum PartyNames {
    Caller,
    Callee,
    Router,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Why", rename_all = "kebab-case")]
enum WhyNames {
    Replied,
    Timeout,
    NoProgress,
    NoAnswer,
    Transport,
    Cancelled,
    Lost,
    Late,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeWord(#[serde(with = "OutcomeNames")] pub Outcome);
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartyWord(#[serde(with = "PartyNames")] pub Party);
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhyWord(#[serde(with = "WhyNames")] pub Why);

impl From<&Record> for RecordLine {
    fn from(record: &Record) -> RecordLine {
        let owned = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        RecordLine {
            id: id_text(record.id),
            call_id: record.call_id.clone(),
            started_at: time_text(record.started_at),
            ringing_at: record.ringing_at.map(time_text),
            answered_at: record.answered_at.map(time_text),
            ended_at: record.ended_at.map(time_text),
            outcome: OutcomeWord(record.outcome),
            code: record.code,
            reason: record.reason.clone(),
            hung_up_by: record.hung_up_by.map(PartyWord),
            from: record.from.clone(),
            to: record.to.clone(),
            number: record.number.clone(),
            source: record.source,
            listener: record.listener.to_string(),
            account: owned(&record.account),
            group: owned(&record.group),
            route: owned(&record.route),
            gateway: owned(&record.gateway),
            attempts: record.attempts.iter().map(AttemptLine::from).collect(),
            skipped: record.skipped.iter().map(SkippedLine::from).collect(),
            duration_ms: record.duration_ms,
            setup_ms: record.setup_ms,
            late: record.late,
            ack: record.ack,
            revision: record.revision.to_string(),
        }
    }
}

impl From<&AttemptRow> for AttemptLine {
    fn from(row: &AttemptRow) -> AttemptLine {
        AttemptLine {
            gateway: row.gateway.to_string(),
            address: row.address,
            number: row.number.clone(),
            code: row.code,
            why: WhyWord(row.why),
            started_at: time_text(row.started_at),
            duration_ms: row.duration_ms,
        }
    }
}

impl From<&SkippedRow> for SkippedLine {
    fn from(row: &SkippedRow) -> SkippedLine {
        SkippedLine { gateway: row.gateway.to_string(), why: row.why.to_owned() }
    }
}

impl RecordLine {
    /// Back to a record (from the journal). `None` when a time or the id can't be read.
    pub fn into_record(self) -> Option<Record> {
        let optional = |text: Option<String>| text.as_deref().map(time_of).map_or(Some(None), |at| at.map(Some));
        let attempts: Option<Vec<AttemptRow>> = self.attempts.into_iter().map(AttemptLine::into_row).collect();
        Some(Record {
            id: id_of(&self.id)?,
            call_id: self.call_id,
            started_at: time_of(&self.started_at)?,
            ringing_at: optional(self.ringing_at)?,
            answered_at: optional(self.answered_at)?,
            ended_at: optional(self.ended_at)?,
            outcome: self.outcome.0,
            code: self.code,
            reason: self.reason,
            hung_up_by: self.hung_up_by.map(|word| word.0),
            from: self.from,
            to: self.to,
            number: self.number,
            source: self.source,
            listener: self.listener.into(),
            account: self.account.map(Into::into),
            group: self.group.map(Into::into),
            route: self.route.map(Into::into),
            gateway: self.gateway.map(Into::into),
            attempts: attempts?,
            skipped: self.skipped.into_iter().map(SkippedLine::into_row).collect(),
            setup_ms: self.setup_ms,
            duration_ms: self.duration_ms,
            late: self.late,
            ack: self.ack,
            revision: self.revision.into(),
        })
    }

    /// Masks the last `digits` digits of every dialled number and of the users in `from` and `to`.
    pub fn mask(&mut self, digits: u8) {
        if digits == 0 {
            return;
        }
        mask_tail(&mut self.number, digits);
        self.attempts.iter_mut().for_each(|attempt| mask_tail(&mut attempt.number, digits));
        mask_user(&mut self.from, digits);
        mask_user(&mut self.to, digits);
    }
}

impl AttemptLine {
    fn into_row(self) -> Option<AttemptRow> {
        Some(AttemptRow {
            gateway: self.gateway.into(),
            address: self.address,
            number: self.number,
            code: self.code,
            why: self.why.0,
            started_at: time_of(&self.started_at)?,
            duration_ms: self.duration_ms,
        })
    }
}

impl SkippedLine {
    fn into_row(self) -> SkippedRow {
        const WORDS: [&str; 9] =
            ["disabled", "down", "resting", "trial", "removed", "number", "repeated", "max_attempts", "max_setup_time"];
        let why = WORDS.into_iter().find(|word| *word == self.why).unwrap_or("skipped");
        SkippedRow { gateway: self.gateway.into(), why }
    }
}

/// A record's id as 16 hex digits.
pub fn id_text(id: RecordId) -> String {
    format!("{:016x}", id.0)
}

pub fn id_of(text: &str) -> Option<RecordId> {
    u64::from_str_radix(text, 16).ok().map(RecordId)
}

/// `2026-11-24T10:00:00.123Z`.
pub fn time_text(at: Wall) -> String {
    Timestamp::from_millisecond(at.millis()).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}

pub fn time_of(text: &str) -> Option<Wall> {
    text.parse::<Timestamp>().ok().map(|at| Wall(at.as_microsecond()))
}

/// `+4930123456` with 4: `+493012xxxx`. Other characters stay.
fn mask_tail(number: &mut String, digits: u8) {
    let mut left = usize::from(digits);
    let mut masked: Vec<char> = number.chars().collect();
    for c in masked.iter_mut().rev() {
        if left > 0 && c.is_ascii_digit() {
            *c = 'x';
            left -= 1;
        }
    }
    *number = masked.into_iter().collect();
}

/// The user part of a SIP URI, where it is a number; names of people stay.
fn mask_user(uri: &mut String, digits: u8) {
    let start = uri.find(':').map_or(0, |at| at + 1);
    let end = uri.find('@').unwrap_or(uri.len());
    let Some(user) = uri.get(start..end) else { return };
    if user.is_empty() || !user.chars().all(|c| c.is_ascii_digit() || "+*#-.()".contains(c)) {
        return;
    }
    let mut user = user.to_owned();
    mask_tail(&mut user, digits);
    uri.replace_range(start..end, &user);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn record(id: u64) -> Record {
        let started_at = Wall(1_795_514_400_123_000);
        Record {
            id: RecordId(id),
            call_id: "a84b4c76e66710@pbx".into(),
            started_at,
            ringing_at: Some(Wall(1_795_514_401_000_000)),
            answered_at: Some(Wall(1_795_514_403_500_000)),
            ended_at: None,
            outcome: Outcome::Answered,
            code: 200,
            reason: "OK".into(),
            hung_up_by: None,
            from: "sip:101@192.0.2.1".into(),
            to: "sip:+4930123456@trunkline".into(),
            number: "+4930123456".into(),
            source: SocketAddr::from(([192, 0, 2, 1], 5060)),
            listener: "lan".into(),
            account: None,
            group: Some("office".into()),
            route: Some("national".into()),
            gateway: Some("carrier-b".into()),
            attempts: vec![AttemptRow {
                gateway: "carrier-a".into(),
                address: SocketAddr::from(([198, 51, 100, 7], 5060)),
                number: "0049301234567".into(),
                code: 408,
                why: Why::NoProgress,
                started_at,
                duration_ms: 4000,
            }],
            skipped: vec![SkippedRow { gateway: "gsm-box".into(), why: "down" }],
            setup_ms: Some(3377),
            duration_ms: None,
            late: false,
            ack: false,
            revision: "3f2a9c1".into(),
        }
    }

    #[test]
    fn a_record_as_people_and_machines_read_it() {
        let text = serde_json::to_string_pretty(&RecordLine::from(&record(0x1f))).expect("JSON");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_journal_gives_the_same_record_back() {
        let written = record(u64::MAX);
        let json = serde_json::to_string(&RecordLine::from(&written)).expect("JSON");
        let read: RecordLine = serde_json::from_str(&json).expect("a line");
        assert_eq!(read.into_record(), Some(written));
    }

    #[test]
    fn masked_digits() {
        let mut line = RecordLine::from(&record(1));
        line.mask(4);
        assert_eq!(line.number, "+493012xxxx");
        assert_eq!(line.to, "sip:+493012xxxx@trunkline");
        assert_eq!(line.from, "sip:xxx@192.0.2.1");
        assert_eq!(line.attempts[0].number, "004930123xxxx");
        let mut named = "sip:anna2@example.com".to_owned();
        mask_user(&mut named, 3);
        assert_eq!(named, "sip:anna2@example.com");
    }
}
