//! Prometheus metrics, collected when somebody scrapes: the control side's state, the gateways, and the workers' plain
//! counters (CONFIG-AND-CLI (d) 10).

use super::{Desk, Known, NoAnswer, status};
use crate::admin::{FilesState, GatewayState, GatewayStatus};
use crate::server::Stats;
use crate::server::control::State;
use crate::server::post::Wanted;
use crate::server::serving::Origin;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::metrics::{MetricType, TypedMetric};
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;

type Labels = Vec<(&'static str, String)>;

/// The text of a scrape.
pub async fn scrape(desk: &Arc<Desk>) -> Result<String, NoAnswer> {
    let state = desk.state().await?;
    desk.blocking(move |desk| {
        let known = desk.known(&Wanted::default());
        let gateways = status::gateways(desk, &known, &state);
        let workers = desk.workers.each();
        let mut registry = Registry::with_prefix("trunkline");
        registry.register_collector(Box::new(Scrape { state, known, gateways, workers }));
        let mut text = String::new();
        let written = prometheus_client::encoding::text::encode(&mut text, &registry);
        written.map(|()| text).map_err(|_| NoAnswer("the metrics can't be written"))
    })
    .await?
}

/// All that a scrape shows.
struct Scrape {
    state: State,
    known: Known,
    gateways: Vec<GatewayStatus>,
    workers: Vec<Option<Stats>>,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut page = Page(encoder);
        self.config(&mut page)?;
        self.of_gateways(&mut page)?;
        self.of_calls(&mut page)?;
        self.of_workers(&mut page)
    }
}

impl Scrape {
    fn config(&self, page: &mut Page) -> fmt::Result {
        let State { serving, standing, boot, .. } = &self.state;
        let git = serving.git.as_ref().map(|git| git.commit.clone()).unwrap_or_default();
        let labels = vec![
            ("revision", serving.snapshot.revision.to_string()),
            ("git", git),
            ("source", serving.source.word().to_owned()),
        ];
        page.info("config", "The revision that serves", labels)?;
        page.gauge(
            "config_last_reload_successful",
            "Whether the last attempt to load files succeeded",
            [(vec![], u64::from(standing.last_reload_ok))],
        )?;
        let at = standing.last_success.millis() as f64 / 1000.0;
        page.gauge("config_last_reload_success_timestamp_seconds", "When the files were last good", [(vec![], at)])?;
        let reloads = standing.reloads.iter().map(|((trigger, result), count)| {
            (vec![("trigger", (*trigger).to_owned()), ("result", (*result).to_owned())], *count)
        });
        page.counter("config_reloads", "Attempts to load files", reloads)?;
        let pending = u64::from(standing.files.state != FilesState::Same);
        page.gauge("config_pending", "The files differ from what runs", [(vec![], pending)])?;
        let last_good = u64::from(*boot == Origin::LastGood.word());
        page.gauge("config_boot_from_last_good", "The process started with broken files", [(vec![], last_good)])?;
        let pinned = u64::from(standing.pinned.is_some());
        page.gauge("config_pinned", "A revision is pinned, whatever the files say", [(vec![], pinned)])
    }

    fn of_gateways(&self, page: &mut Page) -> fmt::Result {
        let each = |of: fn(&GatewayStatus) -> Option<f64>| {
            let label = |gateway: &GatewayStatus| vec![("gateway", gateway.id.clone())];
            self.gateways.iter().filter_map(move |gateway| Some((label(gateway), of(gateway)?))).collect::<Vec<_>>()
        };
        page.gauge(
            "gateway_up",
            "0: probes or calls have found it down",
            each(|g| Some(f64::from(u8::from(g.state != GatewayState::Down)))),
        )?;
        page.gauge(
            "gateway_disabled",
            "1: an operator has disabled it",
            each(|g| Some(f64::from(u8::from(g.overridden.is_some())))),
        )?;
        page.gauge("gateway_calls", "Calls through it now; only with accounting", each(|g| g.calls.map(|n| n as f64)))?;
        page.gauge(
            "gateway_calls_in_setup",
            "Calls that it has not answered yet",
            each(|g| Some(g.calls_in_setup as f64)),
        )?;
        page.gauge(
            "gateway_probe_seconds",
            "What the last probe took",
            each(|g| g.probe_ms.map(|ms| ms as f64 / 1000.0)),
        )?;
        let counts: Vec<_> = self.known.tally.gateways().collect();
        let counted = |of: fn(&crate::proxy::GatewayCount) -> u64| {
            let label = |id: &str| vec![("gateway", id.to_owned())];
            counts.iter().map(move |count| (label(&count.gateway), of(count))).collect::<Vec<_>>()
        };
        page.counter("gateway_attempts", "Attempts that ended", counted(|c| c.attempts))?;
        page.counter("gateway_answered", "Attempts that were answered", counted(|c| c.answered))?;
        page.counter("gateway_failed", "Attempts that failed on the gateway: silence, 5xx", counted(|c| c.failed))
    }

    fn of_calls(&self, page: &mut Page) -> fmt::Result {
        let word = |id: &Option<Arc<str>>| id.as_ref().map(|id| id.to_string()).unwrap_or_default();
        let calls = self.known.tally.calls().map(|count| {
            let (route, gateway) = (word(&count.route), word(&count.gateway));
            (vec![("route", route), ("gateway", gateway), ("code", count.code.to_string())], count.calls)
        });
        page.counter("calls", "Calls by the final answer that the caller had", calls)?;
        page.counter(
            "calls_of_other_kinds",
            "Calls beyond the bound on (route, gateway, code)",
            [(vec![], self.known.tally.others())],
        )?;
        let stage = |word: &str| vec![("stage", word.to_owned())];
        let mut active = vec![(stage("setup"), self.known.survey.total as u64)];
        if self.state.serving.snapshot.records {
            active.push((stage("established"), self.known.open.total as u64));
        }
        page.gauge("calls_active", "Calls now; established ones only with accounting", active)
    }

    fn of_workers(&self, page: &mut Page) -> fmt::Result {
        let each = |of: fn(&Stats) -> u64| {
            let of =
                move |(n, stats): (usize, &Option<Stats>)| Some((vec![("worker", n.to_string())], of(stats.as_ref()?)));
            self.workers.iter().enumerate().filter_map(of).collect::<Vec<_>>()
        };
        for (name, help, of) in COUNTERS {
            page.counter(name, help, each(*of))?;
        }
        for (name, help, of) in GAUGES {
            page.gauge(name, help, each(*of))?;
        }
        Ok(())
    }
}

type OfWorker = (&'static str, &'static str, fn(&Stats) -> u64);

const COUNTERS: &[OfWorker] = &[
    ("datagrams_received", "Datagrams received", |s| s.counters.datagrams),
    ("datagrams_malformed", "Datagrams that are no SIP", |s| s.counters.malformed),
    ("requests_from_strangers", "Requests from sources that no access rule admits", |s| s.counters.strangers),
    ("strays", "Responses and ACKs that match nothing", |s| s.counters.strays),
    ("calls_begun", "New calls", |s| s.counters.calls),
    ("calls_answered", "Calls that were answered", |s| s.counters.answered),
    ("calls_failed", "Calls that no gateway took", |s| s.counters.failed),
    ("calls_cancelled", "Calls that their caller gave up", |s| s.counters.cancelled),
    ("calls_rejected", "Calls that were refused by a route or an access rule", |s| s.counters.rejected),
    ("calls_refused_for_overload", "New calls refused because the worker did not keep up", |s| s.counters.overload),
    ("attempts", "INVITEs to gateways", |s| s.counters.attempts),
    ("probes", "Probes sent", |s| s.counters.probes),
    ("datagrams_sent", "Datagrams sent", |s| s.sending.sent),
    ("datagrams_dropped", "Datagrams that did not fit into a send buffer and its backlog", |s| s.sending.dropped),
    ("datagrams_refused", "Datagrams that the kernel did not take", |s| s.sending.refused),
    ("datagrams_handed_over", "Datagrams received for another worker", |s| s.handing.handed),
    ("datagrams_lost_between_workers", "Datagrams that another worker had no room for", |s| s.handing.lost),
    ("wakes", "Times that the worker woke up", |s| s.wakes),
];

const GAUGES: &[OfWorker] = &[
    ("server_transactions", "Server transactions in any state", |s| s.load.server_transactions as u64),
    ("client_transactions", "Client transactions in any state", |s| s.load.client_transactions as u64),
    ("finals_awaiting_ack", "Finals that wait for their ACK", |s| s.load.awaiting_ack as u64),
    ("timers", "Armed timers", |s| s.load.timers as u64),
];

/// What is being written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn info(&mut self, name: &str, help: &str, labels: Labels) -> fmt::Result {
        let info = Info::new(labels);
        info.encode(self.0.encode_descriptor(name, help, None, MetricType::Info)?)
    }

    fn counter<N>(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, N)>) -> fmt::Result
    where
        ConstCounter<N>: EncodeMetric,
    {
        self.family(name, help, values.into_iter().map(|(labels, value)| (labels, ConstCounter::new(value))))
    }

    fn gauge<N>(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, N)>) -> fmt::Result
    where
        ConstGauge<N>: EncodeMetric,
    {
        self.family(name, help, values.into_iter().map(|(labels, value)| (labels, ConstGauge::new(value))))
    }

    /// One value for each set of labels; a value without labels stands alone.
    fn family<M: TypedMetric + EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (Labels, M)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, M::TYPE)?;
        for (labels, value) in values {
            match labels.is_empty() {
                true => return value.encode(encoder),
                false => value.encode(encoder.encode_family(&labels)?)?,
            }
        }
        Ok(())
    }
}
