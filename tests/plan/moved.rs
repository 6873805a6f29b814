//! Callers whom a change puts into another group: each of them is among the moves that `plan` shows, and nobody else.

use crate::draws::Dice;
use crate::office::trunkline;
use std::collections::BTreeSet;
use std::net::IpAddr;
use trunkline::config::{Compiled, FileSet, compile};
use trunkline::plan::{Comparison, Window};
use trunkline::route::{Facts, GroupIx};
use trunkline::time::Wall;

const NETS: &[&str] = &["10.0.0.0/8", "10.0.0.0/16", "10.0.0.1/32", "10.0.0.2/32", "10.1.0.0/16", "2001:db8::/32"];
const USERS: &[&str] = &["1", "15", "150", "2", "1*", "15*", "2*", "*"];
const DOMAINS: &[&str] = &["a.example", "B.example"];
/// Who may call, and who is asked for: some in no network of a matcher.
const SOURCES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.9",
    "10.1.0.1",
    "10.9.9.9",
    "2001:db8::1",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.9",
];

fn matcher(dice: &mut Dice) -> String {
    let mut keys = Vec::new();
    match dice.below(4) {
        0 => keys.push(format!("gateway: {}", dice.of(&["a", "b"]))),
        1 => {}
        _ => keys.push(format!("source: \"{}\"", dice.of(NETS))),
    }
    if dice.one_in(2) || keys.is_empty() {
        keys.push(format!("user: \"{}\"", dice.of(USERS)));
    }
    if dice.one_in(4) {
        keys.push(format!("domain: {}", dice.of(DOMAINS)));
    }
    if dice.one_in(4) {
        keys.push(format!("listener: {}", dice.of(&["lan", "wan"])));
    }
    format!("{{ {} }}", keys.join(", "))
}

/// Three groups with these matchers, each with a route of its own.
fn files(matchers: &[Vec<String>], address: &str, default: bool) -> String {
    let mut text = format!(
        "version: 1\n\
         listen: {{ lan: {{ bind: \"127.0.0.1:5060\" }}, wan: {{ bind: \"127.0.0.1:5070\" }} }}\n\
         access: {{ gateways: true, trusted: {{ tests: [\"10.0.0.0/8\", \"2001:db8::/32\", \"192.0.2.1\"] }} }}\n\
         gateways: {{ a: {{ address: \"{address}\", listen: lan }}, b: {{ address: \"203.0.113.9\", listen: lan }} }}\n\
         groups:\n"
    );
    let mut routes = String::from("routes:\n");
    for (n, matchers) in matchers.iter().enumerate().filter(|(_, matchers)| !matchers.is_empty()) {
        text += &format!("  g{n}: {{ match: [{}], calls_out: false }}\n", matchers.join(", "));
        routes += &format!("  r{n}: {{ default: true, group: g{n}, reject: {} }}\n", 480 + n);
    }
    // Who is a gateway needs a group (TL0512).
    text += "  rest: { match: [{ gateway: a }, { gateway: b }], calls_out: false }\n";
    routes += "  rest: { default: true, group: rest, reject: 404 }\n";
    if default {
        routes += "  nobody: { default: true, reject: 486 }\n";
    }
    text + &routes
}

fn compiled(text: &str) -> Option<Compiled> {
    compile(&FileSet::of(&[("routes.yaml", text)])).0
}

/// The id of the group that takes a caller's calls, if any; `None` for somebody who may not call.
fn group(side: &Compiled, source: IpAddr, user: &str, domain: &str, listener: usize) -> Option<Option<String>> {
    let admission = side.snapshot.admission(Some(listener), source);
    let facts = Facts {
        user: user.as_bytes(),
        domain: domain.as_bytes(),
        source,
        gateway: admission.gateway,
        trusted: admission.trusted,
        listener: Some(listener),
        group: None,
        ..Facts::of_group(b"", GroupIx(0))
    };
    let table = &side.snapshot.table;
    admission.admitted.then(|| table.choose_group(&facts).map(|group| table.group(group).id.to_string()))
}

#[test]
fn whoever_changes_groups_is_shown_and_nobody_else() {
    let (mut compared, mut moved) = (0, 0);
    for seed in 0..600 {
        let mut dice = Dice::new(&[seed, 77]);
        let draw = |dice: &mut Dice| -> Vec<Vec<String>> {
            (0..3).map(|_| (0..dice.below(3)).map(|_| matcher(dice)).collect()).collect()
        };
        let before = draw(&mut dice);
        let mut after = before.clone();
        let at = dice.below(3);
        after[at] = match dice.below(3) {
            0 => Vec::new(),
            _ => (0..=dice.below(2)).map(|_| matcher(&mut dice)).collect(),
        };
        let (default, elsewhere) = (dice.one_in(2), dice.one_in(5));
        let address = if elsewhere { "198.51.100.8" } else { "198.51.100.7" };
        let texts = [files(&before, "198.51.100.7", default), files(&after, address, default)];
        // Two groups may match a call equally well (TL0306).
        let [Some(old), Some(new)] = texts.each_ref().map(|text| compiled(text)) else { continue };
        compared += 1;
        let mut comparison = Comparison::of(&old.snapshot, &new.snapshot, Window::days(Wall(0), 10), &[]);
        let renamed = |id: Option<String>| {
            let is =
                |rename: &&trunkline::plan::Rename| rename.what == "groups" && Some(&*rename.from) == id.as_deref();
            comparison.renames().iter().find(is).map(|rename| rename.to.to_string()).or_else(|| id.clone())
        };
        let mut expected = BTreeSet::new();
        for source in SOURCES.iter().chain(&["198.51.100.8"]).map(|text| text.parse().expect("an address")) {
            for user in ["", "1", "15", "150", "1501", "159", "19", "2", "29", "3"] {
                for domain in ["a.example", "b.EXAMPLE", "c.example"] {
                    for listener in 0..2 {
                        let sides = [&old, &new].map(|side| group(side, source, user, domain, listener));
                        if let [Some(was), Some(is)] = sides
                            && renamed(was.clone()) != is
                        {
                            expected.insert((renamed(was), is));
                        }
                    }
                }
            }
        }
        let moves = comparison.moved(&old.snapshot, &new.snapshot, &[]);
        assert!(!moves.more);
        let id = |id: &Option<std::sync::Arc<str>>| id.as_deref().map(str::to_owned);
        let found: BTreeSet<_> = moves.moves.iter().map(|m| (id(&m.from), id(&m.to))).collect();
        assert_eq!(found, expected, "seed {seed}: {:#?}\n{}\n{}", moves.moves, texts[0], texts[1]);
        assert!(moves.moves.iter().all(|m| !m.callers.is_empty() && m.declared > 0));
        moved += usize::from(!found.is_empty());
    }
    assert!(compared > 200 && moved > 80, "{compared} compared, {moved} with moves");
}

const OFFICE: &str = r#"version: 1
access: { trusted: { pbx: ["192.0.2.10"] } }
gateways: { a: "198.51.100.7", b: "203.0.113.9" }
groups:
  office: { match: [{ source: "192.0.2.10" }] }
  lobby: { match: [{ source: "192.0.2.10", user: "150" }] }
routes:
  emergency: { prefix: "112", exact: true, group: [office, lobby], to: [a, b] }
  abroad: { prefix: "00", group: office, to: [a, b], number: { strip: 2, add: "+" } }
  satellite: { prefix: "00881", group: lobby, reject: 403 }
  inside: { prefix: "1", group: lobby, to: [b, a] }
  rest: { default: true, group: [office, lobby], reject: 404 }
guards: { emergency: ["112"], premium: ["+881"] }
"#;

fn plan(from: &str, to: &str, more: &[&str]) -> (Option<i32>, String) {
    let place = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(place.path().join("old")).expect("a directory");
    std::fs::write(place.path().join("old/routes.yaml"), OFFICE).expect("the old side");
    assert!(OFFICE.contains(from), "{from}");
    std::fs::write(place.path().join("routes.yaml"), OFFICE.replacen(from, to, 1)).expect("the new side");
    let said = trunkline(place.path(), &[&["plan", "--from", "./old"], more].concat());
    (said.status.code(), String::from_utf8(said.stdout).expect("text"))
}

#[test]
fn people_see_who_goes_where_and_a_tripwire_holds_what_it_opens() {
    // The lobby's phone becomes one of the office's: it may call satellites then.
    let (code, said) = plan("user: \"150\"", "user: \"151\"", &[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("  ~ callers · group lobby  ->  group office\n      192.0.2.10, user 150\n"), "{said}");
    assert!(said.contains("  ~ callers · group office  ->  group lobby\n      192.0.2.10, user 151\n"), "{said}");
    assert!(said.contains("declared ranges are treated differently for them"), "{said}");
    assert!(said.contains("opened:premium:office: 00881"), "{said}");
    assert!(!said.contains("No call is routed differently") && !said.contains("changed:emergency"), "{said}");
    assert_eq!(plan("user: \"150\"", "user: \"151\"", &["--accept", "opened:premium:office"]).0, Some(0));
    // Most of the office falls out of every group: nobody there reaches 112.
    let (code, said) = plan("{ source: \"192.0.2.10\" }", "{ source: \"192.0.2.10\", user: \"1*\" }", &[]);
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("group office  ->  no group, refused with 403\n      192.0.2.10, any other user\n"),
        "{said}"
    );
    assert!(said.contains("changed:emergency:112: calls to 112 are treated differently for callers who"), "{said}");
    let (_, said) = plan("user: \"150\"", "user: \"151\"", &["--markdown"]);
    assert!(said.contains("| `~` | 192.0.2.10, user 150 | group lobby  -&gt;  group office |"), "{said}");
    // Said in another way, and nobody moves.
    let (code, said) = plan("source: \"192.0.2.10\" }", "source: \"192.0.2.10/32\" }", &["--expect-no-changes"]);
    assert!(said.contains("No call is routed differently"), "{code:?} {said}");
}
