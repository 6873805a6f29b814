//! The doors of the desk: the socket in the state directory, a TCP address with a token, and the address for metrics.
//! Bound before the router starts, so that a port that is taken is known in time.

use super::{Desk, routes};
use crate::admin::{Address, TOKEN_VARIABLE};
use axum::Router;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Owner and group may ask; nobody else gets into the state directory anyway.
const SOCKET_MODE: u32 = 0o660;

/// Why a door can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorsError {
    #[error("{flag} {address}: {cause}")]
    Tcp { flag: &'static str, address: SocketAddr, cause: io::Error },
    #[error("the token of the control address, {path}: {cause}", path = path.display())]
    Token { path: PathBuf, cause: io::Error },
}

/// Bound sockets.
pub struct Doors {
    socket: Option<UnixListener>,
    control: Option<(TcpListener, String)>,
    metrics: Option<TcpListener>,
}

impl Doors {
    /// Binds what is asked for. A control socket that can't be made (a path longer than sockets may have) is said and done
    /// without: calls matter more.
    pub fn bind(state: &Path, control: Option<SocketAddr>, metrics: Option<SocketAddr>) -> Result<Doors, DoorsError> {
        let Address::Unix(path) = Address::in_state(state) else { return Ok(Doors::none()) };
        let socket = match unix(&path) {
            Ok(socket) => Some(socket),
            Err(e) => {
                tracing::warn!(
                    "no control socket: {}: {e}; status, reload and gateway can't ask this router (a shorter --state-dir helps \
                     when the path is too long)",
                    path.display()
                );
                None
            }
        };
        let control = match control {
            Some(address) => Some((tcp("--control", address)?, token(state)?)),
            None => None,
        };
        let metrics = metrics.map(|address| tcp("--metrics", address)).transpose()?;
        Ok(Doors { socket, control, metrics })
    }

    pub fn none() -> Doors {
        Doors { socket: None, control: None, metrics: None }
    }

    /// Where metrics are, when they are anywhere.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.local_addr().ok()
    }

    /// Where the control address is, when there is one.
    pub fn control(&self) -> Option<SocketAddr> {
        self.control.as_ref()?.0.local_addr().ok()
    }

    /// Needs a tokio runtime.
    pub(super) fn open(self, desk: &Arc<Desk>) {
        if let Some(socket) = self.socket {
            serve_unix(socket, routes::control(desk.clone()));
        }
        if let Some((listener, token)) = self.control {
            serve_tcp(listener, routes::guarded(desk.clone(), &token));
        }
        if let Some(listener) = self.metrics {
            serve_tcp(listener, routes::metrics_only(desk.clone()));
        }
    }
}

/// The state directory is locked by this process, so what lies there is what a dead one left.
fn unix(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let socket = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn tcp(flag: &'static str, address: SocketAddr) -> Result<TcpListener, DoorsError> {
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|cause| DoorsError::Tcp { flag, address, cause })
}

/// The environment's token, else the one in the state directory, made once.
fn token(state: &Path) -> Result<String, DoorsError> {
    if let Some(token) = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()) {
        return Ok(token);
    }
    let path = state.join("control.token");
    let failed = |cause| DoorsError::Token { path: path.clone(), cause };
    match fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => return Ok(token.trim().to_owned()),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|e| failed(io::Error::other(e.to_string())))?;
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&path).map_err(failed)?;
    writeln!(file, "{token}").and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(token)
}

fn serve_unix(socket: UnixListener, router: Router) {
    match tokio::net::UnixListener::from_std(socket) {
        Ok(socket) => drop(tokio::spawn(async move { axum::serve(socket, router).await })),
        Err(e) => tracing::error!("the control socket is closed: {e}"),
    }
}

fn serve_tcp(listener: TcpListener, router: Router) {
    match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => drop(tokio::spawn(async move { axum::serve(listener, router).await })),
        Err(e) => tracing::error!("an address for operators is closed: {e}"),
    }
}
