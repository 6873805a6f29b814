//! Which finished records wait for which sink: the bookkeeper's side of the two backlogs.
//!
//! A record is done with when each sink has it or has refused it; the journal then says `written`. Where one sink has it
//! and the other is behind, the journal says so after a moment (`partly`), so that a crash in the middle of a long
//! trouble writes nothing twice. Each record is counted once for each sink: written, or dropped.

use super::backlog::{Backlog, Fate};
use super::compact::Marks;
use super::journal::Journal;
use super::lines::FileOrder;
use super::settings::DatabaseOrder;
use super::sink::{Change, Line, SinkName, Sinks};
use crate::record::RecordId;
use crate::time::Instant;
use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long a record that one sink has waits for the other before the journal says so.
const HALF: Duration = Duration::from_secs(1);
/// Between two counts of lost records in the log.
const COUNT: Duration = Duration::from_secs(10);

/// What became of the finished records of one sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkFigures {
    /// The sink has them.
    pub written: u64,
    /// They did not fit into the backlog, or their sink was taken away while they waited.
    pub dropped: u64,
    /// They wait.
    pub waiting: u64,
}

/// What became of finished records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub file: SinkFigures,
    pub database: SinkFigures,
}

#[derive(Debug)]
pub(super) struct Spool {
    pub file: Arc<Backlog<Line, FileOrder>>,
    pub database: Arc<Backlog<Change, DatabaseOrder>>,
    /// The sinks that a finished record waits for.
    awaited: HashMap<RecordId, Sinks, FixedState>,
    /// Records that one sink has, since when.
    half: VecDeque<(RecordId, SinkName, Instant)>,
    /// Of an earlier process's records: the sinks that need them no more.
    known: Marks,
    figures: Figures,
    /// What was lost and not said yet, and when it was said last.
    unsaid: u64,
    said: Option<Instant>,
    fate: Fate,
    complete: Vec<RecordId>,
}

impl Spool {
    pub fn new(file: Arc<Backlog<Line, FileOrder>>, database: Arc<Backlog<Change, DatabaseOrder>>) -> Spool {
        Spool {
            file,
            database,
            awaited: HashMap::default(),
            half: VecDeque::new(),
            known: Marks::default(),
            figures: Figures::default(),
            unsaid: 0,
            said: None,
            fate: Fate::default(),
            complete: Vec::new(),
        }
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.awaited.is_empty()
    }

    /// Whether a finished record waits for a sink.
    pub fn awaits(&self, id: RecordId) -> bool {
        self.awaited.contains_key(&id)
    }

    pub fn figures(&self) -> Figures {
        let waiting = |sink| self.awaited.values().filter(|sinks| sinks.has(sink)).count() as u64;
        let mut figures = self.figures;
        figures.file.waiting = waiting(SinkName::File);
        figures.database.waiting = waiting(SinkName::Sqlite);
        figures
    }

    /// What the journal knows of an earlier process's records.
    pub fn know(&mut self, marks: Marks) {
        self.known = marks;
    }

    /// A record is finished: the sinks that it has to go to.
    pub fn take_up(&mut self, id: RecordId, to_file: bool, to_database: bool) -> Sinks {
        let has = if self.known.is_empty() { None } else { self.known.remove(&id) }.unwrap_or_default();
        let mut sinks = Sinks::default();
        if to_file && !has.has(SinkName::File) {
            sinks = sinks.with(SinkName::File);
        }
        if to_database && !has.has(SinkName::Sqlite) {
            sinks = sinks.with(SinkName::Sqlite);
        }
        if !sinks.is_empty() {
            self.awaited.insert(id, sinks);
        }
        sinks
    }

    /// These did not fit into a backlog.
    pub fn refused(&mut self, sink: SinkName, ids: &[RecordId], journal: &mut Journal) {
        self.figure(sink).dropped += ids.len() as u64;
        self.unsaid += ids.len() as u64;
        // At once: else a restart would write what was counted as dropped.
        journal.partly(sink, ids);
        ids.iter().for_each(|id| self.done(*id, sink, None));
        journal.written(&self.complete);
        self.complete.clear();
    }

    /// Looks at what the writers have done, and notes it in the journal.
    pub fn settle(&mut self, now: Instant, journal: &mut Journal) {
        for sink in [SinkName::File, SinkName::Sqlite] {
            let mut fate = std::mem::take(&mut self.fate);
            match sink {
                SinkName::File => self.file.take_fate(&mut fate),
                SinkName::Sqlite => self.database.take_fate(&mut fate),
            }
            self.figure(sink).written += fate.written.len() as u64;
            fate.written.iter().for_each(|id| self.done(*id, sink, Some(now)));
            if !fate.abandoned.is_empty() {
                self.refused(sink, &fate.abandoned, journal);
            }
            self.fate = fate;
        }
        journal.written(&self.complete);
        self.complete.clear();
        self.mark_half(now, journal);
    }

    fn done(&mut self, id: RecordId, sink: SinkName, half_at: Option<Instant>) {
        let Some(sinks) = self.awaited.get_mut(&id) else { return };
        *sinks = sinks.without(sink);
        if sinks.is_empty() {
            self.awaited.remove(&id);
            self.complete.push(id);
        } else if let Some(now) = half_at {
            self.half.push_back((id, sink, now));
        }
    }

    fn mark_half(&mut self, now: Instant, journal: &mut Journal) {
        let (mut file, mut database) = (Vec::new(), Vec::new());
        while self.half.front().is_some_and(|&(_, _, at)| at + HALF <= now) {
            let Some((id, sink, _)) = self.half.pop_front() else { break };
            if self.awaited.contains_key(&id) {
                match sink {
                    SinkName::File => file.push(id),
                    SinkName::Sqlite => database.push(id),
                }
            }
        }
        journal.partly(SinkName::File, &file);
        journal.partly(SinkName::Sqlite, &database);
    }

    fn figure(&mut self, sink: SinkName) -> &mut SinkFigures {
        match sink {
            SinkName::File => &mut self.figures.file,
            SinkName::Sqlite => &mut self.figures.database,
        }
    }

    /// Says what was lost: at once, then now and then.
    pub fn complain(&mut self, now: Instant) {
        if self.unsaid > 0 && self.said.is_none_or(|at| now >= at + COUNT) {
            self.say_lost();
            self.said = Some(now);
        }
    }

    fn say_lost(&mut self) {
        let lost = std::mem::take(&mut self.unsaid);
        let (file, database) = (self.figures.file.dropped, self.figures.database.dropped);
        tracing::error!(
            lost,
            file,
            database,
            "call records lost: what waits for the disk is full; file and database: since the start"
        );
    }

    /// The last words of a process.
    pub fn say_the_end(&mut self, flushed: io::Result<()>) {
        if self.unsaid > 0 {
            self.say_lost();
        }
        let SinkFigures { written: file, dropped: file_dropped, .. } = self.figures.file;
        let SinkFigures { written: database, dropped: database_dropped, .. } = self.figures.database;
        if file + file_dropped + database + database_dropped > 0 {
            tracing::info!(file, file_dropped, database, database_dropped, "call records written");
        }
        let waiting = self.awaited.len();
        match flushed {
            Ok(()) if waiting == 0 => {}
            Ok(()) => tracing::warn!("{waiting} call records wait in the journal; the next start writes them"),
            Err(e) => tracing::error!("the journal of calls can't be written: {e}; {waiting} call records are lost"),
        }
    }
}
