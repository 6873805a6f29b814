//! SARIF 2.1.0, for code scanning. All rules are listed, also those that found nothing, so that alerts close when they
//! are gone.

use crate::config::diagnostic::Safety;
use crate::config::{Code, Diagnostic, Diagnostics, Severity, Span};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// GitHub takes at most so many results of a run, and drops an upload with too many.
const RESULTS: usize = 5_000;
/// The key of our fingerprints. `primaryLocationLineHash` is left to GitHub's uploader, which computes it.
const FINGERPRINT: &str = "trunkline/v1";

/// One run. Paths stand as the diagnostics show them: below the top of the git repository.
pub fn document(sets: &[Diagnostics]) -> Value {
    let mut results: Vec<(Severity, Value)> = Vec::new();
    let mut left_out = 0;
    for diagnostics in sets {
        let paths = diagnostics.object_paths();
        let mut seen: HashMap<(Code, String), usize> = HashMap::new();
        for (diagnostic, path) in diagnostics.kept().zip(&paths) {
            let object = if path.is_empty() { diagnostics.shown_path(diagnostic.span) } else { path.clone() };
            let again = seen.entry((diagnostic.code, object.clone())).or_default();
            let fingerprint = fingerprint(diagnostic.code, &object, *again);
            *again += 1;
            results.push((diagnostic.severity, result(diagnostic, path, &fingerprint, diagnostics)));
        }
        let found: usize = diagnostics.list().len() + super::left_out(diagnostics);
        left_out += found.saturating_sub(paths.len());
    }
    // Stable: within a severity they stay in the order of the files.
    results.sort_by_key(|(severity, _)| *severity);
    left_out += results.len().saturating_sub(RESULTS);
    results.truncate(RESULTS);
    let results: Vec<Value> = results.into_iter().map(|(_, result)| result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "trunkline",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "trunkline/validate/" },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notes(left_out),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn notes(left_out: usize) -> Vec<Value> {
    let text = format!("{left_out} more results are left out: the {RESULTS} most severe are listed");
    (left_out > 0).then(|| json!({ "level": "note", "message": { "text": text } })).into_iter().collect()
}

fn rule(code: Code) -> Value {
    let page = code.page();
    json!({
        "id": code.id(),
        "name": code.name(),
        "shortDescription": { "text": page.lines().next().unwrap_or_default() },
        "fullDescription": { "text": page.split("\n\n").nth(1).unwrap_or(page) },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error | Severity::Guard => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(diagnostic: &Diagnostic, path: &str, fingerprint: &str, all: &Diagnostics) -> Value {
    let message = match &diagnostic.help {
        Some(help) => format!("{}. Help: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut location = json!({ "physicalLocation": physical(diagnostic.span, all) });
    if !path.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": path }]);
    }
    let mut result = json!({
        "ruleId": diagnostic.code.id(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == diagnostic.code),
        "level": level(diagnostic.severity),
        "message": { "text": message },
        "locations": [location],
        "partialFingerprints": { FINGERPRINT: fingerprint },
    });
    if !diagnostic.related.is_empty() {
        let related = diagnostic.related.iter().enumerate().map(|(id, (span, label))| {
            json!({ "id": id, "physicalLocation": physical(*span, all), "message": { "text": label } })
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = diagnostic.fix.as_ref().filter(|fix| !fix.edits.is_empty()) {
        let word = if fix.safety == Safety::Safe { "safe fix" } else { "fix, to be reviewed" };
        let text = format!("{} [{word}]", diagnostic.help.as_deref().unwrap_or("change it"));
        // A file's replacements belong into one change.
        let mut changes: Vec<(u32, Vec<Value>)> = Vec::new();
        for edit in &fix.edits {
            let replacement =
                json!({ "deletedRegion": region(edit.span, all), "insertedContent": { "text": edit.text } });
            match changes.iter_mut().find(|(file, _)| *file == edit.span.file) {
                Some((_, replacements)) => replacements.push(replacement),
                None => changes.push((edit.span.file, vec![replacement])),
            }
        }
        let changes = changes.into_iter().map(|(file, replacements)| {
            let location = artifact(Span { file, start: 0, end: 0 }, all);
            json!({ "artifactLocation": location, "replacements": replacements })
        });
        result["fixes"] = json!([{ "description": { "text": text }, "artifactChanges": changes.collect::<Vec<_>>() }]);
    }
    result
}

fn physical(span: Span, all: &Diagnostics) -> Value {
    json!({ "artifactLocation": artifact(span, all), "region": region(span, all) })
}

fn artifact(span: Span, all: &Diagnostics) -> Value {
    json!({ "uri": uri(&all.shown_path(span)), "uriBaseId": "%SRCROOT%" })
}

fn region(span: Span, all: &Diagnostics) -> Value {
    let Some(source) = all.sources().of(span) else { return json!({ "startLine": 1 }) };
    let (from, to) = (source.place(span.start), source.place(span.end));
    json!({
        "startLine": from.line,
        "startColumn": from.column,
        "endLine": to.line,
        "endColumn": to.column,
        "byteOffset": span.start,
        "byteLength": span.end.saturating_sub(span.start),
    })
}

/// A relative reference: what is no plain character of a path is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// From the code and the object, not from lines: it stays when something is inserted above. The same finding in the
/// same object again is told apart by its number.
fn fingerprint(code: Code, object: &str, again: usize) -> String {
    let hash = Sha256::digest(format!("{}\n{object}\n{again}", code.id()));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_relative_reference() {
        assert_eq!(uri("routes/über uns.yaml"), "routes/%C3%BCber%20uns.yaml");
        assert_eq!(uri("../a.yaml"), "../a.yaml");
    }

    #[test]
    fn a_fingerprint_knows_the_object_and_no_line() {
        let of = |object, again| fingerprint(Code::BareDigits, object, again);
        assert_eq!(of("routes.uk.prefix", 0), of("routes.uk.prefix", 0));
        assert_ne!(of("routes.uk.prefix", 0), of("routes.uk.prefix", 1));
        assert_ne!(of("routes.uk.prefix", 0), of("routes.fr.prefix", 0));
        assert_eq!(of("routes.uk.prefix", 0).len(), 32);
    }
}
