//! What an operator does to a running router: the commands, as processes of their own, over the control socket.

use super::calls::{Call, gateway, heard};
use super::ports::{free, wait_for};
use super::router::{EVENTS_ONLY, Router, Site};
use serde_json::Value;
use std::process::{Command, Stdio};

/// How a command ended, and what it wrote.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }
}

/// Runs `trunkline WORDS` for the router of a site.
pub fn trunkline(site: &Site, words: &[&str]) -> Said {
    let socket = format!("unix:{}", site.path(".trunkline/control.sock").display());
    run(&[&["--server", &socket], words].concat())
}

pub fn run(words: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
    let command = command.args(words).env("USER", "anna").env_remove("SUDO_USER").stdin(Stdio::null());
    let output = command.output().expect("a command");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

fn serving(code: u16) -> (Site, Router) {
    let site = Site::new();
    site.write(&site.refusing(code));
    let router = site.start(&["--no-watch", "--poll", "1h"]);
    (site, router)
}

fn status(site: &Site) -> Value {
    trunkline(site, &["status", "--format", "json"]).json()
}

#[test]
fn status_says_what_serves_and_how_the_files_are() {
    let (site, _router) = serving(404);
    let said = trunkline(&site, &["status"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("running   ") && said.out.contains("by start"), "{}", said.out);
    assert!(
        said.out.contains("the same") && said.out.contains("poll 60m") | said.out.contains("poll 1h"),
        "{}",
        said.out
    );
    assert_eq!(trunkline(&site, &["status", "--check"]).code, 0);
    let status = status(&site);
    assert_eq!((&status["schema"], &status["files"]["state"]), (&"trunkline/status/1".into(), &"same".into()));
    assert_eq!((&status["boot"], &status["workers"].is_u64()), (&"files".into(), &true));
}

#[test]
fn the_router_that_serves_the_root_file_is_found_and_one_that_does_not_run_is_said() {
    let (site, mut router) = serving(404);
    let root = site.path("routes.yaml");
    let root = root.to_str().expect("a path");
    assert_eq!(run(&["-c", root, "status"]).code, 0);
    router.kill();
    let said = run(&["-c", root, "status"]);
    assert!(said.code == 2 && said.err.contains("is the router running"), "{} {}", said.code, said.err);
    let said = run(&["status", "--server", "ftp://x"]);
    assert!(said.code == 2 && said.err.contains("unix:PATH or http://HOST:PORT"), "{}", said.err);
}

#[test]
fn reload_answers_with_the_diagnostics_as_the_router_saw_them() {
    let (site, router) = serving(404);
    assert!(trunkline(&site, &["reload"]).out.contains("the files are what runs"));

    site.write(&site.refusing(410));
    let said = trunkline(&site, &["reload"]);
    assert!(said.code == 0 && said.out.contains("1 route edited"), "{}", said.out);
    assert_eq!(heard(router.port), 410);
    assert!(router.wait_log("reloaded", 1).contains("by reload"));

    site.write(&site.refusing(480).replace("reject: 480", "reject: 480, prio: 3"));
    let said = trunkline(&site, &["reload"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("error[TL0201 unknown-key]") && said.out.contains("routes.yaml:4:"), "{}", said.out);
    assert!(said.out.contains("still serving"), "{}", said.out);
    // Once more: the same answer, for whoever missed the first.
    let answer = trunkline(&site, &["reload", "--format", "json"]);
    assert_eq!((answer.code, &answer.json()["outcome"]), (1, &"refused".into()));
    assert_eq!(answer.json()["diagnostics"]["diagnostics"][0]["code"], "TL0201");
    let status = status(&site);
    assert_eq!((&status["files"]["state"], &status["last_reload_ok"]), (&"refused".into(), &false.into()));
    let check = trunkline(&site, &["status", "--check"]);
    assert!(check.code == 1 && check.err.contains("TL0201"), "{}", check.err);
    assert_eq!(heard(router.port), 410);
    // For inspection.
    let refused = site.path(".trunkline/refused");
    wait_for("the refused set", || {
        let said = std::fs::read_to_string(refused.join("diagnostics.txt")).ok()?;
        said.contains("TL0201").then_some(())
    });
    assert!(std::fs::read_to_string(refused.join("routes.yaml")).expect("a file").contains("prio: 3"));
}

#[test]
fn a_guarded_revision_waits_for_its_acceptance() {
    let site = Site::new();
    let routes = |n: u32| (0..n).map(|n| format!("  r{n}: {{ prefix: \"9{n}\", reject: 486 }}\n")).collect::<String>();
    let text = |n| {
        let text = site.refusing(404);
        let (head, _) = text.split_once("routes:").expect("routes");
        format!("{head}routes:\n  everything: {{ default: true, reject: 404 }}\n{}", routes(n))
    };
    site.write(&text(9));
    let router = site.start(EVENTS_ONLY);
    site.write(&text(1));
    router.wait_log("held by guards: halved:routes", 1);
    let held = status(&site);
    assert_eq!(
        (&held["files"]["state"], &held["files"]["guards"][0]["id"]),
        (&"pending".into(), &"halved:routes".into())
    );
    let said = trunkline(&site, &["reload"]);
    assert_eq!(said.code, 3, "{}", said.out);
    let revision = held["files"]["revision"].as_str().expect("a revision");
    let accept = format!("halved:routes:{revision}");
    assert!(said.out.contains(&format!("trunkline reload --accept {accept}")), "{}", said.out);
    assert_eq!(trunkline(&site, &["reload", "--accept", "halved:routes:0000000"]).code, 3, "another revision's");
    let said = trunkline(&site, &["reload", "--accept", &accept]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(status(&site)["revision"], revision);
}

#[test]
fn rollback_goes_back_and_waits_until_the_files_change() {
    let (site, mut router) = serving(404);
    site.write(&site.refusing(410));
    assert_eq!(trunkline(&site, &["reload"]).code, 0);
    let said = trunkline(&site, &["reload", "--rollback"]);
    assert!(said.code == 0 && said.out.contains("pinned until the files change"), "{}{}", said.out, said.err);
    assert_eq!(heard(router.port), 404);
    let pinned = status(&site);
    assert_eq!((&pinned["pinned"]["by"], &pinned["files"]["state"]), (&"anna".into(), &"pending".into()));
    // The files of the moment are not wanted.
    let said = trunkline(&site, &["reload"]);
    assert!(said.code == 1 && said.out.contains("--unpin"), "{}", said.out);
    assert_eq!(heard(router.port), 404);
    // Not after a restart either.
    router.kill();
    let router = site.start(EVENTS_ONLY);
    assert_eq!(heard(router.port), 404);
    assert_eq!(status(&site)["boot"], "pin");
    // Others are.
    site.write(&site.refusing(480));
    wait_for("the new files", || (heard(router.port) == 480).then_some(()));
    assert_eq!(status(&site)["pinned"], Value::Null);
}

#[test]
fn a_rollback_during_a_look_at_the_files_stays() {
    let site = Site::new();
    // So long that whoever looks at it is still looking when the rollback comes.
    let long = |code| format!("{}#{}\n", site.refusing(code), "x".repeat(8 << 20));
    site.write(&long(404));
    let router = site.start(&["--no-watch", "--poll", "1h"]);
    site.write(&long(410));
    assert_eq!(trunkline(&site, &["reload"]).code, 0);
    std::thread::scope(|scope| {
        let reload = scope.spawn(|| trunkline(&site, &["reload"]));
        router.wait_log("reload asked for by anna", 2);
        assert_eq!(trunkline(&site, &["reload", "--rollback"]).code, 0);
        reload.join().expect("a command");
    });
    assert_eq!(heard(router.port), 404);
    let status = status(&site);
    assert_eq!((&status["pinned"]["by"], &status["files"]["state"]), (&"anna".into(), &"pending".into()));
}

#[test]
fn a_pin_holds_until_it_is_taken_away() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let router = site.start(EVENTS_ONLY);
    assert_eq!(trunkline(&site, &["reload", "--pin"]).code, 0);
    site.write(&site.refusing(410));
    router.wait_log("is pinned", 1);
    assert_eq!(heard(router.port), 404);
    assert_eq!(trunkline(&site, &["reload", "--unpin"]).code, 0);
    wait_for("the files", || (heard(router.port) == 410).then_some(()));
    assert_eq!(trunkline(&site, &["reload", "--unpin"]).code, 1, "nothing is pinned");
}

#[test]
fn a_gateway_is_disabled_for_a_while_over_reloads_and_restarts() {
    let site = Site::new();
    let text = site.sending(gateway());
    site.write(&text);
    let mut router = site.start(EVENTS_ONLY);
    assert_eq!(heard(router.port), 200);
    let said = trunkline(&site, &["gateway", "gw", "disable", "--for", "2h", "--reason", "new firmware"]);
    assert!(said.code == 0 && said.out.contains("disabled by anna"), "{}{}", said.out, said.err);
    assert_eq!(heard(router.port), 503);
    let table = trunkline(&site, &["gateway"]).out;
    assert!(table.contains("disabled by anna, 1h 59m left: new firmware"), "{table}");
    // A reload …
    site.write(&text.replace("everything", "every-thing"));
    router.wait_log("reloaded", 1);
    assert_eq!(heard(router.port), 503);
    // … and a restart: not one call or probe slips through.
    router.kill();
    let router = site.start(EVENTS_ONLY);
    assert_eq!(heard(router.port), 503);
    let over = &status(&site)["gateways"][0]["override"];
    assert_eq!(
        (&over["kind"], &over["by"], &over["reason"]),
        (&"disable".into(), &"anna".into(), &"new firmware".into())
    );
    assert_eq!(trunkline(&site, &["gateway", "gw", "enable"]).code, 0);
    assert_eq!(heard(router.port), 200);
    assert_eq!(trunkline(&site, &["gateway", "gv", "enable"]).code, 2, "no such gateway");
    assert!(trunkline(&site, &["gateway", "gv", "disable"]).err.contains("did you mean `gw`?"));
}

#[test]
fn what_an_operator_said_expires() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let router = site.start(EVENTS_ONLY);
    assert_eq!(trunkline(&site, &["gateway", "gw", "disable", "--for", "1s"]).code, 0);
    wait_for("its end", || (heard(router.port) == 200).then_some(()));
    assert_eq!(status(&site)["gateways"][0]["override"], Value::Null);
    router.wait_log("'s disabling ended", 1);
}

#[test]
fn a_drained_gateway_is_waited_for() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let router = site.start(EVENTS_ONLY);
    let mut call = Call::place(router.port);
    assert_eq!(call.hear(), 200);
    wait_for("the call in status", || (status(&site)["gateways"][0]["calls"] == 1).then_some(()));
    std::thread::scope(|scope| {
        let drain = scope.spawn(|| trunkline(&site, &["gateway", "gw", "disable", "--drain"]));
        wait_for("draining", || (status(&site)["gateways"][0]["override"]["kind"] == "drain").then_some(()));
        assert_eq!(heard(router.port), 503, "no new call");
        assert!(!drain.is_finished(), "the call is still up");
        assert_eq!(call.bye(), 200);
        let said = drain.join().expect("a command");
        assert!(said.code == 0 && said.err.contains("1 calls left"), "{}{}", said.out, said.err);
    });
}

#[test]
fn a_probe_is_asked_for_and_answered() {
    let site = Site::new();
    site.write(&site.sending(gateway()).replace("{ method: none }", "{ interval: 1h }"));
    let _router = site.start(EVENTS_ONLY);
    let said = trunkline(&site, &["gateway", "gw", "probe"]);
    assert!(said.code == 0 && said.out.contains("answered in"), "{}{}", said.out, said.err);
    assert_eq!(trunkline(&site, &["gateway", "gw", "reset"]).code, 0);
    wait_for("up again", || (status(&site)["gateways"][0]["state"] == "up").then_some(()));
    let other = Site::new();
    other.write(&other.sending(free()));
    let _router = other.start(EVENTS_ONLY);
    let said = trunkline(&other, &["gateway", "gw", "probe"]);
    assert!(said.code == 2 && said.err.contains("judged by calls"), "{}", said.err);
}

#[test]
fn live_calls_are_those_in_set_up_and_the_established_ones() {
    let site = Site::new();
    site.write(&site.sending(gateway()));
    let router = site.start(EVENTS_ONLY);
    let mut up = Call::place(router.port);
    assert_eq!(up.hear(), 200);
    let calls = |words: &[&str]| trunkline(&site, &[&["calls", "--format", "json"], words].concat()).json();
    wait_for("the open row", || (calls(&[])["established"] == 1).then_some(()));
    let call = &calls(&[])["calls"][0];
    assert_eq!(
        (&call["stage"], &call["gateway"], &call["route"]),
        (&"established".into(), &"gw".into(), &"everything".into())
    );
    assert_eq!(calls(&["--gateway", "other"])["calls"], Value::Array(Vec::new()));
    assert_eq!(up.bye(), 200);
    wait_for("its end", || (calls(&[])["established"] == 0).then_some(()));

    // Nobody answers there: it stays in set-up.
    let silent = super::calls::socket();
    site.write(&site.sending(silent.local_addr().expect("an address").port()));
    router.wait_log("reloaded", 1);
    let _ringing = Call::place(router.port);
    silent.recv(&mut [0; 4096]).expect("the INVITE");
    let answer = calls(&["--gateway", "gw"]);
    assert_eq!((&answer["in_setup"], &answer["calls"][0]["stage"]), (&1.into(), &"setup".into()));
    assert!(trunkline(&site, &["calls"]).out.contains("1 in set-up, 0 established"));
}

#[test]
fn established_calls_are_unknown_without_accounting_and_that_is_said() {
    let site = Site::new();
    let text = site.sending(gateway());
    site.write(&text[..text.find("accounting").expect("accounting")]);
    let router = site.start(EVENTS_ONLY);
    let mut call = Call::place(router.port);
    assert_eq!(call.hear(), 200);
    assert!(trunkline(&site, &["calls"]).out.contains("known only with accounting"));
    assert_eq!(status(&site)["calls_established"], Value::Null);
    assert_eq!(call.bye(), 200);
}

#[test]
fn a_tcp_address_needs_the_token() {
    let site = Site::new();
    site.write(&site.refusing(404));
    let port = free();
    let address = format!("127.0.0.1:{port}");
    let _router = site.start(&["--poll", "1h", "--control", &address]);
    let server = format!("http://{address}");
    let asked = |token: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
        let output = command.args(["--server", &server, "status"]).env("TRUNKLINE_TOKEN", token).output();
        output.expect("a command").status.code()
    };
    assert_eq!((asked(""), asked("wrong")), (Some(2), Some(2)));
    let token = std::fs::read_to_string(site.path(".trunkline/control.token")).expect("a token");
    assert_eq!(asked(token.trim()), Some(0));
    use std::os::unix::fs::PermissionsExt;
    let mode = |name: &str| std::fs::metadata(site.path(name)).expect("a file").permissions().mode() & 0o777;
    assert_eq!((mode(".trunkline/control.token"), mode(".trunkline/control.sock")), (0o600, 0o660));
}
