//! Sinks that do not take records: these wait, one sink does not hold up the other, and what does not fit is counted.

use super::books::{Books, FILE, JOURNAL, bye, done, open};
use trunkline::record::{Record, Row};

#[test]
fn a_full_disk_costs_nothing_when_it_has_room_again() {
    let mut books = Books::open(true);
    books.disk.room(Some(1500));
    books.step(0, (1..=20).map(|id| done(id, 0)));
    books.step(1000, (21..=40).map(|id| open(id, 0)));
    assert_eq!(books.rows().len(), 20, "the database has a disk of its own here");
    books.disk.room(None);
    books.step(1000, (21..=40).map(|id| bye(id, 2000)));
    books.step(1000, []);
    assert_eq!(books.lines(), (1..=40).map(|id| (id, 1)).collect());
    assert_eq!(books.rows(), (1..=40).map(|id| (id, (1, 1))).collect());
    let figures = books.keeper().figures();
    assert_eq!((figures.file.written, figures.file.dropped, figures.file.waiting), (40, 0, 0));
    assert_eq!((figures.database.written, figures.database.dropped), (40, 0));
}

#[test]
fn what_does_not_fit_is_counted_exactly_and_not_written_after_a_restart_either() {
    const CALLS: u64 = 4000;
    let mut books = Books::open(false);
    books.disk.refuse(FILE, true);
    for first in (0..CALLS).step_by(500) {
        books.step(50, (first + 1..=first + 500).map(|id| long(done(id, 0))));
    }
    let figures = books.keeper().figures().file;
    assert_eq!(figures.dropped + figures.waiting, CALLS);
    assert!(figures.dropped > 0, "else this shows nothing");
    books.disk.refuse(FILE, false);
    books.crash();
    books.step(1000, []);
    books.step(1000, []);
    assert_eq!(books.lines().len() as u64, figures.waiting);
    assert!(books.lines().values().all(|count| *count == 1));
}

/// With so much text that few records fill the room.
fn long(row: Row) -> Row {
    let Row::Done { record } = row else { panic!("a record") };
    Row::Done { record: Box::new(Record { reason: "x".repeat(20_000), ..*record }) }
}

#[test]
fn a_write_that_is_cut_by_the_end_of_the_process_is_made_whole_by_the_next_one() {
    // 1: the journal, 2: the records file, 3: the journal's mark.
    for writes in 1..=3 {
        let mut books = Books::open(false);
        books.step(0, [open(1, 0), open(2, 0)]);
        books.disk.kill_after(writes);
        books.step(50, [bye(1, 50), done(3, 50)]);
        books.step(50, []);
        books.crash();
        books.step(1000, [bye(1, 50), bye(2, 2000)]);
        let lines = books.lines();
        assert_eq!((lines.get(&1), lines.get(&2)), (Some(&1), Some(&1)), "cut at write {writes}");
        // Cut while it was being noted: within the time that a SIGKILL may cost.
        assert!(lines.get(&3).is_none_or(|count| *count == 1) && (writes == 1 || lines.contains_key(&3)));
    }
}

#[test]
fn a_journal_in_trouble_holds_up_no_record() {
    let mut books = Books::open(true);
    books.disk.refuse(JOURNAL, true);
    books.step(0, [open(1, 0), done(2, 0)]);
    books.step(1000, [bye(1, 1000)]);
    books.disk.refuse(JOURNAL, false);
    books.step(1000, []);
    books.crash();
    books.step(1000, [bye(1, 3000)]);
    assert_eq!(books.lines(), [(1, 1), (2, 1)].into());
    assert_eq!(books.rows(), [(1, (1, 1)), (2, (1, 1))].into());
}

#[test]
fn another_file_takes_what_waited_for_the_first_and_no_file_gives_it_up() {
    let mut books = Books::open(false);
    books.disk.refuse(FILE, true);
    books.step(0, [done(1, 0)]);
    let mut accounting = books.accounting.clone();
    accounting.file.as_mut().expect("a file").path = "/records/other.jsonl".into();
    let now = super::books::at(books.ms);
    books.keeper().account(now, accounting.clone());
    books.step(50, []);
    assert_eq!(books.disk.text("/records/other.jsonl").lines().count(), 1);
    books.disk.refuse("/records/other.jsonl", true);
    books.step(50, [done(2, 0)]);
    accounting.file = None;
    books.keeper().account(now, accounting);
    books.step(50, []);
    let figures = books.keeper().figures().file;
    assert_eq!((figures.written, figures.dropped, figures.waiting), (1, 1, 0));
}

#[test]
fn a_journal_that_had_no_room_is_made_whole_again() {
    const CALLS: u64 = 30_000;
    let mut books = Books::open(false);
    books.step(0, [open(1, 0), open(2, 0)]);
    books.disk.refuse(JOURNAL, true);
    for first in (10..CALLS).step_by(5000) {
        books.step(50, (first..first + 5000).map(|id| open(id, 0)));
    }
    // Its end is noted and its record written; the journal has no room to say so.
    books.step(50, (10..CALLS).flat_map(|id| [bye(id, 100), bye(2, 100)]));
    books.step(50, [open(3, 0)]);
    books.disk.refuse(JOURNAL, false);
    (0..20).for_each(|_| books.step(1000, []));
    // 1 and 3, and the last ten.
    assert_eq!(books.keeper().open_records(), 12);
    books.crash();
    assert_eq!(books.keeper().open_records(), 12);
    books.step(1000, [bye(1, 1000), bye(2, 1000), bye(3, 1000)]);
    let lines = books.lines();
    assert!([1, 2, 3].iter().all(|id| lines[id] == 1));
    assert!(lines.values().all(|count| *count == 1));
}

#[test]
fn a_line_that_lacks_nothing_but_its_end_is_not_written_again() {
    let mut books = Books::open(false);
    books.step(0, [open(1, 0)]);
    // Room for the journal's entries and the record, and not for the record's line end.
    let mut whole = Books::open(false);
    whole.step(0, [open(1, 0)]);
    whole.step(50, [bye(1, 50)]);
    let record = whole.disk.text(FILE).trim_end().len();
    let close = whole.disk.text(JOURNAL).lines().nth(1).expect("the end").len() + 1;
    books.disk.room(Some(close + record));
    books.step(50, [bye(1, 50)]);
    assert_eq!(books.disk.text(FILE).len(), record);
    books.disk.room(None);
    books.crash();
    books.step(1000, []);
    assert_eq!(books.lines(), [(1, 1)].into());
    assert_eq!(books.disk.text(FILE).lines().count(), 1);
}
