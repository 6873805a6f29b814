//! The demo keeps its promises.

use std::process::{Command, Stdio};

#[test]
fn the_demo_tells_its_story_and_every_check_holds() {
    let output = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(["demo", "--once"])
        .stdin(Stdio::null())
        .output()
        .expect("trunkline demo");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(" passed, 0 failed in 7 steps"), "{text}");
}
