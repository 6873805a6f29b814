//! `trunkline completions`: a script for the shell, which asks the program itself what may stand where; so ids of routes,
//! gateways and groups complete from the files at hand, and the script never gets out of date.

mod candidates;
mod names;

use super::args::root_file;
use super::{CLEAN, Global};
use crate::config::{FileSet, Names, names_in};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print a script that completes commands, flags, and the ids in the files
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Whose script
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

const AFTER_HELP: &str = "\
Examples:
  source <(trunkline completions bash)                                             in ~/.bashrc
  trunkline completions bash > /etc/bash_completion.d/trunkline                    for everybody
  trunkline completions zsh > ~/.zfunc/_trunkline                                  with fpath+=~/.zfunc before compinit
  trunkline completions fish > ~/.config/fish/completions/trunkline.fish";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub fn run(args: Args, _global: &Global) -> ExitCode {
    let script = match args.shell {
        Shell::Bash => include_str!("completions/bash.sh"),
        Shell::Zsh => include_str!("completions/zsh.sh"),
        Shell::Fish => include_str!("completions/fish.sh"),
    };
    anstream::print!("{script}");
    ExitCode::from(CLEAN)
}

/// What the scripts ask.
#[derive(Debug, clap::Args)]
pub struct Line {
    /// The words behind `trunkline`, the last one begun and perhaps empty
    #[arg(value_name = "WORD", last = true)]
    words: Vec<OsString>,
}

/// Prints a candidate a line: the word, a tab, what it is. A script has nobody to complain to, so nothing is said when
/// there is nothing.
pub fn answer(line: Line) -> ExitCode {
    let words: Vec<String> = line.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let command = super::command();
    let candidates = candidates::candidates(&command, &words, || names(&words));
    let mut out = std::io::stdout().lock();
    for candidate in candidates {
        if writeln!(out, "{}\t{}", candidate.word, candidate.what).is_err() {
            break;
        }
    }
    ExitCode::from(CLEAN)
}

/// The names in the files that the line is about, errors or not.
fn names(words: &[String]) -> Names {
    let given = words.windows(2).find(|pair| matches!(pair[0].as_str(), "-c" | "--config")).map(|pair| &pair[1]);
    let given = given.map(String::as_str).or_else(|| words.iter().find_map(|word| word.strip_prefix("--config=")));
    let root = root_file(given.map(PathBuf::from).as_deref());
    root.ok().and_then(|root| FileSet::read(&root).ok()).map_or_else(Names::default, |set| names_in(&set))
}
