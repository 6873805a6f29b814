//! What may stand at the end of a command line, from the same definition that parses it.

use super::names::{Candidate, Kind};
use crate::config::Names;
use clap::{Arg, ArgAction, Command};

/// The candidates for the last of `words`, which may be empty. `names` is asked only where names may stand.
pub(super) fn candidates(root: &Command, words: &[String], names: impl FnOnce() -> Names) -> Vec<Candidate> {
    let Some((current, before)) = words.split_last() else { return Vec::new() };
    let mut at = Place { command: root, root, waiting: None, positionals: 0 };
    for word in before {
        at = at.after(word);
    }
    let (mut found, begun) = match (at.waiting, current.split_once('=')) {
        (Some(flag), _) => (at.values(flag, names), current.clone()),
        // `--gateway=pb`: the whole word is completed.
        (None, Some((flag, value))) if flag.starts_with("--") => {
            let values = at.flag(flag).map_or_else(Vec::new, |flag| at.values(flag, names));
            let whole = values.into_iter().map(|c| Candidate { word: format!("{flag}={}", c.word), ..c });
            (whole.collect(), format!("{flag}={value}"))
        }
        _ if current.starts_with('-') => (at.flags(), current.clone()),
        _ => (at.here(names), current.clone()),
    };
    found.retain(|candidate| candidate.word.starts_with(&begun));
    // `ID=STATE` in two steps: first whose, then which.
    if !begun.contains('=') {
        for candidate in &mut found {
            if let Some((id, _)) = candidate.word.split_once('=') {
                candidate.word = format!("{id}=");
            }
        }
    }
    found.sort();
    found.dedup_by(|a, b| a.word == b.word);
    found
}

/// How far the line has come.
struct Place<'c> {
    root: &'c Command,
    command: &'c Command,
    /// A flag that takes the next word.
    waiting: Option<&'c Arg>,
    positionals: usize,
}

impl<'c> Place<'c> {
    fn after(mut self, word: &str) -> Place<'c> {
        if self.waiting.take().is_some() {
            return self;
        }
        if word.starts_with('-') {
            self.waiting = self.flag(word).filter(|flag| takes_value(flag));
        } else if let Some(command) = self.command.find_subcommand(word).filter(|_| self.positionals == 0) {
            self.command = command;
        } else {
            self.positionals += 1;
        }
        self
    }

    /// The flag that a word is, without a value in it.
    fn flag(&self, word: &str) -> Option<&'c Arg> {
        let long = word.strip_prefix("--");
        let short = word.strip_prefix('-').and_then(|rest| rest.chars().last());
        self.arguments().find(|arg| match long {
            Some(long) => arg.get_long() == Some(long),
            None => arg.get_short() == short && short.is_some(),
        })
    }

    /// The command's arguments, then the global ones.
    fn arguments(&self) -> impl Iterator<Item = &'c Arg> + use<'c> {
        let globals = self.root.get_arguments().filter(|arg| arg.is_global_set());
        self.command.get_arguments().chain(globals)
    }

    fn flags(&self) -> Vec<Candidate> {
        let visible = self.arguments().filter(|arg| !arg.is_hide_set());
        visible
            .filter_map(|arg| Some(Candidate::new(format!("--{}", arg.get_long()?), about(arg.get_help()))))
            .chain([Candidate::new("--help", "Print help")])
            .collect()
    }

    /// Commands, or what the next positional argument may be.
    fn here(&self, names: impl FnOnce() -> Names) -> Vec<Candidate> {
        let commands = self.command.get_subcommands().filter(|command| !command.is_hide_set());
        let mut found: Vec<Candidate> =
            commands.map(|command| Candidate::new(command.get_name(), about(command.get_about()))).collect();
        let positionals: Vec<&Arg> = self.command.get_positionals().collect();
        let next = positionals.get(self.positionals).or_else(|| positionals.last().filter(|last| many(last)));
        if let Some(argument) = next {
            found.extend(self.values(argument, names));
        }
        found
    }

    fn values(&self, argument: &Arg, names: impl FnOnce() -> Names) -> Vec<Candidate> {
        if let Some(kind) = Kind::of(self.command.get_name(), argument.get_id().as_str()) {
            return kind.candidates(&names());
        }
        let values = argument.get_possible_values();
        values.iter().map(|value| Candidate::new(value.get_name(), about(value.get_help()))).collect()
    }
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn many(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}
