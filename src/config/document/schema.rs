//! The JSON schema of a routes file, for editors: made of the document's types.

use super::Document;
use schemars::SchemaGenerator;

/// The generated JSON schema (draft 2020-12), as `schema/trunkline-v1.json` holds it. Ends with a line end.
pub fn schema() -> String {
    let mut generator = SchemaGenerator::default();
    let mut schema = generator.root_schema_for::<Document>();
    schema.insert("$id".into(), "https://trunkline.dev/schema/trunkline-v1.json".into());
    if let Some(version) = schema.pointer_mut("/properties/version") {
        *version = serde_json::json!({ "const": 1, "description": "The version of the file format: 1." });
    }
    let mut schema = schema.to_value();
    describe_in_html(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// JetBrains' editors show a description as plain text, unless it is there as HTML too: then with its `words` as code, and
/// with the examples.
fn describe_in_html(schema: &mut serde_json::Value) {
    use serde_json::Value::{Array, Object};
    match schema {
        Array(items) => items.iter_mut().for_each(describe_in_html),
        Object(map) => {
            if let Some(text) = map.get("description").and_then(|text| text.as_str()) {
                let examples = map.get("examples").and_then(|examples| examples.as_array());
                let html = html(text, examples.map_or(&[], Vec::as_slice));
                map.insert("x-intellij-html-description".into(), html.into());
            }
            let data = ["default", "const", "enum", "examples"];
            map.iter_mut()
                .filter(|(key, _)| !data.contains(&key.as_str()))
                .for_each(|(_, value)| describe_in_html(value));
        }
        _ => {}
    }
}

fn html(text: &str, examples: &[serde_json::Value]) -> String {
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts = text.split('`').map(plain).enumerate();
    let mut out: String =
        parts.map(|(n, part)| if n % 2 == 1 { format!("<code>{part}</code>") } else { part }).collect();
    let examples: Vec<String> = examples.iter().map(|e| format!("<code>{}</code>", plain(&e.to_string()))).collect();
    if !examples.is_empty() {
        out.push_str("<br>For example ");
        out.push_str(&examples.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_there_as_html_and_data_stays_data() {
        let mut schema = serde_json::json!({
            "description": "More than `a<b`.",
            "examples": [{ "description": "an object's own" }],
            "properties": { "description": { "description": "For people." } },
        });
        describe_in_html(&mut schema);
        let key = "x-intellij-html-description";
        assert_eq!(
            schema[key],
            "More than <code>a&lt;b</code>.<br>For example <code>{\"description\":\"an object's own\"}</code>"
        );
        assert_eq!(schema["properties"]["description"][key], "For people.");
        assert_eq!(schema["examples"][0].get(key), None);
        assert_eq!(schema["properties"].get(key), None);
    }
}
