//! The operator's desk of a running router: HTTP with JSON on the control socket (and a TCP address with a token), metrics
//! and readiness on an address of their own. It runs beside the control side; nothing here is on the path of a call.

mod calls;
mod gateways;
mod hour;
mod listen;
mod metrics;
mod routes;
mod status;

pub use listen::{Doors, DoorsError};

use super::clock::Clock;
use super::control::{Ask, State};
use super::crew::Workers;
use super::ledger::Orders;
use super::open_calls::{OpenCalls, Question};
use super::overrides::Overrides;
use super::post::Wanted;
use super::tray::Tray;
use crate::health::GatewayReport;
use crate::proxy::{Survey, Tally};
use crate::time::{Now, Wall};
use hour::Hour;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long the control side and the ledger may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an attempt to load files may take: a million routes compile, and files that keep changing are waited for.
const RELOAD_PATIENCE: Duration = Duration::from_secs(110);
/// How often the gateways' figures are noted for the last hour's.
const SAMPLE: Duration = Duration::from_secs(60);

/// Whatever a question needs.
pub struct Desk {
    pub asks: mpsc::Sender<Ask>,
    pub workers: Workers,
    pub orders: Arc<Orders>,
    pub tray: Arc<Tray>,
    pub overrides: Arc<Overrides>,
    pub clock: Clock,
    pub started_at: Wall,
    pub hour: Mutex<Hour>,
}

/// Somebody who should answer did not.
#[derive(Debug)]
pub struct NoAnswer(&'static str);

/// What the workers and the ledger know.
struct Known {
    now: Now,
    health: Vec<GatewayReport>,
    survey: Survey,
    open: OpenCalls,
    tally: Tally,
}

impl Desk {
    /// Opens the doors; answers come while the runtime runs.
    pub fn open(self: Arc<Desk>, doors: Doors) {
        doors.open(&self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SAMPLE).await;
                let desk = self.clone();
                let _ = tokio::task::spawn_blocking(move || desk.sample()).await;
            }
        });
    }

    fn sample(&self) {
        let tally = self.workers.tally();
        self.hour.lock().unwrap_or_else(PoisonError::into_inner).sample(std::time::Instant::now(), &tally);
    }

    async fn state(&self) -> Result<State, NoAnswer> {
        self.ask(Ask::State, PATIENCE).await
    }

    /// Asks the control side.
    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Ask,
        patience: Duration,
    ) -> Result<T, NoAnswer> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(question(reply)).await.map_err(|_| NoAnswer("the router is stopping"))?;
        let slow = |_| NoAnswer("the control side does not answer");
        tokio::time::timeout(patience, answer)
            .await
            .map_err(slow)?
            .map_err(|_| NoAnswer("the router is busy; try again"))
    }

    /// Asks the workers and the ledger. Blocking.
    fn known(&self, wanted: &Wanted) -> Known {
        let mut clock = self.clock;
        Known {
            now: clock.now(),
            health: self.workers.health().unwrap_or_default(),
            survey: self.workers.survey(wanted),
            open: self.open_calls(wanted).unwrap_or_default(),
            tally: self.workers.tally(),
        }
    }

    fn open_calls(&self, wanted: &Wanted) -> Option<OpenCalls> {
        let (reply, answer) = sync_channel(1);
        self.orders.ask(Question { wanted: wanted.clone(), reply }, &self.tray);
        answer.recv_timeout(PATIENCE).ok()
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Desk>,
        work: impl FnOnce(&Desk) -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let desk = self.clone();
        tokio::task::spawn_blocking(move || work(&desk))
            .await
            .map_err(|_| NoAnswer("a fault of trunkline: see its log"))
    }
}
