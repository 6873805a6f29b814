//! The decision about one call, with its trace and what the caller hears.

use super::{Origin, Question};
use crate::health::Board;
use crate::proxy::{Snapshot, refusal};
use crate::route::{Choice, Decision, Facts, Failover, Outcome, Reply, Trace};
use crate::time::Now;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Answer {
    /// No access rule admits the source: nothing was decided.
    pub stranger: bool,
    pub decision: Decision,
    pub trace: Trace,
    /// What holds for the call: the route's settings, or the root's.
    pub failover: Arc<Failover>,
    /// The answer to a call that no gateway is asked about.
    pub refused: Option<Reply>,
}

impl Answer {
    pub(super) fn to(question: &Question, snapshot: &Snapshot, board: &Board) -> Answer {
        let table = &snapshot.table;
        let mut answer = Answer {
            stranger: false,
            decision: Decision::default(),
            trace: Trace::default(),
            failover: Arc::clone(table.failover()),
            refused: None,
        };
        let facts = Facts {
            number: &question.number,
            user: question.user.as_bytes(),
            domain: question.domain.as_bytes(),
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            gateway: None,
            trusted: false,
            listener: None,
            account: question.account,
            group: None,
            choice: Choice::Exact,
        };
        let facts = match question.origin {
            Origin::Source { ip, admission, .. } => {
                // A digest user is admitted by its password, from anywhere.
                answer.stranger = !admission.admitted && question.account.is_none();
                Facts {
                    source: ip,
                    gateway: admission.gateway,
                    trusted: admission.trusted,
                    listener: admission.listener,
                    ..facts
                }
            }
            Origin::Account => facts,
            Origin::Group(group) => Facts { group: Some(group), ..facts },
        };
        if answer.stranger {
            return answer;
        }
        let now = Now { wall: question.at, ..Now::default() };
        table.decide(&facts, board, now, &mut answer.decision, Some(&mut answer.trace));
        if let Some(route) = answer.decision.route {
            answer.failover = Arc::clone(&table.route(route).failover);
        }
        answer.refused = refusal(&answer.decision, &answer.failover);
        answer
    }

    /// What the access rules do to a stranger: `drop` or `reject`.
    pub fn access(&self, snapshot: &Snapshot) -> Option<&'static str> {
        match snapshot.access.reject_unknown {
            _ if !self.stranger => None,
            true => Some("reject"),
            false => Some("drop"),
        }
    }

    /// `attempts`, `reject` or `access`.
    pub fn outcome(&self) -> &'static str {
        match self.decision.outcome {
            _ if self.stranger => "access",
            Outcome::Attempts => "attempts",
            Outcome::Reject(_) | Outcome::Unusable | Outcome::NoRoute | Outcome::NoGroup => "reject",
        }
    }
}
