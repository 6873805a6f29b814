//! What has to hold between the parts of a document. One file a check or lint; each knows its code, and its page stands
//! in `diagnostic/pages`.

mod access;
mod ambiguous_group;
mod fields;
mod forgeable_group;
mod later;
mod list_loop;
mod model;
mod odd_list;
mod references;
mod retry_busy;
mod routes;
mod single_gateway;
mod slow_failover;
mod strip_too_long;
mod test_names;
mod times;
mod unprobed_first;
mod unsaid_listener;
mod unused;
mod weak_transport;

pub use model::{GroupKey, Model, Names, Rule, Target, all_groups};
pub use routes::is_default;

use super::diagnostic::Report;

/// Runs every check. `whole` says that all files could be read; without that, what seems missing may stand in the file
/// that could not.
pub fn all(model: &Model, whole: bool, report: &mut Report) {
    fields::check(model, report);
    if whole {
        references::check(model, report);
        later::check(model, report);
        test_names::check(model, report);
        access::check(model, report);
    }
    list_loop::check(model, report);
    times::check(model, report);
    ambiguous_group::check(model, report);
    routes::check(model, report);
    if whole {
        lints(model, report);
    }
    if report.mistakes() > 0 {
        routes::duplicates(model, report);
    }
}

/// What is allowed, and seldom meant.
fn lints(model: &Model, report: &mut Report) {
    strip_too_long::check(model, report);
    forgeable_group::check(model, report);
    retry_busy::check(model, report);
    unsaid_listener::check(model, report);
    weak_transport::check(model, report);
    // What an error hides may be what somebody meant to use, or to fail over to.
    if report.mistakes() == 0 {
        unused::check(model, report);
        odd_list::check(model, report);
        single_gateway::check(model, report);
        slow_failover::check(model, report);
        unprobed_first::check(model, report);
    }
}
