//! Encodings, limits, and that nothing anybody can write makes the compiler panic or stall.

use super::{codes, compile_text, home, with};
use proptest::prelude::*;
use std::path::PathBuf;
use trunkline::config::{Diagnostics, FileSet, compile};

fn bytes(bytes: &[u8]) -> Diagnostics {
    let mut set = FileSet::of(&[("routes.yaml", "")]);
    set.files = vec![(PathBuf::from("routes.yaml"), bytes.to_vec())];
    compile(&set).1
}

#[test]
fn encodings() {
    let utf16: Vec<u8> = "\u{feff}version: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table: &[(&str, &[u8], &str)] = &[
        ("UTF-16", &utf16, "error[TL0101 not-utf8] routes.yaml:1:1: the file is UTF-16"),
        (
            "Latin-1",
            b"version: 1\ndescription: B\xfcro\n",
            "error[TL0101 not-utf8] routes.yaml:2:15: the file is not UTF-8",
        ),
        ("NUL", b"version: 1\n\0\n", "error[TL0101 not-utf8] routes.yaml:2:1: a NUL byte in the file"),
    ];
    for (what, text, line) in table {
        assert_eq!(&bytes(text).first_line(), line, "{what}");
    }
}

#[test]
fn marks_and_line_ends_are_noted_and_harmless() {
    let right = with("routes: { all-else: { default: true, to: [a, b] } }\n");
    let table = [
        (format!("\u{feff}{right}"), vec!["TL0109"]),
        (right.replace('\n', "\r\n"), vec!["TL0110"]),
        (right.replacen('\n', "\r\n", 1), vec!["TL0110"]),
        (right.clone(), vec![]),
    ];
    for (text, expected) in table {
        let (compiled, diagnostics) = compile_text(&text);
        assert!(compiled.is_some(), "{}", diagnostics.human(false));
        assert_eq!(codes(&diagnostics), expected);
    }
    // Places count characters, whatever ends the lines and begins the file.
    let (_, diagnostics) = compile_text("\u{feff}version: 1\r\ndescription: \"ü\"\r\nrouts: {}\r\n");
    assert!(
        diagnostics.first_line().starts_with("error[TL0201 unknown-key] routes.yaml:3:1:"),
        "{}",
        diagnostics.first_line()
    );
}

/// On a thread as small as the one on which a running router compiles.
fn compiled_on_a_small_stack(text: String) -> Diagnostics {
    let compile = move || compile_text(&text).1;
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(compile);
    thread.expect("a thread").join().expect("an answer")
}

#[test]
fn a_long_chain_of_lists_is_walked_to_its_end() {
    let link = |n: usize, last: usize| if n < last { format!("l{}", n + 1) } else { "a, b".to_owned() };
    let lists: String = (0..=12_000).map(|n| format!("  l{n}: {{ members: [{}] }}\n", link(n, 12_000))).collect();
    let said =
        compiled_on_a_small_stack(with(&format!("lists:\n{lists}routes: {{ rest: {{ default: true, to: l0 }} }}\n")));
    assert_eq!((said.errors(), said.warnings()), (0, 12_000), "each list but the last has one member");
}

#[test]
fn a_chain_of_exceptions_has_an_end() {
    let said = |last: usize| {
        let times: String = (0..last).map(|n| format!("  s{n}: {{ except: [s{}] }}\n", n + 1)).collect();
        let routes = "routes: { some: { prefix: \"1\", to: [a, b], when: s0 }, rest: { default: true, to: [a, b] } }\n";
        let text = with(&format!("schedules:\n{times}  s{last}: {{ days: [mon] }}\n{routes}"));
        compiled_on_a_small_stack(text)
    };
    assert_eq!(said(63).errors(), 0);
    for last in [64, 65, 9_999] {
        let line = said(last).first_line();
        assert!(line.starts_with("error[TL0111 limits]") && line.contains("below schedule"), "{last}: {line}");
        assert!(!line.contains("more error"), "{line}");
    }
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("version: 1\nx-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!("x-{level}: &a{level} [{}]\n", vec![before; 10].join(", ")));
    }
    assert_eq!(codes(&compile_text(&text).1), ["TL0111"]);
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("version: 1\nx-deep: {}{}\n", "[".repeat(70), "]".repeat(70));
    assert_eq!(codes(&compile_text(&deep).1), ["TL0111"]);
    let deeper = format!("version: 1\nx-deep: {}\n", "[".repeat(20_000));
    assert_eq!(compile_text(&deeper).1.errors(), 1);
    let block: String = (0..300).map(|n| format!("{}- \n", "  ".repeat(n))).collect();
    assert!(compile_text(&block).1.errors() > 0);
    let long = with(&format!("description: {}\n", "x".repeat(65 * 1024)));
    assert_eq!(codes(&compile_text(&long).1), ["TL0111"]);
    let big = vec![b'#'; (64 << 20) + 1];
    assert_eq!(codes(&bytes(&big)), ["TL0111"]);
}

#[test]
fn a_recursive_anchor_is_refused() {
    let (_, diagnostics) = compile_text("version: 1\nx-a: &a { b: *a }\n");
    assert_eq!(diagnostics.errors(), 1, "{}", diagnostics.human(false));
}

#[test]
fn many_routes_are_fine() {
    let mut text = with("routes:\n  all-else: { default: true, to: [a, b] }\n");
    for n in 0..20_000 {
        text.push_str(&format!("  r{n}: {{ prefix: \"{n:05}\", to: [b, a] }}\n"));
    }
    let (compiled, diagnostics) = compile_text(&text);
    assert!(diagnostics.list().is_empty(), "{}", diagnostics.first_line());
    assert_eq!(compiled.expect("a snapshot").counts.routes, 20_001);
}

#[test]
fn fifty_of_a_kind_are_shown_and_the_rest_is_counted() {
    let mut text = with("routes:\n");
    for n in 0..60 {
        text.push_str(&format!("  r{n}: {{ prefix: 00{n}, to: [a, b] }}\n"));
    }
    let (_, diagnostics) = compile_text(&text);
    assert_eq!(diagnostics.errors(), 60);
    assert_eq!(diagnostics.list().len(), 50);
    assert!(diagnostics.human(false).ends_with("error[TL0104 bare-digits]: 10 more places like these\n\n"));
}

#[test]
fn a_long_chain_of_lists_ends() {
    let chain: String = (0..3_000).map(|n| format!("  l{n}: {{ members: [l{}, a] }}\n", n + 1)).collect();
    let text = with(&format!(
        "lists:\n{chain}  l3000: {{ members: [l0, b] }}\nroutes: {{ all-else: {{ default: true, to: l0 }} }}\n"
    ));
    assert_eq!(codes(&compile_text(&text).1), ["TL0303"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Any bytes at all: an answer, never a panic; and without an error there is a snapshot.
    #[test]
    fn any_bytes_have_an_answer(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let diagnostics = bytes(&noise);
        diagnostics.human(true);
    }

    /// The example with a piece replaced by something that matters to YAML.
    #[test]
    fn a_damaged_example_has_an_answer(at in 0usize..3_000, cut in 0usize..40, piece in "[-#*&!|>%@`'\"{}\\[\\]:, \n\t0-9a-zü~<]{0,12}") {
        let text = std::fs::read_to_string(home().join("routes.yaml")).expect("routes.yaml");
        let boundary = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) { at -= 1; }
            at
        };
        let (from, to) = (boundary(at), boundary(at + cut));
        let damaged = format!("{}{piece}{}", &text[..from], &text[to..]);
        let (compiled, diagnostics) = compile_text(&damaged);
        prop_assert_eq!(compiled.is_some(), diagnostics.errors() == 0);
        for diagnostic in diagnostics.list() {
            let source = diagnostics.sources().of(diagnostic.span).expect("every place is in a file");
            prop_assert!(diagnostic.span.range().end <= source.text.len());
        }
        diagnostics.human(false);
    }
}
