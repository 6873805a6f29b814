//! Verdicts as diagnostics: TL0601, TL0602, TL0603.

use super::{Coverage, Ending, Verdict};
use crate::config::{Code, Compiled, Diagnostic};

/// What is to be said about tests that did not pass.
pub fn findings(verdicts: &[Verdict]) -> Vec<Diagnostic> {
    verdicts.iter().filter_map(finding).collect()
}

fn finding(verdict: &Verdict) -> Option<Diagnostic> {
    match &verdict.ending {
        Ending::Passed(_) => None,
        Ending::Failed(failure) => {
            let because = failure.because.as_ref().map_or_else(String::new, |because| format!(", because {because}"));
            let message = format!(
                "the test `{}` failed: expected {}, got {}{because}",
                verdict.test.name, failure.expected_words, failure.got_words
            );
            let help = "`trunkline explain` shows each rule that was passed over; if the new answer is the right one, \
                        `trunkline test --update` writes it into the test";
            Some(Diagnostic::new(Code::TestFailed, verdict.test.span, message).help(help))
        }
        Ending::Undecided(undecided) => {
            let diagnostic = Diagnostic::new(Code::UndecidedTest, undecided.span, undecided.message.clone());
            Some(diagnostic.help(undecided.help.clone()))
        }
    }
}

/// The routes that no test reached.
pub fn untested(coverage: &Coverage, compiled: &Compiled) -> Vec<Diagnostic> {
    let table = &compiled.snapshot.table;
    let missing = coverage.routes.missing.iter();
    missing
        .filter_map(|ix| {
            let span = *compiled.route_spans.get(ix.0 as usize)?;
            let message = format!("route `{}` is reached by no test", table.route(*ix).id);
            Some(Diagnostic::new(Code::UntestedRoute, span, message).help("write a test whose call it takes"))
        })
        .collect()
}
