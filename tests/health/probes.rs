//! What probes make of a gateway: thresholds both ways (checklist F13, F14).

use crate::lab::*;
use trunkline::health::{ProbeResult, Usability};
use trunkline::route::{CodeSet, ProbeMethod};

#[test]
fn thresholds_count_in_a_row() {
    // failures, recoveries; how the probes end; the state after each
    let rows = [
        (3, 2, "+++++", "uuuuu"),
        (3, 2, "+TT+TT+TTT", "uuuuuuuuud"),
        (3, 2, "+TTT+T++", "uuuddddu"),
        (3, 2, "+TXT-T", "uuuddd"),
        (3, 2, "+TT-T", "uuuud"),
        (1, 1, "+T+X+", "ududu"),
        (2, 3, "+T5+++", "uudddu"),
        (3, 2, "+444", "uuuu"),
        (3, 2, "+888", "uuud"),
        (3, 2, "+555++", "uuuddu"),
        // Never heard before: the first failure says enough, and one success too.
        (3, 2, "T++", "ddu"),
        (3, 2, "X", "d"),
        (3, 2, "-T", "?d"),
        (3, 2, "-+", "?u"),
        // Nonsense thresholds mean one.
        (0, 0, "+T+", "udu"),
    ];
    for (failures, recoveries, results, states) in rows {
        let mut lab = Lab::new(1, |p| (p.failures, p.recoveries) = (failures, recoveries));
        assert_eq!((lab.state(A), lab.usability(A)), ('?', Usability::Usable), "unknown counts as up");
        let after = |letter| {
            lab.probe(letter);
            let expected = if lab.state(A) == 'd' { Usability::Down } else { Usability::Usable };
            assert_eq!(lab.usability(A), expected);
            lab.state(A)
        };
        assert_eq!(results.chars().map(after).collect::<String>(), states, "{failures}/{recoveries} {results}");
    }
}

#[test]
fn up_on_says_which_replies_are_alive_but_never_408() {
    let mut up_on = CodeSet::new();
    up_on.insert_class(4);
    up_on.insert(503);
    let mut lab = Lab::new(1, |p| (p.failures, p.recoveries, p.up_on) = (1, 1, up_on.clone()));
    for (letter, state) in [('4', 'u'), ('+', 'd'), ('5', 'u'), ('8', 'd')] {
        lab.probe(letter);
        assert_eq!(lab.state(A), state, "{letter}");
    }
}

#[test]
fn a_1xx_is_no_verdict() {
    let mut lab = Lab::new(1, |_| ());
    let probe = lab.next_probes().remove(0);
    lab.engine.probed(lab.now, probe.token, ProbeResult::Code { code: 100, retry_after: None });
    assert_eq!(lab.state(A), '?');
    lab.engine.probed(lab.now, probe.token, result('+'));
    assert_eq!(lab.state(A), 'u');
}

#[test]
fn a_token_counts_once() {
    let mut lab = Lab::new(1, |p| p.failures = 2);
    lab.probe('+');
    let token = lab.next_probes()[0].token;
    lab.engine.probed(lab.now, token, result('T'));
    lab.engine.probed(lab.now, token, result('T'));
    lab.engine.probed(lab.now, token, result('T'));
    assert_eq!(lab.state(A), 'u');
}

#[test]
fn a_503_with_retry_after_rests_the_gateway() {
    // checklist D7: n seconds, at most 300; a rest is not cut short by a later, shorter one.
    let mut lab = Lab::new(2, |_| ());
    let busy = |n| ProbeResult::Code { code: 503, retry_after: Some(n) };
    lab.call_ended(A, false, busy(30));
    lab.call_ended(B, false, busy(100_000));
    lab.wait(s(5));
    lab.call_ended(A, false, busy(1));
    assert_eq!(lab.usability(A), Usability::Resting);
    lab.wait(ms(24_999));
    assert_eq!(lab.usability(A), Usability::Resting);
    lab.wait(ms(1));
    assert_eq!((lab.usability(A), lab.usability(B)), (Usability::Usable, Usability::Resting));
    lab.wait(s(270));
    assert_eq!(lab.usability(B), Usability::Usable);
    // Other codes with Retry-After, and 503 without, rest nobody.
    lab.call_ended(A, false, ProbeResult::Code { code: 486, retry_after: Some(9) });
    lab.call('5');
    assert_eq!(lab.usability(A), Usability::Usable);
}

#[test]
fn what_a_probe_looks_like() {
    let mut lab = Lab::new(1, |p| (p.method, p.timeout) = (ProbeMethod::Info, s(1)));
    let probe = lab.next_probes().remove(0);
    assert_eq!((probe.gateway, probe.method, probe.timeout), (A, "INFO", s(1)));
    assert_eq!(&*probe.from, "sip:probe@trunkline.invalid");
    assert_eq!(Lab::new(1, |_| ()).next_probes()[0].method, "OPTIONS");
}

#[test]
fn changes_are_told_in_words() {
    let told = |results: &str| {
        let mut lab = Lab::new(1, |_| ());
        results.chars().for_each(|letter| lab.probe(letter));
        lab.told()
    };
    assert_eq!(told("+"), ["a up: 1 probe answered"]);
    assert_eq!(told("T"), ["a down: 1 probe without an answer"]);
    assert_eq!(told("+TTT++")[1..], ["a down: 3 probes without an answer", "a up: 2 probes answered"]);
    assert_eq!(told("+XXX")[1..], ["a down: 3 probes not delivered"]);
    assert_eq!(told("+555")[1..], ["a down: 3 probes answered with 503"]);
    assert_eq!(told("+TX5")[1..], ["a down: 3 probes failed, the last answered with 503"]);
    assert_eq!(told("+TTX")[1..], ["a down: 3 probes failed, the last not delivered"]);
}
