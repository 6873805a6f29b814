//! The ledger thread: takes the rows off the tray and steps the [`Bookkeeper`]; its writers have threads of their own, so
//! that a database that is locked does not hold up the journal. Off the hot path: a disk that hangs costs records at
//! worst, never a call (checklist N20).

use super::clock::Clock;
use super::open_calls::Question;
use super::tray::{Dropped, Tray};
use crate::accounting::{Accounting, Bookkeeper, DatabaseWriter, FileWriter, Sink, Writer};
use crate::record::Tally;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::Builder;
use std::time::Duration;

/// How long rows gather before they are taken: with the work itself it stays below 100 ms.
const GATHER: Duration = Duration::from_millis(50);
/// How long records gather for the file: who watches it sees them soon.
const FILE_GATHER: Duration = Duration::from_millis(100);
/// How long changes gather for the database: a transaction has its price.
const DATABASE_GATHER: Duration = Duration::from_millis(250);
/// How often a writer that has nothing to write looks for old rows.
const REST: Duration = Duration::from_secs(60);
/// How long the end of the process waits for a writer's last try.
const LAST_TRY: Duration = Duration::from_secs(5);
/// How long the thread sleeps without rows.
const IDLE: Duration = Duration::from_secs(3600);

/// What the control side tells the ledger thread.
#[derive(Debug, Default)]
pub struct Orders {
    accounting: Mutex<Option<Accounting>>,
    questions: Mutex<Vec<Question>>,
}

impl Orders {
    /// Another revision's accounting from now on.
    pub fn set(&self, accounting: Accounting, tray: &Tray) {
        *self.accounting.lock().unwrap_or_else(PoisonError::into_inner) = Some(accounting);
        tray.knock();
    }

    /// Asks about the calls that are up.
    pub fn ask(&self, question: Question, tray: &Tray) {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        tray.knock();
    }

    fn take_questions(&self) -> Vec<Question> {
        std::mem::take(&mut *self.questions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self) -> Option<Accounting> {
        self.accounting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Runs until the tray is closed. Returns what was counted.
pub fn run(mut keeper: Bookkeeper, mut clock: Clock, tray: &Arc<Tray>, orders: &Orders) -> Tally {
    let writers = keeper.take_writers().and_then(|writers| Writers::start(writers, clock));
    let mut rows = Vec::new();
    loop {
        let next = keeper.deadline(clock.now());
        tray.wait(next.map_or(IDLE, |at| clock.until(at).min(IDLE)));
        tray.gather(GATHER);
        if let Some(accounting) = orders.take() {
            keeper.account(clock.now(), accounting);
        }
        let found = tray.take(&mut rows);
        let Dropped { records, ends } = found.dropped;
        if records + ends > 0 {
            tracing::error!(
                lost = records,
                "call records lost: the journal's disk is slower than the calls; {ends} further calls may close as lost"
            );
        }
        keeper.step(clock.now(), &mut rows);
        orders.take_questions().into_iter().for_each(|question| question.answer(&keeper));
        if found.closed {
            keeper.close();
            if let Some(writers) = writers {
                writers.wait();
            }
            return keeper.end(clock.now());
        }
    }
}

/// The threads that write records: one for the file, one for the database.
struct Writers {
    ended: mpsc::Receiver<()>,
}

impl Writers {
    /// `None`, and said, when the system gives no more threads; records then wait in the journal.
    fn start((file, database): (FileWriter, DatabaseWriter), clock: Clock) -> Option<Writers> {
        let (end, ended) = mpsc::sync_channel(2);
        let other = end.clone();
        let file = Builder::new().name("records-file".into()).spawn(move || write(file, clock, FILE_GATHER, &end));
        let database =
            Builder::new().name("records-db".into()).spawn(move || write(database, clock, DATABASE_GATHER, &other));
        match file.and(database) {
            Ok(_) => Some(Writers { ended }),
            Err(e) => {
                tracing::error!("call records can't be written: no thread for it: {e}");
                None
            }
        }
    }

    /// Waits until both had their last try. A disk that hangs does not hold up the end of the process for ever.
    fn wait(self) {
        for _ in 0..2 {
            if self.ended.recv_timeout(LAST_TRY).is_err() {
                return;
            }
        }
    }
}

fn write<S: Sink, P>(mut writer: Writer<S, P>, mut clock: Clock, gather: Duration, end: &mpsc::SyncSender<()>) {
    let backlog = writer.backlog().clone();
    loop {
        backlog.wait(if writer.wants_step() { gather } else { REST });
        backlog.gather(gather);
        let last = backlog.is_closed();
        if last {
            writer.finish(clock.now());
            // A database is put in order when it is closed.
            drop(writer);
            // Nobody waits any more when it took too long.
            let _ = end.send(());
            return;
        }
        writer.step(clock.now());
    }
}
