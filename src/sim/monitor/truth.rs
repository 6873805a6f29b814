//! Whether a record says what the border saw of its call.

use super::super::invariants::Law;
use super::super::site::{self, Ruling};
use super::super::trace::brief;
use super::books::may_be_missing;
use super::parties::{Client, Server};
use super::{Bye, Life, Monitor, View};
use crate::record::{AttemptRow, Outcome, Party, Record, Why};
use crate::time::Now;
use std::cmp::Ordering;

impl Monitor {
    /// Whether the record of the INVITE at `index` of one of the lives tells the truth.
    pub(super) fn compare(
        &self,
        view: &mut View,
        revisions: &[String],
        lives: &[Life],
        at: usize,
        index: usize,
        record: &Record,
    ) {
        let (life, server) = (&lives[at], &lives[at].servers[index]);
        let mut wrong = Vec::new();
        self.heading(server, record, revisions, &mut wrong);
        result(view, life, index, record, &mut wrong);
        tries(life, index, record, &mut wrong);
        self.end(lives, server, record, &mut wrong);
        self.check(view, Law::RecordTruth, wrong.is_empty(), || format!("{}\n{}", wrong.join("; "), brief(record)));
    }

    fn heading(&self, server: &Server, record: &Record, revisions: &[String], wrong: &mut Vec<String>) {
        let expected_call = format!("c{}@sim", self.call);
        let mut same = |what: &str, got: &str, expected: &str| {
            if got != expected {
                wrong.push(format!("{what} is {got}, not {expected}"));
            }
        };
        same("call_id", &record.call_id, &expected_call);
        same("source", &record.source.to_string(), &server.from.to_string());
        same("revision", &record.revision, &revisions[server.site]);
        same("number", &record.number, &server.number);
        same("listener", &record.listener, if server.to.to_string() == site::LAN { "lan" } else { "wan" });
        same("started_at", &record.started_at.millis().to_string(), &server.at.wall.millis().to_string());
    }

    fn end(&self, lives: &[Life], server: &Server, record: &Record, wrong: &mut Vec<String>) {
        if server.answered.is_none() {
            if record.hung_up_by.is_some() {
                wrong.push(format!("hung up by {:?}, and never answered", record.hung_up_by));
            }
            return;
        }
        let byes: Vec<&Bye> = self.byes.iter().filter(|b| server.answers.contains(&b.leg)).collect();
        let caller = byes.iter().any(|b| b.by_caller);
        let callee = byes.iter().any(|b| !b.by_caller);
        let fits = match record.hung_up_by {
            Some(Party::Caller) => caller,
            Some(Party::Callee) => callee,
            // The dialog was found dead by a 481 or 408 to another request (checklist F27), a BYE may have crossed it.
            Some(Party::Router) => {
                let dead = |code: Option<u16>| matches!(code, Some(408 | 481));
                let (clients, servers) = (lives.iter().flat_map(|l| &l.clients), lives.iter().flat_map(|l| &l.servers));
                let mut aside = clients.filter(|c| c.gateway.is_none());
                let told = aside.any(|c| dead(c.final_code.map(|f| f.0)) || c.refused_at.is_some());
                told || { servers }.any(|s| !s.initial && dead(s.final_code))
            }
            None => false,
        };
        let first = byes.iter().map(|b| b.at.wall.millis()).min();
        let ended = record.ended_at.map(|e| e.millis());
        if !fits || (ended < first && record.hung_up_by != Some(Party::Router)) {
            wrong.push(format!("ended {ended:?} by {:?}; BYEs: {byes:?}", record.hung_up_by));
        }
    }
}

fn result(view: &View, life: &Life, index: usize, record: &Record, wrong: &mut Vec<String>) {
    let server = &life.servers[index];
    let asked = life.clients.iter().any(|c| c.server == Some(index));
    let refused = !asked && !matches!(server.ruling(view.sites), Ruling::Hunt(_));
    let (outcomes, code): (&[Outcome], u16) = match (server.answered, server.final_code) {
        (Some(_), _) => (&[Outcome::Answered], 200),
        (None, Some(code)) if server.cancelled.is_some() && code == 487 => (&[Outcome::Cancelled], 487),
        (None, Some(code)) if refused => (&[Outcome::Rejected], code),
        (None, Some(code)) if !asked => (&[Outcome::Failed, Outcome::Rejected], code),
        (None, Some(code)) => (&[Outcome::Failed], code),
        (None, None) => (&[], 0),
    };
    if !outcomes.contains(&record.outcome) || record.code != code {
        wrong.push(format!("outcome {:?} {}, not {outcomes:?} {code}", record.outcome, record.code));
    }
    // Of several that answered it is the one whose leg went on longest.
    let answered = |c: &&Client| c.server == Some(index) && c.answers > 0;
    let gateways: Vec<_> = life.clients.iter().filter(answered).filter_map(|c| c.gateway.map(site::name)).collect();
    let named = record.gateway.as_deref().is_some_and(|g| gateways.iter().any(|known| known == g));
    if server.answered.is_some() && !named {
        wrong.push(format!("answered by {:?}, not {gateways:?}", record.gateway));
    }
    if server.answered.is_some() && !late_fits(server, life, record) {
        wrong.push(format!("late is {}, the late answer came {:?}", record.late, server.late));
    }
    let at = server.answered.map(|a| a.wall.millis());
    if record.answered_at.map(|a| a.millis()) != at {
        wrong.push(format!("answered_at {:?}, not {at:?}", record.answered_at));
    }
    if record.ringing_at.map(|r| r.millis()) != server.rang.map(|r| r.millis()) {
        wrong.push(format!("ringing_at {:?}, not {:?}", record.ringing_at, server.rang));
    }
}

fn tries(life: &Life, index: usize, record: &Record, wrong: &mut Vec<String>) {
    let asked: Vec<&Client> = life.clients.iter().filter(|c| c.server == Some(index) && c.method == "INVITE").collect();
    if asked.len() != record.attempts.len() {
        return wrong.push(format!("{} attempts, not {}", record.attempts.len(), asked.len()));
    }
    for (client, row) in asked.iter().zip(&record.attempts) {
        let gateway = client.gateway.map(site::name).unwrap_or_default();
        let said = (&*row.gateway, row.address, row.number.as_str(), row.started_at.millis());
        let seen = (gateway.as_str(), client.to, client.number.as_str(), client.at.wall.millis());
        if said != seen {
            wrong.push(format!("attempt {said:?}, not {seen:?}"));
        }
        if let Some(why) = disagrees(client, row, &life.servers[index]) {
            wrong.push(format!("attempt at {gateway}: {why}"));
        }
    }
}

/// A record is late when a late answer came before it closed. In the millisecond of its end it may be either, and a leg
/// that the crash cost is not in it.
fn late_fits(server: &Server, life: &Life, record: &Record) -> bool {
    let Some(late) = server.late else { return !record.late };
    let missing = may_be_missing(late.at, life.ended);
    match record.ended_at.map(|ended| late.wall.millis().cmp(&ended.millis())) {
        Some(Ordering::Greater) => !record.late,
        Some(Ordering::Less) if !missing => record.late,
        _ => true,
    }
}

/// What an attempt's row says against what its branch had seen when the attempt ended.
fn disagrees(client: &Client, row: &AttemptRow, server: &Server) -> Option<String> {
    let end = row.started_at.millis() + row.duration_ms as i64;
    let by_then = |at: Option<Now>| at.is_some_and(|at| at.wall.millis() < end);
    let (seen, at) = client.final_code.map_or((0, None), |(code, at)| (code, Some(at.wall.millis())));
    let fits = match row.why {
        Why::Replied => seen == row.code && at == Some(end),
        Why::Timeout => !by_then(client.heard_at) && row.code == 408,
        Why::NoProgress => client.heard_at.is_some() && !by_then(client.rang_at) && row.code == 408,
        Why::NoAnswer => by_then(client.rang_at) && row.code == 408,
        Why::Transport => client.refused_at.is_some() && row.code == 503,
        Why::Cancelled => server.cancelled.is_some(),
        Why::Lost => server.answered.is_some() && server.answered_by != client.gateway,
        Why::Late => client.answers > 0 && (200..300).contains(&row.code),
    };
    (!fits).then(|| format!("{:?} {} after {} ms, the border saw {seen}", row.why, row.code, row.duration_ms))
}
