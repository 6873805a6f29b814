//! When probes are sent: at once, with jitter, one in flight (checklist F14, C3, C5).

use crate::lab::*;
use std::time::Duration;
use trunkline::route::{ProbeMethod, ProbeWhen};

/// The pauses between the probes of gateway `a`.
fn pauses(lab: &Lab) -> Vec<Duration> {
    let times: Vec<_> = lab.sent.iter().filter(|(_, g)| *g == 0).map(|(at, _)| *at).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn a_new_gateway_is_probed_at_once() {
    let mut lab = Lab::new(1, |_| ());
    assert_eq!(lab.engine.deadline(), Some(lab.now.at));
    assert_eq!(lab.poll().len(), 1);
}

#[test]
fn many_new_gateways_are_spread_over_a_tenth_of_a_second() {
    let mut lab = Lab::new(26, |_| ());
    lab.run(ms(100), |_| '+');
    assert_eq!(lab.sent.len(), 26);
    assert!(lab.sent.windows(2).all(|pair| pair[0].0 < pair[1].0), "not all in one burst");
    let mut quick = Lab::new(26, |p| p.interval = ms(100));
    quick.run(ms(5), |_| '+');
    assert_eq!(quick.sent.len(), 26, "within a twentieth of the interval");
}

#[test]
fn intervals_are_jittered_by_a_fifth_at_most() {
    let mut lab = Lab::new(1, |_| ());
    lab.run(s(100 * 30), |_| '+');
    let pauses = pauses(&lab);
    assert!(pauses.len() > 85, "{}", pauses.len());
    assert!(pauses.iter().all(|p| (s(24)..=s(36)).contains(p)), "{pauses:?}");
    assert!(pauses.iter().any(|p| *p < s(26)) && pauses.iter().any(|p| *p > s(34)), "{pauses:?}");
}

#[test]
fn down_gateways_have_an_interval_of_their_own() {
    let mut lab = Lab::new(1, |_| ());
    lab.run(s(10 * 60), |_| 'T');
    assert!(pauses(&lab).iter().all(|p| (s(8)..=s(12)).contains(p)), "{:?}", pauses(&lab));
}

#[test]
fn the_pause_runs_from_probe_to_probe_not_from_its_end() {
    let mut lab = Lab::new(1, |p| p.interval = s(3));
    for _ in 0..20 {
        let token = lab.next_probes()[0].token;
        lab.wait(s(2));
        lab.engine.probed(lab.now, token, result('4'));
    }
    assert!(pauses(&lab).iter().all(|p| (ms(2400)..=ms(3600)).contains(p)), "{:?}", pauses(&lab));
}

#[test]
fn one_probe_is_in_flight_at_a_time() {
    let mut lab = Lab::new(1, |p| (p.interval, p.timeout) = (ms(100), s(2)));
    lab.poll();
    lab.wait(s(3));
    assert!(lab.poll().is_empty());
}

#[test]
fn a_probe_that_is_never_heard_of_does_not_wedge_the_gateway() {
    let mut lab = Lab::new(1, |_| ());
    let lost = lab.next_probes()[0].token;
    let again = lab.next_probes()[0].token;
    assert!(lab.elapsed() > s(2) && lab.elapsed() < s(20), "{:?}", lab.elapsed());
    lab.engine.probed(lab.now, lost, result('T'));
    assert_eq!(lab.state(A), '?', "the lost one counts no more");
    lab.engine.probed(lab.now, again, result('+'));
    assert_eq!(lab.state(A), 'u');
}

#[test]
fn a_stall_is_made_up_for_once() {
    let mut lab = Lab::new(3, |_| ());
    lab.run(s(60), |_| '+');
    lab.wait(s(3600));
    let before = lab.sent.len();
    assert_eq!(lab.poll().len(), 3);
    assert!(lab.poll().is_empty());
    assert_eq!(lab.sent.len(), before + 3);
}

#[test]
fn a_seed_replays_and_another_differs() {
    let run = |seed| {
        let mut lab = Lab::with_seed(seed, table(5, |_| ()));
        lab.run(s(600), |g| if g == 3 { 'T' } else { '+' });
        lab.sent
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_gateway_judged_by_calls_is_never_probed() {
    let lab = Lab::new(3, |p| p.method = ProbeMethod::None);
    assert_eq!(lab.engine.deadline(), None);
}

#[test]
fn when_down_means_only_while_it_is_down() {
    let mut lab = Lab::new(1, |p| p.when = ProbeWhen::Down);
    assert_eq!(lab.engine.deadline(), None);
    lab.call('+');
    (0..3).for_each(|_| lab.call('T'));
    assert_eq!(lab.state(A), 'd');
    lab.run(s(60), |_| 'T');
    assert!((5..=7).contains(&lab.sent.len()), "{:?}", lab.sent);
    assert!(lab.sent[0].0 >= s(8) && pauses(&lab).iter().all(|p| (s(8)..=s(12)).contains(p)));
    // These probes are sent to bring it back, and do.
    lab.run(s(100), |_| '+');
    assert_eq!((lab.state(A), lab.engine.deadline()), ('u', None));
    assert_eq!(
        lab.told(),
        ["a up: a call was answered", "a down: 3 calls without an answer", "a up: 2 probes answered"]
    );
}
