//! When a call is over: whether its record says what the border saw.

use super::super::invariants::Law;
use super::super::site::{self, Ruling};
use super::super::trace::brief;
use super::parties::{Client, Server};
use super::{Monitor, View};
use crate::record::{AttemptRow, Outcome, Party, Record, Why};
use crate::time::Now;

impl Monitor {
    /// The last checks of a call. `revisions` are the router's names of the revisions, by index.
    ///
    /// Gives true where the record is still open by right: no BYE for one of its legs ever reached the router.
    pub fn finish(&mut self, view: &mut View, revisions: &[String]) -> bool {
        let server = self.servers.iter().position(Server::recorded);
        let open = |tag: &String| !self.byes.iter().any(|b| b.leg == *tag);
        let unclosed = server.is_some_and(|s| self.servers[s].answers.iter().any(open));
        if unclosed && self.records.is_empty() {
            return true;
        }
        let (count, expected) = (self.records.len(), usize::from(server.is_some()));
        self.check(view, Law::RecordOnce, count == expected, || format!("{count} records, {expected} expected"));
        let (Some(index), true) = (server, count == 1) else { return false };
        let record = self.records[0].clone();
        let mut wrong = Vec::new();
        self.heading(&self.servers[index], &record, revisions, &mut wrong);
        self.result(view, index, &record, &mut wrong);
        self.tries(index, &record, &mut wrong);
        self.end(&self.servers[index], &record, &mut wrong);
        self.check(view, Law::RecordTruth, wrong.is_empty(), || format!("{}\n{}", wrong.join("; "), brief(&record)));
        false
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

    fn result(&self, view: &View, index: usize, record: &Record, wrong: &mut Vec<String>) {
        let server = &self.servers[index];
        let asked = self.clients.iter().any(|c| c.server == Some(index));
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
        let gateways: Vec<_> = self.clients.iter().filter(answered).filter_map(|c| c.gateway.map(site::name)).collect();
        let named = record.gateway.as_deref().is_some_and(|g| gateways.iter().any(|known| known == g));
        if server.answered.is_some() && !named {
            wrong.push(format!("answered by {:?}, not {gateways:?}", record.gateway));
        }
        if server.answered.is_some() && record.late != self.late_then {
            wrong.push(format!("late is {}", record.late));
        }
        let at = server.answered.map(|a| a.wall.millis());
        if record.answered_at.map(|a| a.millis()) != at {
            wrong.push(format!("answered_at {:?}, not {at:?}", record.answered_at));
        }
        if record.ringing_at.map(|r| r.millis()) != server.rang.map(|r| r.millis()) {
            wrong.push(format!("ringing_at {:?}, not {:?}", record.ringing_at, server.rang));
        }
    }

    fn tries(&self, index: usize, record: &Record, wrong: &mut Vec<String>) {
        let asked: Vec<&Client> =
            self.clients.iter().filter(|c| c.server == Some(index) && c.method == "INVITE").collect();
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
            if let Some(why) = disagrees(client, row, &self.servers[index]) {
                wrong.push(format!("attempt at {gateway}: {why}"));
            }
        }
    }

    fn end(&self, server: &Server, record: &Record, wrong: &mut Vec<String>) {
        if server.answered.is_none() {
            if record.hung_up_by.is_some() {
                wrong.push(format!("hung up by {:?}, and never answered", record.hung_up_by));
            }
            return;
        }
        let caller = self.byes.iter().any(|b| b.by_caller);
        let callee = self.byes.iter().any(|b| !b.by_caller);
        let fits = match record.hung_up_by {
            Some(Party::Caller) => caller,
            Some(Party::Callee) => callee,
            // The dialog was found dead by a 481 or 408 to another request (checklist F27), a BYE may have crossed it.
            Some(Party::Router) => {
                let dead = |code: Option<u16>| matches!(code, Some(408 | 481));
                let told = self
                    .clients
                    .iter()
                    .any(|c| c.gateway.is_none() && (dead(c.final_code.map(|f| f.0)) || c.refused_at.is_some()));
                told || self.servers.iter().any(|s| !s.initial && dead(s.final_code))
            }
            None => false,
        };
        let first = self.byes.iter().map(|b| b.wall_ms).min();
        let ended = record.ended_at.map(|e| e.millis());
        if !fits || (ended < first && record.hung_up_by != Some(Party::Router)) {
            wrong.push(format!("ended {ended:?} by {:?}; BYEs: {:?}", record.hung_up_by, self.byes));
        }
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
