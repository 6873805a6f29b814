//! The signals of a running router: SIGTERM and SIGINT stop it, SIGHUP makes it look at its files. A file that grew to the
//! process's limit is an error of that write, and not the end of the process (SIGXFSZ).

use tokio::signal::unix::{self, SignalKind};

/// What a signal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Stop(&'static str),
    Reload,
}

/// Listens to the signals of the process, or to none: a router inside a test leaves them alone.
pub struct Signals(Option<Handlers>);

struct Handlers {
    term: unix::Signal,
    int: unix::Signal,
    hup: unix::Signal,
    /// Only there so that the signal has a handler.
    _file_size: unix::Signal,
}

impl Signals {
    /// Needs a tokio runtime.
    pub fn listen() -> std::io::Result<Signals> {
        Ok(Signals(Some(Handlers {
            term: unix::signal(SignalKind::terminate())?,
            int: unix::signal(SignalKind::interrupt())?,
            hup: unix::signal(SignalKind::hangup())?,
            _file_size: unix::signal(SignalKind::from_raw(libc::SIGXFSZ))?,
        })))
    }

    pub fn none() -> Signals {
        Signals(None)
    }

    pub async fn next(&mut self) -> Signal {
        let Some(Handlers { term, int, hup, .. }) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = term.recv() => Signal::Stop("SIGTERM"),
            _ = int.recv() => Signal::Stop("SIGINT"),
            _ = hup.recv() => Signal::Reload,
        }
    }
}
