//! Verdicts in the formats of other programs: JUnit's XML, GitHub's annotations.

use super::{Outcome, human};
use crate::cli::report::{self, github, junit};
use crate::cli::{Format, Global};
use crate::config::Diagnostics;
use crate::config::diagnostic::{Summary, json_document};
use crate::route_tests::{Ending, Verdict};

/// The files have errors, so no test was run: they are shown as `validate` shows them.
pub(super) fn broken(diagnostics: &Diagnostics, global: &Global) {
    match global.format {
        Format::Human => {
            anstream::eprint!("{}", diagnostics.human(global.coloured(&std::io::stderr())));
            anstream::eprintln!("trunkline test: the files have errors, so no test was run");
        }
        Format::Json => {
            anstream::println!("{:#}", json_document(diagnostics, None, Summary::default()));
        }
        Format::Junit => {
            let cases: Vec<junit::Case> = report::findings(diagnostics)
                .into_iter()
                .map(|finding| junit::Case {
                    name: finding.place(),
                    class: finding.file.clone(),
                    file: Some(finding.file),
                    line: Some(finding.line),
                    failure: Some(junit::Failure {
                        message: finding.message.clone(),
                        kind: finding.code,
                        text: finding.help.unwrap_or_default(),
                    }),
                    output: None,
                })
                .collect();
            anstream::print!("{}", junit::document("trunkline test", &cases));
        }
        _ => anstream::print!("{}", github::annotations(&report::findings(diagnostics), report::left_out(diagnostics))),
    }
}

pub(super) fn junit(outcome: &Outcome) -> String {
    let case = |verdict: &Verdict| {
        let (file, line) = verdict.test.place.rsplit_once(':').unwrap_or((&verdict.test.place, ""));
        let failure = match &verdict.ending {
            Ending::Passed(_) => None,
            Ending::Failed(failure) => {
                let because = failure.because.as_ref().map_or_else(String::new, |b| format!("\nbecause   {b}"));
                Some(junit::Failure {
                    message: format!("expected {}, got {}", failure.expected_words, failure.got_words),
                    kind: "TL0601 test-failed".to_owned(),
                    text: format!("expected  {}\ngot       {}{because}", failure.expected_words, failure.got_words),
                })
            }
            Ending::Undecided(undecided) => Some(junit::Failure {
                message: undecided.message.clone(),
                kind: "TL0602 undecided-test".to_owned(),
                text: undecided.help.clone(),
            }),
        };
        let file = format!("{}{file}", outcome.diagnostics.directory());
        junit::Case {
            name: verdict.test.name.to_string(),
            class: file.clone(),
            file: Some(file),
            line: line.parse().ok(),
            failure,
            output: None,
        }
    };
    let cases: Vec<junit::Case> = outcome.verdicts.iter().map(case).collect();
    junit::document("trunkline test", &cases)
}

pub(super) fn github(outcome: &Outcome) -> Result<(), String> {
    let findings = report::findings(&outcome.diagnostics);
    let left_out = report::left_out(&outcome.diagnostics);
    let summary = format!("test: {}", human::summary(outcome));
    anstream::print!("{}", github::annotations(&findings, left_out));
    anstream::println!("{summary}");
    github::add_to_summary(&github::table(&summary, &findings, left_out)).map_err(|error| error.to_string())
}
