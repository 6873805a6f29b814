//! The database: its shape, other processes that have it, and files that are none.

use super::books::{Books, at, bye, done, open, record};
use rusqlite::Connection;
use std::time::Duration;
use trunkline::accounting::Accounting;
use trunkline::record::{AttemptRow, Leg, Outcome, Record, RecordId, Row, SkippedRow, Why};

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).expect("SQL");
    statement.query_map([], |row| row.get(0)).expect("columns").map(|name| name.expect("a name")).collect()
}

fn count(connection: &Connection, what: &str) -> i64 {
    connection.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).expect("a count")
}

/// With another age limit from the next start on.
fn keeping(books: &mut Books, keep: Duration) {
    books.accounting.database.as_mut().expect("a database").keep = Some(keep);
    books.end();
    books.start();
}

#[test]
fn the_tables_have_the_names_of_the_json_lines() {
    let mut books = Books::open(true);
    books.step(0, [done(1, 0)]);
    let line: serde_json::Value = serde_json::from_str(books.disk.text(super::books::FILE).trim()).expect("a line");
    let mut promised: Vec<&str> = line.as_object().expect("fields").keys().map(String::as_str).collect();
    promised.retain(|name| *name != "attempts");
    let connection = books.query();
    let mut there = columns(&connection, "calls");
    assert_eq!(there.remove(0), "seq");
    promised.sort_unstable();
    there.sort_unstable();
    assert_eq!(there, promised);
    let attempt: Vec<&str> = line["attempts"][0].as_object().expect("fields").keys().map(String::as_str).collect();
    assert_eq!(columns(&connection, "attempts")[2..], attempt);
}

#[test]
fn a_call_with_its_attempts_as_people_ask_for_it() {
    let mut books = Books::open(true);
    let Row::Done { mut record } = done(7, 0) else { panic!("a call") };
    record.attempts.push(AttemptRow { gateway: "carrier-b".into(), why: Why::Timeout, ..record.attempts[0].clone() });
    record.skipped.push(SkippedRow { gateway: "gsm-box".into(), why: "down" });
    books.step(0, [Row::Done { record }]);
    let sql = "SELECT calls.id, attempts.gateway, why, attempts.address, skipped FROM calls \
               JOIN attempts ON call = seq WHERE call_id = 'call-7@pbx' ORDER BY position";
    let connection = books.query();
    let mut statement = connection.prepare(sql).expect("SQL");
    let rows = statement.query_map([], |row| {
        let texts: Result<Vec<String>, _> = (0..5).map(|n| row.get(n)).collect();
        texts
    });
    let rows: Vec<Vec<String>> = rows.expect("rows").map(|row| row.expect("a row")).collect();
    let skipped = r#"[{"gateway":"gsm-box","why":"down"}]"#;
    assert_eq!(rows[0], ["0000000000000007", "carrier-a", "replied", "198.51.100.7:5060", skipped]);
    assert_eq!(rows[1], ["0000000000000007", "carrier-b", "timeout", "198.51.100.7:5060", skipped]);
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_gateway_that_answered_late_is_in_the_closed_row() {
    let mut books = Books::open(true);
    let Row::Open { mut record, leg } = open(1, 0) else { panic!("a call") };
    record.attempts.push(AttemptRow { gateway: "carrier-b".into(), code: 408, ..record.attempts[0].clone() });
    books.step(0, [Row::Open { record, leg }]);
    books.step(2000, []);
    let late = Leg(2);
    let (id, at) = (RecordId(1), at(2500).wall);
    books.step(1000, [Row::Leg { id, leg: late, at, attempt: 1, late: true }, bye(1, 3000)]);
    let bye = Row::Close { id, leg: late, at: super::books::at(4000).wall, by: trunkline::record::Party::Callee };
    books.step(1000, [bye]);
    let connection = books.query();
    let call: (String, bool, i64) = connection
        .query_row("SELECT gateway, late, duration_ms FROM calls", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .expect("a call");
    assert_eq!(call, ("carrier-b".into(), true, 4000));
    let why: String =
        connection.query_row("SELECT why FROM attempts WHERE position = 1", [], |row| row.get(0)).expect("an attempt");
    assert_eq!(why, "late");
}

#[test]
fn a_lock_of_another_process_delays_the_database_alone() {
    let mut books = Books::open(true);
    books.step(0, [open(1, 0)]);
    let other = books.query();
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    books.step(1000, [bye(1, 1000), done(2, 1000)]);
    assert_eq!(books.lines(), [(1, 1), (2, 1)].into(), "the file goes on");
    assert!(books.keeper().is_journal_flushed());
    books.step(1000, (3..=300).map(|id| done(id, 2000)));
    other.execute_batch("COMMIT").expect("free");
    books.step(1000, []);
    assert_eq!(books.rows(), (1..=300).map(|id| (id, (1, 1))).collect());
}

#[test]
fn a_reader_neither_waits_nor_delays() {
    let mut books = Books::open(true);
    books.step(0, [done(1, 0)]);
    let reader = books.query();
    reader.execute_batch("BEGIN").expect("a transaction");
    assert_eq!(count(&reader, "calls"), 1);
    books.step(1000, (2..=100).map(|id| done(id, 1000)));
    assert_eq!(count(&reader, "calls"), 1, "as it was when the reader began");
    assert_eq!(books.rows().len(), 100);
    let mode: String = reader.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("a mode");
    assert_eq!(mode, "wal");
}

#[test]
fn a_database_that_is_taken_away_is_made_anew() {
    let mut books = Books::open(true);
    books.step(0, [done(1, 0)]);
    std::fs::rename(books.database(), books.folder.path().join("old.db")).expect("moved");
    for end in ["-wal", "-shm"] {
        let with = |name: &str| books.folder.path().join(format!("{name}{end}"));
        let _ = std::fs::rename(with("calls.db"), with("old.db"));
    }
    books.step(1000, [done(2, 1000)]);
    assert_eq!(books.rows().keys().collect::<Vec<_>>(), [&2]);
}

/// Puts something else in the place of the database; the calls wait, and are written when it is gone.
fn not_with(put: impl FnOnce(&Books)) {
    let mut books = Books::open(true);
    books.end();
    for file in std::fs::read_dir(books.folder.path()).expect("the folder").flatten() {
        std::fs::remove_file(file.path()).expect("deleted");
    }
    put(&books);
    books.start();
    books.step(1000, [done(1, 0), open(2, 0)]);
    books.step(1000, [bye(2, 2000)]);
    assert_eq!(books.keeper().figures().database.waiting, 2);
    assert_eq!(books.lines().len(), 2);
    let there = books.database();
    if there.is_dir() {
        std::fs::remove_dir(there).expect("out of the way");
    } else {
        std::fs::rename(there, books.folder.path().join("other")).expect("out of the way");
    }
    books.step(1000, []);
    assert_eq!(books.rows(), [(1, (1, 1)), (2, (1, 1))].into());
}

#[test]
fn a_file_that_is_no_database() {
    not_with(|books| std::fs::write(books.database(), "# routes\n".repeat(1000)).expect("a file"));
}

#[test]
fn a_folder_in_its_place() {
    not_with(|books| std::fs::create_dir(books.database()).expect("a folder"));
}

const HISTORY: &str = "CREATE TABLE refinery_schema_history \
    (version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255));";

#[test]
fn the_database_of_a_newer_version() {
    let row = "INSERT INTO refinery_schema_history VALUES (9, 'later', '2030-01-01T00:00:00Z', '1');";
    not_with(|books| books.query().execute_batch(&format!("{HISTORY}{row}")).expect("a table"));
}

#[test]
fn the_database_of_another_program() {
    let row = "INSERT INTO refinery_schema_history VALUES (1, 'users', 'yesterday', 'none');";
    not_with(|books| books.query().execute_batch(&format!("{HISTORY}{row}")).expect("a table"));
    not_with(|books| books.query().execute_batch("CREATE TABLE refinery_schema_history (a)").expect("a table"));
}

#[test]
fn records_older_than_keep_are_deleted_with_their_attempts() {
    let mut books = Books::open(true);
    for hour in 0..3 {
        let ids = (1..=700).map(|n| done(hour * 1000 + n, hour * 3_600_000));
        books.step(0, ids);
        books.step(3_600_000, []);
    }
    keeping(&mut books, Duration::from_secs(5400));
    // A piece a round, so that nobody waits for long.
    books.step(1000, []);
    assert_eq!(count(&books.query(), "calls"), 2100 - 500);
    (0..4).for_each(|_| books.step(1000, []));
    let connection = books.query();
    assert_eq!(count(&connection, "calls"), 700);
    assert_eq!(count(&connection, "attempts"), 700);
    assert_eq!(count(&connection, "calls WHERE id < '0000000000000700'"), 0);
}

#[test]
fn open_rows_of_a_process_whose_state_was_deleted_close_as_lost() {
    let mut books = Books::open(true);
    books.accounting = Accounting { max_duration: Duration::from_secs(3600), ..books.accounting.clone() };
    books.crash();
    books.step(0, [open(1, 0)]);
    books.step(2000, []);
    assert_eq!(books.rows()[&1], (1, 0));
    books.disk = super::faulty::FaultyDisk::default();
    books.ms += 7_200_000;
    books.crash();
    books.step(1000, []);
    assert_eq!(books.rows()[&1], (1, 1));
    assert_eq!(count(&books.query(), "calls WHERE outcome = 'lost'"), 1);
}

#[test]
fn two_records_may_begin_in_the_same_millisecond() {
    let mut books = Books::open(true);
    let twin = |id| Row::Done { record: Box::new(Record { outcome: Outcome::Rejected, ..record(id, at(0)) }) };
    books.step(0, [twin(1), twin(2)]);
    assert_eq!(books.rows(), [(1, (1, 1)), (2, (1, 1))].into());
}
