//! The decision about one call, with its trace and what the caller hears.

use super::question::{Origin, Question};
use crate::proxy::{Snapshot, refusal};
use crate::route::{Decision, Facts, Failover, Reply, Trace};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Answer {
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
    pub fn to(question: &Question, snapshot: &Snapshot) -> Answer {
        let table = &snapshot.table;
        let mut answer = Answer {
            stranger: matches!(question.origin, Origin::Source { admission, .. } if !admission.admitted),
            decision: Decision::default(),
            trace: Trace::default(),
            failover: Arc::clone(table.failover()),
            refused: None,
        };
        if answer.stranger {
            return answer;
        }
        let facts = Facts {
            number: &question.number,
            user: question.user.as_bytes(),
            domain: question.domain.as_bytes(),
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            gateway: None,
            trusted: false,
            listener: None,
            account: None,
            group: None,
        };
        let facts = match question.origin {
            Origin::Source { ip, admission, .. } => Facts {
                source: ip,
                gateway: admission.gateway,
                trusted: admission.trusted,
                listener: admission.listener,
                ..facts
            },
            Origin::Group(group) => Facts { group: Some(group), ..facts },
        };
        table.decide(&facts, &question.board, question.now, &mut answer.decision, Some(&mut answer.trace));
        if let Some(route) = answer.decision.route {
            answer.failover = Arc::clone(&table.route(route).failover);
        }
        answer.refused = refusal(&answer.decision, &answer.failover);
        answer
    }
}
