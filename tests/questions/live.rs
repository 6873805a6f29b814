//! `explain --live`: the files and the gateways' states of a router that runs, whatever stands on the disk by now.

use super::trunkline_in;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use trunkline::admin::{Address, Client, GatewayOrder};

/// A router that ends with the test.
struct Router(Child);

impl Router {
    fn start(directory: &Path) -> Router {
        let mut child = Command::new(env!("CARGO_BIN_EXE_trunkline"))
            .args(["run", "--no-watch", "--poll", "1h", "--workers", "1"])
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the router starts");
        let mut ready = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut ready).expect("a line");
        assert!(ready.starts_with("ready "), "{ready}");
        Router(child)
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn files(port: u16, to: &str) -> String {
    format!(
        "version: 1\nlisten: {{ lan: {{ bind: \"127.0.0.1:{port}\" }} }}\naccess: {{ trusted: {{ t: [\"127.0.0.1\"] }} }}\n\
         probing: {{ method: none }}\ngateways: {{ a: \"127.0.0.1:9\", b: \"127.0.0.2:9\" }}\n\
         routes: {{ everything: {{ default: true, to: {to} }} }}\n"
    )
}

#[test]
fn the_running_router_is_asked() {
    let directory = tempfile::tempdir().expect("a directory");
    let routes = directory.path().join("routes.yaml");
    let port = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let explain = |arguments: &[&str]| {
        let arguments = [&["explain", "0301", "--format", "json"], arguments].concat();
        let (code, out, err) = trunkline_in(directory.path(), &arguments, "");
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).expect("JSON")
    };
    std::fs::write(&routes, files(port, "[a, b]")).expect("it is written");
    let (code, _, err) = trunkline_in(directory.path(), &["explain", "0301", "--live"], "");
    assert_eq!((code, err.contains("no router is running here")), (2, true), "{err}");

    let _router = Router::start(directory.path());
    let order = GatewayOrder::Disable { by: "anna".into(), reason: "a test".into(), drain: false, for_ms: None };
    Client::new(Address::in_state(&directory.path().join(".trunkline")))
        .gateway("a", &order)
        .expect("the router answers");
    std::fs::write(&routes, files(port, "[a]")).expect("it is written");

    let from_files = explain(&[]);
    assert_eq!((&from_files["attempts"][0]["gateway"], &from_files["skipped"]), (&json!("a"), &json!([])));
    let live = explain(&["--live"]);
    assert_eq!(live["skipped"], json!([{ "gateway": "a", "why": "disabled" }]));
    assert_eq!(live["attempts"].as_array().map(Vec::len), Some(1), "{live}");
    assert_eq!(live["attempts"][0]["gateway"], "b", "the files that run, not those on the disk");
    assert_ne!(live["revision"], from_files["revision"]);
    let asked = explain(&["--live", "--state", "a=up,b=down"]);
    assert_eq!(asked["attempts"][0]["gateway"], "a", "what is asked wins over what is");
    let (_, out, _) = trunkline_in(directory.path(), &["explain", "0301", "--live"], "");
    assert!(out.contains("state   a disabled; all others up\n"), "{out}");
}
