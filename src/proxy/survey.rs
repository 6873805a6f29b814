//! The calls in set-up, for an operator who asks. An established call is not here: after its 2xx the core keeps nothing
//! of it.

use super::Core;
use super::call::{Phase, Plan};
use crate::route::{self, Number};
use crate::sip::{NameAddr, Uri};
use crate::time::{Now, Wall};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a worker has in set-up.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    pub total: usize,
    /// Calls by the gateway that they are with.
    pub by_gateway: BTreeMap<Arc<str>, usize>,
    /// Calls by the revision that they keep.
    pub by_revision: BTreeMap<Arc<str>, usize>,
    /// Some of them.
    pub calls: Vec<SettingUp>,
}

/// A call without a final answer.
#[derive(Clone, Debug)]
pub struct SettingUp {
    pub call_id: String,
    pub started_at: Wall,
    pub from: String,
    pub number: String,
    pub source: SocketAddr,
    pub group: Option<Arc<str>>,
    pub route: Option<Arc<str>>,
    pub gateway: Option<Arc<str>>,
    /// Which attempt runs, from 1.
    pub attempt: usize,
    pub ringing: bool,
    pub revision: Arc<str>,
}

impl Core {
    /// Looks through all calls; at most `most` of those that fit are described.
    pub fn survey(&self, now: Now, most: usize, fits: &dyn Fn(&SettingUp) -> bool) -> Survey {
        let mut survey = Survey::default();
        for (ix, call) in self.calls.iter().filter(|(_, call)| call.server.proceeding()) {
            let Some(setup) = call.setup.as_deref() else { continue };
            let Plan::Hunt(hunt) = &setup.plan else { continue };
            let snapshot = &setup.loaded.snapshot;
            let gateway = hunt.tried.last().map(|gateway| snapshot.table.gateway(*gateway).id.clone());
            survey.total += 1;
            *survey.by_revision.entry(snapshot.revision.clone()).or_default() += 1;
            if let Some(gateway) = &gateway {
                *survey.by_gateway.entry(gateway.clone()).or_default() += 1;
            }
            if survey.calls.len() >= most {
                continue;
            }
            let message = setup.request.message();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let header = |name| message.header(name).unwrap_or_default();
            let mut number = Number::new();
            let uri = Uri::parse(message.request_uri());
            route::clean(uri.and_then(|uri| uri.user).unwrap_or_default(), &mut number);
            let rings = |branch: u32| {
                let asked = self.branches.get(branch as usize).and_then(|branch| branch.asked.as_deref());
                asked.is_some_and(|asked| asked.phase == Phase::Ringing)
            };
            let described = SettingUp {
                call_id: text(header(crate::sip::Name::CallId)),
                started_at: Wall(now.wall.0 - i64::try_from(now.at.since(hunt.began()).as_micros()).unwrap_or(0)),
                from: NameAddr::parse(header(crate::sip::Name::From)).map(|from| text(from.uri)).unwrap_or_default(),
                number: text(&number),
                source: setup.source.remote,
                group: hunt.group.map(|group| snapshot.table.group(group).id.clone()),
                route: hunt.route.map(|route| snapshot.table.route(route).id.clone()),
                gateway,
                attempt: hunt.tried.len(),
                ringing: self.branches_of(ix as u32).into_iter().any(rings),
                revision: snapshot.revision.clone(),
            };
            if fits(&described) {
                survey.calls.push(described);
            }
        }
        survey
    }
}
