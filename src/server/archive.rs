//! The thread that writes revisions and refused sets into the state directory: a disk that hangs must not hold up the
//! control side, and least of all calls.

use super::revisions::{Kept, Pin, Revisions};
use crate::config::FileSet;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::Duration;

/// Jobs that wait. What comes beyond is not kept, and said.
const WAITING: usize = 16;
/// How long somebody waits for the disk.
const PATIENCE: Duration = Duration::from_secs(5);

enum Job {
    Keep(Box<Kept>),
    Refused(Box<FileSet>, String),
    Pin(Option<Pin>),
    /// Everything before it is done.
    Flush(SyncSender<()>),
}

/// The way to the thread, which ends when this is dropped.
#[derive(Debug)]
pub struct Archive {
    jobs: SyncSender<Job>,
    revisions: Revisions,
}

impl Archive {
    pub fn start(revisions: Revisions) -> io::Result<Archive> {
        let (jobs, taken) = sync_channel(WAITING);
        let at = revisions.clone();
        Builder::new().name("archive".into()).spawn(move || work(&taken, &at))?;
        Ok(Archive { jobs, revisions })
    }

    pub fn keep(&self, kept: Kept) {
        self.send(Job::Keep(Box::new(kept)), "the revision that serves");
    }

    pub fn refused(&self, set: FileSet, why: String) {
        self.send(Job::Refused(Box::new(set), why), "the files that were refused");
    }

    pub fn pin(&self, pin: Option<Pin>) {
        self.send(Job::Pin(pin), "the pin");
    }

    /// The revisions that served, those of a moment ago included.
    pub fn list(&self) -> Vec<Kept> {
        self.flush();
        self.revisions.list()
    }

    /// Waits, for some seconds at most, until everything so far is on disk.
    pub fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.jobs.try_send(Job::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(PATIENCE);
        }
    }

    fn send(&self, job: Job, what: &str) {
        if self.jobs.try_send(job).is_err() {
            tracing::warn!("{what}: not kept in the state directory, its disk does not answer");
        }
    }
}

fn work(jobs: &Receiver<Job>, revisions: &Revisions) {
    for job in jobs {
        let (what, done) = match job {
            Job::Keep(kept) => ("the revision that serves", revisions.keep(&kept)),
            Job::Refused(set, why) => ("the files that were refused", revisions.keep_refused(&set, &why)),
            Job::Pin(pin) => ("the pin", revisions.set_pin(pin.as_ref())),
            // Whoever waits may have gone away.
            Job::Flush(done) => {
                let _ = done.try_send(());
                continue;
            }
        };
        if let Err(e) = done {
            tracing::warn!("{what}: not kept in the state directory: {e}");
        }
    }
}
