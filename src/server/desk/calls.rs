//! Live calls: those in set-up from the workers, the established ones from the ledger's open rows.

use super::{Desk, NoAnswer};
use crate::admin::{CallLine, CallsAnswer, CallsQuery, Stage, timestamp};
use crate::proxy::SettingUp;
use crate::server::post::Wanted;
use std::sync::Arc;

/// As many are listed unless somebody asks for more, and as many at most.
const USUALLY: usize = 1000;
const MOST: usize = 100_000;

pub async fn calls(desk: &Arc<Desk>, query: CallsQuery) -> Result<CallsAnswer, NoAnswer> {
    let most = query.most.unwrap_or(USUALLY).min(MOST);
    let wanted = Wanted { gateway: query.gateway, group: query.group, most };
    let records = desk.state().await?.serving.snapshot.records;
    desk.blocking(move |desk| {
        let survey = desk.workers.survey(&wanted);
        let open = desk.open_calls(&wanted);
        let established = open.as_ref().filter(|open| records || open.total > 0).map(|open| open.total as u64);
        let mut calls: Vec<CallLine> = survey.calls.iter().map(line).collect();
        calls.extend(open.into_iter().flat_map(|open| open.calls));
        calls.sort_by(|a, b| b.started_at.cmp(&a.started_at));
        calls.truncate(most);
        CallsAnswer { schema: "trunkline/calls/1".to_owned(), in_setup: survey.total as u64, established, calls }
    })
    .await
}

fn line(call: &SettingUp) -> CallLine {
    let word = |text: &Option<Arc<str>>| text.as_ref().map(|text| text.to_string());
    CallLine {
        stage: if call.ringing { Stage::Ringing } else { Stage::Setup },
        call_id: call.call_id.clone(),
        started_at: timestamp(call.started_at),
        answered_at: None,
        from: call.from.clone(),
        number: call.number.clone(),
        source: call.source.to_string(),
        group: word(&call.group),
        route: word(&call.route),
        gateway: word(&call.gateway),
        attempt: call.attempt as u64,
        revision: call.revision.to_string(),
    }
}
