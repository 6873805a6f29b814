//! A group chosen by what the caller writes into its From (TL0503): anybody who may call at all can claim it.

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.groups() {
        let matchers = entry.value.as_ref().and_then(|group| group.r#match.get()).map_or(&[][..], |m| &m.0);
        let forgeable = matchers.iter().find(|matcher| {
            let m = &matcher.value;
            let claimed = m.user.stands() || m.domain.stands();
            claimed && !m.account.stands() && !m.source.stands() && !m.gateway.stands() && !m.listener.stands()
        });
        let Some(matcher) = forgeable else { continue };
        let diagnostic = Diagnostic::new(
            Code::ForgeableGroup,
            matcher.span,
            format!("group `{}` is chosen by the From alone", entry.id),
        )
        .label("callers write their From themselves")
        .help("add a `source`, `gateway` or `listener` to the matcher");
        report.push(diagnostic);
    }
}
