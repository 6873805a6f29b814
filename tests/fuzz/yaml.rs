//! What must hold for any text that claims to be a routes file: no panic, every place that is complained about lies in
//! the file, what is refused has a reason, and what is accepted can be served: it decides calls, and always the same.

use std::net::IpAddr;
use std::path::PathBuf;
use trunkline::config::{FileSet, Severity, Span, compile};
use trunkline::health::Engine;
use trunkline::proxy::Snapshot;
use trunkline::route::{Choice, Decision, Facts, Turns, clean};
use trunkline::time::Now;

/// A second file of the set begins after this line.
const NEXT_FILE: &[u8] = b"\n#### more.yaml\n";

pub fn check(bytes: &[u8]) {
    let set = set_of(bytes);
    let (compiled, diagnostics) = compile(&set);
    assert_eq!(compiled.is_some(), diagnostics.errors() == 0, "{}", diagnostics.human(false));
    let sources = &diagnostics.sources().0;
    let inside = |span: Span| {
        let text = sources.get(span.file as usize).map(|source| source.text.as_str());
        assert!(text.is_some_and(|text| text.get(span.range()).is_some()), "{span:?} is not in the file");
    };
    for d in diagnostics.list() {
        inside(d.span);
        d.related.iter().for_each(|(span, _)| inside(*span));
        d.fix.iter().flat_map(|fix| &fix.edits).for_each(|edit| inside(edit.span));
        assert!(!d.message.is_empty() && !d.message.contains('\n'), "{:?}", d.message);
    }
    let _ = (diagnostics.human(true), diagnostics.first_line());
    let refused = diagnostics.list().iter().any(|d| d.severity == Severity::Error);
    assert_eq!(refused, compiled.is_none(), "what is refused has an error that is shown");
    let Some(compiled) = compiled else { return };
    let (again, said_again) = compile(&set);
    assert_eq!(again.map(|again| again.snapshot.revision.clone()), Some(compiled.snapshot.revision.clone()));
    assert_eq!(said_again.human(false), diagnostics.human(false));
    let numbers = bytes.split(|b| !b.is_ascii_digit()).filter(|digits| !digits.is_empty()).take(20);
    numbers.chain([&b"+49301234"[..], b"112", b"*31#"]).for_each(|number| decides(&compiled.snapshot, number));
}

/// Any call is decided one way or another.
fn decides(snapshot: &Snapshot, number: &[u8]) {
    let table = &snapshot.table;
    let board = Engine::new(1).reload(Now::default(), table);
    let mut number_clean = Default::default();
    clean(number, &mut number_clean);
    for (listener, trusted) in [(Some(0), true), (None, false)] {
        let source = IpAddr::from([127, 0, 0, 1]);
        let facts = Facts {
            number: &number_clean,
            user: b"201",
            domain: b"example.com",
            source,
            gateway: None,
            trusted,
            listener,
            account: None,
            group: None,
            choice: Choice::Exact,
        };
        table.decide(&facts, &board, Now::default(), &mut Decision::default(), None);
        let choice = Choice::Drawn { seed: 1, turns: &Turns::new(table) };
        table.decide(&Facts { choice, ..facts }, &board, Now::default(), &mut Decision::default(), None);
    }
}

fn set_of(bytes: &[u8]) -> FileSet {
    let mut set = FileSet::of(&[]);
    set.root = PathBuf::from("routes.yaml");
    let cut = bytes.windows(NEXT_FILE.len()).position(|window| window == NEXT_FILE);
    let (root, more) = cut.map_or((bytes, None), |at| (&bytes[..at], Some(&bytes[at + NEXT_FILE.len()..])));
    set.files = vec![(PathBuf::from("routes.yaml"), root.to_vec())];
    set.files.extend(more.map(|more| (PathBuf::from("more.yaml"), more.to_vec())));
    set
}
