//! What has to hold between the parts of a document. One file a check or lint; each knows its code, and its page stands
//! in `diagnostic/pages`.

mod access;
mod ambiguous_group;
mod fields;
mod list_loop;
mod model;
mod references;
mod routes;

pub use model::{GroupKey, Model, Target};
pub use routes::is_default;

use super::diagnostic::Report;
use super::source::Sources;

/// Runs every check. `whole` says that all files could be read; without that, what seems missing may stand in the file
/// that could not.
pub fn all(model: &Model, whole: bool, sources: &Sources, report: &mut Report) {
    fields::check(model, report);
    if whole {
        references::check(model, report);
        access::check(model, report);
    }
    list_loop::check(model, report);
    ambiguous_group::check(model, sources, report);
    routes::check(model, report);
}
