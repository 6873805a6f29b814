//! JUnit's XML, which nearly every CI system reads as a list of tests.

use std::fmt::Write;

/// One test, or one finding that is shown as a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    /// What it belongs to: a file.
    pub class: String,
    pub file: Option<String>,
    pub line: Option<usize>,
    /// Why it failed: one line, its kind, and everything there is to say.
    pub failure: Option<Failure>,
    /// What is to be said of a test that did not fail.
    pub output: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    pub message: String,
    /// `TL0601 test-failed`.
    pub kind: String,
    pub text: String,
}

/// The document: one suite with these cases. It has no times, so that the same findings make the same bytes.
pub fn document(suite: &str, cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let (suite, tests) = (attribute(suite), cases.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    let _ = writeln!(
        out,
        "  <testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
    );
    for case in cases {
        write_case(case, &mut out);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn write_case(case: &Case, out: &mut String) {
    let _ = write!(out, "    <testcase name=\"{}\" classname=\"{}\"", attribute(&case.name), attribute(&case.class));
    if let Some(file) = &case.file {
        let _ = write!(out, " file=\"{}\"", attribute(file));
    }
    if let Some(line) = case.line {
        let _ = write!(out, " line=\"{line}\"");
    }
    if case.failure.is_none() && case.output.is_none() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    if let Some(Failure { message, kind, text }) = &case.failure {
        let (message, kind) = (attribute(message), attribute(kind));
        let _ = writeln!(out, "      <failure message=\"{message}\" type=\"{kind}\">{}</failure>", content(text));
    }
    if let Some(output) = &case.output {
        let _ = writeln!(out, "      <system-out>{}</system-out>", content(output));
    }
    out.push_str("    </testcase>\n");
}

fn content(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML 1.0 has no way at all to write other control characters.
            '\n' | '\t' => out.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\n', "&#10;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_pass_and_cases_that_fail() {
        let passed = Case { name: "premium stays \"barred\"".into(), class: "routes.yaml".into(), ..Case::default() };
        let failure =
            Failure { message: "a < b".into(), kind: "TL0601".into(), text: "expected <x>\ngot \u{1b}[1m".into() };
        let failed = Case {
            name: "evening".into(),
            class: "routes.yaml".into(),
            file: Some("routes.yaml".into()),
            line: Some(139),
            failure: Some(failure),
            output: None,
        };
        insta::assert_snapshot!(document("trunkline test", &[passed, failed]), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="trunkline test" tests="2" failures="1" errors="0">
          <testsuite name="trunkline test" tests="2" failures="1" errors="0" skipped="0">
            <testcase name="premium stays &quot;barred&quot;" classname="routes.yaml"/>
            <testcase name="evening" classname="routes.yaml" file="routes.yaml" line="139">
              <failure message="a &lt; b" type="TL0601">expected &lt;x&gt;
        got �[1m</failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
