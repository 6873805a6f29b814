//! Damaged files: whatever is done to one, there is an answer, quickly, with places inside the file.
//!
//! `TRUNKLINE_MUTATIONS=100000 cargo test --test config mutated` is the long form, and a step of `tests/run`.

use super::{fixtures, home};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use trunkline::config::{FileSet, Span, compile};

/// How many are tried when nothing is said.
const FEW: u64 = 3_000;
/// No file of this size may take longer, on the slowest machine.
const LONGEST: Duration = Duration::from_secs(5);
/// One that is at work for so long will never end.
const HANGING: Duration = Duration::from_secs(60);

/// What matters to YAML, to us, or to nobody.
const PIECES: &[&str] = &[
    "-",
    "#",
    "*",
    "&",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "\n",
    "\t",
    "\r\n",
    "  ",
    "<<: *a",
    "&a",
    "*a",
    "---",
    "? ",
    "- ",
    ": ",
    "\u{feff}",
    "\u{a0}",
    "\u{201c}",
    "ü",
    "0",
    "00",
    "+49",
    "1e5",
    "0x10",
    "12:30",
    "yes",
    "no",
    "~",
    "null",
    "true",
    "x-a: 1",
    "${HOME}",
    "${ENV:A}",
    "{ not: open }",
    "all",
    "default",
    "99999999999",
    "-1",
    "100%",
    "5xx",
    "24:00",
    "# trunkline: allow unused -- x",
    "# trunkline: allow",
    "secret_file",
    "version: 1",
    "a: b",
];

/// xorshift64*: the same files for the same seed, on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    fn below(&mut self, n: usize) -> usize {
        (self.roll() >> 33) as usize % n.max(1)
    }
}

/// The files that are damaged: everything that stands in the fixtures and examples, by name.
fn corpus() -> Vec<String> {
    let examples = ["examples/office/routes.yaml", "routes.yaml"].map(|path| home().join(path));
    let roots = fixtures::all("good").into_iter().chain(fixtures::all("bad")).map(|(_, root)| root);
    let texts = roots.chain(examples).filter_map(|root| std::fs::read_to_string(root).ok());
    let mut texts: Vec<String> = texts.filter(|text| text.len() < 16_000).collect();
    texts.sort();
    texts
}

fn mutate(texts: &[String], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = texts[dice.below(texts.len())].clone().into_bytes();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(24)).min(bytes.len());
        match dice.below(8) {
            0 => drop(bytes.splice(at..end, [])),
            1 => drop(bytes.splice(at..at, PIECES[dice.below(PIECES.len())].bytes())),
            2 => drop(bytes.splice(at..end, PIECES[dice.below(PIECES.len())].bytes())),
            3 => {
                let other = texts[dice.below(texts.len())].as_bytes();
                let from = dice.below(other.len());
                let until = (from + dice.below(200)).min(other.len());
                bytes.splice(at..at, other[from..until].iter().copied());
            }
            4 => lines(&mut bytes, dice),
            5 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
            6 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            _ => {
                let piece: Vec<u8> = bytes[at..end].repeat(1 + dice.below(5));
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// A line is doubled, moved, or indented otherwise.
fn lines(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let from = dice.below(lines.len());
    let mut line = if dice.below(2) == 0 { lines[from].clone() } else { lines.remove(from) };
    if dice.below(2) == 0 {
        line.splice(0..0, vec![b' '; dice.below(5)]);
    }
    lines.insert(dice.below(lines.len() + 1), line);
    *bytes = lines.concat();
}

/// Compiles it; the panic message names the file by its text.
fn has_an_answer(bytes: &[u8]) {
    let mut set = FileSet::of(&[("routes.yaml", "")]);
    set.files = vec![("routes.yaml".into(), bytes.to_vec())];
    let began = Instant::now();
    let (compiled, diagnostics) = compile(&set);
    let shown = diagnostics.human(false);
    let took = began.elapsed();
    assert!(took < LONGEST, "{took:?} for\n{}", String::from_utf8_lossy(bytes));
    assert_eq!(compiled.is_some(), diagnostics.errors() == 0, "{shown}");
    let source = &diagnostics.sources().0[0];
    let inside = |span: Span| span.file == 0 && source.text.get(span.range()).is_some();
    for d in diagnostics.kept() {
        let edits = d.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        let places = d.related.iter().map(|(span, _)| *span).chain(edits).chain([d.span]);
        places.for_each(|span| assert!(inside(span), "{span:?} is outside: {} in\n{shown}", d.message));
        assert!(!d.message.is_empty() && !d.message.contains('\n'), "{:?}", d.message);
    }
}

/// Which file a thread is at, and since when (milliseconds after the beginning).
#[derive(Default)]
struct At {
    file: AtomicU64,
    since: AtomicU64,
}

#[test]
fn mutated_files_have_an_answer_with_places_inside() {
    let count = std::env::var("TRUNKLINE_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(FEW);
    let texts = corpus();
    assert!(texts.len() > 40, "only {} files", texts.len());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let at: Vec<At> = (0..threads).map(|_| At::default()).collect();
    thread::scope(|scope| {
        let judge = |(first, at)| {
            let (texts, at): (_, &At) = (&texts, at);
            scope.spawn(move || {
                for n in (first as u64..count).step_by(threads) {
                    at.since.store(began.elapsed().as_millis() as u64, Ordering::Relaxed);
                    at.file.store(n, Ordering::Relaxed);
                    let bytes = the(n, texts);
                    let answer = std::panic::catch_unwind(|| has_an_answer(&bytes));
                    assert!(answer.is_ok(), "file {n}:\n{}", String::from_utf8_lossy(&bytes));
                }
            })
        };
        let judges: Vec<_> = at.iter().enumerate().map(judge).collect();
        while let Some(busy) = judges.iter().position(|judge| !judge.is_finished()) {
            thread::park_timeout(Duration::from_millis(50));
            let at = &at[busy];
            let since = Duration::from_millis(at.since.load(Ordering::Relaxed));
            if began.elapsed().saturating_sub(since) > HANGING {
                let n = at.file.load(Ordering::Relaxed);
                eprintln!("no answer about file {n}:\n{}", String::from_utf8_lossy(&the(n, &texts)));
                // A thread that hangs can't be ended in another way.
                std::process::abort();
            }
        }
    });
}

/// The mutated file of this number.
fn the(n: u64, texts: &[String]) -> Vec<u8> {
    mutate(texts, &mut Dice((n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}
