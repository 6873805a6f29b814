//! Which group a call belongs to: the most specific matcher that holds.

use crate::support::*;
use std::net::IpAddr;
use trunkline::route::*;

fn net(text: &str) -> Net {
    let (address, length) = text.split_once('/').unwrap();
    Net { address: address.parse().unwrap(), length: length.parse().unwrap() }
}

/// `user 10*, source 10.0.0.0/8, gateway a, domain x, listener 1, account n`
fn matcher(text: &str) -> Matcher {
    let mut matcher = Matcher::default();
    for key in text.split(", ").filter(|key| !key.is_empty()) {
        let (key, value) = key.split_once(' ').unwrap();
        match key {
            "user" => {
                let (text, prefix) = value.strip_suffix('*').map_or((value, false), |text| (text, true));
                matcher.user = Some(UserPattern { text: text.into(), prefix });
            }
            "source" => matcher.source = Some(net(value)),
            "gateway" => matcher.gateway = Some(GatewayIx(u32::from(value.as_bytes()[0] - b'a'))),
            "domain" => matcher.domain = Some(value.into()),
            "listener" => matcher.listener = value.parse().ok(),
            "account" => matcher.account = Some(value.into()),
            _ => panic!("{key}"),
        }
    }
    matcher
}

/// Group 1 has the first matcher, group 2 the second, …; each has a catch-all.
fn table(matchers: &[&str]) -> Table {
    let mut plan = Plan::new(3).route("d: *");
    for (n, text) in matchers.iter().enumerate() {
        let n = n + 1;
        plan = plan.group(&format!("g{n}"), vec![matcher(text)]).route(&format!("r{n}: * @{n}"));
    }
    plan.build()
}

fn group_of(table: &Table, facts: &Facts) -> String {
    let decision = decide(table, facts);
    assert_eq!(decision.group.is_none(), decision.outcome == Outcome::NoGroup);
    decision.group.map_or("-".to_owned(), |ix| table.group(ix).id.to_string())
}

fn from<'a>(user: &'a str, domain: &'a str, source: &str) -> Facts<'a> {
    Facts { user: user.as_bytes(), domain: domain.as_bytes(), source: source.parse().unwrap(), ..facts("112") }
}

#[test]
fn the_most_specific_matcher_wins() {
    let asked = Facts {
        account: Some("anna"),
        listener: Some(1),
        gateway: Some(GatewayIx(0)),
        ..from("1501", "Pbx.Example", "10.0.0.1")
    };
    // In each row every matcher holds, and the last one says most.
    let rows: &[&[&str]] = &[
        &[
            "listener 1",
            "domain pbx.example",
            "source 10.0.0.0/8",
            "source 10.0.0.1/32",
            "user 1*",
            "user 1501",
            "account anna",
        ],
        &["", "listener 1"],
        &["source 0.0.0.0/0", "source 10.0.0.0/24", "gateway a"],
        &["user *, domain pbx.example", "source 10.0.0.0/8, user *"],
        &["user 15*", "user 150*", "user 1501*", "user 1501"],
        &["user 1501, domain pbx.example", "user 1*, account anna"],
        &["gateway a", "gateway a, domain pbx.example", "gateway a, user 150*"],
        &["source 10.0.0.1/32, listener 1", "source 10.0.0.1/32, domain pbx.example"],
    ];
    for row in rows {
        for shown in 1..=row.len() {
            // In either order of the groups.
            let best = table(&row[..shown]);
            assert_eq!(group_of(&best, &asked), format!("g{shown}"), "{row:?}");
            let turned: Vec<&str> = row[..shown].iter().rev().copied().collect();
            assert_eq!(group_of(&table(&turned), &asked), "g1", "{turned:?}");
        }
    }
}

#[test]
fn all_keys_of_a_matcher_must_hold() {
    // matcher, From user, From domain, source, whether it holds
    let rows = [
        ("user 150", "150", "x", "10.0.0.1", true),
        ("user 150", "1501", "x", "10.0.0.1", false),
        ("user 150*", "1501", "x", "10.0.0.1", true),
        ("user 150*", "150", "x", "10.0.0.1", true),
        ("user 150*", "15", "x", "10.0.0.1", false),
        ("user *", "", "x", "10.0.0.1", true),
        ("user anna", "Anna", "x", "10.0.0.1", false),
        ("user anna", "%61nna", "x", "10.0.0.1", true),
        ("user +49*", "%2b4930", "x", "10.0.0.1", true),
        ("domain pbx.example", "1", "PBX.example", "10.0.0.1", true),
        ("domain pbx.example", "1", "pbx.example.com", "10.0.0.1", false),
        ("domain 2001:db8::1", "1", "[2001:DB8::1]", "10.0.0.1", true),
        ("domain pbx.example, user 1", "1", "pbx.example", "10.0.0.1", true),
        ("domain pbx.example, user 1", "2", "pbx.example", "10.0.0.1", false),
        ("source 192.168.0.0/16", "1", "x", "192.168.255.255", true),
        ("source 192.168.0.0/16", "1", "x", "192.169.0.0", false),
        ("source 192.168.0.0/16", "1", "x", "::ffff:192.168.1.1", true),
        ("source 0.0.0.0/0", "1", "x", "2001:db8::1", false),
        ("source ::/0", "1", "x", "2001:db8::1", true),
        ("source ::/0", "1", "x", "10.0.0.1", false),
        ("source ::ffff:10.0.0.0/104", "1", "x", "10.9.9.9", true),
        ("source 2001:db8::/33", "1", "x", "2001:db8:7fff::1", true),
        ("source 2001:db8::/33", "1", "x", "2001:db8:8000::1", false),
        ("gateway b", "1", "x", "10.0.0.2", true),
        ("gateway b", "1", "x", "10.0.0.1", false),
        ("listener 0", "1", "x", "10.0.0.1", true),
        ("listener 1", "1", "x", "10.0.0.1", false),
        ("account anna", "anna", "x", "10.0.0.1", false),
    ];
    for (text, user, domain, source, holds) in rows {
        let expected = if holds { "g1" } else { "default" };
        assert_eq!(
            group_of(&table(&[text]), &from(user, domain, source)),
            expected,
            "{text}: {user}@{domain} {source}"
        );
    }
}

#[test]
fn gateways_that_share_an_address_are_one_source() {
    let mut plan = Plan::new(3).group("second", vec![matcher("gateway b")]).route("in: * @1");
    plan.draft.gateways[1].address = "10.0.0.1:5080".parse().unwrap();
    let table = plan.build();
    let call = Facts { gateway: Some(GatewayIx(0)), trusted: false, ..from("1", "x", "10.0.0.1") };
    assert_eq!(group_of(&table, &call), "second");
}

#[test]
fn default_takes_trusted_sources_and_users_never_gateways() {
    // trusted, a gateway's address, account, the group
    let rows = [
        (true, false, None, "default"),
        (true, true, None, "default"),
        (false, true, None, "-"),
        (false, false, None, "-"),
        (false, false, Some("anna"), "default"),
    ];
    for (trusted, gateway, account, group) in rows {
        let gateway = gateway.then_some(GatewayIx(0));
        let call = Facts { trusted, gateway, account, ..from("1", "x", "10.0.0.1") };
        assert_eq!(group_of(&table(&["user 99"]), &call), group, "{call:?}");
        // Without a route in it, nobody.
        assert_eq!(group_of(&Plan::new(1).build(), &call), "-");
    }
}

#[test]
fn gateways_and_groups_are_found_by_name_and_address() {
    let mut plan = Plan::new(4).group("zebra", vec![]).group("ant", vec![]);
    plan.draft.gateways[2].address = "10.0.0.1:5080".parse().unwrap();
    plan.draft.gateways[3].address = "[::ffff:10.0.0.9]:5060".parse().unwrap();
    let table = plan.build();
    assert_eq!(table.gateway_by_id("c"), Some(GatewayIx(2)));
    assert_eq!(table.gateway_by_id("cc"), None);
    assert_eq!(table.group_by_id("ant"), Some(GroupIx(2)));
    assert_eq!(table.group_by_id("default"), Some(GroupIx(0)));
    assert_eq!(table.group_by_id("none"), None);
    let by_ip = |ip: &str| table.gateway_by_ip(ip.parse::<IpAddr>().unwrap()).map(|ix| ix.0);
    let found = ["10.0.0.1", "10.0.0.2", "10.0.0.9", "::ffff:10.0.0.2", "10.0.0.3"].map(by_ip);
    assert_eq!(found, [Some(0), Some(1), Some(3), Some(1), None]);
}
