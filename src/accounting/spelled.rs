//! A record in the words that are written: its JSON line, and where in that line each text stands that is a column of
//! the database. A record is spelled once, while it is at hand; the journal, the file and the database share the words.

use super::json::{put_address_word, put_number, put_some, put_text, put_time, put_truth, put_word};
use super::record_line::{outcome_word, party_word, why_word};
use super::text::id_text;
use crate::record::{AttemptRow, Record, RecordId};
use crate::time::Wall;
use std::sync::Arc;

/// Columns of `calls` that are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Id,
    CallId,
    StartedAt,
    RingingAt,
    AnsweredAt,
    EndedAt,
    Outcome,
    Reason,
    HungUpBy,
    From,
    To,
    Number,
    Source,
    Listener,
    Account,
    Group,
    Route,
    Gateway,
    Revision,
    Skipped,
}

impl Column {
    pub const COUNT: usize = Column::Skipped as usize + 1;
}

/// Columns of `attempts` that are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptColumn {
    Gateway,
    Address,
    Number,
    Why,
    StartedAt,
}

impl AttemptColumn {
    pub const COUNT: usize = AttemptColumn::StartedAt as usize + 1;
}

/// See the module.
#[derive(Debug)]
pub struct Spelled {
    pub id: RecordId,
    pub code: u16,
    pub setup_ms: Option<u64>,
    pub duration_ms: Option<u64>,
    pub late: bool,
    pub ack: bool,
    pub attempts: Box<[SpelledAttempt]>,
    columns: [Span; Column::COUNT],
    json: Box<[u8]>,
    raw: Box<[u8]>,
}

/// An attempt of a [`Spelled`] record.
#[derive(Clone, Copy, Debug)]
pub struct SpelledAttempt {
    pub code: u16,
    pub duration_ms: u64,
    columns: [Span; AttemptColumn::COUNT],
}

impl Spelled {
    /// The line of the records file, without its end.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// `None` is NULL.
    pub fn text(&self, column: Column) -> Option<&[u8]> {
        self.columns[column as usize].of(&self.json, &self.raw)
    }

    pub fn attempt_text(&self, attempt: &SpelledAttempt, column: AttemptColumn) -> Option<&[u8]> {
        attempt.columns[column as usize].of(&self.json, &self.raw)
    }

    /// Touches every line of memory that the words stand in. To wait for many lines at once costs a fraction of meeting one
    /// after another.
    pub fn fetch(&self) {
        const LINE: usize = 64;
        let words = self.json.iter().step_by(LINE).fold(0_u8, |sum, b| sum ^ b);
        let spans = self.columns.iter().step_by(LINE / size_of::<Span>()).fold(0, |sum, span| sum ^ span.from);
        std::hint::black_box((words, spans, self.attempts.first().map(|attempt| attempt.code)));
    }

    /// Bytes of memory, about.
    pub fn bytes(&self) -> usize {
        size_of::<Spelled>() + self.json.len() + self.raw.len() + size_of_val(&*self.attempts)
    }
}

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u32,
    to: u32,
}

impl Span {
    /// In no text at all.
    const NULL: Span = Span { from: 1, to: 0 };
    /// Added to both ends: not in the JSON, which has it with escapes, but beside it.
    const RAW: u32 = 1 << 31;

    fn new(from: usize, to: usize) -> Span {
        // A record is made of a datagram.
        Span { from: from as u32, to: to as u32 }
    }

    fn of<'t>(self, json: &'t [u8], raw: &'t [u8]) -> Option<&'t [u8]> {
        let text = if self.from & Span::RAW == 0 { json } else { raw };
        text.get((self.from & !Span::RAW) as usize..(self.to & !Span::RAW) as usize)
    }
}

/// Where records are spelled, one after another.
#[derive(Debug)]
pub struct Spelling {
    json: Vec<u8>,
    /// The texts that JSON wants with escapes, without them.
    raw: Vec<u8>,
    columns: [Span; Column::COUNT],
    attempts: Vec<SpelledAttempt>,
}

impl Default for Spelling {
    fn default() -> Spelling {
        Spelling { json: Vec::new(), raw: Vec::new(), columns: [Span::NULL; Column::COUNT], attempts: Vec::new() }
    }
}

impl Spelling {
    /// Spells a record; gives the line of the records file, without its end.
    pub fn json(&mut self, record: &Record) -> &[u8] {
        self.json.clear();
        self.raw.clear();
        self.columns = [Span::NULL; Column::COUNT];
        self.attempts.clear();
        self.put(record);
        &self.json
    }

    /// The record whose [`Spelling::json`] was made last, to be kept.
    pub fn keep(&self, record: &Record) -> Arc<Spelled> {
        Arc::new(Spelled {
            id: record.id,
            code: record.code,
            setup_ms: record.setup_ms,
            duration_ms: record.duration_ms,
            late: record.late,
            ack: record.ack,
            attempts: self.attempts.as_slice().into(),
            columns: self.columns,
            json: self.json.as_slice().into(),
            raw: self.raw.as_slice().into(),
        })
    }

    fn put(&mut self, record: &Record) {
        self.word(b"{\"id\":", Column::Id, id_text(record.id).as_bytes());
        self.text(b",\"call_id\":", Column::CallId, &record.call_id);
        self.time(b",\"started_at\":", Column::StartedAt, Some(record.started_at));
        self.time(b",\"ringing_at\":", Column::RingingAt, record.ringing_at);
        self.time(b",\"answered_at\":", Column::AnsweredAt, record.answered_at);
        self.time(b",\"ended_at\":", Column::EndedAt, record.ended_at);
        self.word(b",\"outcome\":", Column::Outcome, outcome_word(record.outcome).as_bytes());
        self.name(b",\"code\":");
        put_number(&mut self.json, u64::from(record.code));
        self.text(b",\"reason\":", Column::Reason, &record.reason);
        self.some(b",\"hung_up_by\":", Column::HungUpBy, record.hung_up_by, |sheet, party| {
            sheet.quoted(|json| put_word(json, party_word(party).as_bytes()))
        });
        self.text(b",\"from\":", Column::From, &record.from);
        self.text(b",\"to\":", Column::To, &record.to);
        self.text(b",\"number\":", Column::Number, &record.number);
        self.name(b",\"source\":");
        self.columns[Column::Source as usize] = self.quoted(|json| put_address_word(json, record.source));
        self.text(b",\"listener\":", Column::Listener, &record.listener);
        self.some(b",\"account\":", Column::Account, record.account.as_deref(), Spelling::spell);
        self.some(b",\"group\":", Column::Group, record.group.as_deref(), Spelling::spell);
        self.some(b",\"route\":", Column::Route, record.route.as_deref(), Spelling::spell);
        self.some(b",\"gateway\":", Column::Gateway, record.gateway.as_deref(), Spelling::spell);
        self.name(b",\"attempts\":");
        self.list(&record.attempts, Spelling::attempt);
        self.name(b",\"skipped\":");
        let from = self.json.len();
        self.list(&record.skipped, |sheet, skipped| {
            sheet.name(b"{\"gateway\":");
            put_text(&mut sheet.json, &skipped.gateway);
            sheet.name(b",\"why\":");
            put_text(&mut sheet.json, skipped.why);
            sheet.json.push(b'}');
        });
        self.columns[Column::Skipped as usize] = Span::new(from, self.json.len());
        self.name(b",\"duration_ms\":");
        put_some(&mut self.json, record.duration_ms, put_number);
        self.name(b",\"setup_ms\":");
        put_some(&mut self.json, record.setup_ms, put_number);
        self.name(b",\"late\":");
        put_truth(&mut self.json, record.late);
        self.name(b",\"ack\":");
        put_truth(&mut self.json, record.ack);
        self.text(b",\"revision\":", Column::Revision, &record.revision);
        self.json.push(b'}');
    }

    fn attempt(&mut self, attempt: &AttemptRow) {
        self.name(b"{\"gateway\":");
        let gateway = self.spell(&attempt.gateway);
        self.name(b",\"address\":");
        let address = self.quoted(|json| put_address_word(json, attempt.address));
        self.name(b",\"number\":");
        let number = self.spell(&attempt.number);
        self.name(b",\"code\":");
        put_number(&mut self.json, u64::from(attempt.code));
        self.name(b",\"why\":");
        let why = self.quoted(|json| put_word(json, why_word(attempt.why).as_bytes()));
        self.name(b",\"started_at\":");
        let started_at = self.quoted(|json| put_time(json, attempt.started_at));
        self.name(b",\"duration_ms\":");
        put_number(&mut self.json, attempt.duration_ms);
        self.json.push(b'}');
        let columns = [gateway, address, number, why, started_at];
        self.attempts.push(SpelledAttempt { code: attempt.code, duration_ms: attempt.duration_ms, columns });
    }

    #[inline]
    fn name(&mut self, name: &[u8]) {
        self.json.extend_from_slice(name);
    }

    #[inline]
    fn text(&mut self, name: &[u8], column: Column, text: &str) {
        self.name(name);
        self.columns[column as usize] = self.spell(text);
    }

    #[inline]
    fn word(&mut self, name: &[u8], column: Column, word: &[u8]) {
        self.name(name);
        self.columns[column as usize] = self.quoted(|json| put_word(json, word));
    }

    #[inline]
    fn time(&mut self, name: &[u8], column: Column, at: Option<Wall>) {
        self.some(name, column, at, |sheet, at| sheet.quoted(|json| put_time(json, at)));
    }

    #[inline]
    fn some<T>(&mut self, name: &[u8], column: Column, value: Option<T>, put: impl FnOnce(&mut Spelling, T) -> Span) {
        self.name(name);
        match value {
            Some(value) => self.columns[column as usize] = put(self, value),
            None => self.name(b"null"),
        }
    }

    fn list<T>(&mut self, items: &[T], mut put: impl FnMut(&mut Spelling, &T)) {
        self.json.push(b'[');
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.json.push(b',');
            }
            put(self, item);
        }
        self.json.push(b']');
    }

    /// What `put` writes is a text in quotes without escapes.
    #[inline]
    fn quoted(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> Span {
        let from = self.json.len() + 1;
        put(&mut self.json);
        Span::new(from, self.json.len() - 1)
    }

    fn spell(&mut self, text: &str) -> Span {
        let from = self.json.len() + 1;
        if put_text(&mut self.json, text) {
            return Span::new(from, self.json.len() - 1);
        }
        let from = self.raw.len();
        self.raw.extend_from_slice(text.as_bytes());
        let Span { from, to } = Span::new(from, self.raw.len());
        Span { from: from | Span::RAW, to: to | Span::RAW }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record_line::RecordLine;
    use super::super::record_line::tests::record;
    use super::*;
    use crate::record::{Outcome, Party, SkippedRow, Why};
    use proptest::prelude::*;

    prop_compose! {
        fn any_record()(
            id: u64, times: [Option<i32>; 3], texts: [String; 5], shared: [Option<String>; 4], port: u16, v6: bool,
            code: u16, ms: Option<u64>, flags: [bool; 2], attempts in 0..3_usize, kind in 0..5_usize,
        ) -> Record {
            let base = record(id);
            let time = |n: usize| times[n].map(|s| Wall(i64::from(s) * 1_234_567));
            let [call_id, reason, from, to, number] = texts;
            let host = if v6 { "2001:db8::7" } else { "198.51.100.7" };
            let source = (host.parse::<std::net::IpAddr>().expect("an address"), port).into();
            let attempt = AttemptRow { number: number.clone(), why: Why::NoAnswer, address: source, ..base.attempts[0].clone() };
            let outcomes = [Outcome::Answered, Outcome::Failed, Outcome::Cancelled, Outcome::Rejected, Outcome::Lost];
            let skipped = vec![SkippedRow { gateway: reason.as_str().into(), why: "down" }; attempts];
            let [account, group, route, gateway] = shared.map(|text| text.map(Into::into));
            Record {
                call_id, reason, from, to, number, source, code, account, group, route, gateway, skipped,
                ringing_at: time(0), answered_at: time(1), ended_at: time(2), outcome: outcomes[kind],
                attempts: vec![attempt; attempts], duration_ms: ms, hung_up_by: time(0).map(|_| Party::Callee),
                late: flags[0], ack: flags[1], ..base
            }
        }
    }

    /// The columns of a record, and those of its attempts, as the JSON has them.
    fn columns(json: &serde_json::Value) -> (Vec<Option<String>>, Vec<Vec<Option<String>>>) {
        const NAMES: [&str; Column::COUNT] = [
            "id",
            "call_id",
            "started_at",
            "ringing_at",
            "answered_at",
            "ended_at",
            "outcome",
            "reason",
            "hung_up_by",
            "from",
            "to",
            "number",
            "source",
            "listener",
            "account",
            "group",
            "route",
            "gateway",
            "revision",
            "skipped",
        ];
        const OF_ATTEMPTS: [&str; AttemptColumn::COUNT] = ["gateway", "address", "number", "why", "started_at"];
        let column = |value: &serde_json::Value| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let attempts = json["attempts"].as_array().expect("a list").iter();
        let attempts = attempts.map(|attempt| OF_ATTEMPTS.iter().map(|name| column(&attempt[*name])).collect());
        (NAMES.iter().map(|name| column(&json[*name])).collect(), attempts.collect())
    }

    fn text(bytes: Option<&[u8]>) -> Option<String> {
        bytes.map(|bytes| String::from_utf8(bytes.to_vec()).expect("text"))
    }

    proptest! {
        #[test]
        fn records_are_what_serde_would_write_and_columns_what_it_would_read(first in any_record(), second in any_record()) {
            let mut spelling = Spelling::default();
            for record in [first, second] {
                let by_serde = serde_json::to_string(&RecordLine::from(&record)).expect("JSON");
                prop_assert_eq!(std::str::from_utf8(spelling.json(&record)).expect("text"), &by_serde);
                let spelled = spelling.keep(&record);
                prop_assert_eq!(spelled.json(), by_serde.as_bytes());
                let of_calls = spelled.columns.iter().map(|span| text(span.of(&spelled.json, &spelled.raw))).collect();
                let of_attempt = |attempt: &SpelledAttempt| {
                    attempt.columns.iter().map(|span| text(span.of(&spelled.json, &spelled.raw))).collect()
                };
                let of_attempts = spelled.attempts.iter().map(of_attempt).collect();
                prop_assert_eq!((of_calls, of_attempts), columns(&serde_json::from_str(&by_serde).expect("JSON")));
            }
        }
    }
}
