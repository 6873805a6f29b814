//! Records of calls, written down exactly once (CONFIG-AND-CLI (g) "Records").
//!
//! Rows of calls come from the workers; a [`Bookkeeper`] notes them in a journal, joins them into records and hands those
//! to the writers of a file of JSON lines and of a database. Nothing here has a thread or a clock:
//! [`Bookkeeper::step`] does one round with the time and the rows that it is given, over a [`Disk`]. The server steps it
//! from its ledger thread, and the writers from threads of their own; the simulation steps all of it from its events.

mod appender;
mod backlog;
mod bookkeeper;
mod compact;
mod database;
mod disk;
mod entry;
mod journal;
mod json;
mod lines;
mod mask;
mod record_line;
mod settings;
mod sink;
mod spelled;
mod spool;
mod text;
mod writer;

pub use bookkeeper::{Bookkeeper, DatabaseWriter, FileWriter};
pub use disk::{Disk, DiskFile, RealDisk, Stat};
pub use record_line::{AttemptLine, RecordLine, SkippedLine};
pub use settings::{Accounting, MAX_DURATION, RecordDatabase, RecordFile};
pub use sink::Sink;
pub use spool::{Figures, SinkFigures};
pub use writer::Writer;
