//! The disk fails in every way under 200 calls a second: full, read-only, its database locked by somebody else. Calls
//! must not notice, and every record must be there afterwards, or be counted in the log as lost.
//!
//! Records and state lie on a small file system in memory, mounted for this (that needs root). It is filled to the last
//! byte, later emptied; then a read-only one is mounted over it, so that whatever is opened anew can't be written; then
//! another connection holds SQLite's exclusive lock.

use crate::ledger::Ledger;
use crate::load::{Load, gateway};
use crate::report::Report;
use crate::router::{DATABASE, Router};
use crate::stage::{Stage, rest};
use rusqlite::Connection;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RATE: u32 = 200;
/// So long the database is locked; the others last as long.
const TROUBLE: Duration = Duration::from_secs(10);
/// Records may wait so long for a disk that has come back.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn run(stage: &Stage) -> Report {
    let mut report = Report::default();
    let mount = Mount::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let gateway = gateway("answers");
    let mut setup = stage.setup(&[gateway.port]);
    setup.sqlite = true;
    setup.books = Some(mount.as_ref().map_or(folder.path(), |mount| &mount.path).to_owned());
    let router = setup.start();
    let mut load = Load::start("calls", router.port(), RATE, &["-d", "500"]);
    load.wait_succeeded(200);
    let time = stage.either(TROUBLE, TROUBLE / 4);
    let say = |what: &str| {
        let counts = load.counts();
        stage.say(format_args!("{what}: {} calls well, {} failed", counts.succeeded, counts.failed));
    };

    match &mount {
        Some(mount) => {
            mount.fill();
            rest(time);
            mount.make_room();
            say("full for a while");
            rest(time / 2);
            mount.cover();
            rest(time);
            mount.uncover();
            say("read-only for a while");
            rest(time / 2);
        }
        None => report.skipped("full disk, read-only disk", "mounting a file system needs root"),
    }
    lock(&router, stage.either(TROUBLE, TROUBLE / 2));
    say("database locked for a while");
    rest(time / 2);

    let counts = load.stop();
    if counts.failed > 0 {
        stage.say(load.errors());
    }
    report.show("calls", format_args!("{} at {RATE}/s", counts.succeeded));
    report.at_most("calls lost", counts.failed, 0);
    let (file, database) = settled(&router, counts.succeeded);
    let (file_lost, database_lost) = counted_as_lost(&router);
    for (place, ledger, lost) in [("file", &file, file_lost), ("database", &database, database_lost)] {
        report.show(format_args!("records in the {place}"), ledger.finished());
        report.show(format_args!("counted as lost by the {place}"), lost);
        let missing = counts.succeeded.saturating_sub(ledger.finished() + lost);
        report.at_most(format_args!("missing in the {place} and not counted"), missing, 0);
        report.at_most(format_args!("twice in the {place}"), ledger.twice() + ledger.same_id(), 0);
    }
    stage.say(format_args!("what the router said:\n{}", complaints(&router)));
    report
}

/// Reads until everything has been written, or for as long as that may take.
fn settled(router: &Router, calls: u64) -> (Ledger, Ledger) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let file = Ledger::of_file(router);
        let database = Ledger::of_database(router).unwrap_or_default();
        let (file_lost, database_lost) = counted_as_lost(router);
        let whole = file.finished() + file_lost >= calls && database.finished() + database_lost >= calls;
        if whole || Instant::now() > deadline {
            return (file, database);
        }
        rest(Duration::from_millis(200));
    }
}

/// What the log says is gone since the start: from the file, from the database.
fn counted_as_lost(router: &Router) -> (u64, u64) {
    let lines = router.log.find("call records lost", 0);
    let last = lines.last().map(|(_, _, line)| line.as_str()).unwrap_or_default();
    let field = |name: &str| {
        let (_, rest) = last.split_once(name)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    (field(" file=").unwrap_or(0), field(" database=").unwrap_or(0))
}

fn complaints(router: &Router) -> String {
    let mut lines = router.log.find("records", 0);
    lines.extend(router.log.find("journal", 0));
    lines.sort();
    lines.into_iter().map(|(_, _, line)| format!("      {line}\n")).collect()
}

/// As a report that somebody forgot in a terminal does.
fn lock(router: &Router, time: Duration) {
    let database = Connection::open(router.books.join(DATABASE)).expect("the database");
    database.busy_timeout(Duration::from_secs(10)).expect("a timeout");
    database.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
    rest(time);
    database.execute_batch("ROLLBACK").expect("the lock's end");
}

/// A small file system in memory.
struct Mount {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Mount {
    const BALLAST: &str = "ballast";

    /// `None` where that is not allowed.
    fn new() -> Option<Mount> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("disk");
        std::fs::create_dir(&path).expect("a folder");
        mount(&["-t", "tmpfs", "-o", "size=96m", "none"], &path).then_some(Mount { path, _folder: folder })
    }

    /// To the last byte.
    fn fill(&self) {
        let mut ballast = std::fs::File::create(self.path.join(Self::BALLAST)).expect("a file");
        for size in [1 << 20, 4096, 1] {
            let block = vec![0; size];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.path.join(Self::BALLAST)).expect("the ballast");
    }

    /// Another one over it, in which nothing can be written. Remounting this one is refused while files are open.
    fn cover(&self) {
        assert!(mount(&["-t", "tmpfs", "-o", "ro", "none"], &self.path), "mounting worked before");
    }

    fn uncover(&self) {
        unmount(&self.path);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        unmount(&self.path);
    }
}

fn mount(arguments: &[&str], path: &Path) -> bool {
    quiet(Command::new("mount").args(arguments).arg(path))
}

fn unmount(path: &Path) {
    // Lazily: somebody may still have a file open.
    quiet(Command::new("umount").arg("-l").arg(path));
}

fn quiet(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
