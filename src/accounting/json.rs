//! Journal entries as JSON, and what they and records are made of, written straight into bytes: a general serializer costs
//! three times as much. The tests hold it to what serde makes of [`super::record_line`] and [`super::entry`], which is
//! what is read back.

use super::record_line::party_word;
use super::text::{id_text, put_address, time_text};
use crate::record::{Leg, Party, RecordId};
use crate::time::Wall;
use std::net::SocketAddr;

/// The journal's `open`; `record` is its line in the records file.
pub fn put_open(out: &mut Vec<u8>, leg: Leg, record: &[u8]) {
    out.extend_from_slice(b"{\"open\":{\"leg\":");
    put_number(out, u64::from(leg.0));
    out.extend_from_slice(b",\"record\":");
    out.extend_from_slice(record);
    out.extend_from_slice(b"}}");
}

/// The journal's `done`; `record` as above.
pub fn put_done(out: &mut Vec<u8>, record: &[u8]) {
    out.extend_from_slice(b"{\"done\":{\"record\":");
    out.extend_from_slice(record);
    out.extend_from_slice(b"}}");
}

/// The journal's `ack`.
pub fn put_ack(out: &mut Vec<u8>, id: RecordId, leg: Leg) {
    out.extend_from_slice(b"{\"ack\":{\"id\":\"");
    out.extend_from_slice(id_text(id).as_bytes());
    out.extend_from_slice(b"\",\"leg\":");
    put_number(out, u64::from(leg.0));
    out.extend_from_slice(b"}}");
}

/// The journal's `close`.
pub fn put_close(out: &mut Vec<u8>, id: RecordId, leg: Leg, at: Wall, by: Party) {
    out.extend_from_slice(b"{\"close\":{\"id\":\"");
    out.extend_from_slice(id_text(id).as_bytes());
    out.extend_from_slice(b"\",\"leg\":");
    put_number(out, u64::from(leg.0));
    out.extend_from_slice(b",\"at\":");
    put_time(out, at);
    out.extend_from_slice(b",\"by\":");
    put_word(out, party_word(by).as_bytes());
    out.extend_from_slice(b"}}");
}

/// The journal's `written`.
pub fn put_written(out: &mut Vec<u8>, ids: &[RecordId]) {
    out.extend_from_slice(b"{\"written\":{\"ids\":");
    put_ids(out, ids);
    out.extend_from_slice(b"}}");
}

fn put_ids(out: &mut Vec<u8>, ids: &[RecordId]) {
    out.push(b'[');
    for (n, id) in ids.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        put_word(out, id_text(*id).as_bytes());
    }
    out.push(b']');
}

pub fn put_some<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => put(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

pub fn put_truth(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

pub fn put_time(out: &mut Vec<u8>, at: Wall) {
    put_word(out, time_text(at).as_bytes());
}

pub fn put_address_word(out: &mut Vec<u8>, address: SocketAddr) {
    out.push(b'"');
    put_address(out, address);
    out.push(b'"');
}

/// A text that needs no escapes.
#[inline]
pub fn put_word(out: &mut Vec<u8>, word: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(word);
    out.push(b'"');
}

/// False when it needed escapes.
pub fn put_text(out: &mut Vec<u8>, text: &str) -> bool {
    // Without a way out of the loop, so that it takes many bytes at once.
    let special = |b: u8| (b < 0x20) | (b == b'"') | (b == b'\\');
    let escapes = text.bytes().fold(false, |found, b| found | special(b));
    if escapes {
        // Into memory: this can't fail.
        let _ = serde_json::to_writer(&mut *out, text);
    } else {
        put_word(out, text.as_bytes());
    }
    !escapes
}

pub fn put_number(out: &mut Vec<u8>, mut number: u64) {
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
        let line = serde_json::to_vec(&record()).expect("JSON");
        assert_eq!(made(|out| put_open(out, leg, &line)), by_serde(&Entry::Open { leg: leg.0, record: record() }));
        assert_eq!(made(|out| put_done(out, &line)), by_serde(&Entry::Done { record: record() }));
        assert_eq!(made(|out| put_ack(out, id, leg)), by_serde(&Entry::Ack { id: Id(id), leg: leg.0 }));
        let close = Entry::Close { id: Id(id), leg: leg.0, at: Stamp(at), by: PartyWord(by) };
        assert_eq!(made(|out| put_close(out, id, leg, at, by)), by_serde(&close));
        for ids in [vec![], vec![id], vec![id, RecordId(0)]] {
            let written = Entry::Written { ids: ids.iter().copied().map(Id).collect() };
            assert_eq!(made(|out| put_written(out, &ids)), by_serde(&written));
        }
    }
}
