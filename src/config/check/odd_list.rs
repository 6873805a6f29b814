//! A list that is no choice (TL0412): weight 0 everywhere, one member, or the same gateway twice.

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::{List, MemberSpec};
use crate::config::lower::{Entry, Given};
use crate::config::source::Span;
use crate::config::value::Policy;
use std::collections::HashMap;

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.lists() {
        let Some(members) = entry.value.as_ref().and_then(|list| list.members.get()) else { continue };
        if members.0.len() == 1 {
            let diagnostic = Diagnostic::new(Code::OddList, entry.span, format!("list `{}` has one member", entry.id))
                .help("add another, or name the member itself where the list stands now");
            report.push(diagnostic);
        }
        weightless(entry, report);
        // One member reaches nothing twice.
        if members.0.len() > 1 {
            repeated(entry, &members.0, model, report);
        }
    }
}

/// Weight 0 means "after all others": where all have it, there are no others.
fn weightless(entry: &Entry<List>, report: &mut Report) {
    let Some(list) = entry.value.as_ref().filter(|list| list.policy.or(Policy::Ordered) == Policy::Weighted) else {
        return;
    };
    let members = list.members.get().map_or(&[][..], |members| &members.0);
    if !members.is_empty()
        && members.iter().all(|member| member.value.0.weight.get().is_some_and(|weight| weight.0 == 0))
    {
        let diagnostic =
            Diagnostic::new(Code::OddList, entry.span, format!("list `{}` has weight 0 everywhere", entry.id))
                .label("its members are tried in the order written")
                .help("give the members weights above 0, or write `policy: ordered`");
        report.push(diagnostic);
    }
}

/// A gateway that two members reach: the second one is never tried.
fn repeated(entry: &Entry<List>, members: &[Given<MemberSpec>], model: &Model, report: &mut Report) {
    let mut seen: HashMap<usize, Span> = HashMap::new();
    for member in members {
        let reached = model.reach(std::slice::from_ref(member));
        for gateway in reached {
            let Some(first) = seen.get(&gateway).copied() else {
                seen.insert(gateway, member.span);
                continue;
            };
            let id = model.gateways().get(gateway).map_or("", |gateway| &gateway.id);
            let diagnostic = Diagnostic::new(
                Code::OddList,
                member.span,
                format!("list `{}` reaches gateway `{id}` twice", entry.id),
            )
            .label("a gateway is tried once a call, in its first place")
            .related(first, "first here")
            .help("take one of the two out");
            report.push(diagnostic);
        }
    }
}
