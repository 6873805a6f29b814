//! An operator's word about a gateway: noted in the book first, then told to the health engine, so that it holds after a
//! crash between the two.

use super::status::gateways;
use super::{Desk, NoAnswer};
use crate::admin::{GatewayOrder, GatewayOrderAnswer};
use crate::health::Override;
use crate::server::overrides::Word;
use crate::server::post::Wanted;
use std::sync::Arc;
use std::time::Duration;

/// Nobody means more than a year.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// Longer names and reasons are cut.
const WORDS: usize = 200;

/// `Ok(Err)`: refused, with the reason for people.
pub async fn order(
    desk: &Arc<Desk>,
    id: String,
    order: GatewayOrder,
) -> Result<Result<GatewayOrderAnswer, String>, NoAnswer> {
    let state = desk.state().await?;
    desk.blocking(move |desk| {
        let table = &state.serving.snapshot.table;
        if table.gateway_by_id(&id).is_none() {
            let ids: Vec<&str> = table.gateways().iter().map(|gateway| &*gateway.id).collect();
            let near = crate::config::nearest(&id, ids).map(|near| format!("; did you mean `{near}`?"));
            return Err(format!("no gateway `{id}` in the running revision{}", near.unwrap_or_default()));
        }
        let message = carry_out(desk, &id, order)?;
        let known = desk.known(&Wanted::default());
        let gateway = gateways(desk, &known, &state).into_iter().find(|gateway| gateway.id == id);
        let gateway = gateway.ok_or_else(|| format!("gateway `{id}` went away with a reload"))?;
        Ok(GatewayOrderAnswer { schema: "trunkline/gateway/1".to_owned(), message, gateway })
    })
    .await
}

fn carry_out(desk: &Desk, id: &str, order: GatewayOrder) -> Result<String, String> {
    let mut clock = desk.clock;
    let now = clock.now();
    let unkept = |e: std::io::Error| format!("nothing was changed: the state directory can't keep it: {e}");
    let silent = || "the worker that watches the gateways does not answer".to_owned();
    match order {
        GatewayOrder::Disable { by, reason, drain, for_ms } => {
            let (by, reason) = (cut(&by), cut(&reason));
            let time = for_ms.map(|ms| Duration::from_millis(ms).min(LONGEST));
            let until = time.map(|time| now.wall.0 + i64::try_from(time.as_micros()).unwrap_or(0));
            let word = Word { by: by.clone(), reason: reason.clone(), drain, since: now.wall.0, until };
            desk.overrides.set(id, Some(word), now.wall).map_err(unkept)?;
            let over = Override { by: by.clone(), reason, until: time.map(|time| now.at + time) };
            desk.workers.set_override(id, Some(over)).then_some(()).ok_or_else(silent)?;
            Ok(format!("{id} is disabled by {by}: no new call and no probe goes there"))
        }
        GatewayOrder::Enable { by } => {
            let was = desk.overrides.of(id, now.wall).is_some();
            desk.overrides.set(id, None, now.wall).map_err(unkept)?;
            desk.workers.set_override(id, None).then_some(()).ok_or_else(silent)?;
            tracing::info!("gateway {id} is enabled by {}", cut(&by));
            Ok(if was { format!("{id} is enabled") } else { format!("{id} was not disabled") })
        }
        GatewayOrder::Probe => match desk.workers.probe(id) {
            Some(Some(true)) => Ok(format!("{id} is being probed")),
            Some(Some(false)) => Err(format!(
                "{id} is not probed: it is disabled, or has `probing: {{ method: none }}` and is judged by calls"
            )),
            Some(None) => Err(format!("gateway `{id}` went away with a reload")),
            None => Err(silent()),
        },
        GatewayOrder::Reset => {
            desk.workers.reset(id).then_some(()).ok_or_else(silent)?;
            Ok(format!("{id}: what was known of it is forgotten"))
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(WORDS).collect()
}
