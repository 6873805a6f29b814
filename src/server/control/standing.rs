//! What a pass over the files came to: in the log, in the figures, and in the answers to those who asked for it.

use super::super::serving::{Git, Origin};
use super::Control;
use crate::admin::{FilesState, Guard, ReloadAnswer, ReloadOutcome, timestamp};
use crate::config::diagnostic::{Summary, json_document};
use crate::config::{Code, Diagnostics};
use crate::server::git;
use std::time::Instant;

/// How a pass ended.
pub(super) enum Verdict {
    Reloaded {
        before: String,
        difference: String,
        warnings: usize,
    },
    /// The files are what serves. `anew`: somebody asked, nothing had failed.
    Back {
        anew: bool,
    },
    /// `tried`: the revision, as far as it could be read.
    Refused {
        why: String,
        tried: Option<String>,
    },
    Guarded {
        guards: Vec<Guard>,
        tried: String,
    },
    /// `again`: it has been said.
    Pinned {
        tried: String,
        again: bool,
    },
    Unsettled,
    Draining,
}

impl Control {
    /// At the start: what there is to say about it.
    pub(super) fn begin(&mut self) {
        self.parts.archive.keep(self.parts.serving.kept());
        self.ask_git();
        self.systemd.status(&self.one_line());
        self.systemd.ready();
    }

    pub(super) fn conclude(&mut self, verdict: Verdict, said: Option<&Diagnostics>, began: Instant) {
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.log(&verdict, ms);
        self.note(&verdict);
        for waiting in std::mem::take(&mut self.answering) {
            let answer = self.answer(&verdict, said, waiting.colour, ms);
            waiting.reply(answer);
        }
        self.systemd.status(&self.one_line());
    }

    fn log(&self, verdict: &Verdict, ms: u64) {
        let (trigger, revision) = (self.trigger, &self.parts.serving.snapshot.revision);
        match verdict {
            Verdict::Reloaded { before, difference, warnings } => {
                let and = match warnings {
                    0 => String::new(),
                    n => format!(" ({n} warnings: see trunkline validate)"),
                };
                tracing::info!("reloaded {before} -> {revision} by {trigger} in {ms} ms: {difference}{and}");
            }
            Verdict::Back { anew: true } => {
                tracing::info!("{trigger}: the files are those of revision {revision}, which is running");
            }
            Verdict::Back { anew: false } => {
                tracing::info!("the files are again those of revision {revision}, which has been serving all the time");
            }
            Verdict::Refused { why, .. } => {
                let code = Code::ReloadRefused;
                tracing::error!("error[{code}] by {trigger} in {ms} ms: {why}; still serving {revision}");
            }
            Verdict::Guarded { guards, tried } => {
                let said: Vec<String> = guards.iter().map(|g| format!("{} ({})", g.id, g.message)).collect();
                let accept = accepting(guards, tried);
                tracing::error!(
                    "revision {tried} by {trigger} is held by guards: {}; still serving {revision}; to go on: {accept}",
                    said.join(", ")
                );
            }
            Verdict::Pinned { tried, again: false } => {
                tracing::warn!("revision {tried} by {trigger} waits: {revision} is pinned; see trunkline status");
            }
            Verdict::Pinned { .. } | Verdict::Unsettled | Verdict::Draining => {}
        }
    }

    /// Keeps what `status` and metrics show.
    fn note(&mut self, verdict: &Verdict) {
        let now = self.parts.clock.now().wall;
        let revision = self.parts.serving.snapshot.revision.to_string();
        let standing = &mut self.parts.standing;
        let (result, state, tried, error, guards) = match verdict {
            Verdict::Reloaded { .. } => ("reloaded", FilesState::Same, Some(revision), None, &[][..]),
            Verdict::Back { .. } => ("same", FilesState::Same, Some(revision), None, &[][..]),
            Verdict::Refused { why, tried } => {
                ("refused", FilesState::Refused, tried.clone(), Some(why.clone()), &[][..])
            }
            Verdict::Guarded { guards, tried } => {
                let why: Vec<&str> = guards.iter().map(|guard| guard.message.as_str()).collect();
                ("guarded", FilesState::Pending, Some(tried.clone()), Some(why.join("; ")), &guards[..])
            }
            Verdict::Pinned { tried, again } => {
                if *again {
                    return;
                }
                let why = "another revision is pinned".to_owned();
                ("pinned", FilesState::Pending, Some(tried.clone()), Some(why), &[][..])
            }
            Verdict::Unsettled => {
                let why = format!("{}: they keep changing", Code::RestlessFiles);
                ("unsettled", FilesState::Pending, None, Some(why), &[][..])
            }
            Verdict::Draining => return,
        };
        *standing.reloads.entry((self.trigger, result)).or_default() += 1;
        let ok = matches!(verdict, Verdict::Reloaded { .. } | Verdict::Back { .. });
        if ok {
            standing.last_success = now;
        }
        standing.last_reload_ok = ok || (standing.last_reload_ok && matches!(verdict, Verdict::Pinned { .. }));
        standing.files.state = state;
        standing.files.revision = tried;
        standing.files.error = error;
        standing.files.guards = guards.to_vec();
        standing.files.at = Some(timestamp(now));
    }

    fn answer(&self, verdict: &Verdict, said: Option<&Diagnostics>, colour: bool, took_ms: u64) -> ReloadAnswer {
        let revision = self.parts.serving.snapshot.revision.to_string();
        let (outcome, tried, before, message) = match verdict {
            Verdict::Reloaded { before, difference, .. } => {
                (ReloadOutcome::Reloaded, Some(revision.clone()), Some(before.clone()), difference.clone())
            }
            Verdict::Back { .. } => {
                let message = "the files are what runs".to_owned();
                (ReloadOutcome::Same, Some(revision.clone()), None, message)
            }
            Verdict::Refused { why, tried } => (ReloadOutcome::Refused, tried.clone(), None, why.clone()),
            Verdict::Guarded { guards, tried } => {
                (ReloadOutcome::Guarded, Some(tried.clone()), None, accepting(guards, tried))
            }
            Verdict::Pinned { tried, .. } => {
                let message = "a revision is pinned; to go on: trunkline reload --unpin".to_owned();
                (ReloadOutcome::Pinned, Some(tried.clone()), None, message)
            }
            Verdict::Unsettled => {
                let message =
                    format!("{}: the files keep changing; try again when they are whole", Code::RestlessFiles);
                (ReloadOutcome::Unsettled, None, None, message)
            }
            Verdict::Draining => (ReloadOutcome::Refused, None, None, "the router is stopping".to_owned()),
        };
        let guards = match verdict {
            Verdict::Guarded { guards, .. } => guards.clone(),
            _ => Vec::new(),
        };
        ReloadAnswer {
            schema: "trunkline/reload/1".to_owned(),
            outcome,
            revision,
            before,
            message,
            guards,
            text: said.map(|said| said.human(colour)).unwrap_or_default(),
            diagnostics: said.map(|said| document(said, tried.as_deref())).unwrap_or_default(),
            tried,
            took_ms,
        }
    }

    /// For `systemctl status`: `serving b71e04d; the files e5520aa are refused`.
    pub(super) fn one_line(&self) -> String {
        let files = &self.parts.standing.files;
        let tried = files.revision.as_deref().unwrap_or("");
        let and = match files.state {
            _ if self.draining.is_some() => "; draining".to_owned(),
            FilesState::Same => String::new(),
            FilesState::Pending => format!("; the files {tried} wait: {}", files.error.as_deref().unwrap_or_default()),
            FilesState::Refused => format!("; the files {tried} are refused"),
        };
        let boot = if self.parts.serving.source == Origin::LastGood { " (the last good one)" } else { "" };
        format!("serving {}{boot}{and}", self.parts.serving.snapshot.revision)
    }

    /// Finds out which commit the revision that serves is, where there may be one. One question at a time; the last answer
    /// is about the last revision.
    pub(super) fn ask_git(&mut self) {
        let directory = self.parts.serving.set.directory();
        let inside = std::path::absolute(&directory)
            .is_ok_and(|directory| directory.ancestors().any(|place| place.join(".git").exists()));
        if self.asking_git || !inside || self.parts.serving.source != Origin::Files {
            return;
        }
        self.asking_git = true;
        let (hash, tell) = (self.parts.serving.set.hash.clone(), self.parts.commits.0.clone());
        tokio::spawn(async move {
            let commit = git::commit_of(&directory).await;
            // The control side may have ended.
            let _ = tell.send((hash, commit)).await;
        });
    }

    pub(super) fn commit_is(&mut self, hash: &str, git: Option<Git>) {
        self.asking_git = false;
        if self.parts.serving.set.hash != hash {
            return self.ask_git();
        }
        if git.is_some() {
            self.parts.serving.git = git;
            self.parts.archive.keep(self.parts.serving.kept());
        }
    }
}

/// The command that lets a guarded revision pass.
fn accepting(guards: &[Guard], tried: &str) -> String {
    let words: Vec<String> = guards.iter().map(|guard| format!(" --accept {}:{tried}", guard.id)).collect();
    format!("trunkline reload{}", words.concat())
}

fn document(said: &Diagnostics, revision: Option<&str>) -> serde_json::Value {
    let summary = Summary { files: said.sources().0.len(), ..Summary::default() };
    json_document(said, revision, summary)
}
