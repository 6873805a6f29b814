//! The pages of diagnostics: what each means, why it hurts, what to write instead. `docs/diagnostics.md` is all of them.

use crate::cli::{Format, Global};
use crate::config::Code;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

/// `trunkline/code/1`: the page of one code.
#[derive(Serialize, JsonSchema)]
pub struct CodeDocument {
    schema: &'static str,
    /// `TL0104`.
    code: String,
    /// The speaking name, accepted wherever the code is.
    name: &'static str,
    /// `error`, `guard`, `warning` or `note`; a case that is worse may have another one.
    severity: &'static str,
    /// Whether `lints` in the root file may change its severity.
    lint: bool,
    /// Markdown.
    page: &'static str,
}

/// What is printed of one code.
pub(super) fn one(code: Code, global: &Global) -> String {
    if global.format == Format::Human {
        return format!("{code} ({})\n\n{}", code.severity().word(), code.page());
    }
    let document = CodeDocument {
        schema: "trunkline/code/1",
        code: code.id(),
        name: code.name(),
        severity: code.severity().word(),
        lint: code.is_lint(),
        page: code.page(),
    };
    format!("{}\n", serde_json::to_string_pretty(&document).unwrap_or_default())
}

/// All pages as one Markdown document, with a table in front.
pub(super) fn all() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n| code | name | severity | |\n|---|---|---|---|\n");
    for code in Code::ALL {
        let (id, name, severity) = (code.id(), code.name(), code.severity().word());
        let lint = if code.is_lint() { ", lint" } else { "" };
        let summary = code.page().split("\n\n").next().unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        // Into a string: this can't fail.
        let _ =
            writeln!(out, "| [{id}](#{anchor}) | `{name}` | {severity}{lint} | {summary} |", anchor = anchor(*code));
    }
    for code in Code::ALL {
        let _ = write!(out, "\n## {code}\n\n{}", code.page());
    }
    out
}

const HEAD: &str = "\
# Diagnostics

What `trunkline explain CODE` prints, for all codes: `trunkline explain --all`. A code or its name may be given wherever one
is asked for, and neither is ever used for something else. The severity of a *lint* may be changed, for all files by
`lints: { single-gateway: off }` in the root file (or `warn`, or `error`), and for one line by a comment above it:

```yaml
# trunkline: allow single-gateway -- the lift's phone has one line
```
";

/// How GitHub and others name a heading: `tl0104-bare-digits`.
fn anchor(code: Code) -> String {
    code.to_string().to_lowercase().replace(' ', "-")
}
