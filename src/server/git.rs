//! Which commit files are at, for `status` and metrics: asked of the `git` command, with a bound on its time. Where there
//! is no git, or no repository, there is no commit.

use super::serving::Git;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// A repository on a dead network drive must not hold up anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// The commit of the directory's repository.
pub async fn commit_of(directory: &Path) -> Option<Git> {
    let log = git(directory, &["log", "-1", "--format=%h%x09%s"]).await?;
    let (commit, subject) = log.trim_end().split_once('\t')?;
    let changes = git(directory, &["status", "--porcelain", "--untracked-files=no", "--", "."]).await?;
    let dirty = if changes.trim().is_empty() { "" } else { "+" };
    Some(Git { commit: format!("{commit}{dirty}"), subject: subject.to_owned() })
}

async fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = tokio::process::Command::new("git");
    command.env_clear().env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
    command.envs(["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.args(["-c", "core.fsmonitor=false", "-C"]).arg(directory).args(arguments);
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
