//! Diagnostics as machines read them: the document of `validate --format json` (CONFIG-AND-CLI part (f)).

use super::{Diagnostic, Diagnostics, Safety};
use crate::config::source::Span;
use serde_json::{Value, json};

/// What the summary line counts, besides the diagnostics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub files: usize,
    pub gateways: usize,
    pub lists: usize,
    pub routes: usize,
}

/// `trunkline/validate/1`. `revision` is null when the set could not be read.
pub fn document(all: &Diagnostics, revision: Option<&str>, summary: Summary) -> Value {
    json!({
        "schema": "trunkline/validate/1",
        "revision": revision,
        "summary": {
            "errors": all.errors,
            "warnings": all.warnings,
            "notes": all.notes,
            "files": summary.files,
            "gateways": summary.gateways,
            "lists": summary.lists,
            "routes": summary.routes,
        },
        "diagnostics": list(all),
        "more": all.more.iter().map(|(code, n)| json!({ "code": code.id(), "count": n })).collect::<Vec<_>>(),
    })
}

/// The diagnostics alone, as other documents hold them.
pub fn list(all: &Diagnostics) -> Vec<Value> {
    all.list.iter().map(|d| diagnostic(d, all)).collect()
}

fn diagnostic(d: &Diagnostic, all: &Diagnostics) -> Value {
    json!({
        "code": d.code.id(),
        "name": d.code.name(),
        "severity": d.severity.word(),
        "message": d.message,
        "span": span(d.span, all),
        "label": d.label,
        "related": d.related.iter()
            .map(|(at, label)| json!({ "span": span(*at, all), "label": label }))
            .collect::<Vec<_>>(),
        "help": d.help,
        "fix": d.fix.as_ref().map(|fix| json!({
            "safety": match fix.safety { Safety::Safe => "safe", Safety::Review => "review" },
            "edits": fix.edits.iter()
                .map(|edit| json!({ "span": span(edit.span, all), "text": edit.text }))
                .collect::<Vec<_>>(),
        })),
    })
}

fn span(span: Span, all: &Diagnostics) -> Value {
    let Some(source) = all.sources.of(span) else { return Value::Null };
    let (from, to) = (source.place(span.start), source.place(span.end));
    json!({
        "file": format!("{}{}", all.directory, source.path),
        "line": from.line,
        "column": from.column,
        "end_line": to.line,
        "end_column": to.column,
        "start_byte": span.start,
        "end_byte": span.end,
    })
}
