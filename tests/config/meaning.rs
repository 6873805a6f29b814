//! What files compile to: defaults, shorthands, and that the order of maps means nothing.

use super::{codes, compile_text, home, with};
use std::time::Duration;
use trunkline::config::{FileSet, compile};
use trunkline::route::{FinalAnswer, Member, ProbeMethod, RouteTarget, Strip};

fn compiled(text: &str) -> trunkline::config::Compiled {
    let (compiled, diagnostics) = compile_text(text);
    compiled.unwrap_or_else(|| panic!("{}", diagnostics.human(false)))
}

#[test]
fn the_smallest_file_has_all_defaults() {
    let set = FileSet::read(&home().join("tests/config/good/smallest.yaml")).expect("smallest.yaml");
    let snapshot = compile(&set).0.expect("a snapshot").snapshot;
    let listener = &snapshot.listeners[0];
    assert_eq!((&*listener.id, listener.bind.to_string().as_str()), ("default", "[::]:5060"));
    assert!(!snapshot.access.reject_unknown && !snapshot.access.gateways && !snapshot.records);
    let pbx = &snapshot.access.trusted[0];
    assert_eq!(
        (&*pbx.id, pbx.sources[0].address.to_string().as_str(), pbx.sources[0].length),
        ("pbx", "192.168.10.10", 32)
    );
    assert!(pbx.listeners.is_empty(), "on all listeners");

    let a = &snapshot.table.gateways()[0];
    assert_eq!((&*a.id, &*a.host, a.listener), ("provider-a", "198.51.100.7:5060", 0));
    assert_eq!(a.probing.method, ProbeMethod::Options);
    assert_eq!((a.probing.interval, a.probing.timeout), (Duration::from_secs(30), Duration::from_secs(2)));
    assert_eq!((a.probing.failures, a.probing.recoveries, a.probing.down_interval), (3, 2, Duration::from_secs(10)));
    assert!(a.probing.up_on.contains(200) && a.probing.up_on.contains(404) && a.probing.up_on.contains(501));
    assert!(!a.probing.up_on.contains(503));
    assert_eq!((a.number.strip, &*a.number.add), (Strip::None, ""));

    let route = &snapshot.table.routes()[0];
    assert_eq!((&*route.id, &*route.place, route.default, route.priority), ("everything", "smallest.yaml:8", true, 0));
    assert_eq!(route.groups, [snapshot.table.default_group()]);
    let failover = &route.failover;
    assert!(failover.retry_on.timeout && failover.retry_on.transport && failover.retry_on.contains(500));
    assert!(!failover.retry_on.no_answer && failover.never_on.contains(486) && failover.never_on.contains(603));
    assert_eq!(
        (failover.attempt_timeout, failover.progress_timeout),
        (Duration::from_secs(4), Some(Duration::from_secs(15)))
    );
    assert_eq!((failover.ring_timeout, failover.max_setup_time), (Duration::from_secs(120), Duration::from_secs(60)));
    assert_eq!((failover.max_attempts, failover.last_resort), (6, true));
    let FinalAnswer::Reply(last) = &failover.final_answer else { panic!("a reply") };
    assert_eq!((last.code, &*last.reason), (503, "Service not available"));
    assert_eq!((failover.no_route.code, &*failover.no_route.reason), (503, "No Rules matching the URI"));
}

#[test]
fn the_office_compiles_to_what_it_says() {
    let set = FileSet::read(&home().join("tests/config/good/office.yaml")).expect("office.yaml");
    let compiled = compile(&set).0.expect("a snapshot");
    let snapshot = &compiled.snapshot;
    let table = &snapshot.table;
    let listeners: Vec<_> = snapshot.listeners.iter().map(|l| (&*l.id, l.advertise.map(|a| a.to_string()))).collect();
    assert_eq!(listeners, [("lan", None), ("wan", Some("203.0.113.20:5060".to_owned()))]);
    assert_eq!(snapshot.access.trusted[0].listeners, [0]);
    assert!(snapshot.access.gateways && snapshot.records);
    let gateways: Vec<_> =
        table.gateways().iter().map(|g| (&*g.id, &*g.host, g.listener, g.probing.interval.as_secs())).collect();
    assert_eq!(
        gateways,
        [
            ("carrier-a", "192.0.2.7", 1, 30),
            ("carrier-b", "198.51.100.7:5060", 1, 10),
            ("gsm-box", "192.168.10.30:5060", 0, 30),
            ("pbx", "192.168.10.10:5060", 0, 30),
        ]
    );
    let premium = table.routes().iter().find(|route| &*route.id == "premium").expect("premium");
    let groups: Vec<_> = premium.groups.iter().map(|group| &*table.group(*group).id).collect();
    assert_eq!(groups, ["office", "lobby", "inbound"], "`all` is every declared group");
    let emergency = table.routes().iter().find(|route| &*route.id == "emergency").expect("emergency");
    assert!(emergency.exact && emergency.raw);
    assert_eq!((emergency.failover.max_attempts, emergency.failover.attempt_timeout), (3, Duration::from_secs(2)));
    assert_eq!(emergency.failover.ring_timeout, Duration::from_secs(120), "single keys are overridden");
    let RouteTarget::To(to) = &emergency.target else { panic!("gateways") };
    assert_eq!(to.len(), 3);
    let international = table.routes().iter().find(|route| &*route.id == "international").expect("international");
    assert_eq!(international.number.strip, Strip::Matched);
    assert!(matches!(&international.target, RouteTarget::To(to) if matches!(to[..], [Member::List(_)])));
    let file = compiled.accounting.file.expect("a file of records");
    assert_eq!(file.path.to_string_lossy(), "/var/log/trunkline/calls.jsonl");
    assert_eq!(file.rotate, Some((100 << 20, 14)));
    let database = compiled.accounting.database.expect("a database of records");
    assert_eq!(database.path.to_string_lossy(), "/var/lib/trunkline/calls.db");
    assert_eq!(database.keep, Some(Duration::from_secs(400 * 86_400)));
    assert_eq!(compiled.accounting.max_duration, Duration::from_secs(6 * 3600));
    assert_eq!(compiled.accounting.mask_digits, 3);
}

#[test]
fn merge_keys_and_aliases_bring_what_is_not_there() {
    let set = FileSet::read(&home().join("tests/config/good/anchors.yaml")).expect("anchors.yaml");
    let snapshot = compile(&set).0.expect("a snapshot").snapshot;
    let [north, south] = snapshot.table.gateways() else { panic!("two gateways") };
    assert_eq!((&*north.tags[0], north.probing.interval.as_secs(), &*north.number.add), ("far", 15, "+"));
    assert_eq!((&*south.tags[0], south.probing.interval.as_secs()), ("south", 15));
}

#[test]
fn several_files_are_one_document() {
    let set = FileSet::read(&home().join("tests/config/good/carriers/trunkline.yaml")).expect("carriers");
    let snapshot = compile(&set).0.expect("a snapshot").snapshot;
    let gateways: Vec<_> = snapshot
        .table
        .gateways()
        .iter()
        .map(|g| (&*g.id, g.probing.interval.as_secs(), g.probing.timeout.as_secs()))
        .collect();
    assert_eq!(gateways, [("north-ams", 15, 1), ("north-fra", 15, 1), ("south", 10, 1)]);
    let trusted: Vec<_> = snapshot.access.trusted.iter().map(|t| &*t.id).collect();
    assert_eq!(trusted, ["door", "pbx"]);
    let places: Vec<_> = snapshot.table.routes().iter().map(|r| &*r.place).collect();
    assert_eq!(places, ["site/20-routes.yaml:2", "site/20-routes.yaml:3"]);
}

/// Rule 1 of the format: the order inside a map never means anything.
#[test]
fn the_order_of_maps_means_nothing() {
    let forth = with(
        "listen: { lan: { bind: \"192.168.1.1\" }, wan: { bind: \"192.168.2.1\" } }\nroutes:\n  one: { prefix: \"1\", to: [a, b] }\n  two: { prefix: \"2\", to: [b, a] }\n",
    );
    let back = "routes:\n  two: { to: [b, a], prefix: \"2\" }\n  one: { to: [a, b], prefix: \"1\" }\n\
                listen: { wan: { bind: \"192.168.2.1\" }, lan: { bind: \"192.168.1.1\" } }\n\
                gateways: { b: \"198.51.100.1\", a: \"192.0.2.1\" }\n\
                access: { trusted: { pbx: [\"192.168.10.10\"] } }\nversion: 1\n";
    let (forth, back) = (compiled(&forth).snapshot, compiled(back).snapshot);
    assert_eq!(forth.table.gateways(), back.table.gateways());
    assert_eq!(format!("{:?}", forth.listeners), format!("{:?}", back.listeners));
    let routes = |table: &trunkline::route::Table| {
        table.routes().iter().map(|r| (r.id.clone(), r.target.clone(), r.groups.clone())).collect::<Vec<_>>()
    };
    assert_eq!(routes(&forth.table), routes(&back.table));
}

/// What `group: all` takes in: declared groups, and `default` where it is in use or alone.
#[test]
fn all_means_every_declared_group() {
    let groups = |text: &str| {
        let table = compiled(&with(text)).snapshot;
        let table = &table.table;
        let barred = table.routes().iter().find(|route| &*route.id == "barred").expect("barred");
        barred.groups.iter().map(|group| table.group(*group).id.to_string()).collect::<Vec<_>>()
    };
    let office = "groups: { office: { match: [{ source: \"192.168.10.0/24\" }] } }\n";
    let barred = "  barred: { prefix: \"0900\", group: all, reject: 403 }\n";
    assert_eq!(groups(&format!("routes:\n{barred}")), ["default"]);
    assert_eq!(groups(&format!("{office}routes:\n{barred}")), ["office"]);
    assert_eq!(
        groups(&format!("{office}routes:\n{barred}  other: {{ default: true, to: a }}\n")),
        ["office", "default"]
    );
}

#[test]
fn a_route_that_is_unused_elsewhere_stays_an_id() {
    // An entry that could not be read is still known by its id: one error, not two.
    let (_, diagnostics) = compile_text(
        "version: 1\ngateways: { a: \"192.0.2.999\", b: \"198.51.100.1\" }\nroutes: { all-else: { default: true, to: [a, b] } }\n",
    );
    assert_eq!(codes(&diagnostics), ["TL0203"]);
}
