//! One line of the journal.

use super::record_line::{PartyWord, RecordLine};
use super::sink::SinkName;
use super::text::{Id, Stamp, id_of};
use crate::record::{Leg, RecordId, Row};
use crate::time::Wall;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry<'a> {
    /// The call was answered on `leg`.
    Open {
        leg: u32,
        record: Box<RecordLine<'a>>,
    },
    /// The call ended and was never answered, or ended as soon as it was.
    Done {
        record: Box<RecordLine<'a>>,
    },
    Leg {
        id: Id,
        leg: u32,
        at: Stamp,
        attempt: u8,
        late: bool,
    },
    Ack {
        id: Id,
        leg: u32,
    },
    Close {
        id: Id,
        leg: u32,
        at: Stamp,
        by: PartyWord,
    },
    /// The call was answered, and no BYE came in time.
    Lost {
        id: Id,
        at: Stamp,
    },
    /// Nothing remains to be written about these.
    Written {
        ids: Vec<Id>,
    },
    /// This sink needs these no more: it has them, or they were dropped.
    Partly {
        sink: SinkName,
        ids: Vec<Id>,
    },
}

/// What an entry says about a call of an earlier process.
#[derive(Debug, PartialEq)]
pub enum Past {
    Row(Row),
    Lost { id: RecordId, at: Wall },
}

impl Entry<'_> {
    /// `None` for marks.
    pub fn into_past(self) -> Option<Past> {
        Some(Past::Row(match self {
            Entry::Open { leg, record } => Row::Open { record: Box::new(record.into_record()), leg: Leg(leg) },
            Entry::Done { record } => Row::Done { record: Box::new(record.into_record()) },
            Entry::Leg { id, leg, at, attempt, late } => Row::Leg { id: id.0, leg: Leg(leg), at: at.0, attempt, late },
            Entry::Ack { id, leg } => Row::Ack { id: id.0, leg: Leg(leg) },
            Entry::Close { id, leg, at, by } => Row::Close { id: id.0, leg: Leg(leg), at: at.0, by: by.0 },
            Entry::Lost { id, at } => return Some(Past::Lost { id: id.0, at: at.0 }),
            Entry::Written { .. } | Entry::Partly { .. } => return None,
        }))
    }
}

/// What a line is about, without reading all of it: a compaction sees each line twice.
#[derive(Debug, PartialEq)]
pub enum About {
    /// One record.
    Record(RecordId),
    /// `written` or `partly`.
    Mark,
    /// A line that a crash has cut, or that nobody knows.
    Nothing,
}

impl About {
    pub fn of(line: &[u8]) -> About {
        if !line.ends_with(b"}\n") {
            return About::Nothing;
        }
        if line.starts_with(b"{\"written\"") || line.starts_with(b"{\"partly\"") {
            return About::Mark;
        }
        // The id comes first, or after `leg`; see the order of the fields above.
        let start = line.get(..64).unwrap_or(line);
        let id = memchr::memmem::find(start, b"\"id\":\"").and_then(|at| line.get(at + 6..at + 22));
        let id = id.and_then(|text| id_of(std::str::from_utf8(text).ok()?));
        id.map_or(About::Nothing, About::Record)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record_line::tests::record;
    use super::*;
    use crate::record::Party;

    #[test]
    fn each_kind_of_line_says_what_it_is_about() {
        let (id, at) = (Id(RecordId(0x1f)), Stamp(Wall(0)));
        let row = record(0x1f);
        let line = || Box::new(RecordLine::from(&row));
        let about = |entry: &Entry| {
            let mut line = serde_json::to_vec(entry).expect("JSON");
            line.push(b'\n');
            About::of(&line)
        };
        for entry in [
            Entry::Open { leg: u32::MAX, record: line() },
            Entry::Done { record: line() },
            Entry::Leg { id, leg: 7, at, attempt: 1, late: true },
            Entry::Ack { id, leg: 7 },
            Entry::Close { id, leg: 7, at, by: PartyWord(Party::Caller) },
            Entry::Lost { id, at },
        ] {
            assert_eq!(about(&entry), About::Record(RecordId(0x1f)), "{entry:?}");
        }
        assert_eq!(about(&Entry::Written { ids: vec![id] }), About::Mark);
        assert_eq!(about(&Entry::Partly { sink: SinkName::File, ids: vec![id] }), About::Mark);
        assert_eq!(About::of(b"{\"open\":{\"leg\":7,\"record\":{\"id\":\"000000000000001f\",\"ca\n"), About::Nothing);
    }
}
