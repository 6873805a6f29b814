//! A revision of the site as a snapshot, without the configuration's compiler.

use super::site::{LAN, Line, OFFICE, Site, Strip as SiteStrip, WAN, address, name};
use crate::flow::{SocketIx, Transport};
use crate::proxy::{Access, Listener, Snapshot, Trusted};
use crate::route::*;
use crate::sip::Limits;
use std::sync::Arc;
use std::time::Duration;

pub fn snapshot(site: &Site) -> Arc<Snapshot> {
    let listener = |id: &str, bind: &str, n| Listener {
        id: id.into(),
        transport: Transport::Udp,
        bind: bind.parse().unwrap(),
        advertise: None,
        socket: SocketIx(n),
    };
    let failover = Arc::new(failover(site));
    let mut gateways = vec![gateway(site, OFFICE, "")];
    let mut at = vec![GatewayIx(0); OFFICE + 1];
    for (index, trunk) in site.trunks.iter().enumerate().filter(|(_, t)| t.declared) {
        at[index] = GatewayIx(gateways.len() as u32);
        gateways.push(gateway(site, index, trunk.add));
    }
    let matchers = (1..gateways.len() as u32).map(|g| Matcher { gateway: Some(GatewayIx(g)), ..Matcher::default() }).collect();
    let to = |targets: &[usize]| RouteTarget::To(targets.iter().map(|t| Member::Gateway(at[*t])).collect());
    let route = |id: &str, prefixes: Vec<Arc<str>>, group, target, number, raw| Route {
        id: id.into(),
        default: prefixes.is_empty(),
        prefixes,
        exact: false,
        groups: vec![GroupIx(group)],
        priority: 0,
        target,
        number,
        raw,
        failover: failover.clone(),
        place: "routes.yaml:1".into(),
    };
    let did = NumberChange { strip: Strip::Digits(1), add: "".into() };
    let mut routes = vec![route("did", vec!["9".into()], 1, to(&[OFFICE]), did, false)];
    for line in &site.lines {
        let target = match line.reject {
            Some(code) => RouteTarget::Reject(Reply { code, reason: "Barred".into() }),
            None => to(&line.to),
        };
        routes.push(route(&format!("route-{}", line.prefix), vec![line.prefix.into()], 0, target, change(line), line.raw));
    }
    if let Some(targets) = &site.default_to {
        routes.push(route("everything-else", vec![], 0, to(targets), NumberChange::default(), false));
    }
    let phones = Trusted {
        id: "phones".into(),
        sources: vec![Net { address: "10.1.0.0".parse().unwrap(), length: 24 }],
        listeners: vec![0],
    };
    Arc::new(Snapshot {
        revision: format!("{:07x}", site.number).into(),
        listeners: vec![listener("lan", LAN, 0), listener("wan", WAN, 1)],
        access: Access { reject_unknown: false, trusted: vec![phones], gateways: true },
        table: Table::build(Draft {
            gateways,
            lists: vec![],
            groups: vec![
                Group { id: "default".into(), matchers: vec![], calls_out: true },
                Group { id: "inbound".into(), matchers, calls_out: false },
            ],
            routes,
            failover: failover.clone(),
            default_group: GroupIx(0),
        }),
        limits: Limits::default(),
        records: true,
    })
}

fn change(line: &Line) -> NumberChange {
    let strip = match line.strip {
        SiteStrip::Digits(n) => Strip::Digits(n as u8),
        SiteStrip::Matched => Strip::Matched,
    };
    NumberChange { strip, add: line.add.into() }
}

fn gateway(site: &Site, index: usize, add: &str) -> Gateway {
    let t = &site.timers;
    let probed = index != OFFICE && site.trunks[index].probed;
    let mut up_on = CodeSet::new();
    up_on.insert_class(2);
    up_on.insert_class(4);
    up_on.insert(501);
    Gateway {
        id: name(index).into(),
        address: address(index),
        host: address(index).to_string().into(),
        transport: Transport::Udp,
        listener: usize::from(index != OFFICE),
        number: NumberChange { strip: Strip::None, add: add.into() },
        probing: Probing {
            method: if probed { ProbeMethod::Options } else { ProbeMethod::None },
            when: ProbeWhen::Always,
            interval: t.probe_interval,
            timeout: t.probe_timeout,
            from: "sip:probe@trunkline.invalid".into(),
            failures: t.failures,
            recoveries: t.recoveries,
            up_on,
            down_interval: t.probe_interval,
        },
        tags: vec![],
    }
}

fn failover(site: &Site) -> Failover {
    let mut retry_on = CodeSet::new();
    retry_on.insert_class(5);
    (retry_on.timeout, retry_on.transport) = (true, true);
    let t = &site.timers;
    Failover {
        retry_on,
        never_on: CodeSet::new(),
        attempt_timeout: t.attempt,
        progress_timeout: Some(t.progress),
        ring_timeout: t.ring,
        max_attempts: t.max_attempts as u8,
        max_setup_time: Duration::from_secs(60),
        last_resort: t.last_resort,
        final_answer: FinalAnswer::Reply(Reply { code: 503, reason: "Service not available".into() }),
        no_route: Reply { code: 503, reason: "No Rules matching the URI".into() },
    }
}
