//! A call record as JSON: one line a call, with the field names of CONFIG-AND-CLI (f).
//!
//! Times are RFC 3339 in UTC with milliseconds. Every field is always there, `null` where there is nothing to say.
//! `schema/record-1.json` is made of the types here, and their comments are its descriptions.

use super::text::{Id, Stamp};
use crate::record::{AttemptRow, Outcome, Party, Record, SkippedRow, Why};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::net::SocketAddr;

type Text<'a> = Cow<'a, str>;

/// A call record: one line of `accounting.file`, and the record inside a line of the journal. Durations are integers in
/// milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Record")]
pub struct RecordLine<'a> {
    /// Unique, also over restarts.
    pub id: Id,
    pub call_id: Text<'a>,
    /// The INVITE came.
    pub started_at: Stamp,
    /// The first 18x was passed on.
    pub ringing_at: Option<Stamp>,
    /// The 2xx was passed on.
    pub answered_at: Option<Stamp>,
    pub ended_at: Option<Stamp>,
    pub outcome: OutcomeWord,
    /// The final response that the caller had, and its reason.
    pub code: u16,
    pub reason: Text<'a>,
    /// Who ended a call that was answered or cancelled.
    pub hung_up_by: Option<PartyWord>,
    /// The URIs of From and To.
    pub from: Text<'a>,
    pub to: Text<'a>,
    /// The dialled number as it was matched.
    pub number: Text<'a>,
    /// Where the call came from: `192.0.2.1:5060`.
    #[schemars(with = "String")]
    pub source: SocketAddr,
    /// The listener that took it.
    pub listener: Text<'a>,
    /// The digest user.
    pub account: Option<Text<'a>>,
    pub group: Option<Text<'a>>,
    pub route: Option<Text<'a>>,
    /// The gateway that gave the final answer.
    pub gateway: Option<Text<'a>>,
    pub attempts: Vec<AttemptLine<'a>>,
    pub skipped: Vec<SkippedLine<'a>>,
    /// From the answer to the end.
    pub duration_ms: Option<u64>,
    /// From the INVITE to the answer.
    pub setup_ms: Option<u64>,
    /// Answered after a CANCEL or after another final answer.
    pub late: bool,
    /// The caller's ACK for the answer was seen.
    pub ack: bool,
    /// The revision of the files that routed the call.
    pub revision: Text<'a>,
}

/// An INVITE that was sent to a gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Attempt")]
pub struct AttemptLine<'a> {
    pub gateway: Text<'a>,
    #[schemars(with = "String")]
    pub address: SocketAddr,
    /// As it was sent.
    pub number: Text<'a>,
    /// What the gateway answered, or what its silence counts as.
    pub code: u16,
    pub why: WhyWord,
    pub started_at: Stamp,
    pub duration_ms: u64,
}

/// A gateway that was passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Skipped")]
pub struct SkippedLine<'a> {
    pub gateway: Text<'a>,
    /// `down`, `resting`, `trial`, `disabled`, `removed`, `number`, `repeated`, `max_attempts` or `max_setup_time`.
    pub why: Text<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Outcome", rename_all = "kebab-case")]
enum OutcomeNames {
    Answered,
    Failed,
    Cancelled,
    Rejected,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Party", rename_all = "kebab-case")]
enum PartyNames {
    Caller,
    Callee,
    Router,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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

/// How the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct OutcomeWord(#[serde(with = "OutcomeNames")] pub Outcome);
/// A side of the call, or the router between them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct PartyWord(#[serde(with = "PartyNames")] pub Party);
/// Why the attempt ended; `replied`: the gateway gave a final response.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct WhyWord(#[serde(with = "WhyNames")] pub Why);

impl<'a> From<&'a Record> for RecordLine<'a> {
    fn from(record: &'a Record) -> RecordLine<'a> {
        let optional = |text: &'a Option<std::sync::Arc<str>>| text.as_deref().map(Cow::Borrowed);
        RecordLine {
            id: Id(record.id),
            call_id: Cow::Borrowed(&record.call_id),
            started_at: Stamp(record.started_at),
            ringing_at: record.ringing_at.map(Stamp),
            answered_at: record.answered_at.map(Stamp),
            ended_at: record.ended_at.map(Stamp),
            outcome: OutcomeWord(record.outcome),
            code: record.code,
            reason: Cow::Borrowed(&record.reason),
            hung_up_by: record.hung_up_by.map(PartyWord),
            from: Cow::Borrowed(&record.from),
            to: Cow::Borrowed(&record.to),
            number: Cow::Borrowed(&record.number),
            source: record.source,
            listener: Cow::Borrowed(&record.listener),
            account: optional(&record.account),
            group: optional(&record.group),
            route: optional(&record.route),
            gateway: optional(&record.gateway),
            attempts: record.attempts.iter().map(AttemptLine::from).collect(),
            skipped: record.skipped.iter().map(SkippedLine::from).collect(),
            duration_ms: record.duration_ms,
            setup_ms: record.setup_ms,
            late: record.late,
            ack: record.ack,
            revision: Cow::Borrowed(&record.revision),
        }
    }
}

impl<'a> From<&'a AttemptRow> for AttemptLine<'a> {
    fn from(row: &'a AttemptRow) -> AttemptLine<'a> {
        AttemptLine {
            gateway: Cow::Borrowed(&row.gateway),
            address: row.address,
            number: Cow::Borrowed(&row.number),
            code: row.code,
            why: WhyWord(row.why),
            started_at: Stamp(row.started_at),
            duration_ms: row.duration_ms,
        }
    }
}

impl<'a> From<&'a SkippedRow> for SkippedLine<'a> {
    fn from(row: &'a SkippedRow) -> SkippedLine<'a> {
        SkippedLine { gateway: Cow::Borrowed(&row.gateway), why: Cow::Borrowed(row.why) }
    }
}

impl RecordLine<'_> {
    /// Back to a record (from the journal).
    pub fn into_record(self) -> Record {
        let shared = |text: Option<Text<'_>>| text.map(|text| text.into_owned().into());
        Record {
            id: self.id.0,
            call_id: self.call_id.into_owned(),
            started_at: self.started_at.0,
            ringing_at: self.ringing_at.map(|at| at.0),
            answered_at: self.answered_at.map(|at| at.0),
            ended_at: self.ended_at.map(|at| at.0),
            outcome: self.outcome.0,
            code: self.code,
            reason: self.reason.into_owned(),
            hung_up_by: self.hung_up_by.map(|word| word.0),
            from: self.from.into_owned(),
            to: self.to.into_owned(),
            number: self.number.into_owned(),
            source: self.source,
            listener: self.listener.into_owned().into(),
            account: shared(self.account),
            group: shared(self.group),
            route: shared(self.route),
            gateway: shared(self.gateway),
            attempts: self.attempts.into_iter().map(AttemptLine::into_row).collect(),
            skipped: self.skipped.into_iter().map(SkippedLine::into_row).collect(),
            setup_ms: self.setup_ms,
            duration_ms: self.duration_ms,
            late: self.late,
            ack: self.ack,
            revision: self.revision.into_owned().into(),
        }
    }
}

impl AttemptLine<'_> {
    fn into_row(self) -> AttemptRow {
        AttemptRow {
            gateway: self.gateway.into_owned().into(),
            address: self.address,
            number: self.number.into_owned(),
            code: self.code,
            why: self.why.0,
            started_at: self.started_at.0,
            duration_ms: self.duration_ms,
        }
    }
}

impl SkippedLine<'_> {
    fn into_row(self) -> SkippedRow {
        const WORDS: [&str; 9] =
            ["disabled", "down", "resting", "trial", "removed", "number", "repeated", "max_attempts", "max_setup_time"];
        let why = WORDS.into_iter().find(|word| *word == self.why).unwrap_or("skipped");
        SkippedRow { gateway: self.gateway.into_owned().into(), why }
    }
}

/// The words that JSON lines and the database share.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Failed => "failed",
        Outcome::Cancelled => "cancelled",
        Outcome::Rejected => "rejected",
        Outcome::Lost => "lost",
    }
}

pub fn party_word(party: Party) -> &'static str {
    match party {
        Party::Caller => "caller",
        Party::Callee => "callee",
        Party::Router => "router",
    }
}

pub fn why_word(why: Why) -> &'static str {
    match why {
        Why::Replied => "replied",
        Why::Timeout => "timeout",
        Why::NoProgress => "no-progress",
        Why::NoAnswer => "no-answer",
        Why::Transport => "transport",
        Why::Cancelled => "cancelled",
        Why::Lost => "lost",
        Why::Late => "late",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::record::RecordId;
    use crate::time::Wall;

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
        assert_eq!(read.into_record(), written);
    }

    #[test]
    fn the_words_of_both_sinks_agree() {
        let json = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        for outcome in [Outcome::Answered, Outcome::Failed, Outcome::Cancelled, Outcome::Rejected, Outcome::Lost] {
            assert_eq!(json(serde_json::json!(OutcomeWord(outcome))), outcome_word(outcome));
        }
        for party in [Party::Caller, Party::Callee, Party::Router] {
            assert_eq!(json(serde_json::json!(PartyWord(party))), party_word(party));
        }
        let whys = [Why::Replied, Why::Timeout, Why::NoProgress, Why::NoAnswer];
        for why in whys.into_iter().chain([Why::Transport, Why::Cancelled, Why::Lost, Why::Late]) {
            assert_eq!(json(serde_json::json!(WhyWord(why))), why_word(why));
        }
    }
}
