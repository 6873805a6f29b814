//! `trunkline init`: a tree to begin with, and everything around it that makes changes reviewable.

use super::{CLEAN, Format, GUARDED, Global, NO_ANSWER, edit};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write a commented tree to begin with: routes, tests, schema for editors, CI, hooks
///
/// Nothing is overwritten. What is written validates, its tests pass, and `run` serves it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Where to write; made if it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// What it looks like
    #[arg(long, value_enum, value_name = "TEMPLATE", default_value = "office")]
    template: Template,
}

const AFTER_HELP: &str = "\
Exit codes: 0 written, 2 could not write, 3 there are files already (which are named, and left alone).

Examples:
  trunkline init
  trunkline init /etc/trunkline --template carrier";

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Template {
    /// A PBX and two providers, in one file
    Office,
    /// Several interconnects and customers, in a file each
    Carrier,
    /// For a site that comes from OpenSIPS: the tables of drouting, as files
    Opensips,
}

macro_rules! files {
    ($template:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("init/", $template, "/", $name)))),*]
    };
}

impl Template {
    /// The root file first.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Template::Office => files!("office": "routes.yaml"),
            Template::Carrier => files!("carrier": "trunkline.yaml", "site/site.yaml", "carriers/north/gateways.yaml",
                "carriers/south/gateways.yaml", "routes/world.yaml", "tests/routes.yaml"),
            Template::Opensips => {
                files!("opensips": "trunkline.yaml", "gateways.yaml", "groups.yaml", "routes.yaml", "tests.yaml")
            }
        }
    }
}

/// What every template has. `CONFIG` stands for the name of the root file.
const AROUND: &[(&str, &str)] = &[
    (".trunkline/.gitignore", include_str!("init/shared/state-gitignore")),
    (".github/workflows/routes.yaml", include_str!("init/shared/workflow.yaml")),
    (".gitlab-ci.yml", include_str!("../../ci/gitlab/routes.yml")),
    (".pre-commit-config.yaml", include_str!("init/shared/pre-commit-config.yaml")),
    (".vscode/tasks.json", include_str!("init/shared/tasks.json")),
];

pub fn run(args: Args, global: &Global) -> ExitCode {
    let tree = args.template.files();
    let root = tree.first().map_or("", |(name, _)| name);
    let around = AROUND.iter().map(|(name, text)| {
        (
            *name,
            text.replace("ROUTES_CONFIG: \".\"", &format!("ROUTES_CONFIG: {root}"))
                .replace(": CONFIG", &format!(": {root}"))
                .replace("-c CONFIG", &format!("-c {root}"))
                .replace("\"CONFIG\"", &format!("\"{root}\"")),
        )
    });
    let schema = (".trunkline/schema-v1.json", crate::config::schema());
    let files: Vec<(PathBuf, String)> = (tree.iter().map(|(name, text)| (*name, (*text).to_owned())))
        .chain(around)
        .chain([schema])
        .map(|(name, text)| (tidy(&args.directory, name), text))
        .collect();
    let there: Vec<&Path> =
        files.iter().map(|(path, _)| path.as_path()).filter(|path| path.symlink_metadata().is_ok()).collect();
    if !there.is_empty() {
        for path in &there {
            anstream::eprintln!("{}", path.display());
        }
        anstream::eprintln!(
            "trunkline init: refused, since nothing is overwritten and {} there already. To go on: move them away, or \
             name another directory",
            if there.len() == 1 { "this file is" } else { "these files are" }
        );
        return ExitCode::from(GUARDED);
    }
    match write(&files) {
        Ok(()) => {
            report(&files, &args.directory, root, global);
            ExitCode::from(CLEAN)
        }
        Err(error) => {
            anstream::eprintln!("trunkline init: {error}");
            ExitCode::from(NO_ANSWER)
        }
    }
}

fn write(files: &[(PathBuf, String)]) -> std::io::Result<()> {
    for (path, _) in files {
        let directory = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)
            .map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", directory.display())))?;
    }
    let bytes: Vec<(PathBuf, Vec<u8>)> =
        files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    edit::write_all(&bytes)
}

/// `trunkline/init/1`: what `init` has written.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct InitDocument {
    schema: &'static str,
    /// The files.
    written: Vec<String>,
}

fn report(files: &[(PathBuf, String)], directory: &Path, root: &str, global: &Global) {
    let paths: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    if global.format != Format::Human {
        let document = InitDocument { schema: "trunkline/init/1", written: paths };
        return anstream::println!("{}", serde_json::to_string_pretty(&document).unwrap_or_default());
    }
    if global.quiet {
        return;
    }
    for path in &paths {
        anstream::println!("wrote {path}");
    }
    let root = tidy(directory, root);
    anstream::println!(
        "\nNext: put your addresses into {0}, then\n  trunkline validate -c {0}\n  trunkline test -c {0}\n  trunkline run -c {0}",
        root.display()
    );
}

fn tidy(directory: &Path, name: &str) -> PathBuf {
    if directory == Path::new(".") { PathBuf::from(name) } else { directory.join(name) }
}
