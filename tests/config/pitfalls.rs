//! What YAML and people do to phone numbers: each row of the table in the documentation of the file format, with the
//! code and the line that it gets.

use super::{codes, compile_text};
use std::path::PathBuf;
use trunkline::config::{FileSet, Severity, compile};

/// A file around one route; `PREFIX` stands on line 6.
fn with_prefix(prefix: &str) -> String {
    format!(
        "version: 1\naccess: {{ trusted: {{ pbx: [\"192.168.10.10\"] }} }}\n\
         gateways: {{ a: \"192.0.2.1\", b: \"198.51.100.1\" }}\nroutes:\n  one:\n    prefix: {prefix}\n    to: [a, b]\n  \
         rest: {{ default: true, failover: {{ max_attempts: 2 }}, to: [a, b] }}\n"
    )
}

/// The first diagnostic's code and line, and what its fix would write there.
fn said(text: &str) -> (String, usize, Option<String>) {
    let (_, diagnostics) = compile_text(text);
    let Some(first) = diagnostics.list().first() else { return ("nothing".to_owned(), 0, None) };
    let source = diagnostics.sources().of(first.span).expect("a file");
    let line = source.place(first.span.start).line;
    let fixed = first.fix.as_ref().map(|fix| {
        let mut text = source.text.clone();
        let mut edits: Vec<_> = fix.edits.iter().collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        edits.iter().for_each(|edit| text.replace_range(edit.span.range(), &edit.text));
        text.lines().nth(line - 1).unwrap_or_default().trim().to_owned()
    });
    (first.code.id(), line, fixed)
}

#[test]
fn digits_that_readers_turn_into_numbers() {
    for digits in ["011", "0049", "08", "+49", "101", "1e5", "0x10", "1_000", "12:30"] {
        let quoted = format!("prefix: \"{digits}\"");
        assert_eq!(said(&with_prefix(digits)), ("TL0104".to_owned(), 6, Some(quoted)), "{digits}");
    }
    // Where somebody says who calls.
    let test = "tests: { call: { call: { to: \"112\", from: 101 }, expect: { route: one } } }\n";
    let text = with_prefix("\"0\"") + test;
    let fixed = Some(test.trim().replace("101", "\"101\""));
    assert_eq!(said(&text), ("TL0104".to_owned(), 9, fixed));
    // A fix that is safe everywhere is offered only where the digits can have meant one thing.
    let safety = |digits: &str| compile_text(&with_prefix(digits)).1.list()[0].fix.clone().expect("a fix").safety;
    assert_eq!(format!("{:?} {:?}", safety("0049"), safety("0x10")), "Safe Review");
}

#[test]
fn values_that_yaml_takes_for_something_else() {
    let rows = [
        ("#31#", ("TL0106", 6)),
        ("*72", ("TL0107", 6)),
        ("\"49\" #mobile", ("nothing", 0)),
        ("!!str 49", ("TL0112", 6)),
        ("!x 49", ("TL0112", 6)),
        ("\"49\u{a0}\"", ("TL0113", 6)),
        ("\u{201c}49\u{201d}", ("TL0113", 6)),
    ];
    for (prefix, (code, line)) in rows {
        let (found, at, _) = said(&with_prefix(prefix));
        assert_eq!((found.as_str(), at), (code, line), "{prefix}");
    }
    assert!(compile_text(&with_prefix("#31#")).1.first_line().contains("empty value, with text after `#`"));
    assert!(compile_text(&with_prefix("*72")).1.human(false).contains("star codes need quotes"));
}

#[test]
fn words_that_are_booleans_to_some() {
    let right = with_prefix("\"0\"");
    for (from, to, line) in [
        ("  one:", "  no:", 5),
        ("  one:", "  on:", 5),
        ("    to: [a, b]", "    exact: yes\n    to: [a, b]", 7),
        ("    to: [a, b]", "    exact: On\n    to: [a, b]", 7),
    ] {
        let (code, at, fix) = said(&right.replacen(from, to, 1));
        assert_eq!((code.as_str(), at, fix.is_some()), ("TL0105", line, true), "{to}");
    }
    for word in ["true", "false"] {
        let text = right.replacen("    to: [a, b]", &format!("    exact: {word}\n    to: [a, b]"), 1);
        assert_eq!(compile_text(&text).1.errors(), 0, "{word}");
    }
}

#[test]
fn keys_that_stand_there_twice() {
    let text = with_prefix("\"0\"\n    prefix: \"1\"");
    let (_, diagnostics) = compile_text(&text);
    let twice = &diagnostics.list()[0];
    let line = |span| diagnostics.sources().line(span);
    assert_eq!(twice.code.id(), "TL0103");
    assert_eq!((line(twice.span), line(twice.related[0].0)), ("routes.yaml:7".to_owned(), "routes.yaml:6".to_owned()));
}

#[test]
fn tabs_in_an_indentation() {
    let text = with_prefix("\"0\"").replacen("    to:", "\tto:", 1);
    let (code, line, fix) = said(&text);
    assert_eq!((code.as_str(), line, fix.as_deref()), ("TL0102", 7, Some("to: [a, b]")));
    assert!(compile_text(&text).1.first_line().contains("a tab in the indentation"));
}

#[test]
fn marks_line_ends_and_encodings() {
    let right = with_prefix("\"0\"");
    for (text, code, line) in [
        (format!("\u{feff}{right}"), "TL0109", 1),
        (right.replace('\n', "\r\n"), "TL0110", 1),
        (right.replacen("  one:\n", "  one:\r\n", 1), "TL0110", 5),
    ] {
        let (compiled, diagnostics) = compile_text(&text);
        assert!(compiled.is_some() && diagnostics.list().iter().all(|d| d.severity == Severity::Note));
        let (found, at, _) = said(&text);
        assert_eq!((found.as_str(), at), (code, line));
    }
    let utf16: Vec<u8> = right.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin = right.replacen("# ", "", 1).replace("one", "\u{fc}").chars().map(|c| c as u8).collect::<Vec<u8>>();
    let nul = right.replacen("  one:", "  one:\0", 1).into_bytes();
    for (bytes, line) in [(utf16, 1), (latin, 5), (nul, 5)] {
        let mut set = FileSet::of(&[("routes.yaml", "")]);
        set.files = vec![(PathBuf::from("routes.yaml"), bytes)];
        let (_, diagnostics) = compile(&set);
        assert_eq!(codes(&diagnostics), ["TL0101"]);
        assert_eq!(diagnostics.sources().line(diagnostics.list()[0].span), format!("routes.yaml:{line}"));
    }
}

#[test]
fn more_than_one_document_anchors_and_variables() {
    let right = with_prefix("\"0\"");
    let document = said(&format!("{right}---\nversion: 1\n"));
    assert_eq!((document.0.as_str(), document.1), ("TL0108", 9));
    // Anchors, aliases and `<<` are at home inside one file.
    let anchors =
        right.replacen("    to: [a, b]", "    to: &both [a, b]", 1).replacen("to: [a, b] }", "to: *both }", 1);
    assert_eq!(codes(&compile_text(&anchors).1), Vec::<String>::new());
    let merged = right.replacen("  one:\n", "  one: &one\n", 1) + "  two: { <<: *one, prefix: \"1\" }\n";
    assert_eq!(codes(&compile_text(&merged).1), Vec::<String>::new());
    let many = format!("x-a: &a [{}]\nx-b: [{}]\n{right}", "x, ".repeat(1_000), "*a, ".repeat(200));
    let (code, line, _) = said(&many);
    assert_eq!((code.as_str(), line), ("TL0111", 2));
    let secret = right.replacen(
        "gateways: { a: \"192.0.2.1\", b",
        "gateways:\n  a:\n    address: \"192.0.2.1\"\n    auth:\n      user: x\n      password: ${HOME}\n  b: \"198.51.100.1\"\nx-rest: { b",
        1,
    );
    let (code, line, _) = said(&secret);
    assert_eq!((code.as_str(), line), ("TL0205", 8));
    assert!(compile_text(&secret).1.human(false).contains("the only form is `${ENV:NAME}`"));
}

#[test]
fn text_that_needs_no_quotes_and_bare_codes() {
    let text = with_prefix("\"0\"").replacen(
        "  rest: { default: true, failover: { max_attempts: 2 }, to: [a, b] }",
        "  rest: { default: true, reject: { code: 404, reason: No route } }\ntimezone: Europe/Berlin",
        1,
    );
    assert_eq!(codes(&compile_text(&text).1), Vec::<String>::new());
    let named = with_prefix("\"0\"")
        + "tests:\n  \"no: 1, on Tuesday?\":\n    call: { to: \"0\" , from: \"1\" }\n    expect: { access: drop }\n";
    assert_eq!(compile_text(&named).1.errors(), 0, "test names are free text: {}", compile_text(&named).1.human(false));
}
