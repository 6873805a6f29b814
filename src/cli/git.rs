//! What git knows: revisions, the files of a commit, the words of its messages. The `git` command is asked, in an
//! environment that can't point it elsewhere.

use crate::config::FileSet;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// What stays in the environment: where programs are, and the user's own settings (`safe.directory` of a checkout that
/// somebody else owns stands there).
const KEPT: &[&str] = &["PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT"];
/// Links followed from one file of a commit.
const LINK_HOPS: usize = 10;

/// A repository, seen from a directory in it.
#[derive(Clone, Debug)]
pub struct Repository {
    directory: PathBuf,
    /// The directory's path from the top, with a `/` at its end; empty at the top.
    prefix: String,
}

impl Repository {
    /// The repository that holds a directory. The error is one line for people.
    pub fn of(directory: &Path) -> Result<Repository, String> {
        let directory = if directory == Path::new("") { PathBuf::from(".") } else { directory.to_owned() };
        let mut repository = Repository { directory, prefix: String::new() };
        repository.prefix = repository.line(&["rev-parse", "--show-prefix"])?;
        Ok(repository)
    }

    /// The commit that a name means, if it means one.
    pub fn commit(&self, name: &str) -> Option<String> {
        let name = format!("{name}^{{commit}}");
        self.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name])
            .ok()
            .filter(|commit| !commit.is_empty())
    }

    /// The branch that changes are merged into, as the remote says or as it is usually called.
    pub fn default_branch(&self) -> Option<String> {
        let remote = self.line(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]).ok();
        let usual = ["origin/main", "origin/master", "main", "master"].map(str::to_owned);
        remote.into_iter().chain(usual).find(|name| !name.is_empty() && self.commit(name).is_some())
    }

    /// Where two lines of commits parted.
    pub fn merge_base(&self, a: &str, b: &str) -> Option<String> {
        self.line(&["merge-base", a, b]).ok().filter(|commit| !commit.is_empty())
    }

    /// The values of a trailer in the messages of the commits that `head` has and `base` has not.
    pub fn trailers(&self, base: &str, head: &str, key: &str) -> Result<Vec<String>, String> {
        let format = format!("--format=%(trailers:key={key},valueonly,unfold)");
        let text = self.text(&["log", &format, "--end-of-options", &format!("{base}..{head}"), "--"])?;
        Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// The file set whose root file is called `name` in this directory, as it was in a commit.
    pub fn files(&self, commit: &str, name: &Path) -> Result<FileSet, String> {
        let tree = Tree::of(self, commit)?;
        let names: Vec<PathBuf> = tree.entries.keys().map(PathBuf::from).collect();
        let mut blobs = Blobs::open(self)?;
        FileSet::gather(self.directory.join(name), &names, |path| tree.read(path, &mut blobs))
    }

    /// The files that differ from a commit, and those that git does not know yet, wherever in the repository they are.
    pub fn changed_since(&self, commit: &str) -> Result<Vec<PathBuf>, String> {
        let top = PathBuf::from(self.line(&["rev-parse", "--show-toplevel"])?);
        let whole = Repository { directory: top, prefix: String::new() };
        let differing = whole.text(&["diff", "--name-only", "-z", "--no-renames", "--end-of-options", commit, "--"])?;
        let unknown = whole.text(&["ls-files", "--others", "--exclude-standard", "-z"])?;
        let names = differing.split('\0').chain(unknown.split('\0')).filter(|name| !name.is_empty());
        Ok(names.map(|name| whole.directory.join(name)).collect())
    }

    fn line(&self, arguments: &[&str]) -> Result<String, String> {
        self.text(arguments).map(|text| text.trim_end_matches('\n').to_owned())
    }

    fn text(&self, arguments: &[&str]) -> Result<String, String> {
        self.bytes(arguments).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.git(arguments).output().map_err(|error| format!("git does not run: {error}"))?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
        }
    }

    fn git(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.env_clear().envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        command.arg("-C").arg(&self.directory).args(arguments).stdin(Stdio::null());
        command
    }
}

/// The files of a commit below a directory.
struct Tree {
    commit: String,
    /// By path relative to the directory: whether it is a link, and the object's name.
    entries: BTreeMap<String, (bool, String)>,
}

impl Tree {
    fn of(repository: &Repository, commit: &str) -> Result<Tree, String> {
        let mut arguments = vec!["ls-tree", "-r", "-z", "--full-tree", commit];
        if !repository.prefix.is_empty() {
            arguments.extend(["--", &repository.prefix]);
        }
        let listing = repository.text(&arguments)?;
        let entry = |line: &str| {
            let (head, path) = line.split_once('\t')?;
            let mut words = head.split(' ');
            let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
            let path = path.strip_prefix(&repository.prefix)?;
            (kind == "blob").then(|| (path.to_owned(), (mode == "120000", object.to_owned())))
        };
        Ok(Tree { commit: commit.to_owned(), entries: listing.split('\0').filter_map(entry).collect() })
    }

    /// The bytes of a file; links are followed inside the directory.
    fn read(&self, path: &Path, blobs: &mut Blobs) -> Result<Vec<u8>, String> {
        let mut at = path.to_owned();
        for _ in 0..LINK_HOPS {
            let Some((link, object)) = self.entries.get(&*at.to_string_lossy()) else { break };
            let bytes = blobs.read(object)?;
            if !link {
                return Ok(bytes);
            }
            let target = at.parent().unwrap_or(Path::new("")).join(String::from_utf8_lossy(&bytes).as_ref());
            let Some(inside) = inside(&target) else { break };
            at = inside;
        }
        let short = self.commit.get(..7).unwrap_or(&self.commit);
        Err(format!("there is no {} at {short}", path.display()))
    }
}

/// A relative path without `.` and `..`; `None` when it leads out.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir => out.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

/// One `git cat-file --batch`, asked for object after object.
struct Blobs {
    child: std::process::Child,
}

impl Blobs {
    fn open(repository: &Repository) -> Result<Blobs, String> {
        let mut command = repository.git(&["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("git does not run: {error}"))?;
        Ok(Blobs { child })
    }

    fn read(&mut self, object: &str) -> Result<Vec<u8>, String> {
        let trouble = |error: std::io::Error| format!("git cat-file: {error}");
        let (Some(input), Some(output)) = (&mut self.child.stdin, &mut self.child.stdout) else {
            return Err("git cat-file has no pipes".to_owned());
        };
        writeln!(input, "{object}").and_then(|()| input.flush()).map_err(trouble)?;
        // Nothing is read ahead: the next question is only asked when this answer is through.
        let mut output = BufReader::with_capacity(1, output);
        let mut head = String::new();
        output.read_line(&mut head).map_err(trouble)?;
        let length: usize = head
            .trim_end()
            .rsplit(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .ok_or_else(|| format!("git cat-file: {}", head.trim_end()))?;
        let mut bytes = vec![0; length + 1];
        output.read_exact(&mut bytes).map_err(trouble)?;
        bytes.pop();
        Ok(bytes)
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        // Without its input it ends by itself.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
