//! When a call is over: how many records it must have, and which may still be open.
//!
//! Without a crash it is exactly one for a call that was admitted. A crash costs what had not reached the disk, at most
//! [`WINDOW`] of it, and what only the dead process knew: a call that it had not decided has no record of that process.

use super::super::endpoint::LIFE;
use super::super::invariants::Law;
use super::super::trace::brief;
use super::parties::Server;
use super::{Bye, Life, Monitor, View};
use crate::record::Record;
use crate::time::Instant;
use std::time::Duration;

/// Rows reach the disk within this (CONFIG-AND-CLI (g) "Records"): what a SIGKILL may cost.
const WINDOW: Duration = Duration::from_millis(100);
/// The router's timers are a millisecond coarse, its wake-ups a tenth.
const COARSE: Duration = Duration::from_millis(2);

/// A record that is open when its call is over, by right: it closes as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    pub started_ms: i64,
    /// It is on the disk beyond doubt.
    pub sure: bool,
}

impl Monitor {
    /// The last checks of a call. `revisions` are the router's names of the revisions, by index.
    pub fn finish(&mut self, view: &mut View, revisions: &[String]) -> Vec<Awaited> {
        let mut lives = std::mem::take(&mut self.past);
        let (servers, clients) = (std::mem::take(&mut self.servers), std::mem::take(&mut self.clients));
        lives.push(Life { servers, clients, ended: None });
        let mut records = std::mem::take(&mut self.records);
        let mut awaited = Vec::new();
        for at in 0..lives.len() {
            let server = lives[at].servers.iter().position(Server::recorded);
            let started = server.map(|s| lives[at].servers[s].at.wall.millis());
            let own: Vec<Record> = records.extract_if(.., |r| Some(r.started_at.millis()) == started).collect();
            self.judge_life(view, revisions, &lives, at, &own, &mut awaited);
        }
        let stray = records.first().map(brief);
        self.check(view, Law::RecordOnce, stray.is_none(), || {
            format!("a record of no request that came: {}", stray.unwrap_or_default())
        });
        awaited
    }

    fn judge_life(
        &self,
        view: &mut View,
        revisions: &[String],
        lives: &[Life],
        at: usize,
        own: &[Record],
        awaited: &mut Vec<Awaited>,
    ) {
        let life = &lives[at];
        let Some(index) = life.servers.iter().position(Server::recorded) else { return };
        let server = &life.servers[index];
        let (least, most) = due(server, life.ended);
        let ends = |bye: &Bye| settled(bye, lives);
        let unclosed = server.answers.iter().any(|tag| !self.byes.iter().any(|b| b.leg == *tag && ends(b)));
        if own.is_empty() && most > 0 && server.answered.is_some() && (unclosed || least == 0) {
            return awaited.push(Awaited { started_ms: server.at.wall.millis(), sure: least > 0 });
        }
        self.check(view, Law::RecordOnce, (least..=most).contains(&own.len()), || {
            format!("{} records, {least} to {most} expected of the INVITE that came at {:?}", own.len(), server.at.at)
        });
        if let [record] = own {
            self.compare(view, revisions, lives, at, index, record);
        }
    }
}

/// The least and the most records that an INVITE must have led to; `ended`: until when the process that took it ran.
fn due(server: &Server, ended: Option<Instant>) -> (usize, usize) {
    let Some(ended) = ended else { return (1, 1) };
    // Answered: the row left with the answer itself. Otherwise when nobody could answer any more.
    let written = |at: Instant| usize::from(at + WINDOW <= ended);
    match (server.answered, server.noted) {
        (Some(answered), _) => (written(answered.at), 1),
        (None, Some(noted)) => (written(noted), 1),
        (None, None) => (0, 0),
    }
}

/// Whether a BYE has closed its leg beyond doubt: the process that took it lived long enough to see its end, and to
/// write it down.
fn settled(bye: &Bye, lives: &[Life]) -> bool {
    let Some(ended) = lives[bye.life].ended else { return true };
    let silence = bye.at.at + LIFE + COARSE;
    bye.settled.unwrap_or(silence).min(silence) + WINDOW <= ended
}

/// Whether what happened at `at` may be missing in the books of a process that died at `ended`.
pub(super) fn may_be_missing(at: Instant, ended: Option<Instant>) -> bool {
    ended.is_some_and(|ended| at + WINDOW > ended)
}
