//! `trunkline schema`: the JSON schemas of the files and of the documents that commands write, for editors and CI; and
//! the routes file's keys, for people.

mod keys;

use super::{CLEAN, Global, explain, fmt, gateway, init, plan, test};
use crate::accounting::RecordLine;
use crate::admin::{CallsAnswer, GatewayOrderAnswer, PinOrderAnswer, ReloadAnswer, Status};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use std::process::ExitCode;

/// Print the JSON schema of the routes file, for editors, or of a document that a command writes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The version of the file format
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=1))]
    version: u8,
    /// What is described: the routes file, what a command writes with --format json, or a call record
    #[arg(long = "for", value_enum, default_value_t, value_name = "NAME")]
    what: What,
    /// The routes file's keys as a page of Markdown: docs/keys.md
    #[arg(long, conflicts_with = "what")]
    keys: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum What {
    #[default]
    File,
    /// Diagnostics: `validate`, and `reload` where it refuses
    #[value(alias = "json")]
    Validate,
    /// The decision about a call; also each line of `explain --batch`
    Explain,
    /// `explain ROUTE`
    ExplainRoute,
    /// `explain CODE`
    Code,
    Plan,
    Test,
    Fmt,
    Init,
    Status,
    Calls,
    /// What became of `gateway ID disable` and the like
    Gateway,
    /// `gateway list`
    Gateways,
    Reload,
    /// `reload --rollback`, `--pin` and `--unpin`
    Pin,
    /// A line of the call records
    Record,
}

pub fn run(args: Args, _global: &Global) -> ExitCode {
    // There is one version; clap refused every other number.
    let Args { version: _, what, keys } = args;
    if keys {
        anstream::print!("{}", keys::page(&crate::config::schema()));
        return ExitCode::from(CLEAN);
    }
    let schema = match what {
        What::File => crate::config::schema(),
        What::Validate => include_str!("../../../schema/validate-1.json").to_owned(),
        What::Explain => of::<explain::Document>("explain"),
        What::ExplainRoute => of::<explain::RouteDocument>("explain-route"),
        What::Code => of::<explain::CodeDocument>("code"),
        What::Plan => of::<plan::document::Document>("plan"),
        What::Test => of::<test::TestDocument>("test"),
        What::Status => of::<Status>("status"),
        What::Calls => of::<CallsAnswer>("calls"),
        What::Gateway => of::<GatewayOrderAnswer>("gateway"),
        What::Gateways => of::<gateway::GatewaysDocument>("gateways"),
        What::Reload => of::<ReloadAnswer>("reload"),
        What::Pin => of::<PinOrderAnswer>("pin"),
        What::Fmt => of::<fmt::FmtDocument>("fmt"),
        What::Init => of::<init::InitDocument>("init"),
        What::Record => of::<RecordLine>("record"),
    };
    anstream::print!("{schema}");
    ExitCode::from(CLEAN)
}

/// The schema of `trunkline/NAME/1`, ending with a line end. Fields may be added to a document, so none are forbidden.
fn of<T: JsonSchema>(name: &str) -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".into(), format!("https://trunkline.dev/schema/{name}-1.json").into());
    if let Some(field) = schema.pointer_mut("/properties/schema") {
        *field = serde_json::json!({ "const": format!("trunkline/{name}/1") });
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
