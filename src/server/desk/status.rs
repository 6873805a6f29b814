//! `status`: what the control side, the workers, the ledger and the book of overrides know, put together.

use super::hour::Ends;
use super::{Desk, Known, NoAnswer};
use crate::admin::{GatewayState, GatewayStatus, LastFailure, Status, timestamp};
use crate::health::{GatewayReport, Observed};
use crate::server::control::State;
use crate::server::post::Wanted;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

pub async fn status(desk: &Arc<Desk>) -> Result<Status, NoAnswer> {
    let state = desk.state().await?;
    desk.blocking(move |desk| compose(desk, state)).await
}

fn compose(desk: &Desk, state: State) -> Status {
    let known = desk.known(&Wanted::default());
    let gateways = gateways(desk, &known, &state);
    let established = (state.serving.snapshot.records || known.open.total > 0).then_some(known.open.total as u64);
    let in_setup = known.survey.total as u64;
    let older =
        known.survey.total - known.survey.by_revision.get(&state.serving.snapshot.revision).copied().unwrap_or(0);
    let State { serving, standing, watch, boot, draining } = state;
    Status {
        schema: "trunkline/status/1".to_owned(),
        revision: serving.snapshot.revision.to_string(),
        git: serving.git.as_ref().map(|git| git.commit.clone()),
        git_subject: serving.git.map(|git| git.subject),
        loaded_at: timestamp(serving.loaded_at),
        trigger: serving.trigger.to_owned(),
        took_ms: serving.took_ms,
        source: serving.source.word().to_owned(),
        pinned: standing.pinned,
        files: standing.files,
        watch,
        boot: boot.to_owned(),
        last_reload_ok: standing.last_reload_ok,
        draining,
        gateways,
        workers: desk.workers.count() as u64,
        calls: in_setup + established.unwrap_or(0),
        calls_in_setup: in_setup,
        calls_established: established,
        calls_on_older_revisions: older as u64,
        started_at: timestamp(desk.started_at),
    }
}

/// The gateways of the running revision, in its order.
pub fn gateways(desk: &Desk, known: &Known, state: &State) -> Vec<GatewayStatus> {
    let hour = desk.hour.lock().unwrap_or_else(PoisonError::into_inner).last(Instant::now(), &known.tally);
    let records = state.serving.snapshot.records;
    known.health.iter().map(|report| gateway(desk, known, report, &hour, records)).collect()
}

fn gateway(
    desk: &Desk,
    known: &Known,
    report: &GatewayReport,
    hour: &BTreeMap<Arc<str>, Ends>,
    records: bool,
) -> GatewayStatus {
    let ends = hour.get(&report.id).copied().unwrap_or_default();
    let count = |by: &BTreeMap<Arc<str>, usize>| by.get(&report.id).copied().unwrap_or(0) as u64;
    let in_setup = count(&known.survey.by_gateway);
    GatewayStatus {
        id: report.id.to_string(),
        address: report.address.to_string(),
        transport: report.transport.word().to_owned(),
        state: match report.observed {
            Observed::Up => GatewayState::Up,
            Observed::Down => GatewayState::Down,
            Observed::Unknown => GatewayState::Unknown,
        },
        by_calls: report.by_calls,
        since: report.since.map(timestamp),
        overridden: desk.overrides.of(&report.id, known.now.wall),
        calls: records.then(|| in_setup + count(&known.open.by_gateway)),
        calls_in_setup: in_setup,
        max_calls: None,
        probes: report.probes,
        probe_ms: report.probe_took.map(millis),
        last_failure: report
            .last_failure
            .as_ref()
            .map(|(at, why)| LastFailure { at: timestamp(*at), why: why.clone() }),
        resting_ms: (report.rests > Duration::ZERO).then(|| millis(report.rests)),
        attempts_1h: ends.attempts,
        answered_1h: ends.answered,
        failed_1h: ends.failed,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
