//! Records reach their sinks once: over disks that are full, cut off or slow, through crashes, into SQLite.

#[path = "accounting/books.rs"]
mod books;
#[path = "accounting/exactly_once.rs"]
mod exactly_once;
#[path = "accounting/faulty.rs"]
mod faulty;
#[path = "accounting/journal.rs"]
mod journal;
#[path = "accounting/sqlite.rs"]
mod sqlite;
#[path = "accounting/trouble.rs"]
mod trouble;
