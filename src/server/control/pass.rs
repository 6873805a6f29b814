//! A pass over the files: look, compile, guards, bind, swap. All or nothing (CONFIG-AND-CLI (d) 4): what can fail has been
//! done before anything is touched.

use super::super::guards;
use super::super::look::{Attempted, Found, Look, Print, look};
use super::super::serving::{Origin, Serving, short};
use super::Control;
use super::standing::Verdict;
use crate::admin::Guard;
use crate::config::{Code, Compiled, Diagnostics, FileSet};
use std::sync::Arc;
use std::time::Instant;

/// How often a look is thrown away because of a newer hint; then it counts, since somebody may write beside the files
/// all the time.
const RESTARTS: u8 = 3;

impl Control {
    pub(super) fn look(&mut self) {
        self.settle.looking();
        self.answering.append(&mut self.waiting);
        let (root, attempted) = (self.parts.root.clone(), self.parts.attempted.clone());
        let (serving, now) = (self.parts.serving.clone(), self.parts.clock.now().wall);
        let patient = self.settle.patient(self.parts.clock.now().at);
        let task = tokio::task::spawn_blocking(move || look(&root, &attempted, &serving, now, patient));
        self.looking = Some((task, Instant::now()));
    }

    /// Also what failed before is tried again: the operator may have fixed what the hash does not cover.
    pub(super) fn look_anew(&mut self, trigger: &'static str) {
        self.trigger = trigger;
        self.parts.attempted = Attempted::Nothing;
        if self.looking.is_none() && self.draining.is_none() {
            self.look();
        } else {
            self.settle.hint(self.parts.clock.now().at);
        }
    }

    pub(super) fn looked(&mut self, look: Look, began: Instant) {
        if self.draining.is_some() {
            return self.conclude(Verdict::Draining, None, began);
        }
        // A newer hint restarts the pass.
        let overtaken = matches!(look.found, Found::New { .. }) && self.settle.due().is_some();
        if overtaken && self.restarts < RESTARTS {
            self.restarts += 1;
            return;
        }
        self.restarts = 0;
        // What is wrong with files that somebody is still writing is not wrong yet.
        let half = overtaken && matches!(look.found, Found::New { compiled: None, .. });
        let look = if half { Look { found: Found::Moving, watch: look.watch } } else { look };
        if let Some(watch) = look.watch {
            self.parts.watched = watch;
        }
        if self.sync_watch() {
            self.settle.hint(self.parts.clock.now().at);
        }
        let now = self.parts.clock.now().at;
        match look.found {
            Found::Moving => {
                if self.settle.moving(now) {
                    tracing::warn!("warning[{}]: the files keep changing; waiting for a pause", Code::RestlessFiles);
                    self.conclude(Verdict::Unsettled, None, began);
                }
                return;
            }
            Found::Unreadable(_) if self.settle.away(now) => return,
            Found::Unreadable(said) => {
                self.parts.attempted = Attempted::Unreadable(said.clone());
                self.conclude(Verdict::Refused { why: format!("error: {said}"), tried: None }, None, began);
            }
            Found::Same => {}
            Found::Back => {
                let anew = self.parts.attempted == Attempted::Nothing;
                self.parts.attempted = Attempted::Set(Print::of(&self.parts.serving.set));
                self.unpin_softly();
                self.conclude(Verdict::Back { anew }, None, began);
            }
            Found::New { set, compiled, said, guards } => {
                let compiled = compiled.map(|compiled| (compiled, guards));
                self.found_new(*set, compiled, &said, began);
            }
        }
        self.settle.settled();
    }

    fn found_new(
        &mut self,
        set: FileSet,
        compiled: Option<(Box<Compiled>, Vec<Guard>)>,
        said: &Diagnostics,
        began: Instant,
    ) {
        let (hash, tried) = (set.hash.clone(), short(&set.hash).to_owned());
        let attempted = Attempted::Set(Print::of(&set));
        let again = std::mem::replace(&mut self.parts.attempted, attempted.clone()) == attempted;
        if self.keeps_pin(&hash) {
            let verdict = Verdict::Pinned { tried, again };
            return self.conclude(verdict, Some(said), began);
        }
        let Some((compiled, guards)) = compiled else {
            self.parts.archive.refused(set, said.human(false));
            let why = said.first_line();
            return self.conclude(Verdict::Refused { why, tried: Some(tried) }, Some(said), began);
        };
        let guards = guards::unaccepted(&guards, &self.accepted(), &tried);
        if !guards.is_empty() {
            return self.conclude(Verdict::Guarded { guards, tried }, Some(said), began);
        }
        let warnings = said.warnings();
        match self.swap(*compiled, set, Origin::Files, began) {
            Ok((before, difference)) => {
                self.unpin_softly();
                self.conclude(Verdict::Reloaded { before, difference, warnings }, Some(said), began);
            }
            Err(why) => self.conclude(Verdict::Refused { why, tried: Some(tried) }, Some(said), began),
        }
    }

    /// Puts a compiled revision into service. Gives the revision before, and what is different.
    pub(super) fn swap(
        &mut self,
        mut compiled: Compiled,
        set: FileSet,
        source: Origin,
        began: Instant,
    ) -> Result<(String, String), String> {
        let snapshot = Arc::get_mut(&mut compiled.snapshot)
            .ok_or("error: the compiler kept a revision for itself; this is a fault of trunkline")?;
        let prepared = self.parts.listeners.prepare(snapshot).map_err(|e| e.to_string())?;
        let difference = crate::plan::declared::between(&self.parts.serving.snapshot, &compiled.snapshot).to_string();
        let sockets = self.parts.listeners.commit(prepared, Instant::now());
        self.parts.workers.reload(compiled.snapshot.clone(), sockets);
        self.parts.orders.set(compiled.accounting.clone(), &self.parts.tray);
        let serving = Serving {
            snapshot: compiled.snapshot.clone(),
            compiled: Arc::new(compiled),
            set: Arc::new(set),
            loaded_at: self.parts.clock.now().wall,
            trigger: self.trigger,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            source,
            git: None,
        };
        let before = std::mem::replace(&mut self.parts.serving, serving).snapshot.revision.to_string();
        self.parts.archive.keep(self.parts.serving.kept());
        self.ask_git();
        Ok((before, difference))
    }
}
