//! Any order of calls, troubles and crashes: each record stands once in each sink.

use super::books::{Books, FILE, JOURNAL, ack, bye, done, open};
use proptest::prelude::*;
use std::collections::BTreeSet;
use trunkline::record::Row;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A call is answered, or ends unanswered.
    Open,
    Done,
    /// The ACK or the BYE of a call that was answered, chosen among them; also of one that is over.
    Ack(u8),
    Bye(u8),
    /// A round of the bookkeeper, so many milliseconds later.
    Step(u16),
    /// A trouble begins or ends.
    File(bool),
    Journal(bool),
    Database(bool),
    Full(Option<u16>),
    /// The process is killed between two rounds, or in the middle of a write of the next ones.
    Crash,
    Kill(u8),
    /// The process ends in order, and the next one starts.
    Stop,
    /// Half a day passes: calls that are up close as lost.
    Night,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Open),
        2 => Just(Event::Done),
        1 => any::<u8>().prop_map(Event::Ack),
        4 => any::<u8>().prop_map(Event::Bye),
        5 => (0..1500_u16).prop_map(Event::Step),
        1 => any::<bool>().prop_map(Event::File),
        1 => any::<bool>().prop_map(Event::Journal),
        1 => any::<bool>().prop_map(Event::Database),
        1 => prop_oneof![Just(None), (0..3000_u16).prop_map(Some)].prop_map(Event::Full),
        1 => Just(Event::Crash),
        2 => (1..6_u8).prop_map(Event::Kill),
        1 => Just(Event::Stop),
        1 => Just(Event::Night),
    ]
}

#[derive(Default)]
struct Story {
    next: u64,
    answered: Vec<u64>,
    /// Rows that no round took yet.
    rows: Vec<Row>,
    /// Calls that the journal may not have on the disk.
    at_risk: BTreeSet<u64>,
    /// Calls that a crash may have cost, within the time that is stated.
    excused: BTreeSet<u64>,
}

impl Story {
    fn happens(&mut self, books: &mut Books, event: Event) {
        let ms = books.ms;
        match event {
            Event::Open => {
                let id = self.fresh();
                self.answered.push(id);
                self.rows.push(open(id, ms));
            }
            Event::Done => {
                let id = self.fresh();
                self.rows.push(done(id, ms));
            }
            Event::Ack(n) => self.rows.extend(self.chosen(n).map(ack)),
            Event::Bye(n) => self.rows.extend(self.chosen(n).map(|id| bye(id, ms))),
            Event::Step(ms) => self.step(books, ms),
            Event::File(refused) => books.disk.refuse(FILE, refused),
            Event::Journal(refused) => books.disk.refuse(JOURNAL, refused),
            Event::Database(away) => put_away(books, away),
            Event::Full(room) => books.disk.room(room.map(usize::from)),
            Event::Crash => self.crash(books),
            Event::Kill(writes) => {
                books.disk.kill_after(usize::from(writes));
                (0..2).for_each(|_| self.step(books, 50));
                self.crash(books);
            }
            Event::Stop => {
                self.step(books, 50);
                books.end();
                self.crash(books);
            }
            Event::Night => {
                books.ms += 13 * 3_600_000;
                self.step(books, 0);
            }
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.at_risk.insert(self.next);
        self.next
    }

    fn chosen(&self, n: u8) -> Option<u64> {
        self.answered.get(usize::from(n) % self.answered.len().max(1)).copied()
    }

    fn step(&mut self, books: &mut Books, ms: u16) {
        books.step(u64::from(ms), self.rows.drain(..));
        if books.keeper().is_journal_flushed() {
            self.at_risk.clear();
        }
    }

    fn crash(&mut self, books: &mut Books) {
        self.rows.clear();
        self.excused.append(&mut self.at_risk);
        // A journal that can't even be read is no state to start in.
        books.disk.refuse(JOURNAL, false);
        books.crash();
    }
}

/// A folder stands in the database's way.
fn put_away(books: &Books, away: bool) {
    let (there, other) = (books.database(), books.folder.path().join("away"));
    match away {
        true if !other.exists() && there.is_file() => {
            std::fs::rename(&there, &other).expect("moved");
            std::fs::create_dir(&there).expect("a folder in the way");
        }
        false if other.exists() => {
            std::fs::remove_dir(&there).expect("out of the way");
            std::fs::rename(&other, &there).expect("back");
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn each_record_stands_once_in_each_sink(events in prop::collection::vec(event(), 1..80)) {
        let mut books = Books::open(true);
        let mut story = Story::default();
        for event in events {
            story.happens(&mut books, event);
        }
        // Everything heals, and every call ends.
        books.disk.refuse(FILE, false);
        books.disk.refuse(JOURNAL, false);
        books.disk.room(None);
        put_away(&books, false);
        let ms = books.ms;
        let ends: Vec<Row> = story.answered.iter().map(|id| bye(*id, ms)).collect();
        story.rows.extend(ends);
        (0..3).for_each(|_| story.step(&mut books, 2000));
        books.crash();
        books.step(2000, []);
        let (lines, rows) = (books.lines(), books.rows());
        for id in 1..=story.next {
            let (lines, rows) = (lines.get(&id).copied().unwrap_or(0), rows.get(&id).copied().unwrap_or((0, 0)));
            prop_assert!(lines <= 1 && rows.0 <= 1, "{id} doubled: {lines} lines, {} rows", rows.0);
            if !story.excused.contains(&id) {
                prop_assert!(lines == 1 && rows == (1, 1), "{id}: {lines} lines, {rows:?} rows");
            }
        }
    }
}
