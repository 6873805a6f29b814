//! Where a running router can be asked: a socket in its state directory, or a TCP address with a token.

use std::fmt;
use std::path::{Path, PathBuf};

/// The state directory of the packaged unit.
pub const STATE_OF_THE_PACKAGE: &str = "/var/lib/trunkline";
/// The environment variable that holds the token of a TCP control address, on both sides.
pub const TOKEN_VARIABLE: &str = "TRUNKLINE_TOKEN";
/// The socket's name in the state directory.
const SOCKET: &str = "control.sock";

/// What `--server` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `unix:PATH`: whoever may open the socket may ask.
    Unix(PathBuf),
    /// `http://HOST:PORT`, and the token that opens it.
    Tcp { host: String, port: u16 },
}

impl Address {
    /// Reads `unix:PATH` or `http://HOST:PORT`. The error is one line for people.
    pub fn parse(text: &str) -> Result<Address, String> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Address::Unix(path.into()));
        }
        if text.starts_with("https://") {
            return Err(format!(
                "{text}: the control address speaks HTTP without TLS; use a tunnel, and name its near end: http://127.0.0.1:PORT"
            ));
        }
        let rest = text.strip_prefix("http://").map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        let split = rest.and_then(|rest| rest.rsplit_once(':'));
        match split.and_then(|(host, port)| Some((host, port.parse().ok()?))) {
            Some((host, port)) if !host.is_empty() && !host.contains(['/', '@']) => {
                Ok(Address::Tcp { host: host.trim_matches(['[', ']']).to_owned(), port })
            }
            _ => Err(format!("{text}: not the address of a server; write unix:PATH or http://HOST:PORT")),
        }
    }

    /// The socket in a state directory.
    pub fn in_state(directory: &Path) -> Address {
        Address::Unix(directory.join(SOCKET))
    }

    /// The router to ask when none is named: the one that serves `root` from its own folder, else the packaged one. The
    /// error says where was looked.
    pub fn find(root: Option<&Path>) -> Result<Address, String> {
        let beside = root.map(|root| root.parent().unwrap_or(Path::new("")).join(".trunkline"));
        let places: Vec<PathBuf> =
            beside.into_iter().chain([PathBuf::from(STATE_OF_THE_PACKAGE)]).map(|place| place.join(SOCKET)).collect();
        match places.iter().find(|place| place.exists()) {
            Some(place) => Ok(Address::Unix(place.clone())),
            None => {
                let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
                Err(format!(
                    "no router is running here: there is no {}; name it with --server unix:STATE-DIR/{SOCKET} or \
                     --server http://HOST:PORT",
                    places.join(" and no ")
                ))
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Tcp { host, port } if host.contains(':') => write!(f, "http://[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "http://{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for text in ["unix:/run/trunkline/control.sock", "http://127.0.0.1:7080", "http://[::1]:7080", "http://sip1:80"]
        {
            assert_eq!(Address::parse(text).map(|address| address.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(Address::parse("http://a:1/").map(|address| address.to_string()), Ok("http://a:1".to_owned()));
        for text in ["", "unix:", "127.0.0.1:80", "http://host", "http://user@host:80", "https://host:443"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_router_beside_the_root_file_is_found_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("routes.yaml");
        let nowhere = Address::find(Some(&root)).expect_err("nobody runs");
        assert!(nowhere.contains("--server") && nowhere.contains(".trunkline/control.sock"), "{nowhere}");
        let state = folder.path().join(".trunkline");
        std::fs::create_dir(&state).and_then(|()| std::fs::write(state.join(SOCKET), "")).expect("a socket's place");
        assert_eq!(Address::find(Some(&root)), Ok(Address::in_state(&state)));
    }
}
