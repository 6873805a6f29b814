//! The bytes of a file set at one moment: read once, compiled from nothing else.

use super::diagnostic::Report;
use super::include::{self, Walk};
use super::secrets::{self, Secrets};
use super::yaml::{self, Budget, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// More than this of one file is never read (TL0111).
pub(super) const FILE_BYTES: usize = 64 * 1024 * 1024;
/// More than this of one secret file is never read.
const SECRET_BYTES: u64 = 64 * 1024;
/// Links followed on one path before it is given up.
const LINK_HOPS: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSet {
    /// The root file's path, as given.
    pub root: PathBuf,
    /// (path relative to the root file's directory, bytes), root first.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// Hash over relative paths and bytes, hex.
    pub hash: String,
    /// Directories whose changes matter: of each file, of each symlink on its path, and of each glob.
    pub watch: Vec<PathBuf>,
    /// Paths that a pattern of `include` reached and that were not read, since they lead out of the root directory.
    pub refused: Vec<PathBuf>,
    /// What the files refer to and do not hold.
    pub secrets: Secrets,
}

impl FileSet {
    /// Reads the root file and what it includes. An error of the operating system names its path.
    pub fn read(root: &Path) -> io::Result<FileSet> {
        let directory = directory_of(root);
        let name = root.file_name().map_or_else(|| root.to_owned(), PathBuf::from);
        let first = read_file(root)?;
        let mut walk = Walk::default();
        for pattern in patterns(&first) {
            include::expand(&directory, &pattern, &mut walk);
        }
        let mut watch = BTreeSet::new();
        watch_path(root, &mut watch);
        let mut files = vec![(name, first)];
        for relative in walk.found {
            let path = directory.join(&relative);
            if relative == files[0].0 {
                continue;
            }
            watch_path(&path, &mut watch);
            files.push((relative, read_file(&path)?));
        }
        watch.extend(walk.directories.iter().map(|relative| existing(tidy(&directory.join(relative)))));
        let secrets = secrets(&directory, &files, &mut watch);
        let hash = hash(&files);
        let watch = watch.into_iter().collect();
        Ok(FileSet { root: root.to_owned(), files, hash, watch, refused: walk.refused, secrets })
    }

    /// A set that stands in memory: the first file is the root.
    pub fn of(files: &[(&str, &str)]) -> FileSet {
        let files: Vec<_> = files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect();
        let root = files.first().map(|(path, _)| path.clone()).unwrap_or_default();
        FileSet { root, hash: hash(&files), files, watch: Vec::new(), refused: Vec::new(), secrets: Secrets::default() }
    }

    /// The same texts as the files of `root`: paths count from there, and secrets are what they are now.
    pub fn at(self, root: &Path) -> FileSet {
        let mut watch = BTreeSet::new();
        let secrets = secrets(&directory_of(root), &self.files, &mut watch);
        FileSet { root: root.to_owned(), secrets, ..self }
    }

    /// A set out of a tree that is no directory, such as a commit's: `names` are all its files relative to the root
    /// file's place, `read` gives the bytes of one. `root` is how the root file is called when something is said about it.
    pub fn gather<E>(
        root: PathBuf,
        names: &[PathBuf],
        mut read: impl FnMut(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<FileSet, E> {
        let name = root.file_name().map_or_else(|| root.clone(), PathBuf::from);
        let first = read(&name)?;
        let mut files = vec![(name, first)];
        for pattern in patterns(&files[0].1) {
            for found in include::matching(&pattern, names) {
                if !files.iter().any(|(known, _)| *known == found) {
                    let bytes = read(&found)?;
                    files.push((found, bytes));
                }
            }
        }
        let hash = hash(&files);
        Ok(FileSet { root, files, hash, watch: Vec::new(), refused: Vec::new(), secrets: Secrets::default() })
    }

    /// Puts other bytes in the place of a file's.
    pub fn replace(&mut self, file: usize, bytes: Vec<u8>) {
        if let Some((_, old)) = self.files.get_mut(file) {
            *old = bytes;
            self.hash = hash(&self.files);
        }
    }

    /// The directory that relative paths count from.
    pub fn directory(&self) -> PathBuf {
        directory_of(&self.root)
    }
}

fn directory_of(root: &Path) -> PathBuf {
    match root.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the compiler sees that it is too long.
    std::fs::File::open(path).map_err(named)?.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(named)?;
    Ok(bytes)
}

/// The patterns of `include` in a root file; what is wrong with them is said by the compiler.
fn patterns(bytes: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    if !text.contains("include") || bytes.len() > FILE_BYTES {
        return Vec::new();
    }
    let tree = yaml::read(text, 0, &mut Budget::default(), &mut Report::default());
    let Some(Value::List(items)) = tree.as_ref().and_then(|tree| tree.get("include")).map(|node| &node.value) else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| match &item.value {
            Value::Text(text, _) => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

/// Reads the secret files and certificates that the files name, and watches where they lie.
fn secrets(directory: &Path, files: &[(PathBuf, Vec<u8>)], watch: &mut BTreeSet<PathBuf>) -> Secrets {
    let mut secrets = Secrets::default();
    for (_, bytes) in files {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        if bytes.len() > FILE_BYTES || !(text.contains("secret_file") || text.contains("certificate")) {
            continue;
        }
        let Some(tree) = yaml::read(text, 0, &mut Budget::default(), &mut Report::default()) else { continue };
        for written in secrets::named_in(&tree) {
            let path = directory.join(&written);
            watch_path(&path, watch);
            secrets.keep(written, read_secret(&path));
        }
    }
    secrets
}

/// A secret that is longer than [`SECRET_BYTES`] is none.
fn read_secret(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(SECRET_BYTES + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= SECRET_BYTES).then_some(bytes)
}

/// SHA-256 over (path, length, bytes) of each file, in hex.
fn hash(files: &[(PathBuf, Vec<u8>)]) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        let path = path.to_string_lossy();
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(path.as_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds the directory of `path`, and of every symbolic link on the way to the file.
fn watch_path(path: &Path, watch: &mut BTreeSet<PathBuf>) {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut rest: Vec<PathBuf> = vec![absolute];
    let mut hops = 0;
    while let Some(path) = rest.pop() {
        let mut walked = PathBuf::new();
        let components: Vec<Component> = path.components().collect();
        for (position, component) in components.iter().enumerate() {
            walked.push(component);
            let Ok(target) = std::fs::read_link(&walked) else { continue };
            hops += 1;
            let parent = walked.parent().unwrap_or(Path::new("/")).to_owned();
            let after: PathBuf = components.iter().skip(position + 1).collect();
            if hops <= LINK_HOPS {
                rest.push(tidy(&parent.join(target).join(after)));
            }
            watch.insert(parent);
            walked = PathBuf::new();
            break;
        }
        if let Some(parent) = walked.parent() {
            watch.insert(parent.to_owned());
        }
    }
}

/// The directory, or the nearest one above it that is there: it will tell when the missing one is made.
fn existing(mut directory: PathBuf) -> PathBuf {
    while !directory.is_dir() && directory.pop() {}
    directory
}

/// The path made absolute, with `.` and `..` taken out by name.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}
