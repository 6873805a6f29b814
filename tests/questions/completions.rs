//! `completions`: the scripts are run by the shells they are for, where those are installed.

use super::{home, trunkline};
use std::path::Path;
use std::process::Command;

/// What bash would offer at the end of a line.
fn bash(line: &str) -> Vec<String> {
    // Words as bash cuts them: at blanks, and at `=` and `:`, which are words of their own.
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    for c in line.chars() {
        match c {
            ' ' => fresh = true,
            '=' | ':' => {
                words.push(c.to_string());
                fresh = true;
            }
            c if fresh => {
                words.push(c.to_string());
                fresh = false;
            }
            c => words.last_mut().expect("a word").push(c),
        }
    }
    if fresh && !line.ends_with(['=', ':']) {
        words.push(String::new());
    }
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        r#"
        compopt() {{ :; }}
        PATH="{bin}:$PATH"
        source <(trunkline completions bash)
        COMP_WORDS=({words}); COMP_CWORD={last}; COMP_LINE='{line}'; COMP_POINT={point}
        _trunkline
        printf '%s\n' "${{COMPREPLY[@]}}"
        "#,
        bin = Path::new(env!("CARGO_BIN_EXE_trunkline")).parent().expect("a directory").display(),
        words = quoted.join(" "),
        last = words.len() - 1,
        point = line.len(),
    );
    let output = Command::new("bash").args(["--norc", "-c", &script]).current_dir(home()).output().expect("bash runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").lines().filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_ids_of_the_files() {
    let table: &[(&str, &[&str])] = &[
        ("trunkline vali", &["validate"]),
        ("trunkline explain --ga", &["--gateway"]),
        ("trunkline explain --gateway ", &["provider-a", "provider-b"]),
        ("trunkline explain --gateway=provider-b", &["provider-b"]),
        ("trunkline -c routes.yaml explain 112 --group of", &["office"]),
        ("trunkline gateway provider-a dis", &["disable"]),
        ("trunkline gateway provider-b", &["provider-b"]),
        ("trunkline explain --state provider-a", &["provider-a="]),
        ("trunkline explain --state provider-a=d", &["disabled", "down"]),
        ("trunkline explain nat", &["national"]),
        ("trunkline explain TL0104", &["TL0104"]),
        ("trunkline explain bare", &["bare-digits"]),
        ("trunkline validate --deny ", &["warnings"]),
        ("trunkline completions ", &["bash", "fish", "zsh"]),
        ("trunkline explain no-such", &[]),
        ("trunkline -c no-such-file explain --gateway ", &[]),
        ("trunkline complete-", &[]),
    ];
    for (line, expected) in table {
        assert_eq!(bash(line), *expected, "{line}");
    }
    assert!(bash("trunkline ").contains(&"explain".to_owned()));
    assert!(bash("trunkline run --").contains(&"--state-dir".to_owned()));
}

#[test]
fn every_shell_has_its_script() {
    for (shell, line) in [
        ("bash", "complete -o default -F _trunkline trunkline"),
        ("zsh", "#compdef trunkline"),
        ("fish", "complete -c trunkline"),
    ] {
        let (code, script, err) = trunkline(&["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(script.lines().any(|found| found.starts_with(line)), "{script}");
        // Their own syntax check, where the shell is there.
        let Ok(output) = Command::new(shell).args(["-n", "/dev/stdin"]).stdin(file_of(&script)).output() else {
            continue;
        };
        assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(trunkline(&["completions", "tcsh"]).0, 2);
}

fn file_of(script: &str) -> std::fs::File {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(script.as_bytes()).and_then(|()| file.rewind()).expect("it takes the script");
    file
}
