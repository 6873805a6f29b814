//! `explain --live`: the files and the gateways' states as the running router has them.

use super::Loaded;
use crate::admin::{GatewayState, GatewayStatus, RunningSources, Status};
use crate::cli::Global;
use crate::config::compile;
use crate::question::State;

/// A reload between two questions to the router is met by asking again; more than these in a row are no accident.
const TRIES: usize = 3;

pub(super) fn load(global: &Global) -> Result<Loaded, String> {
    let (status, sources) = of_one_revision(global)?;
    let (compiled, diagnostics) = compile(&sources.file_set());
    let compiled = compiled.ok_or_else(|| {
        let first = diagnostics.first_line();
        format!("the running router serves {}, which this version of trunkline refuses: {first}", status.revision)
    })?;
    let table = &compiled.snapshot.table;
    let told = |gateway: &GatewayStatus| Some((table.gateway_by_id(&gateway.id)?, state(gateway)?));
    let usual = status.gateways.iter().filter_map(told).collect();
    Ok(Loaded { compiled, diagnostics, usual })
}

/// States and files that belong together.
fn of_one_revision(global: &Global) -> Result<(Status, RunningSources), String> {
    let client = global.client()?;
    for _ in 0..TRIES {
        let status = client.status().map_err(|error| error.to_string())?;
        let sources = client.sources().map_err(|error| error.to_string())?;
        if status.revision == sources.revision {
            return Ok((status, sources));
        }
    }
    Err("the running router changes its revision all the time; ask again".to_owned())
}

/// What a new call would find; `None` when nothing is against it.
fn state(gateway: &GatewayStatus) -> Option<State> {
    let full = gateway.max_calls.is_some_and(|most| gateway.calls.unwrap_or(gateway.calls_in_setup) >= most);
    match gateway.state {
        _ if gateway.overridden.is_some() => Some(State::Disabled),
        _ if full => Some(State::Full),
        GatewayState::Down => Some(State::Down),
        _ if gateway.resting_ms.is_some() => Some(State::Resting),
        GatewayState::Up | GatewayState::Unknown => None,
    }
}
