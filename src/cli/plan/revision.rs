//! The two sides of a comparison: files, a git revision, what the running router serves.

use crate::cli::Global;
use crate::cli::args::root_file;
use crate::cli::git::Repository;
use crate::config::FileSet;
use std::path::{Path, PathBuf};

/// One side, read and not yet compiled.
#[derive(Debug)]
pub struct Revision {
    pub set: FileSet,
    /// As it was asked for: `files`, `server`, `origin/main`, a path.
    pub reference: String,
    /// Where it is a commit.
    pub commit: Option<String>,
}

impl Revision {
    /// The first seven characters of the content's hash.
    pub fn short(&self) -> &str {
        self.set.hash.get(..7).unwrap_or(&self.set.hash)
    }
}

/// Where revisions are looked for: the root file that the command is about, and the repository around it.
pub struct Place<'g> {
    global: &'g Global,
    root: Result<PathBuf, String>,
    repository: Result<Repository, String>,
}

impl<'g> Place<'g> {
    pub fn of(global: &'g Global) -> Place<'g> {
        let root = global.root();
        let directory = root.as_deref().ok().and_then(Path::parent).unwrap_or(Path::new("."));
        Place { global, repository: Repository::of(directory), root }
    }

    /// The new side: the files, a path, or a git revision.
    pub fn to(&self, given: Option<&str>) -> Result<Revision, String> {
        match given {
            None | Some("files") => self.files(),
            Some(name) => self.named(name, "--to"),
        }
    }

    /// The old side; without a name the running router, else where the branch began.
    pub fn from(&self, given: Option<&str>) -> Result<Revision, String> {
        match given {
            Some("server") => self.server(),
            Some(name) => self.named(name, "--from"),
            None if self.global.server.is_some() => self.server(),
            None => self.server().or_else(|server| self.branched().map_err(|git| format!(
                "nothing to compare with: {server}; {git}. Name the old side: --from REVISION, --from DIRECTORY or --from server"
            ))),
        }
    }

    fn files(&self) -> Result<Revision, String> {
        let root = self.root.clone()?;
        let set = FileSet::read(&root).map_err(|error| error.to_string())?;
        Ok(Revision { set, reference: "files".to_owned(), commit: None })
    }

    fn server(&self) -> Result<Revision, String> {
        let client = self.global.client()?;
        let sources = client.sources().map_err(|error| error.to_string())?;
        Ok(Revision { set: sources.file_set(), reference: "server".to_owned(), commit: sources.git })
    }

    /// A path when it looks like one, else a git revision, else a path.
    fn named(&self, name: &str, flag: &str) -> Result<Revision, String> {
        let is_path = name.starts_with(['.', '/']);
        let commit = self.repository.as_ref().ok().filter(|_| !is_path).and_then(|git| git.commit(name));
        match (commit, Path::new(name).exists()) {
            (Some(commit), _) => self.at(&commit, name),
            (None, true) => {
                let set = FileSet::read(&root_file(Some(Path::new(name)))?).map_err(|error| error.to_string())?;
                Ok(Revision { set, reference: name.to_owned(), commit: None })
            }
            (None, false) => Err(match &self.repository {
                Ok(_) => format!("{flag} {name}: git knows no such revision, and there is no such file or directory"),
                Err(git) => format!("{flag} {name}: no such file or directory, and no git to ask: {git}"),
            }),
        }
    }

    /// Where this line of commits parted from the default branch.
    fn branched(&self) -> Result<Revision, String> {
        let git = self.repository.as_ref().map_err(String::clone)?;
        let branch = git.default_branch().ok_or("git has no branch main or master, and origin names none")?;
        let base = git.merge_base("HEAD", &branch).ok_or(format!("HEAD and {branch} have no commit in common"))?;
        self.at(&base, &branch)
    }

    /// The files as they were in a commit; a root file that was not named may have had the other name.
    fn at(&self, commit: &str, reference: &str) -> Result<Revision, String> {
        let git = self.repository.as_ref().map_err(String::clone)?;
        let name = self.root.as_deref().ok().and_then(Path::file_name).map(PathBuf::from);
        let named = self.global.config.as_deref().is_some_and(Path::is_file);
        let others = ["trunkline.yaml", "routes.yaml"].map(PathBuf::from);
        let names = name.into_iter().chain(others.into_iter().filter(|_| !named));
        let mut trouble = None;
        for name in names {
            match git.files(commit, &name) {
                Ok(set) => {
                    return Ok(Revision { set, reference: reference.to_owned(), commit: Some(commit.to_owned()) });
                }
                Err(why) => trouble = trouble.or(Some(why)),
            }
        }
        Err(trouble.unwrap_or_else(|| format!("there are no files at {reference}")))
    }

    /// What the commits between the sides accept. The files are those of HEAD and whatever was not committed yet.
    pub fn accepted(&self, from: &Revision, to: &Revision) -> Result<Vec<String>, String> {
        let (Ok(git), Some(base)) = (&self.repository, &from.commit) else { return Ok(Vec::new()) };
        // What the router serves may be a commit that is not here.
        if git.commit(base).is_none() {
            return Ok(Vec::new());
        }
        let head = match (&to.commit, to.reference.as_str()) {
            (Some(commit), _) => commit.clone(),
            (None, "files") => match git.commit("HEAD") {
                Some(head) => head,
                None => return Ok(Vec::new()),
            },
            (None, _) => return Ok(Vec::new()),
        };
        git.trailers(base, &head, "Trunkline-Accept")
    }
}
