//! GitHub's workflow commands, which show a finding beside its line, and the step summary, which has room for the rest.

use super::Finding;
use crate::config::Severity;
use std::fmt::Write;
use std::io::Write as _;

/// GitHub shows ten of a kind for a step and drops the rest without a word.
const SHOWN_PER_KIND: usize = 10;
/// A step summary larger than 1 MiB is not shown at all.
const SUMMARY_BYTES: usize = 900 << 10;

/// Ten errors and ten warnings, most severe first, then how many more there are. `left_out` findings are known by their
/// number alone.
pub fn annotations(findings: &[Finding], left_out: usize) -> String {
    let mut out = String::new();
    let mut shown = 0;
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        for finding in findings.iter().filter(|finding| finding.severity == severity).take(SHOWN_PER_KIND) {
            shown += 1;
            annotation(word, finding, &mut out);
        }
    }
    let more = findings.len() - shown + left_out;
    if more > 0 {
        let _ = writeln!(out, "::notice::{more} more, see the summary");
    }
    out
}

fn annotation(word: &str, finding: &Finding, out: &mut String) {
    let Finding { file, line, column, end_line, end_column, code, message, help, .. } = finding;
    let _ = write!(out, "::{word} file={},line={line},endLine={end_line}", property(file));
    // Columns mean something inside one line alone.
    if line == end_line {
        let _ = write!(out, ",col={column},endColumn={end_column}");
    }
    let help = help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let _ = writeln!(out, ",title={}::{}", property(code), data(&format!("{message}{help}")));
}

/// Everything as a table in Markdown.
pub fn table(title: &str, findings: &[Finding], left_out: usize) -> String {
    let mut out = format!("### {}\n", cell(title));
    if findings.is_empty() {
        return out;
    }
    out.push_str("\n| | where | what | help |\n|---|---|---|---|\n");
    for (row, finding) in findings.iter().enumerate() {
        if out.len() > SUMMARY_BYTES {
            let _ = writeln!(out, "\n{} more do not fit here.", findings.len() - row + left_out);
            return out;
        }
        let _ = writeln!(
            out,
            "| {} {} | `{}` | {} | {} |",
            finding.severity.word(),
            cell(&finding.code),
            cell(&finding.place()),
            cell(&finding.message),
            cell(finding.help.as_deref().unwrap_or_default()),
        );
    }
    if left_out > 0 {
        let _ = writeln!(out, "\n{left_out} more like these are not listed.");
    }
    out
}

/// Adds `text` to the file that `$GITHUB_STEP_SUMMARY` names, where there is one.
pub fn add_to_summary(text: &str) -> std::io::Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")
}

/// The text of a workflow command: its line ends would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text inside a table: one line, no bar, no markup of its own but code.
fn cell(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity, message: &str) -> Finding {
        Finding {
            severity,
            code: "TL0104 bare-digits".into(),
            message: message.into(),
            help: Some("quote it".into()),
            file: "routes, new.yaml".into(),
            line: 14,
            column: 13,
            end_line: 14,
            end_column: 16,
        }
    }

    #[test]
    fn a_finding_is_one_workflow_command() {
        assert_eq!(
            annotations(&[finding(Severity::Error, "100 % wrong")], 0),
            "::error file=routes%2C new.yaml,line=14,endLine=14,col=13,endColumn=16,title=TL0104 bare-digits\
             ::100 %25 wrong%0Ahelp: quote it\n"
        );
    }

    #[test]
    fn ten_of_a_kind_are_shown_and_the_rest_counted() {
        let mut findings = vec![finding(Severity::Error, "e"); 12];
        findings.extend(vec![finding(Severity::Warning, "w"); 11]);
        findings.push(finding(Severity::Note, "n"));
        let text = annotations(&findings, 7);
        assert_eq!((text.matches("::error ").count(), text.matches("::warning ").count()), (10, 10));
        assert!(text.ends_with("\n::notice::11 more, see the summary\n"), "{text}");
    }

    #[test]
    fn the_table_has_every_finding_in_a_row_of_its_own() {
        let text = table("validate: 1 error", &[finding(Severity::Error, "a | b\n<c>")], 3);
        assert_eq!(
            text,
            "### validate: 1 error\n\n| | where | what | help |\n|---|---|---|---|\n\
             | error TL0104 bare-digits | `routes, new.yaml:14:13` | a \\| b &lt;c> | quote it |\n\n\
             3 more like these are not listed.\n"
        );
    }
}
