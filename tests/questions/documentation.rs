//! What `docs/testing-routes.md` shows is what happens, and `docs/diagnostics.md` is what `explain` knows.

use super::{home, trunkline_in};

fn page() -> String {
    std::fs::read_to_string(home().join("docs/testing-routes.md")).expect("the page")
}

/// The text between the first fence of a language that has `word` in it, and its end.
fn block(language: &str, word: &str) -> String {
    let page = page();
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(word)).expect("the block is there").to_owned()
}

/// The office with other tests.
fn office(tests: &str) -> tempfile::TempDir {
    let text = std::fs::read_to_string(home().join("examples/office/routes.yaml")).expect("the office");
    let (routes, _) = text.split_once("\ntests:\n").expect("its tests");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("routes.yaml"), format!("{routes}\n{tests}")).expect("it is written");
    directory
}

#[test]
fn the_tests_pass() {
    let (code, out, err) = trunkline_in(office(&block("yaml", "tests:")).path(), &["test"], "");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with("4 passed, 0 failed\n"), "{out}");
}

#[test]
fn explain_prints_the_example() {
    let example = block("console", "explain 016012345");
    let (command, shown) = example.split_once('\n').expect("a command and its output");
    let words: Vec<&str> = command.trim_start_matches("$ trunkline ").split(' ').collect();
    let (code, out, _) = trunkline_in(&home().join("examples/office"), &words, "");
    assert_eq!((code, out.as_str()), (0, shown));
}

#[test]
fn the_batch_answers() {
    let example = block("console", "--batch -");
    let line = example.split('\'').nth(1).expect("a line of JSON");
    let (code, out, _) = trunkline_in(&home().join("examples/office"), &["explain", "--batch", "-"], line);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains(r#""skipped":[{"gateway":"carrier-a","why":"down"}]"#), "{out}");
}

#[test]
fn the_page_of_diagnostics_is_what_explain_prints() {
    let (code, out, err) = trunkline_in(&home(), &["explain", "--all"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    let page = std::fs::read_to_string(home().join("docs/diagnostics.md")).unwrap_or_default();
    assert!(page == out, "stale: run `cargo run -- explain --all > docs/diagnostics.md`");
    // Each page is the one that its code prints.
    let (_, one, _) = trunkline_in(&home(), &["explain", "shadowed-route"], "");
    let (_, one) = one.split_once("\n\n").expect("a page");
    assert!(page.contains(&format!("\n## TL0402 shadowed-route\n\n{one}")), "{one}");
    assert!(page.contains("| [TL0402](#tl0402-shadowed-route) | `shadowed-route` | warning, lint |"), "{page}");
}

#[test]
fn the_page_of_keys_is_what_the_schema_says() {
    let (code, out, err) = trunkline_in(&home(), &["schema", "--keys"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    let page = std::fs::read_to_string(home().join("docs/keys.md")).unwrap_or_default();
    assert!(page == out, "stale: run `cargo run -- schema --keys > docs/keys.md`");
    // Every record of the schema has its section, and every link its heading.
    assert!(out.contains("\n## `gateways.ID.probing`\n") || out.contains("\n## `probing`\n"), "{out}");
    let anchor = |heading: &str| heading.to_lowercase().replace(['`', '.'], "").replace(' ', "-");
    let headings: Vec<String> = out.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    for link in out.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.iter().any(|heading| heading == link), "nothing stands under #{link}: {headings:?}");
    }
}
