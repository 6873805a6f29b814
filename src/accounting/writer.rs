//! The writer of one sink: takes what waits, writes it in batches, tries again after trouble, and says so in the log.

use super::backlog::Backlog;
use super::sink::Sink;
use crate::time::{Instant, Now};
use std::sync::Arc;
use std::time::Duration;

/// Items of one batch: one transaction of the database.
const BATCH: usize = 2048;
/// Batches of one step.
const BATCHES: usize = 64;
/// How long until a sink that failed is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Between two complaints about the same trouble.
const COMPLAIN: Duration = Duration::from_secs(60);

/// See the module. `P` names the place that a sink writes to.
pub struct Writer<S: Sink, P> {
    sink: Option<S>,
    make: Box<dyn Fn(P) -> S + Send>,
    backlog: Arc<Backlog<S::Item, P>>,
    /// Items that left the backlog and are not in the sink.
    hands: Vec<S::Item>,
    trouble: Option<Trouble>,
    /// The sink has more to do although nothing waits.
    more: bool,
}

#[derive(Debug)]
struct Trouble {
    began: Instant,
    complained: Instant,
    retry: Instant,
    /// What was said last: other words are said at once.
    words: String,
}

impl<S: Sink, P> std::fmt::Debug for Writer<S, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("trouble", &self.trouble).finish_non_exhaustive()
    }
}

impl<S: Sink, P> Writer<S, P> {
    /// `make` opens nothing yet: a sink that can't be opened is trouble like any other.
    pub fn new(backlog: Arc<Backlog<S::Item, P>>, make: impl Fn(P) -> S + Send + 'static) -> Writer<S, P> {
        Writer { sink: None, make: Box::new(make), backlog, hands: Vec::new(), trouble: None, more: false }
    }

    pub fn backlog(&self) -> &Arc<Backlog<S::Item, P>> {
        &self.backlog
    }

    /// Whether the next step is due soon although nothing comes.
    pub fn wants_step(&self) -> bool {
        self.trouble.is_some() || self.more
    }

    /// Writes what waits, unless it failed a moment ago.
    pub fn step(&mut self, now: Now) {
        self.follow_orders(now);
        if self.trouble.as_ref().is_some_and(|trouble| now.at < trouble.retry) {
            return;
        }
        self.write(now);
    }

    /// One last try, whatever was before. True when nothing is left.
    pub fn finish(&mut self, now: Now) -> bool {
        self.follow_orders(now);
        self.write(now);
        self.backlog.records() == 0
    }

    fn follow_orders(&mut self, now: Now) {
        match self.backlog.take_order() {
            None => {}
            // Also with the same words: then something else about it changed, its rotation for instance.
            Some(Some(place)) => {
                self.sink = Some((self.make)(place));
                self.trouble = None;
            }
            Some(None) => {
                self.write(now);
                self.sink = None;
                self.trouble = None;
                self.backlog.abandon(&mut self.hands);
                self.backlog.set_behind(false);
            }
        }
    }

    fn write(&mut self, now: Now) {
        let Some(sink) = &mut self.sink else { return };
        let mut result = Ok(());
        let mut written = 0;
        for _ in 0..BATCHES {
            if self.hands.is_empty() {
                self.backlog.take(BATCH, &mut self.hands);
            }
            if self.hands.is_empty() {
                break;
            }
            let (done, outcome) = sink.write(now, &self.hands);
            written += done;
            self.backlog.written(&mut self.hands, done);
            result = outcome;
            if result.is_err() {
                break;
            }
        }
        match result.and_then(|()| sink.rest(now)) {
            Ok(more) => {
                self.more = more;
                self.recovered(now, written);
            }
            Err(words) => self.failed(now, words),
        }
    }

    fn recovered(&mut self, now: Now, written: usize) {
        let (Some(trouble), Some(sink)) = (self.trouble.take(), &self.sink) else { return };
        self.backlog.set_behind(false);
        let seconds = now.at.since(trouble.began).as_secs();
        tracing::info!("call records are written again to {} after {seconds} s; {written} had waited", sink.place());
    }

    fn failed(&mut self, now: Now, words: String) {
        let Some(sink) = &self.sink else { return };
        self.backlog.set_behind(true);
        let before = self.trouble.take();
        let known = before.as_ref().is_some_and(|t| t.words == words && now.at < t.complained + COMPLAIN);
        let complained = match &before {
            Some(trouble) if known => trouble.complained,
            _ => {
                let waiting = self.backlog.records();
                tracing::error!(
                    "call records can't be written to {}: {words}; {waiting} wait, calls go on",
                    sink.place()
                );
                now.at
            }
        };
        let began = before.map_or(now.at, |trouble| trouble.began);
        self.trouble = Some(Trouble { began, complained, retry: now.at + RETRY, words });
    }
}
