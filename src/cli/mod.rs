//! The command line: one file a command; the only place that prints.
//!
//! Exit codes, the same for all commands: 0 clean, 1 findings, 2 could not answer, 3 held by a guard (CONFIG-AND-CLI part (c)).

mod answer;
mod args;
mod call;
mod calls;
mod completions;
mod demo;
mod diff;
mod edit;
mod explain;
mod fmt;
mod gateway;
mod git;
mod init;
mod man;
mod messages;
mod operator;
mod plan;
mod reload;
mod report;
mod run;
mod runtime;
mod schema;
mod status;
mod test;
mod validate;

pub use args::{Color, Format, Global};

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Nothing to say against it.
pub const CLEAN: u8 = 0;
/// An answer that somebody should look at: errors in a file, a call that ended otherwise than expected.
pub const FINDINGS: u8 = 1;
/// No answer: a bad flag, an unreadable file, a port that is taken.
pub const NO_ANSWER: u8 = 2;
/// A guard stands in the way; what was printed says how to go on.
pub const GUARDED: u8 = 3;

/// A declarative SIP trunk router: routes in versioned YAML, hot-loaded, with health probes and failover.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, disable_help_subcommand = true)]
#[command(after_help = args::AFTER_HELP)]
struct Line {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Status(status::Args),
    Reload(reload::Args),
    Gateway(gateway::Args),
    Calls(calls::Args),
    Validate(validate::Args),
    Test(test::Args),
    Explain(explain::Args),
    Plan(plan::Args),
    Completions(completions::Args),
    #[command(name = "complete-ids", hide = true)]
    CompleteIds(completions::Line),
    Fmt(fmt::Args),
    Init(init::Args),
    #[command(hide = true)]
    Man(man::Args),
    Schema(schema::Args),
    Call(call::Args),
    Answer(answer::Args),
    Demo(demo::Args),
}

impl Command {
    /// The formats that it can write.
    fn formats(&self) -> &'static [Format] {
        use Format::{Github, Human, Json, Junit, Sarif};
        match self {
            Command::Validate(_) => &[Human, Json, Sarif, Github, Junit],
            Command::Test(_) => &[Human, Json, Github, Junit],
            _ => &[Human, Json],
        }
    }
}

/// The definition of the command line, for what is made of it.
fn command() -> clap::Command {
    <Line as clap::CommandFactory>::command()
}

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    // clap itself exits: 0 for --help and --version, 2 for a bad flag.
    let Line { mut global, command } = Line::parse();
    global.apply_color();
    if let Err(why) = global.settle_format(command.formats()) {
        anstream::eprintln!("trunkline: {why}");
        return ExitCode::from(NO_ANSWER);
    }
    match command {
        Command::Run(args) => run::run(args, &global),
        Command::Status(args) => status::run(args, &global),
        Command::Reload(args) => reload::run(args, &global),
        Command::Gateway(args) => gateway::run(args, &global),
        Command::Calls(args) => calls::run(args, &global),
        Command::Validate(args) => validate::run(args, &global),
        Command::Test(args) => test::run(args, &global),
        Command::Fmt(args) => fmt::run(args, &global),
        Command::Explain(args) => explain::run(args, &global),
        Command::Plan(args) => plan::run(args, &global),
        Command::Completions(args) => completions::run(args, &global),
        Command::CompleteIds(line) => completions::answer(line),
        Command::Man(args) => man::run(args, &global),
        Command::Init(args) => init::run(args, &global),
        Command::Schema(args) => schema::run(args, &global),
        Command::Call(args) => call::run(args, &global),
        Command::Answer(args) => answer::run(args, &global),
        Command::Demo(args) => demo::run(args, &global),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        super::Line::command().debug_assert();
    }
}
