//! One worker by itself, without sockets and without a clock, for the benchmarks of the core.

use std::net::IpAddr;
use trunkline::config::{FileSet, compile};
use trunkline::flow::SocketIx;
use trunkline::proxy::{Effects, Plant};
use trunkline::time::Now;
use trunkline::worker::{Paths, Setup, Worker};

struct Loopback;

impl Paths for Loopback {
    fn source_towards(&mut self, _: SocketIx, _: IpAddr) -> IpAddr {
        [127, 0, 0, 1].into()
    }
}

/// A worker that serves this routes file.
pub fn worker(now: Now, routes: &str, out: &mut Effects) -> Worker {
    let set = FileSet::of(&[("routes.yaml", routes)]);
    let (compiled, diagnostics) = compile(&set);
    let compiled = compiled.unwrap_or_else(|| panic!("{}", diagnostics.human(false)));
    let setup = Setup {
        index: 0,
        workers: 1,
        seed: [1; 32],
        owner_seed: 0,
        cookie_key: [2; 16],
        old_cookie_key: None,
        snapshot: compiled.snapshot,
        shared: None,
        overrides: Vec::new(),
        paths: Box::new(Loopback),
        plant: Plant::None,
    };
    Worker::new(now, setup, out)
}
