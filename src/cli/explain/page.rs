//! The page of a diagnostic: what it means, why it hurts, what to write instead.

use crate::cli::{Format, Global};
use crate::config::Code;
use serde_json::json;

pub(super) fn print(code: Code, global: &Global) {
    match global.format {
        Format::Human => anstream::print!("{code} ({})\n\n{}", code.severity().word(), code.page()),
        _ => {
            let document = json!({
                "schema": "trunkline/code/1",
                "code": code.id(),
                "name": code.name(),
                "severity": code.severity().word(),
                "page": code.page(),
            });
            anstream::println!("{document:#}");
        }
    }
}
