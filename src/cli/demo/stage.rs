//! The stage: a temporary folder with the routes file, the gateways, the router, the phone.

use super::gateway::{Gateway, this_program};
use super::phone::{Call, Phone};
use super::router::Router;
use std::cell::Cell;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::Command;

/// The example that the repository shows.
const ROUTES: &str = include_str!("../../../routes.yaml");
/// Far longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stage {
    pub phone: Phone,
    pub first: Gateway,
    pub second: Gateway,
    pub router: Router,
    address: SocketAddr,
    /// The length of the router's log when provider-a was killed.
    pub first_killed: usize,
    /// Calls placed so far.
    pub calls: Cell<usize>,
    /// The file as it was first.
    pub routes: String,
    // Last: the folder goes when nobody writes into it any more.
    folder: Folder,
}

impl Stage {
    pub async fn set() -> Result<Stage, String> {
        let folder = Folder::new()?;
        let first = Gateway::start("provider-a").await?;
        let second = Gateway::start("provider-b").await?;
        let address = free_address()?;
        let records = folder.path.join("calls.jsonl");
        let routes = adapted(ROUTES, address, [first.address, second.address], &records)?;
        write(&folder.path.join("routes.yaml"), &routes)?;
        let state = folder.path.join("state");
        let router = Router::start(&folder.path.join("routes.yaml"), &state, records).await?;
        let phone = Phone::new(address).await?;
        Ok(Stage { phone, first, second, router, address, first_killed: 0, calls: Cell::new(0), routes, folder })
    }

    /// Who plays: name, address, what it is.
    pub fn cast(&self) -> Vec<(&'static str, String, String)> {
        let process = |gateway: &Gateway| match gateway.process() {
            Some(id) => format!("trunkline answer, process {id}"),
            None => "stopped".to_owned(),
        };
        vec![
            ("router", self.address.to_string(), format!("trunkline run -c {}", self.file().display())),
            (self.first.name, self.first.address.to_string(), process(&self.first)),
            (self.second.name, self.second.address.to_string(), process(&self.second)),
        ]
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path.join("routes.yaml")
    }

    /// Saves the routes file, as an editor would.
    pub fn save(&self, text: &str) -> Result<(), String> {
        write(&self.file(), text)
    }

    /// What `trunkline validate` says about the file.
    pub async fn validate(&self) -> Result<String, String> {
        let output = Command::new(this_program()?)
            .args(["validate", "--format", "human", "--color", "never", "-c"])
            .arg(self.file())
            .output()
            .await
            .map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    pub async fn dial(&self, number: &str) -> Result<Call, String> {
        self.calls.set(self.calls.get() + 1);
        self.phone.dial(number).await
    }
}

/// Waits until `condition` gives a value.
pub async fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> Result<T, String> {
    let deadline = Instant::now() + PATIENCE;
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    while Instant::now() < deadline {
        if let Some(value) = condition() {
            return Ok(value);
        }
        looks.tick().await;
    }
    Err(format!("waited {} s for {what}", PATIENCE.as_secs()))
}

/// The repository's example on this stage: other ports, records, and probes that don't bore the audience.
fn adapted(text: &str, router: SocketAddr, gateways: [SocketAddr; 2], records: &Path) -> Result<String, String> {
    let changes = [
        ("127.0.0.1:5060", router.to_string()),
        ("127.0.0.1:5071", gateways[0].to_string()),
        ("127.0.0.1:5072", gateways[1].to_string()),
        ("interval: 30s, timeout: 2s", "interval: 300ms, timeout: 250ms, down_interval: 300ms".to_owned()),
    ];
    let mut text = text.to_owned();
    for (from, to) in changes {
        if text.matches(from).count() != 1 {
            return Err(format!("routes.yaml should say `{from}` once"));
        }
        text = text.replace(from, &to);
    }
    Ok(format!("{text}\n# One line a call.\naccounting:\n  file: {{ path: {:?} }}\n", records.display().to_string()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// A free port for the router; the gateways choose theirs themselves.
fn free_address() -> Result<SocketAddr, String> {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).map_err(|error| format!("no free port: {error}"))?;
    socket.local_addr().map_err(|error| error.to_string())
}

/// A temporary folder that goes with its value.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Folder, String> {
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        let name = format!("trunkline-demo-{:08x}", u32::from_ne_bytes(random));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Folder { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_can_be_staged() {
        let [a, b, c]: [SocketAddr; 3] = [1, 2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let text = adapted(ROUTES, a, [b, c], Path::new("/tmp/calls.jsonl")).expect("a routes file");
        assert!(text.contains("127.0.0.1:3") && text.contains("interval: 300ms"));
    }
}
