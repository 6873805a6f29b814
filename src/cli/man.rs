//! `trunkline man DIR`: the manual pages, for packages. They are made from the definition of the command line, so that
//! they cannot say anything else than `--help`.

use super::{CLEAN, Global, NO_ANSWER};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write the manual pages into a directory, for packages
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The directory, which must be there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub fn run(args: Args, _global: &Global) -> ExitCode {
    match write(&args.directory) {
        Ok(()) => ExitCode::from(CLEAN),
        Err(error) => {
            anstream::eprintln!("trunkline man: {}: {error}", args.directory.display());
            ExitCode::from(NO_ANSWER)
        }
    }
}

/// `trunkline.1`, and `trunkline-COMMAND.1` for each command that people are told of.
fn write(directory: &Path) -> std::io::Result<()> {
    let mut command = super::command();
    command.build();
    page(command.clone(), "trunkline", directory)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = format!("trunkline-{}", sub.get_name());
        page(sub.clone().display_name(name.clone()), &name, directory)?;
    }
    Ok(())
}

fn page(command: clap::Command, name: &str, directory: &Path) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).title(name.to_uppercase()).render(&mut page)?;
    std::fs::write(directory.join(format!("{name}.1")), page)
}
