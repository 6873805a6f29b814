//! The call's record, from the INVITE to the row that the ledger gets (CONFIG-AND-CLI (f), (g) "Records").

use super::arrival::Arrival;
use super::call::{Plan, Setup};
use super::leg::{Close, leg};
use super::verdict::{End, Final};
use super::{Core, Effects};
use crate::record::{AttemptRow, Outcome, Record, RecordId, Row, SkippedRow, Why};
use crate::route::{Attempt, Decision, GatewayIx, Number};
use crate::sip::{Message, NameAddr};
use crate::time::Now;
use std::num::NonZeroU64;

impl Core {
    /// The record of a new call, as far as its INVITE and the decision tell.
    pub(super) fn new_record(&mut self, arrival: &Arrival, number: &Number, decision: &Decision) -> Box<Record> {
        // 0 in a cookie means that nothing is recorded.
        let id = RecordId(self.secrets.random().max(1));
        let snapshot = &self.loaded.snapshot;
        let listener = arrival.admission.listener.and_then(|ix| snapshot.listeners.get(ix));
        let mut record = Box::new(Record {
            id,
            call_id: text(arrival.call_id()),
            started_at: arrival.now.wall,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            outcome: Outcome::Failed,
            code: 0,
            reason: String::new(),
            hung_up_by: None,
            from: uri_of(arrival.parts.map(|parts| parts.from)),
            to: uri_of(arrival.parts.map(|parts| parts.to)),
            number: text(number),
            source: arrival.flow.remote,
            listener: listener.map_or_else(|| "".into(), |listener| listener.id.clone()),
            account: None,
            group: decision.group.map(|group| snapshot.table.group(group).id.clone()),
            route: decision.route.map(|route| snapshot.table.route(route).id.clone()),
            gateway: None,
            attempts: Vec::new(),
            skipped: Vec::new(),
            setup_ms: None,
            duration_ms: None,
            ack: false,
            late: false,
            revision: snapshot.revision.clone(),
        });
        let skip = |skipped: &crate::route::Skipped| SkippedRow {
            gateway: snapshot.table.gateway(skipped.gateway).id.clone(),
            why: skipped.why.word(),
        };
        record.skipped = decision.skipped.iter().map(skip).collect();
        record
    }

    /// The record of a call that was refused before any attempt.
    pub(super) fn close_unanswered(
        &mut self,
        mut record: Box<Record>,
        now: Now,
        outcome: Outcome,
        code: u16,
        reason: &str,
        out: &mut Effects,
    ) {
        seal(&mut record, now, outcome, &Final { code, reason, attempt: None });
        self.emit(Row::Done { record }, out);
    }

    /// The first 2xx of a branch with this tag: the record opens, or gets one more leg (checklist X23).
    pub(super) fn answered(&mut self, now: Now, ix: u32, message: &Message, tag: &[u8], late: bool, out: &mut Effects) {
        let Some(branch) = self.branches.get_mut(ix as usize) else { return };
        let leg = leg(branch.attempt, tag);
        if !branch.legs.add(leg) {
            return; // repeated (E14)
        }
        let (attempt, abandoned) = (branch.attempt, branch.role == super::call::Role::Abandoned);
        let Some(call) = self.calls.get_mut(branch.call as usize) else { return };
        if let Some(id) = call.open {
            let id = RecordId(id.get());
            self.emit(Row::Leg { id, leg, at: now.wall, attempt, late }, out);
            return;
        }
        let Some(setup) = call.setup.take() else { return };
        self.counters.answered += u64::from(matches!(setup.plan, Plan::Hunt(_)));
        let Some(mut record) = setup.record else { return };
        if let Some(row) = record.attempts.get_mut(usize::from(attempt)) {
            let why = if abandoned { Why::Late } else { Why::Replied };
            end(row, now, End { code: message.code(), why });
            record.gateway = Some(row.gateway.clone());
        }
        record.outcome = Outcome::Answered;
        record.code = message.code();
        record.reason = reason_of(message.bytes);
        record.answered_at = Some(now.wall);
        record.ended_at = None;
        record.setup_ms = Some(millis_between(record.started_at, now));
        record.late = late;
        call.open = NonZeroU64::new(record.id.0);
        self.emit(Row::Open { record, leg }, out);
    }

    pub(super) fn emit(&mut self, row: Row, out: &mut Effects) {
        #[cfg(feature = "sim")]
        {
            let one_in_a_thousand = match &row {
                Row::Done { record } | Row::Open { record, .. } => record.id.0.is_multiple_of(1000),
                _ => false,
            };
            if one_in_a_thousand && self.planted(super::Plant::LostRecord) {
                return;
            }
            if let Row::Done { record } = &row
                && record.id.0.is_multiple_of(50)
                && self.planted(super::Plant::DoubleRecord)
            {
                out.rows.push(row.clone());
            }
        }
        out.rows.push(row);
    }

    /// A leg's end, as a request inside the dialog tells it.
    pub(super) fn leg_over(&mut self, now: Now, close: Close, out: &mut Effects) {
        self.emit(Row::Close { id: close.record, leg: close.leg, at: now.wall, by: close.by }, out);
    }
}

impl Setup {
    /// Adds the row of an attempt that starts now.
    pub fn begin_attempt(&mut self, now: Now, attempt: &Attempt) {
        let Some(record) = &mut self.record else { return };
        let gateway = self.loaded.snapshot.table.gateway(attempt.gateway);
        record.attempts.push(AttemptRow {
            gateway: gateway.id.clone(),
            address: gateway.address,
            number: text(&attempt.number),
            code: 0,
            why: Why::Replied,
            started_at: now.wall,
            duration_ms: 0,
        });
    }

    pub fn end_attempt(&mut self, now: Now, attempt: u8, how: End) {
        if let Some(row) = self.record.as_mut().and_then(|record| record.attempts.get_mut(usize::from(attempt))) {
            end(row, now, how);
        }
    }

    /// A gateway passed over during the hunt (checklist F12).
    pub fn skip(&mut self, gateway: GatewayIx, why: &'static str) {
        let gateway = self.loaded.snapshot.table.gateway(gateway).id.clone();
        if let Some(record) = &mut self.record {
            record.skipped.push(SkippedRow { gateway, why });
        }
    }

    pub fn rings(&mut self, now: Now) {
        if let Some(record) = &mut self.record {
            record.ringing_at.get_or_insert(now.wall);
        }
    }

    pub fn seal(&mut self, now: Now, outcome: Outcome, what: &Final) {
        if let Some(record) = &mut self.record {
            seal(record, now, outcome, what);
        }
    }
}

fn seal(record: &mut Record, now: Now, outcome: Outcome, what: &Final) {
    record.outcome = outcome;
    record.code = what.code;
    record.reason = what.reason.to_owned();
    record.ended_at = Some(now.wall);
    let row = what.attempt.and_then(|attempt| record.attempts.get(usize::from(attempt)));
    record.gateway = row.map(|row| row.gateway.clone());
}

fn end(row: &mut AttemptRow, now: Now, how: End) {
    row.code = how.code;
    row.why = how.why;
    row.duration_ms = millis_between(row.started_at, now);
}

fn millis_between(start: crate::time::Wall, now: Now) -> u64 {
    u64::try_from(now.wall.millis() - start.millis()).unwrap_or(0)
}

fn text(bytes: &[u8]) -> String {
    // Checked in long steps first: nearly all are UTF-8.
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn uri_of(address: Option<NameAddr>) -> String {
    address.map(|address| text(address.uri)).unwrap_or_default()
}

/// The reason phrase of a response's bytes.
pub(super) fn reason_of(response: &[u8]) -> String {
    let line = response.split(|&c| c == b'\r').next().unwrap_or_default();
    text(line.splitn(3, |&c| c == b' ').nth(2).unwrap_or_default())
}
