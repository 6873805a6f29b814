//! What systemd is told (`Type=notify-reload`): that calls are taken, that a reload has begun and ended, a line of status,
//! and, while every worker answers, that nothing hangs. Without systemd all of it does nothing.

use sd_notify::{NotifyState, notify};
use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub struct Systemd {
    /// It restarts the process when it hears nothing for so long.
    watchdog: Option<Duration>,
    fed_at: Instant,
    status: String,
    /// It was told that a reload has begun.
    announced: bool,
}

impl Systemd {
    pub fn new(now: Instant) -> Systemd {
        let watchdog = sd_notify::watchdog_enabled();
        Systemd { watchdog, fed_at: now, status: String::new(), announced: false }
    }

    pub fn ready(&self) {
        let _ = notify(&[NotifyState::Ready]);
    }

    /// It waits for the end of a reload that it asked for, whatever the reload finds.
    pub fn reloading(&mut self) {
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now());
        let _ = notify(&states);
        self.announced = true;
    }

    /// Nothing is looked at any more.
    pub fn reloaded(&mut self) {
        if std::mem::take(&mut self.announced) {
            self.ready();
        }
    }

    pub fn stopping(&self) {
        let _ = notify(&[NotifyState::Stopping]);
    }

    /// What `systemctl status` shows; said when it is another one.
    pub fn status(&mut self, status: &str) {
        if self.status != status {
            self.status = status.to_owned();
            let _ = notify(&[NotifyState::Status(status)]);
        }
    }

    /// Says that all is well, when it is time to. `heard`: when the worker that is silent longest was heard.
    pub fn feed(&mut self, now: Instant, heard: Instant) {
        let Some(watchdog) = self.watchdog else { return };
        if now.duration_since(self.fed_at) >= watchdog / 2 && now.duration_since(heard) < watchdog {
            self.fed_at = now;
            let _ = notify(&[NotifyState::Watchdog]);
        }
    }
}
