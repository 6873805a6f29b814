//! The story of one call, message by message, for people.

use super::net::Fate;
use super::world::START;
use crate::record::Record;
use crate::time::{Now, Wall};
use std::net::SocketAddr;

/// Collects the messages of one call.
#[derive(Debug, Default)]
pub struct Trace {
    pub lines: Vec<String>,
}

impl Trace {
    pub fn message(&mut self, now: Now, from: SocketAddr, to: SocketAddr, text: &str, fate: Fate) {
        let lost = if fate == Fate::Lost { "  (lost)" } else { "" };
        self.note(now, &format!("{from} → {to}{lost}"));
        for line in text.split("\r\n\r\n").next().unwrap_or("").split("\r\n") {
            self.lines.push(format!("                  {line}"));
        }
    }

    pub fn note(&mut self, now: Now, what: &str) {
        let at = now.at.since(START.at);
        self.lines.push(format!("{:>6}.{:06}  {what}", at.as_secs(), at.subsec_micros()));
    }
}

/// A record in a few lines, its times relative to the start of the run.
pub fn brief(record: &Record) -> String {
    let at = |wall: Option<Wall>| wall.map_or("-".into(), |w| format!("{:.3}", (w.0 - START.wall.0) as f64 / 1e6));
    let mut text = format!(
        "record {:?} {} {} of {} to {}, route {:?}, gateway {:?}, late {}, hung up by {:?}, revision {}\n    \
         started {} ringing {} answered {} ended {}",
        record.outcome,
        record.code,
        record.reason,
        record.source,
        record.number,
        record.route,
        record.gateway,
        record.late,
        record.hung_up_by,
        record.revision,
        at(Some(record.started_at)),
        at(record.ringing_at),
        at(record.answered_at),
        at(record.ended_at),
    );
    for a in &record.attempts {
        let line = (&a.gateway, a.address, &a.number, a.code, a.why, a.duration_ms);
        text += &format!("\n    at {} {line:?}", at(Some(a.started_at)));
    }
    for s in &record.skipped {
        text += &format!("\n    skipped {} {}", s.gateway, s.why);
    }
    text
}
