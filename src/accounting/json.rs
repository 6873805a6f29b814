//! Records and journal entries as JSON, written straight into bytes: a call has two of the one and four of the other, and
//! a general serializer costs three times as much. The tests hold it to what serde makes of [`super::record_line`] and
//! [`super::entry`], which is what is read back.

use super::record_line::{outcome_word, party_word, why_word};
use super::text::{id_text, put_address, time_text};
use crate::record::{AttemptRow, Leg, Party, Record, RecordId};
use crate::time::Wall;

/// A record: a line of the records file without its end.
pub fn put_record(out: &mut Vec<u8>, record: &Record) {
    out.extend_from_slice(b"{\"id\":\"");
    out.extend_from_slice(id_text(record.id).as_str().as_bytes());
    out.extend_from_slice(b"\",\"call_id\":");
    put_text(out, &record.call_id);
    out.extend_from_slice(b",\"started_at\":");
    put_time(out, record.started_at);
    out.extend_from_slice(b",\"ringing_at\":");
    put_some(out, record.ringing_at, put_time);
    out.extend_from_slice(b",\"answered_at\":");
    put_some(out, record.answered_at, put_time);
    out.extend_from_slice(b",\"ended_at\":");
    put_some(out, record.ended_at, put_time);
    out.extend_from_slice(b",\"outcome\":");
    put_word(out, outcome_word(record.outcome));
    out.extend_from_slice(b",\"code\":");
    put_number(out, u64::from(record.code));
    out.extend_from_slice(b",\"reason\":");
    put_text(out, &record.reason);
    out.extend_from_slice(b",\"hung_up_by\":");
    put_some(out, record.hung_up_by.map(party_word), put_word);
    out.extend_from_slice(b",\"from\":");
    put_text(out, &record.from);
    out.extend_from_slice(b",\"to\":");
    put_text(out, &record.to);
    out.extend_from_slice(b",\"number\":");
    put_text(out, &record.number);
    out.extend_from_slice(b",\"source\":\"");
    put_address(out, record.source);
    out.extend_from_slice(b"\",\"listener\":");
    put_text(out, &record.listener);
    let optional: [(&[u8], _); 4] = [
        (b",\"account\":", &record.account),
        (b",\"group\":", &record.group),
        (b",\"route\":", &record.route),
        (b",\"gateway\":", &record.gateway),
    ];
    for (name, text) in optional {
        out.extend_from_slice(name);
        put_some(out, text.as_deref(), put_text);
    }
    out.extend_from_slice(b",\"attempts\":");
    put_list(out, &record.attempts, put_attempt);
    out.extend_from_slice(b",\"skipped\":");
    put_list(out, &record.skipped, |out, skipped| {
        out.extend_from_slice(b"{\"gateway\":");
        put_text(out, &skipped.gateway);
        out.extend_from_slice(b",\"why\":");
        put_text(out, skipped.why);
        out.push(b'}');
    });
    out.extend_from_slice(b",\"duration_ms\":");
    put_some(out, record.duration_ms, put_number);
    out.extend_from_slice(b",\"setup_ms\":");
    put_some(out, record.setup_ms, put_number);
    out.extend_from_slice(b",\"late\":");
    out.extend_from_slice(truth(record.late));
    out.extend_from_slice(b",\"ack\":");
    out.extend_from_slice(truth(record.ack));
    out.extend_from_slice(b",\"revision\":");
    put_text(out, &record.revision);
    out.push(b'}');
}

fn put_attempt(out: &mut Vec<u8>, attempt: &AttemptRow) {
    out.extend_from_slice(b"{\"gateway\":");
    put_text(out, &attempt.gateway);
    out.extend_from_slice(b",\"address\":\"");
    put_address(out, attempt.address);
    out.extend_from_slice(b"\",\"number\":");
    put_text(out, &attempt.number);
    out.extend_from_slice(b",\"code\":");
    put_number(out, u64::from(attempt.code));
    out.extend_from_slice(b",\"why\":");
    put_word(out, why_word(attempt.why));
    out.extend_from_slice(b",\"started_at\":");
    put_time(out, attempt.started_at);
    out.extend_from_slice(b",\"duration_ms\":");
    put_number(out, attempt.duration_ms);
    out.push(b'}');
}

/// The journal's `open`.
pub fn put_open(out: &mut Vec<u8>, leg: Leg, record: &Record) {
    out.extend_from_slice(b"{\"open\":{\"leg\":");
    put_number(out, u64::from(leg.0));
    out.extend_from_slice(b",\"record\":");
    put_record(out, record);
    out.extend_from_slice(b"}}");
}

/// The journal's `done`; `record` is what [`put_record`] wrote.
pub fn put_done(out: &mut Vec<u8>, record: &[u8]) {
    out.extend_from_slice(b"{\"done\":{\"record\":");
    out.extend_from_slice(record);
    out.extend_from_slice(b"}}");
}

/// The journal's `ack`.
pub fn put_ack(out: &mut Vec<u8>, id: RecordId, leg: Leg) {
    out.extend_from_slice(b"{\"ack\":{\"id\":\"");
    out.extend_from_slice(id_text(id).as_str().as_bytes());
    out.extend_from_slice(b"\",\"leg\":");
    put_number(out, u64::from(leg.0));
    out.extend_from_slice(b"}}");
}

/// The journal's `close`.
pub fn put_close(out: &mut Vec<u8>, id: RecordId, leg: Leg, at: Wall, by: Party) {
    out.extend_from_slice(b"{\"close\":{\"id\":\"");
    out.extend_from_slice(id_text(id).as_str().as_bytes());
    out.extend_from_slice(b"\",\"leg\":");
    put_number(out, u64::from(leg.0));
    out.extend_from_slice(b",\"at\":");
    put_time(out, at);
    out.extend_from_slice(b",\"by\":");
    put_word(out, party_word(by));
    out.extend_from_slice(b"}}");
}

/// The journal's `written`.
pub fn put_written(out: &mut Vec<u8>, ids: &[RecordId]) {
    out.extend_from_slice(b"{\"written\":{\"ids\":");
    put_list(out, ids, |out, id| put_word(out, id_text(*id).as_str()));
    out.extend_from_slice(b"}}");
}

fn put_some<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => put(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

fn put_list<T>(out: &mut Vec<u8>, items: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        put(out, item);
    }
    out.push(b']');
}

fn truth(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

fn put_time(out: &mut Vec<u8>, at: Wall) {
    put_word(out, time_text(at).as_str());
}

/// A text that needs no escapes.
fn put_word(out: &mut Vec<u8>, word: &str) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Without a way out of the loop, so that it takes many bytes at once.
    let special = |b: u8| (b < 0x20) | (b == b'"') | (b == b'\\');
    if text.bytes().fold(false, |found, b| found | special(b)) {
        // Into memory: this can't fail.
        let _ = serde_json::to_writer(&mut *out, text);
    } else {
        put_word(out, text);
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return out.extend_from_slice(&digits[at..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::super::record_line::tests::record;
    use super::super::record_line::{PartyWord, RecordLine};
    use super::super::text::{Id, Stamp};
    use super::*;
    use crate::record::{Outcome, SkippedRow, Why};
    use proptest::prelude::*;

    fn made(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).expect("text")
    }

    fn by_serde(entry: &Entry<'_>) -> String {
        serde_json::to_string(entry).expect("JSON")
    }

    #[test]
    fn entries_are_what_serde_would_write() {
        let (id, leg, at, by) = (RecordId(0xfe), Leg(u32::MAX), Wall(1_795_514_400_123_000), Party::Router);
        let row = record(7);
        let record = || Box::new(RecordLine::from(&row));
        let line = made(|out| put_record(out, &row));
        assert_eq!(made(|out| put_open(out, leg, &row)), by_serde(&Entry::Open { leg: leg.0, record: record() }));
        assert_eq!(made(|out| put_done(out, line.as_bytes())), by_serde(&Entry::Done { record: record() }));
        assert_eq!(made(|out| put_ack(out, id, leg)), by_serde(&Entry::Ack { id: Id(id), leg: leg.0 }));
        let close = Entry::Close { id: Id(id), leg: leg.0, at: Stamp(at), by: PartyWord(by) };
        assert_eq!(made(|out| put_close(out, id, leg, at, by)), by_serde(&close));
        for ids in [vec![], vec![id], vec![id, RecordId(0)]] {
            let written = Entry::Written { ids: ids.iter().copied().map(Id).collect() };
            assert_eq!(made(|out| put_written(out, &ids)), by_serde(&written));
        }
    }

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

    proptest! {
        #[test]
        fn records_are_what_serde_would_write(record in any_record()) {
            let by_serde = serde_json::to_string(&RecordLine::from(&record)).expect("JSON");
            prop_assert_eq!(made(|out| put_record(out, &record)), by_serde);
        }
    }
}
