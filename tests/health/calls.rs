//! Calls are evidence: streaks of their own, and half-open gateways (CONFIG-AND-CLI (g); checklist F13).

use crate::lab::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use trunkline::health::{ProbeResult, Usability};
use trunkline::route::ProbeMethod;

fn unprobed() -> Lab {
    Lab::new(1, |p| p.method = ProbeMethod::None)
}

/// A gateway that three calls have just taken down.
fn fallen() -> Lab {
    let mut lab = unprobed();
    "+TTT".chars().for_each(|letter| lab.call(letter));
    assert_eq!((lab.state(A), lab.usability(A)), ('d', Usability::Down));
    lab
}

#[test]
fn silence_counts_and_any_reply_is_life() {
    let rows = [
        ("TTT", "??d"),
        ("+TTT", "uuud"),
        ("+TT5TT", "uuuuuu"),
        ("+XTX", "uuud"),
        ("+555555", "uuuuuuu"),
        ("+888", "uuuu"),
        ("4TT-T", "uuuud"),
        ("TT4", "??u"),
    ];
    for (results, states) in rows {
        let mut lab = unprobed();
        let after = |letter| {
            lab.call(letter);
            lab.state(A)
        };
        assert_eq!(results.chars().map(after).collect::<String>(), states, "{results}");
    }
}

#[test]
fn one_call_at_a_time_may_try_a_fallen_gateway() {
    let mut lab = fallen();
    lab.wait(ms(9_999));
    assert_eq!(lab.usability(A), Usability::Down);
    assert!(!lab.board.take_trial(A, lab.now.at));
    lab.wait(ms(1));
    assert_eq!(lab.usability(A), Usability::Trial);
    assert!(lab.board.take_trial(A, lab.now.at));
    assert_eq!(lab.usability(A), Usability::TrialBusy);
    assert!(!lab.board.take_trial(A, lab.now.at));
}

#[test]
fn how_a_trial_ends() {
    // the trial's result, how long until the next may try, what is told
    let rows = [
        ('+', None, &["a up: the trial call was answered"][..]),
        ('5', None, &["a up: the trial call was answered"]),
        ('T', Some(s(10)), &[]),
        ('X', Some(s(10)), &[]),
        ('-', Some(s(0)), &[]),
    ];
    for (letter, again, told) in rows {
        let mut lab = fallen();
        lab.told();
        lab.wait(s(10));
        assert!(lab.board.take_trial(A, lab.now.at));
        lab.wait(s(4));
        lab.call_ended(A, true, result(letter));
        match again {
            None => assert_eq!(lab.usability(A), Usability::Usable),
            Some(pause) => {
                lab.wait(pause.saturating_sub(ms(1)));
                assert_eq!(lab.usability(A) == Usability::Down, pause > s(0), "{letter}");
                lab.wait(ms(1));
                assert_eq!(lab.usability(A), Usability::Trial, "{letter}");
            }
        }
        assert_eq!(lab.told(), told, "{letter}");
    }
}

#[test]
fn a_trial_that_is_never_heard_of_gives_its_place_back() {
    let mut lab = fallen();
    lab.wait(s(10));
    assert!(lab.board.take_trial(A, lab.now.at));
    lab.wait(s(32));
    assert_eq!(lab.usability(A), Usability::TrialBusy);
    lab.wait(s(32));
    assert!(lab.board.take_trial(A, lab.now.at));
}

#[test]
fn calls_that_were_no_trial_do_not_put_it_off() {
    let mut lab = fallen();
    lab.wait(s(9));
    lab.call('T');
    lab.wait(s(1));
    assert_eq!(lab.usability(A), Usability::Trial);
    // One of them answered is as good as a trial.
    lab.call('4');
    assert_eq!(lab.state(A), 'u');
}

#[test]
fn the_place_is_taken_once_by_many_threads() {
    let mut lab = fallen();
    lab.wait(s(10));
    let taken = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| taken.fetch_add(usize::from(lab.board.take_trial(A, lab.now.at)), Ordering::Relaxed));
        }
    });
    assert_eq!(taken.into_inner(), 1);
}

#[test]
fn a_probe_does_not_forgive_calls_nor_a_call_probes() {
    // Down by calls: probes go on well, and the next call decides.
    let mut lab = Lab::new(1, |_| ());
    lab.run(s(60), |_| '+');
    (0..3).for_each(|_| lab.call('T'));
    let end = lab.elapsed() + s(9);
    lab.run(end, |_| '+');
    assert_eq!((lab.state(A), lab.usability(A)), ('d', Usability::Down));
    lab.run(end + s(2), |_| '+');
    assert_eq!(lab.usability(A), Usability::Trial);
    assert!(lab.board.take_trial(A, lab.now.at));
    lab.call_ended(A, true, result('+'));
    assert_eq!(lab.state(A), 'u');

    // Down by probes: no trial, and a call that was answered all the same changes nothing.
    let end = lab.elapsed() + s(300);
    lab.run(end, |_| 'T');
    assert_eq!(lab.usability(A), Usability::Down);
    lab.call('+');
    assert_eq!(lab.state(A), 'd');
    lab.run(end + s(60), |_| '+');
    assert_eq!(lab.state(A), 'u');
}

#[test]
fn a_probe_between_them_does_not_break_the_streak_of_calls() {
    let mut lab = Lab::new(1, |_| ());
    lab.probe('+');
    lab.call('T');
    lab.probe('+');
    lab.call('T');
    lab.probe('+');
    lab.call('T');
    assert_eq!(lab.state(A), 'd');
}

#[test]
fn down_by_both_it_takes_both_to_come_back() {
    let mut lab = Lab::new(1, |_| ());
    lab.probe('+');
    (0..3).for_each(|_| lab.call('X'));
    let end = lab.elapsed() + s(60);
    lab.run(end, |_| 'X');
    assert_eq!(lab.usability(A), Usability::Down, "probes say it is dead: no call need try");
    lab.run(end + s(30), |_| '+');
    assert_eq!((lab.state(A), lab.usability(A)), ('d', Usability::Trial), "probes are back: the next call may try");
    lab.call_ended(A, true, result('+'));
    assert_eq!(lab.usability(A), Usability::Usable);
    assert_eq!(
        lab.told(),
        ["a up: 1 probe answered", "a down: 3 calls not delivered", "a up: the trial call was answered"]
    );
}

#[test]
fn a_trial_answered_with_503_and_retry_after_rests_it() {
    let mut lab = fallen();
    lab.wait(s(10));
    lab.call_ended(A, true, ProbeResult::Code { code: 503, retry_after: Some(60) });
    assert_eq!((lab.state(A), lab.usability(A)), ('u', Usability::Resting));
}

#[test]
fn evidence_about_another_gateway_changes_nothing() {
    let mut lab = unprobed();
    let g = lab.table.gateway(A).clone();
    let elsewhere = trunkline::health::Evidence {
        id: g.id.clone(),
        address: "192.0.2.9:5060".parse().unwrap(),
        transport: g.transport,
        trial: false,
        result: result('T'),
    };
    let stranger = trunkline::health::Evidence { id: "zz".into(), address: g.address, ..elsewhere.clone() };
    for evidence in [elsewhere, stranger] {
        (0..5).for_each(|_| lab.engine.evidence(lab.now, &evidence));
    }
    assert_eq!(lab.state(A), '?');
}

/// What a call need not tell: one more answer of a gateway that is up and has not failed since the last.
#[test]
fn an_answer_is_news_only_of_a_gateway_that_is_unknown_failing_or_down() {
    let rows = [("", false), ("+", true), ("+-", true), ("+T", false), ("+T+", true), ("+TT5", true), ("+TTT", false)];
    for (results, calm) in rows {
        let mut lab = unprobed();
        results.chars().for_each(|letter| lab.call(letter));
        assert_eq!(lab.board.calm(A), calm, "{results}");
    }
    let rest = ProbeResult::Code { code: 503, retry_after: Some(10) };
    assert!(result('5').answered() && !rest.answered() && !result('T').answered() && !result('-').answered());
}
