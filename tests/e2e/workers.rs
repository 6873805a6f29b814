//! Several workers between two busy peers, each with one address and port: everything comes in by the sockets of one or
//! two workers, and belongs to all of them.

use super::router::Setup;
use super::sipp::Sipp;
use nix::sys::signal::Signal;
use std::collections::BTreeSet;

const CALLS: u32 = 1500;
/// A SIPp that is not scheduled for a while must not lose what it is sent: a lost answer to a BYE ends its call badly.
const BUFFER: [&str; 2] = ["-buff_size", "4194304"];

#[test]
fn no_call_is_lost_or_overtaken_however_many_workers_share_them() {
    for workers in ["2", "4"] {
        let mut gateway = Sipp::gateway_with("answers", CALLS, &BUFFER);
        let mut setup = Setup::new(&[gateway.port]);
        // The machine may be busy with other tests; a call that waits is no failure.
        setup.failover = "attempt_timeout: 20s";
        setup.flags = vec!["--workers".into(), workers.into()];
        let mut router = setup.start();
        let mut callers =
            Sipp::callers("calls", CALLS, router.port(), &["-r", "300", "-d", "200", BUFFER[0], BUFFER[1]]);
        callers.succeeds();
        gateway.succeeds();
        let records = router.wait_records(CALLS as usize);
        assert!(records.iter().all(|record| record["outcome"] == "answered"), "{records:#?}");
        let ids: BTreeSet<_> = records.iter().map(|record| record["id"].to_string()).collect();
        assert_eq!(ids.len(), CALLS as usize, "workers never draw the same id");
        router.signal(Signal::SIGTERM);
        assert_eq!(router.wait_exit(), Some(0));
    }
}
