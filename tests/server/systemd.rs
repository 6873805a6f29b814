//! What systemd hears (`Type=notify-reload`), by a socket that stands for it.

use super::calls::heard;
use super::router::Site;
use nix::sys::signal::Signal;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

struct Systemd(UnixDatagram);

impl Systemd {
    /// The next message that has this line; those before it are of no interest.
    fn hears(&self, line: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.0.recv(&mut buffer).unwrap_or_else(|e| panic!("waiting for {line}: {e}"));
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.lines().any(|said| said.starts_with(line)) {
                return text;
            }
        }
    }
}

#[test]
fn ready_status_reloading_with_its_time_watchdog_and_stopping() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let place = site.path("notify.sock");
    let manager = Systemd(UnixDatagram::bind(&place).expect("a socket"));
    manager.0.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let socket = format!("NOTIFY_SOCKET={}", place.display());
    let mut router = site.start_by(&["env", &socket, "WATCHDOG_USEC=2000000"], &["--no-watch", "--poll", "1h"]);
    assert!(manager.hears("STATUS=").contains("STATUS=serving "));
    manager.hears("READY=1");
    manager.hears("WATCHDOG=1");

    site.write("version: 1\nnonsense: 3\n");
    router.signal(Signal::SIGHUP);
    let said = manager.hears("RELOADING=1");
    let time = said.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")?.parse::<u64>().ok());
    assert!(time.is_some_and(|time| time > 0), "{said}");
    // Whatever the reload finds, its end is told: systemctl waits for it.
    let mut both = Vec::new();
    while both.len() < 2 {
        let next = ["STATUS=", "READY=1"][both.len()];
        both.push(manager.hears(next));
    }
    assert!(both[0].contains("are refused"), "{both:?}");
    assert_eq!(heard(router.port), 404);

    router.signal(Signal::SIGTERM);
    manager.hears("STOPPING=1");
    assert_eq!(router.wait_exit(), Some(0));
}
