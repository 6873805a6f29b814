//! Watching directories, never files (CONFIG-AND-CLI (d) 3): a rename, `git checkout`, a ConfigMap's `..data` swap and a
//! mounted folder are all the same to it, a hint. What changed is found out by reading.

use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::Sender;

/// The watcher of the operating system, as far as there is one.
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// Why it does not work; taken once for the log.
    complaint: Option<String>,
    failed: bool,
}

impl Watch {
    /// Hints are sent to `hints` (a full channel has one already). Events under `own`, which the router writes itself,
    /// are none.
    pub fn new(hints: Sender<()>, own: Vec<PathBuf>) -> Watch {
        let made = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if is_hint(&event, &own) {
                // Full: a hint is waiting. Closed: the router stops.
                let _ = hints.try_send(());
            }
        });
        let mut watch = Watch { watcher: None, watched: BTreeSet::new(), complaint: None, failed: false };
        match made {
            Ok(watcher) => watch.watcher = Some(watcher),
            Err(e) => watch.fail(e.to_string()),
        }
        watch
    }

    /// Watches these directories and no others. A directory that is gone is waited for in its nearest ancestor.
    /// True when one was added that was not watched before: what happened in it until now was not seen.
    pub fn sync(&mut self, directories: &[PathBuf]) -> bool {
        let wanted: BTreeSet<PathBuf> = directories.iter().filter_map(|path| nearest(path)).collect();
        let Some(watcher) = &mut self.watcher else { return false };
        for path in self.watched.difference(&wanted) {
            // Gone with its directory: nothing to undo.
            let _ = watcher.unwatch(path);
        }
        let mut watched = BTreeSet::new();
        let mut failure = None;
        for path in &wanted {
            // Also those that are watched already: a directory that was deleted and made anew has another inode.
            match watcher.watch(path, RecursiveMode::NonRecursive) {
                Ok(()) => drop(watched.insert(path.clone())),
                Err(e) if matches!(e.kind, ErrorKind::PathNotFound) => {}
                Err(e) => failure = Some(format!("{}: {e}", path.display())),
            }
        }
        let added = watched.difference(&self.watched).next().is_some();
        self.watched = watched;
        if let Some(why) = failure {
            self.fail(why);
        }
        added
    }

    /// Why events are not available, the first time it is asked after it happened (TL0803 is said once).
    pub fn complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }

    fn fail(&mut self, why: String) {
        if !std::mem::replace(&mut self.failed, true) {
            self.complaint = Some(why);
        }
    }
}

/// Any event is a hint, an overflow and an error too, but not that somebody (the router itself, for one) has read a file.
fn is_hint(event: &notify::Result<Event>, own: &[PathBuf]) -> bool {
    let Ok(event) = event else { return true };
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
        EventKind::Access(_) => return false,
        _ => {}
    }
    event.paths.is_empty() || event.need_rescan() || event.paths.iter().any(|path| !is_own(path, own))
}

/// Files of the router: below a directory of its own, or beginning with the name of its records file.
fn is_own(path: &Path, own: &[PathBuf]) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    own.iter().any(|mine| path.starts_with(mine) || text.starts_with(mine.as_os_str().as_encoded_bytes()))
}

fn nearest(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|path| path.is_dir()).map(Path::to_owned)
}

/// Files that are mount points of their own (TL0806): replacing such a file outside is never seen inside.
/// `mountinfo` is the text of `/proc/self/mountinfo`.
pub fn mounted_alone<'a>(files: &'a [PathBuf], mountinfo: &str) -> Vec<&'a Path> {
    let points: BTreeSet<PathBuf> = mountinfo.lines().filter_map(|line| line.split(' ').nth(4)).map(unescape).collect();
    files.iter().filter(|file| points.contains(*file)).map(PathBuf::as_path).collect()
}

/// Spaces and the like are written in octal there: `\040`.
fn unescape(field: &str) -> PathBuf {
    let mut out = Vec::new();
    let mut rest = field.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let octal = tail.get(..3).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u8::from_str_radix(d, 8).ok());
        match (first, octal) {
            (b'\\', Some(byte)) => {
                out.push(byte);
                rest = tail.get(3..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    PathBuf::from(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, Flag};

    #[test]
    fn reading_is_no_hint_and_neither_is_what_we_write() {
        let own = [PathBuf::from("/etc/trunkline/.trunkline"), PathBuf::from("/etc/trunkline/calls.jsonl")];
        let event = |kind, path: &str| Ok(Event::new(kind).add_path(path.into()));
        let create = EventKind::Create(CreateKind::File);
        let cases = [
            (event(create, "/etc/trunkline/routes.yaml"), true),
            (event(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/etc/trunkline/routes.yaml"), true),
            (event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/etc/trunkline/routes.yaml"), false),
            (event(create, "/etc/trunkline/.trunkline/lock"), false),
            (event(create, "/etc/trunkline/calls.jsonl.1"), false),
            (Ok(Event::new(create)), true),
            (Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)), true),
            (Err(notify::Error::generic("lost")), true),
        ];
        for (event, expected) in cases {
            assert_eq!(is_hint(&event, &own), expected, "{event:?}");
        }
    }

    #[test]
    fn a_file_mounted_alone_is_found_in_mountinfo() {
        let mountinfo = "36 35 98:0 / / rw - ext4 /dev/root rw\n\
            51 36 98:0 /srv/routes.yaml /etc/trunk\\040line/routes.yaml rw,relatime - ext4 /dev/root rw\n";
        let files = [PathBuf::from("/etc/trunk line/routes.yaml"), PathBuf::from("/etc/trunk line/more.yaml")];
        assert_eq!(mounted_alone(&files, mountinfo), [Path::new("/etc/trunk line/routes.yaml")]);
    }

    #[test]
    fn a_directory_that_is_gone_is_waited_for_in_its_ancestor() {
        let folder = tempfile::tempdir().expect("folder");
        assert_eq!(nearest(&folder.path().join("a/b")), Some(folder.path().to_owned()));
    }
}
