//! `trunkline fmt`: writes files in the one way that everybody's editor and review agree on.

use super::args::root_file;
use super::{CLEAN, FINDINGS, Format, Global, NO_ANSWER, diff, edit};
use crate::config::layout;
use crate::config::{Diagnostics, FileSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Directories deeper than this are not looked at.
const DEPTH: usize = 32;

/// Write the files in one way: order of keys, quotes, spacing
///
/// Comments, anchors, shorthands and the order of ids stay, and so does the meaning. A file need not validate, but it
/// must parse. Without a PATH the whole set of files is formatted; a file that is named is formatted alone.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Files, or directories; `-` is standard input, and then the result goes to standard output
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing: name the files that would change, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// Change nothing: show what would change
    #[arg(long)]
    diff: bool,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, or nothing to do; 1 with --check: something would change; 1 a file does not parse; 2 a file that
cannot be read or written.

Examples:
  trunkline fmt
  trunkline fmt --check --diff
  trunkline fmt routes/uk.yaml
  trunkline fmt - < routes.yaml";

/// A file and what it would become.
struct File {
    path: PathBuf,
    before: Vec<u8>,
    after: String,
}

pub fn run(args: Args, global: &Global) -> ExitCode {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return ExitCode::from(standard_input(&args, global));
    }
    let mut exit = CLEAN;
    let mut files = Vec::new();
    for path in match chosen(&args, global) {
        Ok(paths) => paths,
        Err(why) => return no_answer(&why),
    } {
        match std::fs::read(&path) {
            Err(error) => {
                anstream::eprintln!("trunkline fmt: {}: {error}", path.display());
                exit = NO_ANSWER;
            }
            Ok(before) => match layout::format(&path.to_string_lossy(), &before) {
                Ok(after) => files.push(File { path, before, after }),
                Err(diagnostics) => {
                    complain(&diagnostics, global);
                    exit = exit.max(FINDINGS);
                }
            },
        }
    }
    ExitCode::from(exit.max(report(&args, &files, global)))
}

/// Shows or writes what changes.
fn report(args: &Args, files: &[File], global: &Global) -> u8 {
    let changed: Vec<&File> = files.iter().filter(|file| file.before != file.after.as_bytes()).collect();
    let only_shown = args.check || args.diff;
    if args.diff {
        for file in &changed {
            show(file);
        }
    }
    if !only_shown {
        let writes: Vec<(PathBuf, Vec<u8>)> =
            changed.iter().map(|file| (file.path.clone(), file.after.clone().into_bytes())).collect();
        if let Err(error) = edit::write_all(&writes) {
            anstream::eprintln!("trunkline fmt: {error}");
            return NO_ANSWER;
        }
    }
    let paths = || changed.iter().map(|file| file.path.display().to_string());
    match global.format {
        Format::Human if global.quiet => {}
        Format::Human => {
            let word = if only_shown { "would change" } else { "changed" };
            for path in paths().filter(|_| !args.diff || args.check) {
                anstream::println!("{word}: {path}");
            }
            anstream::eprintln!("fmt: {} of {} {word}", changed.len(), number_of(files.len(), "file"));
        }
        _ => {
            let document = FmtDocument {
                schema: "trunkline/fmt/1",
                written: !only_shown,
                files: files.len(),
                changed: paths().collect(),
            };
            anstream::println!("{}", serde_json::to_string_pretty(&document).unwrap_or_default());
        }
    }
    if args.check && !changed.is_empty() { FINDINGS } else { CLEAN }
}

/// `trunkline/fmt/1`: what `fmt` did, or would do.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct FmtDocument {
    schema: &'static str,
    /// Whether the changes have been written.
    written: bool,
    /// How many files were read.
    files: usize,
    /// Those that are, or would be, another text.
    changed: Vec<String>,
}

fn standard_input(args: &Args, global: &Global) -> u8 {
    let mut before = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut before) {
        anstream::eprintln!("trunkline fmt: standard input: {error}");
        return NO_ANSWER;
    }
    match layout::format("standard input", &before) {
        Err(diagnostics) => {
            complain(&diagnostics, global);
            FINDINGS
        }
        Ok(after) => {
            let file = File { path: PathBuf::from("standard input"), before, after };
            let changes = file.before != file.after.as_bytes();
            if args.diff && changes {
                show(&file);
            }
            if !args.check && !args.diff && std::io::stdout().write_all(file.after.as_bytes()).is_err() {
                return NO_ANSWER;
            }
            if args.check && changes { FINDINGS } else { CLEAN }
        }
    }
}

fn show(file: &File) {
    let path = file.path.display().to_string();
    match diff::unified(&path, &String::from_utf8_lossy(&file.before), &file.after) {
        same if same.is_empty() => anstream::println!("--- {path}\n+++ {path}\n(a line end behind the last line)"),
        diff => anstream::print!("{diff}"),
    }
}

fn complain(diagnostics: &Diagnostics, global: &Global) {
    anstream::eprint!("{}", diagnostics.human(global.coloured(&std::io::stderr())));
}

/// The files that are meant. The error is one line for people.
fn chosen(args: &Args, global: &Global) -> Result<Vec<PathBuf>, String> {
    if args.paths.is_empty() {
        return set(&root_file(global.config.as_deref())?);
    }
    let mut chosen = Vec::new();
    for path in &args.paths {
        match (path.is_dir(), root_file(Some(path))) {
            (true, Ok(root)) => chosen.extend(set(&root)?),
            (true, Err(_)) => yaml_below(path, DEPTH, &mut chosen),
            (false, Ok(file)) => chosen.push(file),
            (false, Err(why)) => return Err(why),
        }
    }
    let mut seen = std::collections::HashSet::new();
    chosen.retain(|path| seen.insert(path.clone()));
    match chosen.is_empty() {
        true => Err("there is no YAML file in what is named".to_owned()),
        false => Ok(chosen),
    }
}

/// The files of the set that `root` begins.
fn set(root: &Path) -> Result<Vec<PathBuf>, String> {
    let set = FileSet::read(root).map_err(|error| error.to_string())?;
    let directory = set.directory();
    let tidy = |path: &Path| if directory == Path::new(".") { path.to_owned() } else { directory.join(path) };
    // Sheets and the like are read with the set, and are no YAML.
    let is_yaml = |path: &Path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let included = set.files.iter().skip(1).map(|(path, _)| tidy(path)).filter(|path| is_yaml(path));
    Ok(std::iter::once(root.to_owned()).chain(included).collect())
}

/// All `*.yaml` and `*.yml` below a directory, hidden ones left out.
fn yaml_below(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if hidden {
            continue;
        } else if path.is_dir() && !path.is_symlink() && depth > 0 {
            yaml_below(&path, depth - 1, found);
        } else if yaml && path.is_file() {
            found.push(path);
        }
    }
}

fn number_of(n: usize, word: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {word}{plural}")
}

fn no_answer(why: &str) -> ExitCode {
    anstream::eprintln!("trunkline fmt: {why}");
    ExitCode::from(NO_ANSWER)
}
