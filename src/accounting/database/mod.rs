//! `accounting.sqlite` as a sink: the tables `calls` and `attempts`, described in `migrations/sqlite/`.
//!
//! WAL, so that who reads (sqlite3, Grafana) neither waits nor makes us wait; `synchronous=NORMAL`: the end of the process
//! loses nothing, a power cut may lose the last seconds, and never breaks the file. One batch is one transaction.
//!
//! The file may be locked, full, missing or none at all: the batch then waits and is tried again, with the connection
//! opened anew unless it was only locked.

mod age;
mod rows;
mod schema;

use super::settings::DatabaseOrder;
use super::sink::{Change, Sink};
use crate::time::Now;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How long a locked database is waited for inside SQLite. The writer tries again by itself.
const BUSY: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Debug)]
pub struct Database {
    order: DatabaseOrder,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// Device and inode: who puts another file in its place gets the next records there.
    file: (u64, u64),
    age: age::Age,
}

impl Database {
    /// Opens nothing yet.
    pub fn new(order: DatabaseOrder) -> Database {
        Database { order, open: None }
    }

    fn open(&mut self, now: Now) -> Result<&mut Open, String> {
        let path = &self.order.database.path;
        if self.open.as_ref().is_some_and(|open| file_of(path) != Some(open.file)) {
            self.open = None;
        }
        match &mut self.open {
            Some(open) => Ok(open),
            closed => {
                let connection = connect(path)?;
                let file = file_of(path).unwrap_or_default();
                Ok(closed.insert(Open { connection, file, age: age::Age::new(now) }))
            }
        }
    }

    /// Does something with the open database, and closes it when that fails for good.
    fn with<T>(
        &mut self,
        now: Now,
        what: impl FnOnce(&mut Open, &DatabaseOrder) -> Result<T, Error>,
    ) -> Result<T, String> {
        let order = self.order.clone();
        let outcome = what(self.open(now)?, &order);
        outcome.map_err(|e| {
            if !is_busy(&e) {
                self.open = None;
            }
            in_words(&e)
        })
    }
}

impl Sink for Database {
    type Item = Change;

    fn write(&mut self, now: Now, items: &[Change]) -> (usize, Result<(), String>) {
        match self.with(now, |open, _| rows::write(&mut open.connection, items)) {
            Ok(()) => (items.len(), Ok(())),
            Err(words) => (0, Err(words)),
        }
    }

    fn rest(&mut self, now: Now) -> Result<bool, String> {
        self.with(now, |open, order| open.age.step(now, order, &mut open.connection))
    }

    fn place(&self) -> String {
        self.order.database.path.display().to_string()
    }
}

fn file_of(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

fn connect(path: &Path) -> Result<Connection, String> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| format!("its folder can't be made: {e}"))?;
    }
    // No URIs: a path is a path. No mutex: one thread has the connection.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|e| in_words(&e))?;
    prepare(&connection).map_err(|e| in_words(&e))?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY)?;
    // Only a new file takes it: fewer, longer writes.
    connection.execute_batch("PRAGMA page_size=8192")?;
    // The answer is the mode; a file system without shared memory keeps another one, and that works too.
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
    connection.execute_batch(
        // The cache in KiB. The WAL is copied back at 2,000 pages (16 MiB): its hot pages then only once.
        "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;
         PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=33554432;",
    )
}

fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// What went wrong, and what helps.
fn in_words(error: &Error) -> String {
    let help = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process has it locked",
        Some(ErrorCode::NotADatabase) => "the file is no SQLite database: move it away, or name another path",
        Some(ErrorCode::DatabaseCorrupt) => {
            "the database is damaged: move it away (a new one is made), and repair it with `sqlite3 FILE .recover`"
        }
        Some(ErrorCode::CannotOpen) => "is it a folder, or may this user not write there?",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "this user may not write it, or its folder",
        Some(ErrorCode::DiskFull) => "the disk is full",
        Some(ErrorCode::SystemIoFailure) => "the disk does not take or give it; is it full?",
        _ => return error.to_string(),
    };
    format!("{help} ({error})")
}
