//! Going back: rollback to a revision that served before, pinning what serves, and what a pin means for the files
//! (CONFIG-AND-CLI (d) 11).

use super::super::look::Attempted;
use super::super::revisions::{Kept, Pin};
use super::super::serving::Origin;
use super::Control;
use super::standing::Verdict;
use crate::admin::{FilesState, PinOrder, PinOrderAnswer, Pinned, timestamp};
use crate::config::compile_for_run;
use std::time::Instant;

impl Control {
    pub(super) fn pin_ordered(&mut self, order: PinOrder) -> PinOrderAnswer {
        let before = self.parts.serving.snapshot.revision.to_string();
        let done = match order {
            _ if self.draining.is_some() => Err("the router is stopping".to_owned()),
            PinOrder::Rollback { to, by } => self.roll_back(to.as_deref(), by),
            PinOrder::Pin { by } => {
                self.pin(by, None);
                Ok(format!("{before} is kept until `trunkline reload --unpin`"))
            }
            PinOrder::Unpin { by } => self.unpin(&by),
        };
        let kept = self.parts.archive.list();
        let revision = self.parts.serving.snapshot.revision.to_string();
        PinOrderAnswer {
            schema: "trunkline/pin/1".to_owned(),
            done: done.is_ok(),
            before: (before != revision).then_some(before),
            revision,
            message: done.unwrap_or_else(|why| why),
            kept: kept.iter().map(Kept::line).collect(),
        }
    }

    /// Back to the revision that served before this one, or to the one named.
    fn roll_back(&mut self, to: Option<&str>, by: String) -> Result<String, String> {
        let began = Instant::now();
        let kept = self.parts.archive.list();
        let running = &self.parts.serving.set.hash;
        let names: Vec<&str> = kept.iter().map(|kept| kept.revision.as_str()).collect();
        let chosen = match to {
            Some(to) => kept.iter().find(|kept| to.len() >= 4 && kept.hash.starts_with(to)).ok_or_else(|| {
                format!(
                    "revision {to} is not kept; there are {}",
                    if names.is_empty() { "none".into() } else { names.join(", ") }
                )
            })?,
            None => kept.iter().find(|kept| kept.hash != *running).ok_or("no revision served before this one")?,
        };
        if chosen.hash == *running {
            return Err(format!("{} is running", chosen.revision));
        }
        // Its relative paths count from where the files are, and its secrets are those of today.
        let set = chosen.file_set().at(&self.parts.root);
        let (compiled, said) = compile_for_run(&set);
        let compiled =
            compiled.ok_or_else(|| format!("{} does not compile any more: {}", chosen.revision, said.first_line()))?;
        self.trigger = "rollback";
        let (before, difference) = self.swap(compiled, set, Origin::History, began)?;
        // The files as they are now are known, and not wanted; others are.
        let files = match &self.parts.attempted {
            Attempted::Set(print) => print.hash.clone(),
            Attempted::Unreadable(_) | Attempted::Nothing => String::new(),
        };
        self.pin(by.clone(), Some(files));
        let now = &self.parts.serving.snapshot.revision;
        let message = format!("rolled back {before} -> {now} by {by}: {difference}; pinned until the files change");
        tracing::warn!("{message}");
        *self.parts.standing.reloads.entry(("rollback", "reloaded")).or_default() += 1;
        Ok(message)
    }

    fn pin(&mut self, by: String, files: Option<String>) {
        let at = timestamp(self.parts.clock.now().wall);
        let until_files_change = files.is_some();
        self.parts.standing.pinned = Some(Pinned { by: by.clone(), at: at.clone(), until_files_change });
        let pin = Pin { hash: self.parts.serving.set.hash.clone(), by, at, files };
        if pin.files.as_ref().is_some_and(|files| *files != pin.hash) {
            let files = &mut self.parts.standing.files;
            files.state = FilesState::Pending;
            files.error = Some("another revision is pinned".to_owned());
        }
        self.parts.archive.pin(Some(pin.clone()));
        self.parts.pin = Some(pin);
    }

    fn unpin(&mut self, by: &str) -> Result<String, String> {
        if self.parts.pin.is_none() {
            return Err("no revision is pinned".to_owned());
        }
        self.drop_pin();
        tracing::info!("unpinned by {by}: the files count again");
        self.look_anew("unpin");
        Ok("the files count again; `trunkline status` shows what becomes of them".to_owned())
    }

    /// Whether a pin keeps files with this hash out. Files that differ from those at a rollback end its pin.
    pub(super) fn keeps_pin(&self, hash: &str) -> bool {
        self.parts.pin.as_ref().is_some_and(|pin| pin.files.as_ref().is_none_or(|files| files == hash))
    }

    /// The files were changed, and are what serves: a rollback's pin is over. A pin that an operator asked for stays.
    pub(super) fn unpin_softly(&mut self) {
        if self.parts.pin.as_ref().is_some_and(|pin| pin.files.is_some()) {
            self.drop_pin();
        }
    }

    fn drop_pin(&mut self) {
        self.parts.pin = None;
        self.parts.standing.pinned = None;
        self.parts.archive.pin(None);
    }

    /// An operator's reload while a revision is pinned.
    pub(super) fn refuse_for_pin(&mut self) {
        let tried = self.parts.standing.files.revision.clone().unwrap_or_default();
        self.refuse(Verdict::Pinned { tried, again: true });
    }
}
