//! Operators' words about gateways, with by whom, why and until when: kept in the state directory over restarts, by id
//! over reloads. The health engine enforces them; this is the book of record.

use super::clock::Clock;
use super::whole::{self, For};
use crate::admin::{OverrideKind, OverrideStatus, timestamp};
use crate::health::Override;
use crate::time::Wall;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The file in the state directory.
const FILE: &str = "overrides.json";
/// More gateways than anybody switches by hand; what comes beyond is refused.
const MOST: usize = 100_000;

/// One operator's word. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub by: String,
    pub reason: String,
    pub drain: bool,
    pub since: i64,
    pub until: Option<i64>,
}

/// See the module.
#[derive(Debug)]
pub struct Overrides {
    path: PathBuf,
    words: Mutex<BTreeMap<String, Word>>,
}

impl Overrides {
    /// Reads what an earlier process left. A file that nobody can read is an error: a gateway that was disabled must not
    /// come back silently.
    pub fn open(state: &Path) -> io::Result<Overrides> {
        let path = state.join(FILE);
        let words = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(e) => return Err(e),
        };
        Ok(Overrides { path, words: Mutex::new(words) })
    }

    /// What holds now, as the health engine takes it.
    pub fn for_engine(&self, clock: &mut Clock) -> Vec<(Arc<str>, Override)> {
        let now = clock.now();
        let engine = |word: &Word| Override {
            by: word.by.clone(),
            reason: word.reason.clone(),
            until: word.until.map(|until| now.at + micros(until.saturating_sub(now.wall.0))),
        };
        self.holding(now.wall).iter().map(|(id, word)| (Arc::from(id.as_str()), engine(word))).collect()
    }

    /// What holds now about `id`, for `status`.
    pub fn of(&self, id: &str, now: Wall) -> Option<OverrideStatus> {
        let words = self.holding(now);
        let word = words.get(id)?;
        Some(OverrideStatus {
            kind: if word.drain { OverrideKind::Drain } else { OverrideKind::Disable },
            by: word.by.clone(),
            since: timestamp(Wall(word.since)),
            until: word.until.map(|until| timestamp(Wall(until))),
            reason: word.reason.clone(),
        })
    }

    /// Notes a word, or that there is none any more; on disk when this returns without an error. After an error nothing
    /// has changed.
    pub fn set(&self, id: &str, word: Option<Word>, now: Wall) -> io::Result<()> {
        let mut words = self.holding(now);
        let mut next = words.clone();
        match word {
            Some(_) if next.len() >= MOST && !next.contains_key(id) => {
                return Err(io::Error::other("too many gateways are disabled"));
            }
            Some(word) => drop(next.insert(id.to_owned(), word)),
            None => drop(next.remove(id)),
        }
        whole::write(&self.path, &serde_json::to_vec_pretty(&next).map_err(io::Error::other)?, For::Everybody)?;
        *words = next;
        Ok(())
    }

    fn holding(&self, now: Wall) -> MutexGuard<'_, BTreeMap<String, Word>> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        words.retain(|_, word| word.until.is_none_or(|until| until > now.0));
        words
    }
}

fn micros(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(until: Option<i64>) -> Word {
        Word { by: "anna".into(), reason: "works".into(), drain: false, since: 5, until }
    }

    #[test]
    fn words_survive_and_expire() {
        let folder = tempfile::tempdir().expect("a folder");
        let book = Overrides::open(folder.path()).expect("a book");
        book.set("a", Some(word(None)), Wall(10)).expect("noted");
        book.set("b", Some(word(Some(100))), Wall(10)).expect("noted");
        book.set("c", Some(word(None)), Wall(10)).expect("noted");
        book.set("c", None, Wall(10)).expect("noted");
        let again = Overrides::open(folder.path()).expect("a book");
        assert!(again.of("b", Wall(99)).is_some());
        assert_eq!(again.of("a", Wall(99)).map(|o| (o.by, o.until)), Some(("anna".into(), None)));
        assert_eq!((again.of("b", Wall(100)), again.of("c", Wall(10))), (None, None));
    }

    #[test]
    fn a_book_that_nobody_can_read_is_not_an_empty_one() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), "half a li").expect("written");
        assert!(Overrides::open(folder.path()).is_err());
    }
}
