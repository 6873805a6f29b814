//! What may not happen by accident when files are reloaded (CONFIG-AND-CLI (d) 5), judged by the settings of the revision
//! that runs. A guarded revision waits for `reload --accept GUARD:REVISION`.

use crate::admin::Guard;
use crate::config::Compiled;
use crate::plan::guards::{Finding, on_reload};
use crate::time::Wall;

/// The guards that stand between what runs and what would. It may compare every decision of both: not for a thread that
/// somebody waits for.
pub fn between(running: &Compiled, next: &Compiled, now: Wall) -> Vec<Guard> {
    let tripped = on_reload(running, next, now, &[]).into_iter().filter(|finding| finding.holds_up());
    let guard = |finding: Finding| Guard { id: finding.id, code: finding.kind.code().id(), message: finding.says };
    tripped.map(guard).collect()
}

/// The guards that nobody has accepted for this revision. An acceptance is `GUARD:REVISION`.
pub fn unaccepted(guards: &[Guard], accepted: &[String], revision: &str) -> Vec<Guard> {
    let accepts = |guard: &Guard| {
        accepted.iter().any(|word| word.rsplit_once(':').is_some_and(|(id, of)| id == guard.id && of == revision))
    };
    guards.iter().filter(|guard| !accepts(guard)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FileSet, compile};

    const BEFORE: &str = r#"
version: 1
access: { trusted: { pbx: ["192.0.2.10"] } }
gateways: { a: "192.0.2.1:5060", b: "192.0.2.2:5060", c: "192.0.2.3:5060" }
groups: { office: { match: [{ source: "192.0.2.10/32" }] } }
routes:
  uk: { prefix: "0044", group: office, to: [a, b, c] }
  fr: { prefix: "0033", group: office, to: [a, b, c] }
  rest: { default: true, group: [office, default], reject: 404 }
"#;

    fn compiled(text: &str) -> Compiled {
        let (compiled, said) = compile(&FileSet::of(&[("routes.yaml", text)]));
        compiled.unwrap_or_else(|| panic!("{}", said.human(false)))
    }

    fn ids(after: &str) -> Vec<String> {
        between(&compiled(BEFORE), &compiled(after), Wall(0)).into_iter().map(|guard| guard.id).collect()
    }

    #[test]
    fn halved_and_emptied_are_guarded_unless_the_files_say_otherwise() {
        assert!(ids(BEFORE).is_empty());
        let routes: String = BEFORE.lines().filter(|l| !l.contains("prefix")).map(|l| format!("{l}\n")).collect();
        assert_eq!(ids(&routes), ["halved:routes"]);
        assert_eq!(ids(&BEFORE.replace("[office, default]", "office")), ["emptied:default"]);
        let off = BEFORE.replace("version: 1", "version: 1\nguards: { on_reload: { halved: false } }");
        assert!(between(&compiled(&off), &compiled(&routes), Wall(0)).is_empty());
    }

    #[test]
    fn an_acceptance_is_for_one_guard_and_one_revision() {
        let guard = |id: &str| Guard { id: id.into(), code: String::new(), message: String::new() };
        let guards = [guard("halved:routes"), guard("emptied:x")];
        let left = |accepted: &[&str]| {
            let accepted: Vec<String> = accepted.iter().map(|word| (*word).to_owned()).collect();
            unaccepted(&guards, &accepted, "b71e04d").into_iter().map(|guard| guard.id).collect::<Vec<_>>()
        };
        assert_eq!(left(&["halved:routes:b71e04d", "emptied:x:b71e04d"]), [""; 0]);
        assert_eq!(left(&["halved:routes:b71e04d", "emptied:x:other"]), ["emptied:x"]);
        assert_eq!(left(&["halved:routes"]), ["halved:routes", "emptied:x"]);
    }
}
