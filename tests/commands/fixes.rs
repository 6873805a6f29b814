//! `validate --fix`: what it mends stays mended, and it touches nothing else.

use super::{bad, run, trunkline};
use std::path::Path;

fn place(text: &str) -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a directory");
    std::fs::write(place.path().join("routes.yaml"), text).expect("a file");
    place
}

fn text(place: &Path) -> String {
    std::fs::read_to_string(place.join("routes.yaml")).expect("the file")
}

fn with(routes: &str) -> String {
    format!(
        "version: 1\naccess: {{ trusted: {{ pbx: [\"192.168.10.10\"] }} }}\n\
         gateways: {{ a: \"192.0.2.1\", b: \"198.51.100.1\" }}\nroutes:\n{routes}"
    )
}

#[test]
fn safe_fixes_are_applied_and_the_rest_is_shown() {
    let place =
        place(&with("  abroad: { prefix: [00, +49], to: [a, b] } # 00 and +\n  star: { prefix: *72, too: [a, b] }\n"));
    let (code, out, _) = run(trunkline(place.path()).args(["validate", "--fix"]));
    assert_eq!(code, 1, "`too` is not safe to mend");
    assert!(
        out.starts_with(
            "fixed[TL0104 bare-digits]: routes.yaml:5:22: phone digits must be quoted\n\
             fixed[TL0104 bare-digits]: routes.yaml:5:26: phone digits must be quoted\n\
             fixed[TL0107 unknown-anchor]: routes.yaml:6:19: there is no anchor named `72`\n\n"
        ),
        "{out}"
    );
    assert_eq!(
        text(place.path()),
        with(
            "  abroad: { prefix: [\"00\", \"+49\"], to: [a, b] } # 00 and +\n  star: { prefix: \"*72\", too: [a, b] }\n"
        )
    );
    let (code, out, _) = run(trunkline(place.path()).args(["validate", "--fix=review", "-q"]));
    assert_eq!(code, 0, "{out}");
    assert!(text(place.path()).contains("star: { prefix: \"*72\", to: [a, b] }"));
}

#[test]
fn a_thousand_mistakes_are_mended_in_one_run() {
    let routes: String = (0..1_000).map(|n| format!("  r{n}: {{ prefix: 0{n:04}, to: [a, b] }}\n")).collect();
    let place = place(&with(&routes));
    let (code, out, _) = run(trunkline(place.path()).args(["validate", "--fix"]));
    assert_eq!(code, 0, "{out}");
    assert_eq!(out.matches("fixed[TL0104").count(), 1_000);
    assert_eq!(text(place.path()).matches("prefix: \"0").count(), 1_000);
}

#[test]
fn fixing_twice_changes_nothing_more() {
    for (name, _) in super::fixture_files() {
        for level in ["--fix", "--fix=review"] {
            let place = tempfile::tempdir().expect("a directory");
            let file = place.path().join("routes.yaml");
            std::fs::copy(bad().join(&name), &file).expect("a copy");
            let (_, first, _) = run(trunkline(place.path()).args(["validate", level, "routes.yaml"]));
            let once = std::fs::read(&file).expect("the file");
            let (_, second, _) = run(trunkline(place.path()).args(["validate", level, "routes.yaml"]));
            assert!(
                !second.contains("\nfixed[") && !second.starts_with("fixed["),
                "{name} {level}:\n{first}\n{second}"
            );
            assert!(once == std::fs::read(&file).expect("the file"), "{name} {level}");
            // Whatever was mended is no longer complained about as something that `--fix` would mend.
            assert!(level != "--fix" || !second.contains("[safe fix]"), "{name}:\n{second}");
        }
    }
}

#[test]
fn a_file_keeps_its_permissions_and_a_link_stays_a_link() {
    use std::os::unix::fs::PermissionsExt;
    let place = place(&with("  rest: { default: true, prefix: 0, to: [a, b] }\n  zero: { prefix: 0, to: [a, b] }\n"));
    let (file, link) = (place.path().join("routes.yaml"), place.path().join("linked.yaml"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    std::os::unix::fs::symlink("routes.yaml", &link).expect("a link");
    run(trunkline(place.path()).args(["validate", "--fix", "linked.yaml"]));
    assert!(text(place.path()).contains("prefix: \"0\""));
    assert!(link.is_symlink());
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o640);
    let left: Vec<_> = std::fs::read_dir(place.path()).expect("a directory").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
