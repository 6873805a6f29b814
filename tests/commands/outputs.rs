//! `validate` in its formats: the exit code is the same in all of them, and each is what its reader expects.

use super::{bad, commit, git, repository, run, trunkline};
use serde_json::Value;

const FORMATS: [&str; 5] = ["human", "json", "sarif", "github", "junit"];

/// Two errors and a warning.
const FLAWED: &str = "version: 1\n\
    access: { trusted: { pbx: [\"192.168.10.10\"] } }\n\
    gateways: { a: \"192.0.2.1\", b: \"198.51.100.1\" }\n\
    groups: { office: { match: [{ user: \"1*\" }] } }\n\
    routes:\n  abroad: { prefix: 00, to: [a, b] }\n  rest: { default: true, to: c }\n";

#[test]
fn the_format_never_decides_the_exit_code() {
    let table: &[(&[&str], i32)] = &[
        (&["lints.yaml"], 0),
        (&["lints.yaml", "--deny", "warnings"], 1),
        (&["six.yaml"], 1),
        (&["no-such-file.yaml"], 2),
    ];
    for (arguments, expected) in table {
        for format in FORMATS {
            let (code, out, _) = run(trunkline(&bad()).arg("validate").args(*arguments).args(["--format", format]));
            assert_eq!(code, *expected, "{arguments:?} as {format}:\n{out}");
        }
    }
}

#[test]
fn a_format_that_a_command_cannot_write_is_refused() {
    let (code, out, err) = run(trunkline(&bad()).args(["schema", "--format", "sarif"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, "trunkline: this command does not write `sarif`: its formats are human, json\n");
}

#[test]
fn in_a_github_workflow_findings_are_annotations_and_a_summary() {
    let place = repository(&[("pbx/routes.yaml", FLAWED)]);
    let summary = place.path().join("summary.md");
    let mut command = trunkline(&place.path().join("pbx"));
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary);
    let (code, out, err) = run(command.arg("validate"));
    assert_eq!((code, err.as_str()), (1, ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[0],
        "::error file=pbx/routes.yaml,line=6,endLine=6,col=21,endColumn=23,title=TL0104 bare-digits\
         ::phone digits must be quoted%0Ahelp: quote it"
    );
    assert!(lines[1].starts_with("::error file=pbx/routes.yaml,line=7,"), "{out}");
    assert!(lines[2].starts_with("::warning file=pbx/routes.yaml,line=4,"), "{out}");
    let table = std::fs::read_to_string(&summary).expect("the summary");
    assert!(table.starts_with("### validate: 2 errors, 1 warning in 1 file"), "{table}");
    assert_eq!(table.lines().filter(|line| line.starts_with("| error") || line.starts_with("| warning")).count(), 3);
    // Asked for another format, it writes that one.
    let mut command = trunkline(&place.path().join("pbx"));
    let (_, out, _) = run(command.env("GITHUB_ACTIONS", "true").args(["validate", "--format", "json"]));
    assert!(serde_json::from_str::<Value>(&out).is_ok(), "{out}");
}

#[test]
fn junit_shows_findings_as_tests() {
    let place = repository(&[("routes.yaml", FLAWED)]);
    let (_, out, _) = run(trunkline(place.path()).args(["validate", "--format", "junit"]));
    insta::assert_snapshot!(out, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="trunkline validate" tests="3" failures="2" errors="0">
      <testsuite name="trunkline validate" tests="3" failures="2" errors="0" skipped="0">
        <testcase name="TL0104 bare-digits at routes.yaml:6:21" classname="routes.yaml" file="routes.yaml" line="6">
          <failure message="phone digits must be quoted" type="TL0104 bare-digits">routes.yaml:6:21: phone digits must be quoted
    help: quote it</failure>
        </testcase>
        <testcase name="TL0302 unknown-reference at routes.yaml:7:30" classname="routes.yaml" file="routes.yaml" line="7">
          <failure message="unknown gateway or list `c`" type="TL0302 unknown-reference">routes.yaml:7:30: unknown gateway or list `c`
    help: declare it under `gateways:`, or use an id that is there</failure>
        </testcase>
        <testcase name="TL0503 forgeable-group at routes.yaml:4:29" classname="routes.yaml" file="routes.yaml" line="4">
          <system-out>warning: routes.yaml:4:29: group `office` is chosen by the From alone
    help: add a `source`, `gateway` or `listener` to the matcher</system-out>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    let (_, out, _) = run(trunkline(place.path()).args(["validate", "--format", "junit", "--deny", "warnings"]));
    assert!(out.contains("tests=\"3\" failures=\"3\""), "{out}");
}

#[test]
fn only_what_changed_is_warned_about_and_errors_are_always_shown() {
    let set = |routes: &'static str, more: &'static str| {
        [
            (
                "trunkline.yaml",
                "version: 1\naccess: { trusted: { pbx: [\"192.168.10.10\"] } }\ninclude: [\"part/*.yaml\"]\n",
            ),
            (
                "part/gateways.yaml",
                "gateways: { a: \"192.0.2.1\", b: \"198.51.100.1\" }\nlists: { spare: { members: [a, b] } }\n",
            ),
            ("part/routes.yaml", routes),
            ("part/more.yaml", more),
        ]
    };
    let good = "routes: { rest: { default: true, to: [a, b] } }\n";
    let nothing = "x-nothing: yet\n";
    let place = repository(&set(good, nothing));
    let check = |revision: &str| {
        let (code, out, err) =
            run(trunkline(place.path()).args(["validate", "--format", "json", "--changed-since", revision]));
        let document: Value = serde_json::from_str(&out).unwrap_or_default();
        let files = document["diagnostics"].as_array().cloned().unwrap_or_default();
        let files: Vec<String> =
            files.iter().map(|d| d["span"]["file"].as_str().unwrap_or_default().to_owned()).collect();
        (code, files, err)
    };
    assert_eq!(check("HEAD"), (0, vec![], String::new()), "the unused list is old");
    // A new file that git does not know yet counts as changed.
    std::fs::write(place.path().join("part/new.yaml"), "lists: { other: { members: [b, a] } }\n").expect("a file");
    assert_eq!(check("HEAD"), (0, vec!["part/new.yaml".to_owned()], String::new()));
    commit(place.path(), &set("routes: { rest: { default: true, to: [a, c] } }\n", nothing), "broken");
    git(place.path(), &["rm", "-q", "-f", "part/new.yaml"]);
    assert_eq!(check("HEAD").0, 1);
    assert_eq!(check("HEAD").1[0], "part/routes.yaml", "an error is shown, whoever made it");
    let (code, _, err) = check("no-such-revision");
    assert_eq!(
        (code, err.as_str()),
        (2, "trunkline validate: --changed-since no-such-revision: git knows no such revision\n")
    );
}

#[test]
fn the_published_schema_describes_what_validate_says_of_every_fixture() {
    let (_, schema, _) = run(trunkline(&bad()).args(["schema", "--for", "validate"]));
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (name, _) in super::fixture_files() {
        let (_, out, _) = run(trunkline(&bad()).args(["validate", &name, "--format", "json"]));
        let document: Value = serde_json::from_str(&out).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}:\n{}", errors.join("\n"));
    }
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "trunkline/validate/1" })));
}

#[test]
fn names_are_looked_up_only_when_that_is_asked_for() {
    let place = repository(&[(
        "routes.yaml",
        "version: 1\n\
         access: { trusted: { pbx: [\"192.168.10.10\"] } }\n\
         gateways:\n  \
           here: localhost\n  \
           gone: sip.nowhere.invalid:5060\n  \
           perhaps: \"trunk.nowhere.invalid\"\n\
         routes: { rest: { default: true, to: [here, gone, perhaps] } }\n",
    )]);
    let validate = |arguments: &[&str]| run(trunkline(place.path()).arg("validate").args(arguments));
    let (code, out, err) = validate(&[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(!out.contains("no address"), "{out}");
    let (code, out, err) = validate(&["--with-dns"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("error[TL0203 bad-value]: gateway `gone`: its name has no address here"), "{out}");
    assert!(out.contains("--> routes.yaml:5:9"), "{out}");
    assert!(out.contains("warning[TL0203 bad-value]: gateway `perhaps`: its name has no address here"), "{out}");
    assert!(out.contains("SRV records alone"), "{out}");
    assert!(err.starts_with("dns: gateway here is at ") && err.contains("127.0.0.1"), "{err}");
    // Machines read the same, and nothing else.
    let (code, out, err) = validate(&["--with-dns", "--format", "json"]);
    assert_eq!((code, err.as_str()), (1, ""));
    let document: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["summary"]["errors"], 1);
    // A set without names asks for none.
    let (code, out, err) = run(trunkline(&bad()).args(["validate", "lints.yaml", "--with-dns"]));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
}
