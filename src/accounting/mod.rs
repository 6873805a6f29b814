//! Records of calls, written down exactly once (CONFIG-AND-CLI (g) "Records").
//!
//! Rows of calls come from the workers; a [`Bookkeeper`] notes them in a journal, joins them into records and writes
//! those. It has no thread and no clock: [`Bookkeeper::step`] does one round with the time and the rows that it is
//! given, over a [`Disk`]. The server steps it from its ledger thread, the simulation from its events.

mod appender;
mod bookkeeper;
mod disk;
mod journal;
mod record_line;
mod settings;

pub use bookkeeper::Bookkeeper;
pub use disk::{Disk, DiskFile, RealDisk, Stat};
pub use record_line::{AttemptLine, RecordLine, SkippedLine};
pub use settings::{Accounting, MAX_DURATION, RecordFile};
