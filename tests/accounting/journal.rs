//! What a process leaves behind, and what the next one makes of it (checklist F28).

use super::books::{Books, FILE, JOURNAL, ack, bye, done, open};
use std::time::Duration;
use trunkline::accounting::Accounting;

fn once(books: &Books, ids: impl IntoIterator<Item = u64>) {
    for id in ids {
        assert_eq!(books.lines().get(&id), Some(&1), "lines of {id}");
        assert_eq!(books.rows().get(&id), Some(&(1, 1)), "rows of {id}");
    }
}

#[test]
fn a_call_that_outlives_its_process_is_closed_by_the_next_one_once() {
    let mut books = Books::open(true);
    books.step(0, [open(1, 0), ack(1)]);
    books.step(1000, []);
    assert_eq!(books.rows()[&1], (1, 0), "open in the database, a second after the answer");
    books.crash();
    books.step(1000, [bye(1, 2000)]);
    books.step(1000, [bye(1, 2100)]);
    once(&books, [1]);
    books.crash();
    books.step(1000, [bye(1, 4000)]);
    once(&books, [1]);
    let row = "SELECT outcome, hung_up_by, duration_ms, ack, answered_at < ended_at FROM calls";
    let row: (String, String, i64, bool, bool) = books
        .query()
        .query_row(row, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .expect("a row");
    assert_eq!(row, ("answered".into(), "caller".into(), 2000, true, true));
}

#[test]
fn unanswered_calls_survive_a_crash_too_while_a_sink_is_behind() {
    let mut books = Books::open(true);
    books.disk.refuse(FILE, true);
    books.step(0, [done(1, 0), open(2, 0), bye(2, 10)]);
    books.step(2000, []);
    assert_eq!(books.rows().len(), 2, "the database goes on by itself");
    books.crash();
    books.disk.refuse(FILE, false);
    books.step(1000, []);
    once(&books, [1, 2]);
}

#[test]
fn a_file_that_was_written_is_not_written_again_when_the_database_was_behind_for_long() {
    let mut books = Books::open(true);
    let (there, away) = (books.database(), books.folder.path().join("away"));
    books.step(0, []);
    std::fs::rename(&there, &away).expect("moved");
    std::fs::create_dir(&there).expect("a folder in the way");
    books.step(1000, [done(1, 0), open(2, 0), bye(2, 10)]);
    books.step(2000, []);
    // Somebody took the file away in the meantime: only the journal knows that these stood in it.
    books.accounting.file.as_mut().expect("a file").path = "/records/other.jsonl".into();
    books.crash();
    std::fs::remove_dir(&there).expect("out of the way");
    std::fs::rename(&away, &there).expect("back");
    books.step(1000, []);
    assert_eq!(books.rows().len(), 2);
    assert_eq!(books.disk.text("/records/other.jsonl"), "");
    once(&books, [1, 2]);
}

#[test]
fn the_age_of_a_call_counts_over_restarts() {
    let mut books = Books::open(true);
    books.accounting = Accounting { max_duration: Duration::from_secs(3600), ..books.accounting.clone() };
    books.crash();
    books.step(0, [open(1, 0)]);
    for _ in 0..6 {
        books.step(599_000, []);
        books.crash();
    }
    assert_eq!(books.lines().len(), 0, "not yet an hour");
    books.step(7000, []);
    once(&books, [1]);
    books.step(60_000, [bye(1, 3_660_000)]);
    books.crash();
    books.step(1000, [bye(1, 3_661_000)]);
    once(&books, [1]);
    let outcome: String = books.query().query_row("SELECT outcome FROM calls", [], |row| row.get(0)).expect("a row");
    assert_eq!(outcome, "lost");
    assert!(books.disk.text(FILE).contains("\"outcome\":\"lost\""));
}

#[test]
fn a_journal_that_cannot_be_shortened_is_no_reason_not_to_start() {
    let mut books = Books::open(false);
    books.step(0, [open(1, 0), done(2, 0)]);
    books.disk.room(Some(0));
    books.crash();
    books.step(1000, [bye(1, 1000)]);
    assert_eq!(books.lines().get(&1), None, "the disk is full");
    books.disk.room(None);
    books.step(1000, []);
    assert_eq!(books.lines(), [(1, 1), (2, 1)].into());
    books.end();
    books.start();
    books.step(1000, []);
    assert_eq!(books.disk.text(JOURNAL), "", "all is written: nothing to remember");
}

#[test]
fn a_journal_does_not_grow_for_ever() {
    let mut books = Books::open(false);
    books.step(0, [open(1, 0)]);
    for round in 0..40 {
        let ids = (0..500).map(|n| 10 + round * 500 + n);
        books.step(50, ids.flat_map(|id| [open(id, 0), bye(id, 10)]));
    }
    books.step(100, []);
    let bytes = books.disk.text(JOURNAL).len();
    assert!(bytes < 18 << 20, "{bytes} bytes after 20,000 calls");
    books.crash();
    assert_eq!(books.keeper().open_records(), 1);
    assert_eq!(books.disk.text(JOURNAL).lines().count(), 1);
}
