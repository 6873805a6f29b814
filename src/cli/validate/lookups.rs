//! `validate --with-dns`: whether the gateways' names have addresses, as the resolver of this machine sees it now. The
//! only place where a command about files asks the network anything.

use crate::cli::{Format, Global};
use crate::config::{Code, Diagnostic, Diagnostics, FileSet, NamedGateway, Severity, named_gateways};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A name without an answer by then has none; the resolver's own patience is longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Names that are asked for at the same time.
const AT_ONCE: usize = 16;

type Addresses = Result<BTreeSet<IpAddr>, String>;

/// The diagnostics with what was found out about names. What they are is said as it goes, to people.
pub(super) fn add(diagnostics: Diagnostics, set: &FileSet, global: &Global) -> Diagnostics {
    let gateways = named_gateways(set);
    let names: BTreeSet<String> = gateways.iter().map(|gateway| gateway.name.clone()).collect();
    let found = look_up(names);
    let mut complaints = Vec::new();
    for gateway in &gateways {
        match found.get(&gateway.name) {
            Some(Ok(addresses)) if !addresses.is_empty() => {
                if global.format == Format::Human && !global.quiet {
                    let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
                    anstream::eprintln!("dns: gateway {} is at {}", gateway.id, addresses.join(", "));
                }
            }
            Some(Err(why)) => complaints.push(without_address(gateway, why)),
            Some(Ok(_)) => complaints.push(without_address(gateway, "there is no address")),
            None => {
                let why = format!("no answer within {} s", PATIENCE.as_secs());
                complaints.push(without_address(gateway, &why));
            }
        }
    }
    diagnostics.with(complaints)
}

/// What is not in the answer had none in time.
fn look_up(names: BTreeSet<String>) -> BTreeMap<String, Addresses> {
    let deadline = Instant::now() + PATIENCE;
    let (tell, told) = mpsc::channel();
    let mut waiting = names.into_iter();
    let ask = |name: String| {
        let tell = tell.clone();
        // Left to itself when the time is over: a resolver can't be interrupted.
        std::thread::spawn(move || {
            let addresses = (name.as_str(), 0).to_socket_addrs();
            let addresses = addresses.map(|found| found.map(|address| address.ip()).collect());
            // Nobody listens any more when the time is over.
            let _ = tell.send((name, addresses.map_err(|error| error.to_string())));
        });
    };
    let mut asked = waiting.by_ref().take(AT_ONCE).map(&ask).count();
    let mut found = BTreeMap::new();
    while found.len() < asked {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok((name, addresses)) = told.recv_timeout(left) else { break };
        found.insert(name, addresses);
        asked += waiting.next().map(&ask).is_some() as usize;
    }
    found
}

/// The name itself may come from a variable, so it is pointed at and not said.
fn without_address(gateway: &NamedGateway, why: &str) -> Diagnostic {
    let message = format!("gateway `{}`: its name has no address here", gateway.id);
    let diagnostic = Diagnostic::new(Code::BadValue, gateway.span, message).label(why);
    match gateway.port {
        Some(_) => diagnostic.help("is it spelt right, and can this machine look up names?"),
        None => diagnostic.severity(Severity::Warning).help(
            "it may have SRV records alone, which are not looked up here; otherwise: is it spelt right, and can this \
             machine look up names?",
        ),
    }
}
