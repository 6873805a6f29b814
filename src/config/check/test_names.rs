//! A test that names what is not declared tests nothing (TL0602).

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report, Safety};
use crate::config::document::{Expect, TestCall};
use crate::config::lower::{Entry, Field, Given};
use crate::config::names::nearest;
use crate::config::source::Span;
use crate::config::value::Reference;

pub fn check(model: &Model, report: &mut Report) {
    let broken = report.mistakes() > 0;
    let tests = model.document.tests.get().map_or(&[][..], |tests| &tests.0);
    for entry in tests {
        let Some(test) = &entry.value else { continue };
        let mut names = Look { model, report, broken, test: &entry.id };
        test.call.get().into_iter().for_each(|call| names.call(call));
        let states = test.gateways.get().map_or(&[][..], |states| &states.0);
        states.iter().for_each(|state| names.gateway(&state.id, state.span));
        test.expect.get().into_iter().for_each(|expect| names.expected(expect));
    }
}

struct Look<'m, 'd> {
    model: &'m Model<'d>,
    report: &'m mut Report,
    /// Something else is wrong already.
    broken: bool,
    test: &'m str,
}

impl Look<'_, '_> {
    fn call(&mut self, call: &TestCall) {
        self.given(&call.gateway, Look::gateway);
        self.given(&call.group, |names, id, span| {
            let known = ids(names.model.groups()).chain(["default"]);
            names.known(names.model.group_named(id).is_some(), "group", id, span, known);
        });
        self.given(&call.listener, |names, id, span| {
            let implied = names.model.listeners().is_empty() && id == "default";
            let known = ids(names.model.listeners());
            names.known(implied || names.model.listener_named(id).is_some(), "listener", id, span, known);
        });
        let users = self.model.document.access.get().and_then(|access| access.users.get());
        let users = users.map_or(&[][..], |users| &users.0);
        self.given(&call.account, |names, id, span| {
            names.known(users.iter().any(|user| &*user.id == id), "account", id, span, ids(users));
        });
    }

    fn expected(&mut self, expect: &Expect) {
        self.given(&expect.route, |names, id, span| {
            let routes = names.model.routes();
            names.known(routes.iter().any(|route| &*route.id == id), "route", id, span, ids(routes));
        });
        for attempt in expect.attempts.get().map_or(&[][..], |attempts| &attempts.0) {
            self.given(&attempt.value.gateway, Look::gateway);
        }
        for share in expect.first.get().map_or(&[][..], |first| &first.0) {
            self.gateway(&share.id, share.span);
        }
    }

    fn given(&mut self, field: &Field<Reference>, look: impl FnOnce(&mut Self, &str, Span)) {
        if let Some(Given { span, value, .. }) = field.given() {
            look(self, &value.0, *span);
        }
    }

    fn gateway(&mut self, id: &str, span: Span) {
        let found = self.model.gateway_named(id).is_some();
        self.known(found, "gateway", id, span, ids(self.model.gateways()));
    }

    fn known<'c>(&mut self, found: bool, kind: &str, id: &str, span: Span, known: impl Iterator<Item = &'c str>) {
        let mut known = known.peekable();
        // Every file has routes and gateways: where there are none, `rotues:` has been complained about.
        let missing = self.broken && matches!(kind, "route" | "gateway") && known.peek().is_none();
        if found || missing {
            return;
        }
        let message = format!("the test \"{}\" names {kind} `{id}`, which is not declared", self.test);
        let diagnostic = Diagnostic::new(Code::UndecidedTest, span, message);
        self.report.push(match nearest(id, known) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(Safety::Review, span, near.to_owned()),
            None => diagnostic.help("declare it, or delete the test if what it was about is gone"),
        });
    }
}

fn ids<T>(entries: &[Entry<T>]) -> impl Iterator<Item = &str> {
    entries.iter().map(|entry| &*entry.id)
}
