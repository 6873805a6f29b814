//! What `validate` prints, in each of its formats.

use super::{Checked, Deny};
use crate::cli::report::{self, Finding, github, junit, sarif};
use crate::cli::{Format, Global};
use crate::config::diagnostic::{Summary, json_document};
use crate::config::{Diagnostics, Severity};
use std::io;

pub(super) fn print(checked: Vec<Checked>, deny: Option<Deny>, global: &Global) -> io::Result<()> {
    match global.format {
        Format::Human => checked.iter().for_each(|one| human(one, global)),
        Format::Json => checked.iter().for_each(|one| anstream::println!("{:#}", json(one))),
        Format::Sarif => {
            let sets: Vec<Diagnostics> = checked.into_iter().map(from_the_top).collect();
            anstream::println!("{:#}", sarif::document(&sets));
        }
        Format::Github => {
            for one in checked {
                let title = summary(&one);
                let diagnostics = from_the_top(one);
                let (findings, left_out) = (report::findings(&diagnostics), report::left_out(&diagnostics));
                anstream::print!("{}", github::annotations(&findings, left_out));
                if !global.quiet {
                    anstream::println!("{title}");
                }
                github::add_to_summary(&github::table(&title, &findings, left_out))?;
            }
        }
        Format::Junit => {
            let cases: Vec<junit::Case> = checked.into_iter().flat_map(|one| cases(one, deny)).collect();
            anstream::print!("{}", junit::document("trunkline validate", &cases));
        }
    }
    Ok(())
}

/// Programs find the files from the top of the repository.
fn from_the_top(one: Checked) -> Diagnostics {
    let top = report::from_the_top(&one.root);
    one.diagnostics.below(top)
}

fn human(one: &Checked, global: &Global) {
    if !global.quiet {
        for fixed in &one.fixed {
            anstream::println!("fixed[{}]: {}: {}", fixed.code, fixed.place, fixed.message);
        }
        if !one.fixed.is_empty() {
            anstream::println!();
        }
    }
    anstream::print!("{}", one.diagnostics.human(global.coloured(&io::stdout())));
    if !global.quiet {
        anstream::println!("{}", summary(one));
    }
}

fn json(one: &Checked) -> serde_json::Value {
    let counts = one.counts;
    let summary =
        Summary { files: counts.files, gateways: counts.gateways, lists: counts.lists, routes: counts.routes };
    let mut document = json_document(&one.diagnostics, Some(&one.revision), summary);
    document["fixed"] = one
        .fixed
        .iter()
        .map(|fixed| {
            serde_json::json!({
                "code": fixed.code.id(),
                "name": fixed.code.name(),
                "place": fixed.place,
                "message": fixed.message,
            })
        })
        .collect();
    document
}

/// Each finding is a test, and so is each file that has none; what is not denied does not fail.
fn cases(one: Checked, deny: Option<Deny>) -> Vec<junit::Case> {
    let diagnostics = from_the_top(one);
    let findings = report::findings(&diagnostics);
    let mut cases: Vec<junit::Case> = findings.iter().map(|finding| case(finding, deny)).collect();
    for (code, more) in diagnostics.more() {
        let (name, text) = (format!("{code}: {more} more"), format!("{more} more places like those that are listed"));
        let failed = fails(code.severity(), deny);
        let failure = failed.then(|| junit::Failure { message: text.clone(), kind: code.to_string(), text });
        cases.push(junit::Case { name, class: "trunkline".to_owned(), failure, ..junit::Case::default() });
    }
    for source in &diagnostics.sources().0 {
        let path = format!("{}{}", diagnostics.directory(), source.path);
        if !findings.iter().any(|finding| finding.file == path) {
            let (name, class, file) = (path.clone(), path.clone(), Some(path));
            cases.push(junit::Case { name, class, file, ..junit::Case::default() });
        }
    }
    cases
}

fn fails(severity: Severity, deny: Option<Deny>) -> bool {
    severity == Severity::Error || (severity == Severity::Warning && deny == Some(Deny::Warnings))
}

fn case(finding: &Finding, deny: Option<Deny>) -> junit::Case {
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let text = format!("{}: {}{help}", finding.place(), finding.message);
    let case = junit::Case {
        name: format!("{} at {}", finding.code, finding.place()),
        class: finding.file.clone(),
        file: Some(finding.file.clone()),
        line: Some(finding.line),
        ..junit::Case::default()
    };
    match fails(finding.severity, deny) {
        true => {
            let failure = junit::Failure { message: finding.message.clone(), kind: finding.code.clone(), text };
            junit::Case { failure: Some(failure), ..case }
        }
        false => junit::Case { output: Some(format!("{}: {text}", finding.severity.word())), ..case },
    }
}

/// `validate: 1 error, 1 warning in 7 files (3 gateways, 2 lists, 214 routes) in 9 ms`.
fn summary(one: &Checked) -> String {
    let (diagnostics, counts) = (&one.diagnostics, one.counts);
    let mut found = Vec::new();
    for (n, word) in
        [(diagnostics.errors(), "error"), (diagnostics.warnings(), "warning"), (diagnostics.notes(), "note")]
    {
        if n > 0 {
            found.push(number_of(n, word));
        }
    }
    if !one.fixed.is_empty() {
        found.push(format!("{} fixed", one.fixed.len()));
    }
    let found = if found.is_empty() { "nothing to complain about".to_owned() } else { found.join(", ") };
    format!(
        "validate: {found} in {} ({}, {}, {}) in {} ms",
        number_of(counts.files, "file"),
        number_of(counts.gateways, "gateway"),
        number_of(counts.lists, "list"),
        number_of(counts.routes, "route"),
        one.took.as_millis(),
    )
}

fn number_of(n: usize, word: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {word}{plural}")
}
