//! The flags that every command has, and what they mean.

use crate::admin::{Address, Client};
use clap::ValueEnum;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

pub(super) const AFTER_HELP: &str = "\
Files: without -c, ./trunkline.yaml is read, then ./routes.yaml.
Exit codes: 0 clean, 1 findings, 2 could not answer.
Data is written to standard output, progress and complaints to standard error.";

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The root file, or the directory that holds trunkline.yaml or routes.yaml
    #[arg(short, long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// How answers are written; in a GitHub workflow, commands that can annotate do so without being asked
    #[arg(long = "format", global = true, value_enum, value_name = "FORMAT")]
    asked_format: Option<Format>,
    /// What `--format` comes to for this command.
    #[arg(skip)]
    pub format: Format,
    /// When to colour: NO_COLOR and pipes are honoured by `auto`
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// The running router: unix:PATH or http://HOST:PORT [default: control.sock in the state directory]
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// One document with a published schema: `trunkline schema --for …`
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands that GitHub shows beside the lines; the table goes to $GITHUB_STEP_SUMMARY
    Github,
    /// JUnit XML
    Junit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Global {
    /// The root file: what `-c` names, else `./trunkline.yaml`, then `./routes.yaml`. The error is one line for people.
    pub fn root(&self) -> Result<PathBuf, String> {
        root_file(self.config.as_deref())
    }

    /// Decides `format` for a command that can write these formats. Asking for another one is an error; what the
    /// environment suggests (`GITHUB_ACTIONS=true`) is followed where it can be.
    pub(super) fn settle_format(&mut self, can: &[Format]) -> Result<(), String> {
        let suggested = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        self.format = match self.asked_format {
            Some(asked) if !can.contains(&asked) => {
                let names: Vec<String> =
                    can.iter().filter_map(ValueEnum::to_possible_value).map(|v| v.get_name().to_owned()).collect();
                let asked = asked.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
                return Err(format!("this command does not write `{asked}`: its formats are {}", names.join(", ")));
            }
            Some(asked) => asked,
            None if suggested && can.contains(&Format::Github) => Format::Github,
            None => Format::Human,
        };
        Ok(())
    }

    /// The way to the running router: `--server`, else the one that serves the root file, else the packaged one. The error
    /// is one line for people.
    pub fn client(&self) -> Result<Client, String> {
        let address = match &self.server {
            Some(text) => Address::parse(text)?,
            None => Address::find(self.root().ok().as_deref())?,
        };
        Ok(Client::new(address))
    }

    /// Whether what goes to `stream` is coloured.
    pub fn coloured(&self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }

    /// Makes `anstream`'s writers follow `--color`.
    pub(super) fn apply_color(&self) {
        match self.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// The root file that `given` means; a directory stands for the `trunkline.yaml` or `routes.yaml` in it.
pub(super) fn root_file(given: Option<&Path>) -> Result<PathBuf, String> {
    match given {
        Some(path) if path.is_dir() => in_directory(path).ok_or_else(|| {
            format!("no trunkline.yaml or routes.yaml in {}: name the root file with -c", path.display())
        }),
        Some(path) if path.exists() => Ok(path.to_owned()),
        Some(path) => Err(format!("{}: no such file or directory", path.display())),
        None => in_directory(Path::new("."))
            .ok_or_else(|| "no trunkline.yaml or routes.yaml here: name the root file with -c PATH".to_owned()),
    }
}

fn in_directory(directory: &Path) -> Option<PathBuf> {
    let tidy = |name: &str| if directory == Path::new(".") { PathBuf::from(name) } else { directory.join(name) };
    ["trunkline.yaml", "routes.yaml"].into_iter().map(tidy).find(|path| path.is_file())
}

/// `15%` or `15`, as a fraction.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("write a share from 0% to 100%".to_owned()),
    }
}
