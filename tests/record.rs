//! The ledger: rows in, finished records out, each exactly once.

use std::time::Duration;
use trunkline::record::*;
use trunkline::time::{Instant, Now, Wall};

const DAY: Duration = Duration::from_secs(86_400);

/// So many milliseconds after the call came.
fn at(ms: u64) -> Now {
    Now { at: Instant(ms * 1000), wall: Wall(1_800_000_000_000_000 + ms as i64 * 1000) }
}

fn attempt(gateway: &str, code: u16, why: Why) -> AttemptRow {
    AttemptRow {
        gateway: gateway.into(),
        address: "192.0.2.1:5060".parse().unwrap(),
        number: "49301".into(),
        code,
        why,
        started_at: at(0).wall,
        duration_ms: 4000,
    }
}

fn record(id: u64, outcome: Outcome) -> Box<Record> {
    let answered = outcome == Outcome::Answered;
    Box::new(Record {
        id: RecordId(id),
        call_id: "x@y".into(),
        started_at: at(0).wall,
        ringing_at: None,
        answered_at: answered.then_some(at(5_000).wall),
        ended_at: None,
        outcome,
        code: if answered { 200 } else { 486 },
        reason: String::new(),
        hung_up_by: None,
        from: "sip:101@pbx.example".into(),
        to: "sip:49301@trunk.example".into(),
        number: "49301".into(),
        source: "192.0.2.9:5060".parse().unwrap(),
        listener: "lan".into(),
        account: None,
        group: None,
        route: None,
        gateway: answered.then(|| "g2".into()),
        attempts: vec![attempt("g1", 408, Why::Timeout), attempt("g2", 200, Why::Replied)],
        skipped: Vec::new(),
        setup_ms: answered.then_some(5_000),
        duration_ms: None,
        late: false,
        ack: false,
        revision: "b71e04d".into(),
    })
}

/// A ledger with a shorthand: rows at a time, what they finish.
struct Book {
    ledger: Ledger,
    out: Vec<Record>,
}

impl Book {
    fn new() -> Book {
        Book { ledger: Ledger::default(), out: Vec::new() }
    }
    fn row(&mut self, ms: u64, row: Row) -> Vec<Record> {
        self.ledger.row(at(ms), row, &mut self.out);
        std::mem::take(&mut self.out)
    }
    fn open(&mut self, ms: u64, id: u64, leg: u32) -> Vec<Record> {
        self.row(ms, Row::Open { record: record(id, Outcome::Answered), leg: Leg(leg) })
    }
    fn leg(&mut self, ms: u64, id: u64, leg: u32, attempt: u8) -> Vec<Record> {
        self.row(ms, Row::Leg { id: RecordId(id), leg: Leg(leg), at: at(ms).wall, attempt, late: true })
    }
    fn close(&mut self, ms: u64, id: u64, leg: u32) -> Vec<Record> {
        self.row(ms, Row::Close { id: RecordId(id), leg: Leg(leg), at: at(ms).wall, by: Party::Callee })
    }
    fn expire(&mut self, ms: u64, max_duration: Duration) -> Vec<Record> {
        self.ledger.expire(at(ms), max_duration, &mut self.out);
        std::mem::take(&mut self.out)
    }
}

#[test]
fn an_answered_call_is_written_when_it_ends() {
    let mut book = Book::new();
    assert!(book.open(5_000, 1, 11).is_empty());
    assert_eq!(book.ledger.open_len(), 1);
    let ended = book.close(65_250, 1, 11);
    let [record] = &ended[..] else { panic!("{ended:?}") };
    assert_eq!((record.outcome, record.hung_up_by), (Outcome::Answered, Some(Party::Callee)));
    assert_eq!((record.ended_at, record.duration_ms), (Some(at(65_250).wall), Some(60_250)));
    assert_eq!(record.gateway.as_deref(), Some("g2"));
    assert_eq!((book.ledger.open_len(), book.ledger.deadline(DAY)), (0, None));
}

#[test]
fn a_call_without_an_answer_is_written_at_once() {
    let mut book = Book::new();
    for (ms, outcome) in [(1, Outcome::Failed), (2, Outcome::Cancelled), (3, Outcome::Rejected)] {
        let done = book.row(ms, Row::Done { record: record(ms, outcome) });
        assert_eq!(done.len(), 1);
        assert_eq!((done[0].outcome, done[0].ended_at, done[0].duration_ms), (outcome, Some(at(ms).wall), None));
    }
    assert_eq!(book.ledger.tally(), Tally { done: 3, ..Tally::default() });
}

#[test]
fn two_legs_are_one_record_billed_until_the_last_ends() {
    // E8: gateway 2 answered, then gateway 1 late; the caller hangs up one of them. Which one ends first, and whom the
    // record belongs to. (checklist X23, F21)
    for (first, second, gateway) in [(11, 12, "g1"), (12, 11, "g2")] {
        let mut book = Book::new();
        book.open(5_000, 1, 11);
        book.leg(5_001, 1, 12, 0);
        assert!(book.close(5_100, 1, first).is_empty());
        let ended = book.close(35_000, 1, second);
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].gateway.as_deref(), Some(gateway), "{first} ended first");
        assert_eq!((ended[0].duration_ms, ended[0].late), (Some(30_000), true));
        let late = &ended[0].attempts[0];
        assert_eq!((late.code, late.why, late.duration_ms), (200, Why::Late, 5_001));
        assert_eq!(ended[0].attempts[1], attempt("g2", 200, Why::Replied));
    }
}

#[test]
fn a_fork_behind_one_gateway_keeps_its_attempt() {
    // E20: two 200 of the same gateway with different tags.
    let mut book = Book::new();
    book.open(5_000, 1, 11);
    book.leg(5_001, 1, 12, 1);
    book.close(6_000, 1, 11);
    let ended = book.close(7_000, 1, 12);
    assert_eq!(ended[0].attempts[1], attempt("g2", 200, Why::Replied));
    assert_eq!((ended[0].gateway.as_deref(), ended[0].duration_ms), (Some("g2"), Some(2_000)));
}

#[test]
fn what_is_told_twice_counts_once() {
    let mut book = Book::new();
    book.open(5_000, 1, 11);
    book.open(5_000, 1, 11);
    book.leg(5_001, 1, 12, 0);
    book.leg(5_002, 1, 12, 0);
    assert!(book.row(5_003, Row::Done { record: record(1, Outcome::Failed) }).is_empty());
    assert!(book.close(6_000, 1, 12).is_empty());
    assert!(book.close(6_500, 1, 12).is_empty(), "a repeated BYE ends no other leg");
    assert_eq!(book.close(7_000, 1, 11).len(), 1);
    assert!(book.close(7_500, 1, 11).is_empty());
    assert!(book.leg(7_600, 1, 13, 0).is_empty());
    let expected = Tally { opened: 1, closed: 1, doubles: 2, repeats: 1, orphans: 2, ..Tally::default() };
    assert_eq!(book.ledger.tally(), expected);
}

#[test]
fn an_unknown_leg_ends_nothing() {
    // E22: the 481 of an early dialog that never became a call must not end the one that did.
    let mut book = Book::new();
    book.open(5_000, 1, 11);
    assert!(book.close(6_000, 1, 99).is_empty());
    assert_eq!((book.ledger.open_len(), book.ledger.tally().orphans), (1, 1));
}

#[test]
fn the_acknowledgement_is_noted() {
    // checklist F24
    let mut book = Book::new();
    book.open(5_000, 1, 11);
    book.open(5_000, 2, 11);
    assert!(book.row(5_100, Row::Ack { id: RecordId(1), leg: Leg(11) }).is_empty());
    assert!(book.row(5_100, Row::Ack { id: RecordId(9), leg: Leg(11) }).is_empty());
    assert_eq!((book.close(6_000, 1, 11)[0].ack, book.close(6_000, 2, 11)[0].ack), (true, false));
}

#[test]
fn an_unknown_record_is_counted_and_ignored() {
    let mut book = Book::new();
    assert!(book.close(1, 7, 11).is_empty());
    assert!(book.leg(1, 7, 11, 0).is_empty());
    assert_eq!(book.ledger.tally(), Tally { orphans: 2, ..Tally::default() });
}

#[test]
fn a_call_whose_end_nobody_tells_is_lost_after_max_duration() {
    let mut book = Book::new();
    let second = Duration::from_secs(1);
    book.open(5_000, 2, 11);
    book.open(5_500, 1, 11);
    assert_eq!(book.ledger.deadline(second), Some(at(6_000).at));
    assert!(book.expire(5_999, second).is_empty());
    let lost = book.expire(6_000, second);
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].id, lost[0].outcome, lost[0].hung_up_by), (RecordId(2), Outcome::Lost, None));
    assert_eq!((lost[0].ended_at, lost[0].duration_ms), (Some(at(6_000).wall), Some(1_000)));
    assert_eq!(book.ledger.deadline(second), Some(at(6_500).at));
    assert_eq!(book.expire(100_000, second).len(), 1);
    assert!(book.close(100_001, 1, 11).is_empty());
    assert_eq!((book.ledger.tally().lost, book.ledger.tally().orphans), (2, 1));
}

#[test]
fn beyond_the_limit_the_oldest_is_lost() {
    let mut book = Book { ledger: Ledger::new(2), out: Vec::new() };
    book.open(5_000, 3, 1);
    book.open(5_001, 1, 1);
    let lost = book.open(5_002, 2, 1);
    assert_eq!((lost.len(), lost[0].id, lost[0].outcome), (1, RecordId(3), Outcome::Lost));
    assert_eq!((book.ledger.open_len(), book.ledger.tally().lost), (2, 1));
}

#[test]
fn legs_of_one_record_are_bounded() {
    let mut book = Book::new();
    book.open(5_000, 1, 0);
    (1..1_000).for_each(|leg| drop(book.leg(5_000, 1, leg, 1)));
    assert!(book.ledger.tally().orphans > 900);
}

#[test]
fn a_clock_that_was_set_back_makes_no_negative_length() {
    let mut book = Book::new();
    book.open(5_000, 1, 11);
    assert_eq!(book.close(4_000, 1, 11)[0].duration_ms, Some(0));
}

mod any_order {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// However rows come, repeated, or for records that never were: each record that was opened ends exactly once.
        #[test]
        fn every_record_ends_once(rows in prop::collection::vec((0u8..3, 0u64..8, 0u32..3), 0..200), most in 1usize..8) {
            let mut ledger = Ledger::new(most);
            let (mut out, mut next) = (Vec::new(), 0);
            for (ms, (kind, id, leg)) in (5_000..).zip(rows) {
                let mut take = |row| ledger.row(at(ms), row, &mut out);
                match kind {
                    0 => {
                        take(Row::Open { record: record(next, Outcome::Answered), leg: Leg(leg) });
                        next += 1;
                    }
                    1 => {
                        let id = RecordId(next.saturating_sub(id));
                        take(Row::Leg { id, leg: Leg(leg), at: at(ms).wall, attempt: leg as u8, late: false });
                    }
                    _ => {
                        let id = RecordId(next.saturating_sub(id));
                        take(Row::Close { id, leg: Leg(leg), at: at(ms).wall, by: Party::Caller });
                    }
                }
                prop_assert!(ledger.open_len() <= most);
            }
            ledger.expire(at(10_000), Duration::ZERO, &mut out);
            prop_assert_eq!(ledger.open_len(), 0);
            let ids: BTreeSet<_> = out.iter().map(|r| r.id.0).collect();
            prop_assert_eq!(ids.len(), out.len());
            prop_assert_eq!(ids, (0..next).collect());
            let tally = ledger.tally();
            prop_assert_eq!((tally.opened, tally.closed + tally.lost), (next, next));
        }
    }
}
