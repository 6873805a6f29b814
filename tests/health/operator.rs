//! An operator's word: beats what is observed, kept over reloads, ends by itself (checklist F13, F14).

use crate::lab::*;
use crate::support::Plan;
use std::time::Duration;
use trunkline::health::{Override, Usability};

fn maintenance(lab: &Lab, lasts: Option<Duration>) -> Option<Override> {
    let until = lasts.map(|lasts| lab.now.at + lasts);
    Some(Override { by: "anna".into(), reason: "maintenance".into(), until })
}

#[test]
fn a_disabled_gateway_is_neither_used_nor_probed() {
    let mut lab = Lab::new(2, |_| ());
    lab.run(s(60), |_| '+');
    lab.told();
    let over = maintenance(&lab, None);
    assert!(lab.engine.set_override(lab.now, "a", over));
    assert_eq!(lab.usability(A), Usability::Disabled);
    assert!(!lab.board.take_trial(A, lab.now.at));
    lab.sent.clear();
    lab.run(s(600), |_| '+');
    assert!(lab.sent.iter().all(|(_, g)| *g == 1));
    assert_eq!(lab.state(A), 'u', "what was observed is still known");
    assert!(lab.engine.set_override(lab.now, "a", None));
    assert_eq!(lab.usability(A), Usability::Usable);
    assert_eq!(lab.poll()[0].gateway, A, "asked at once after so long");
    assert_eq!(lab.told(), ["a down: disabled by anna: maintenance", "a up: enabled by an operator"]);
}

#[test]
fn calls_go_on_being_evidence_while_it_is_disabled() {
    let mut lab = Lab::new(1, |_| ());
    let over = maintenance(&lab, None);
    lab.engine.set_override(lab.now, "a", over);
    (0..3).for_each(|_| lab.call('T'));
    assert_eq!((lab.state(A), lab.usability(A)), ('d', Usability::Disabled));
    lab.engine.set_override(lab.now, "a", None);
    assert_eq!(lab.usability(A), Usability::Down);
}

#[test]
fn an_override_ends_by_itself() {
    let mut lab = Lab::new(1, |_| ());
    lab.run(s(1), |_| '+');
    lab.told();
    let over = maintenance(&lab, Some(s(600)));
    lab.engine.set_override(lab.now, "a", over);
    assert_eq!(lab.engine.deadline(), Some(lab.now.at + s(600)));
    lab.wait(ms(599_999));
    assert!(lab.poll().is_empty());
    assert_eq!(lab.usability(A), Usability::Disabled);
    lab.wait(ms(1));
    assert_eq!(lab.poll().len(), 1);
    assert_eq!(lab.usability(A), Usability::Usable);
    assert_eq!(lab.engine.overridden("a"), None);
    assert_eq!(lab.told()[1..], ["a up: anna's disabling ended"]);
}

#[test]
fn overrides_are_kept_by_id_over_reloads() {
    let mut lab = Lab::new(2, |_| ());
    let over = maintenance(&lab, None);
    lab.engine.set_override(lab.now, "b", over);
    // The same gateway, then at another address, then gone, then back.
    lab.reload(table(2, |_| ()));
    assert_eq!(lab.usability(B), Usability::Disabled);
    let mut moved = Plan::new(2);
    moved.draft.gateways[1].address = "10.0.0.77:5060".parse().unwrap();
    lab.reload(moved.build());
    assert_eq!(lab.usability(B), Usability::Disabled);
    lab.reload(table(1, |_| ()));
    lab.reload(table(2, |_| ()));
    assert_eq!((lab.usability(A), lab.usability(B)), (Usability::Usable, Usability::Disabled));
    lab.run(s(5), |_| '+');
    assert!(lab.sent.iter().all(|(_, g)| *g == 0));
    assert_eq!(lab.engine.overridden("b").map(|o| o.by.as_str()), Some("anna"));
}

#[test]
fn only_known_gateways_can_be_disabled() {
    let mut lab = Lab::new(1, |_| ());
    let over = maintenance(&lab, None);
    assert!(!lab.engine.set_override(lab.now, "zz", over.clone()));
    assert!(!lab.engine.set_override(lab.now, "zz", None));
    assert!(lab.engine.set_override(lab.now, "a", None), "enabling what is enabled is no error");
    // Gone with a reload, but its override is still there to be lifted.
    lab.engine.set_override(lab.now, "a", over);
    lab.reload(Plan::new(0).build());
    assert!(lab.engine.set_override(lab.now, "a", None));
    assert!(!lab.engine.set_override(lab.now, "a", None));
    assert_eq!(lab.engine.deadline(), None);
}
