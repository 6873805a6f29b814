//! A reload forgets nothing: carried over by (id, address, transport) (CONFIG-AND-CLI (d) 7).

use crate::lab::*;
use crate::support::Plan;
use trunkline::flow::Transport;
use trunkline::health::Usability;
use trunkline::route::{Gateway, ProbeMethod, ProbeWhen, Table};

/// Gateway `a` down by probes, `b` up.
fn one_down() -> Lab {
    let mut lab = Lab::new(2, |_| ());
    lab.run(s(120), |g| if g == 0 { 'T' } else { '+' });
    assert_eq!((lab.state(A), lab.state(B)), ('d', 'u'));
    lab.told();
    lab
}

fn changed(n: u8, change: impl Fn(&mut Vec<Gateway>)) -> Table {
    let mut plan = Plan::new(n);
    change(&mut plan.draft.gateways);
    plan.build()
}

#[test]
fn the_same_gateways_keep_their_state_wherever_they_stand() {
    let mut lab = one_down();
    lab.reload(changed(3, |gateways| gateways.reverse()));
    // Now `c`, `b`, `a`.
    let states = [0, 1, 2].map(|ix| lab.state(trunkline::route::GatewayIx(ix)));
    assert_eq!(states, ['?', 'u', 'd']);
    assert!(lab.told().is_empty());
}

#[test]
fn another_address_or_transport_is_another_gateway() {
    let rows: [fn(&mut Gateway); 3] = [
        |a| a.address = "10.0.0.1:5080".parse().unwrap(),
        |a| a.address = "10.0.9.1:5060".parse().unwrap(),
        |a| a.transport = Transport::Tcp,
    ];
    for change in rows {
        let mut lab = one_down();
        let old = lab.board.clone();
        lab.reload(changed(2, |gateways| change(&mut gateways[0])));
        assert_eq!((lab.state(A), lab.usability(A)), ('?', Usability::Usable));
        assert_eq!(old.usability(A, lab.now.at), Usability::Removed, "for calls that began before");
        assert_eq!(old.usability(B, lab.now.at), Usability::Usable);
        let probe = lab.poll().remove(0);
        assert_eq!(probe.gateway, A, "probed at once");
        lab.engine.probed(lab.now, probe.token, result('T'));
        // Its first failure says enough.
        assert_eq!(lab.state(A), 'd');
    }
}

#[test]
fn who_went_and_came_back_is_new() {
    let mut lab = one_down();
    let first = lab.board.clone();
    lab.reload(changed(2, |gateways| drop(gateways.remove(0))));
    assert_eq!(first.usability(A, lab.now.at), Usability::Removed);
    lab.reload(table(2, |_| ()));
    assert_eq!(lab.state(A), '?');
    assert_eq!(first.usability(A, lab.now.at), Usability::Removed, "the old slot stays as it was left");
}

#[test]
fn streaks_go_on_and_new_thresholds_count() {
    let mut lab = Lab::new(1, |_| ());
    "+TT".chars().for_each(|letter| lab.probe(letter));
    lab.reload(table(1, |_| ()));
    lab.probe('T');
    assert_eq!(lab.state(A), 'd', "the third in a row");
    lab.reload(table(1, |p| p.recoveries = 4));
    "+++".chars().for_each(|letter| lab.probe(letter));
    assert_eq!(lab.state(A), 'd');
    lab.probe('+');
    assert_eq!(lab.state(A), 'u');
    lab.reload(table(1, |p| p.failures = 1));
    lab.call('T');
    assert_eq!(lab.state(A), 'd', "one failing call is enough now");
}

#[test]
fn a_probe_in_flight_is_carried_over() {
    let mut lab = Lab::new(2, |_| ());
    lab.run(s(10), |_| '+');
    let in_flight = lab.next_probes().remove(0);
    lab.reload(changed(2, |gateways| gateways.reverse()));
    let other = trunkline::route::GatewayIx(1 - in_flight.gateway.0);
    assert_eq!(lab.state(other), 'u');
    for _ in 0..3 {
        lab.engine.probed(lab.now, in_flight.token, result('T'));
    }
    lab.wait(s(1));
    let again = loop {
        let probe = lab.next_probes().remove(0);
        if probe.gateway == other {
            break probe;
        }
    };
    assert_ne!(again.token, in_flight.token);
    lab.engine.probed(lab.now, again.token, result('T'));
    assert_eq!(lab.state(other), 'u', "two in a row: the first counted once");
}

#[test]
fn the_probe_of_a_gateway_that_went_is_forgotten() {
    let mut lab = Lab::new(1, |_| ());
    let token = lab.next_probes()[0].token;
    lab.reload(changed(1, |gateways| gateways[0].address = "10.0.0.1:5080".parse().unwrap()));
    lab.engine.probed(lab.now, token, result('T'));
    assert_eq!(lab.state(A), '?');
}

#[test]
fn reloads_do_not_disturb_the_rhythm() {
    let mut lab = Lab::new(1, |_| ());
    lab.run(s(1), |_| '+');
    let due = lab.engine.deadline();
    for _ in 0..100 {
        lab.wait(ms(10));
        lab.reload(table(1, |_| ()));
        assert!(lab.poll().is_empty());
    }
    assert_eq!(lab.engine.deadline(), due);
}

#[test]
fn a_new_interval_counts_from_the_last_probe() {
    let mut lab = Lab::new(1, |_| ());
    lab.run(s(5), |_| '+');
    lab.reload(table(1, |p| p.interval = s(10)));
    lab.next_probes();
    assert!((s(8)..=s(12)).contains(&lab.elapsed()), "{:?}", lab.elapsed());
}

#[test]
fn a_down_gateway_that_is_no_longer_probed_is_tried_by_calls() {
    let mut lab = one_down();
    lab.reload(table(2, |p| p.method = ProbeMethod::None));
    assert_eq!((lab.usability(A), lab.engine.deadline()), (Usability::Down, None));
    lab.wait(s(10));
    assert_eq!(lab.usability(A), Usability::Trial);
    lab.call_ended(A, true, result('4'));
    assert_eq!(lab.state(A), 'u');
    // And probed again it is asked at once.
    lab.reload(table(2, |_| ()));
    assert!(lab.poll().iter().any(|p| p.gateway == B));
}

#[test]
fn probes_stop_and_start_with_the_configuration() {
    let mut lab = one_down();
    lab.reload(table(2, |p| p.when = ProbeWhen::Down));
    let end = lab.elapsed() + s(60);
    lab.sent.clear();
    lab.run(end, |_| 'T');
    assert!(!lab.sent.is_empty() && lab.sent.iter().all(|(_, g)| *g == 0), "{:?}", lab.sent);
    lab.reload(table(2, |_| ()));
    lab.run(end + s(60), |_| '+');
    assert!(lab.sent.iter().any(|(_, g)| *g == 1));
}
