//! The calls that are up, from the ledger's open rows: an established call costs the workers nothing, so they do not know
//! it. Asked of the ledger thread between two rounds.

use super::post::Wanted;
use crate::accounting::Bookkeeper;
use crate::admin::{CallLine, Stage, timestamp};
use crate::record::Record;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// What is asked.
#[derive(Debug)]
pub struct Question {
    pub wanted: Wanted,
    pub reply: SyncSender<OpenCalls>,
}

/// What is up.
#[derive(Clone, Debug, Default)]
pub struct OpenCalls {
    pub total: usize,
    pub by_gateway: BTreeMap<Arc<str>, usize>,
    /// Those that fit, the newest first, as many as were wanted.
    pub calls: Vec<CallLine>,
}

impl Question {
    pub fn answer(self, keeper: &Bookkeeper) {
        // Whoever asked may have gone away.
        let _ = self.reply.try_send(look_through(keeper.open_calls(), &self.wanted));
    }
}

fn look_through<'a>(records: impl Iterator<Item = &'a Record>, wanted: &Wanted) -> OpenCalls {
    let mut found = OpenCalls::default();
    for record in records {
        found.total += 1;
        if let Some(gateway) = &record.gateway {
            *found.by_gateway.entry(gateway.clone()).or_default() += 1;
        }
        if found.calls.len() < wanted.most && wanted.fits(record.gateway.as_deref(), record.group.as_deref()) {
            found.calls.push(line(record));
        }
    }
    found
}

fn line(record: &Record) -> CallLine {
    let word = |text: &Option<Arc<str>>| text.as_ref().map(|text| text.to_string());
    CallLine {
        stage: Stage::Established,
        call_id: record.call_id.clone(),
        started_at: timestamp(record.started_at),
        answered_at: record.answered_at.map(timestamp),
        from: record.from.clone(),
        number: record.number.clone(),
        source: record.source.to_string(),
        group: word(&record.group),
        route: word(&record.route),
        gateway: word(&record.gateway),
        attempt: record.attempts.len() as u64,
        revision: record.revision.to_string(),
    }
}
