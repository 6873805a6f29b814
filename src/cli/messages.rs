//! How `call` and `answer` show a message: one line, for people or as JSON.

use super::Format;
use crate::agent::{Direction, Observer, Seen};
use anstyle::{AnsiColor, Style};
use std::sync::Arc;

const REQUEST: Style = AnsiColor::Cyan.on_default();
const PROVISIONAL: Style = Style::new();
const SUCCESS: Style = AnsiColor::Green.on_default();
const FAILURE: Style = AnsiColor::Red.on_default();
const QUIET: Style = Style::new().dimmed();

/// Prints every message; nothing with `quiet`.
pub fn printer(format: Format, quiet: bool) -> Observer {
    match (quiet, format) {
        (true, _) => Arc::new(|_| {}),
        (false, Format::Human) => Arc::new(|seen| anstream::println!("{}", human(seen))),
        (false, _) => Arc::new(|seen| anstream::println!("{}", json(seen))),
    }
}

/// `   0.002 <- 127.0.0.1:5060  200 OK (INVITE)  3f2a`
fn human(seen: &Seen) -> String {
    let arrow = match seen.direction {
        Direction::Sent => "->",
        Direction::Received => "<-",
    };
    let (what, style) = match seen.code {
        None => (seen.start_line.trim_end_matches(" SIP/2.0").to_owned(), REQUEST),
        Some(code) => {
            let line = seen.start_line.trim_start_matches("SIP/2.0 ");
            (format!("{line} ({})", seen.method), style_of(code))
        }
    };
    let call = seen.call_id.get(..6).unwrap_or(&seen.call_id);
    let peer = seen.peer.to_string();
    format!(
        "{QUIET}{:9.3}{QUIET:#} {arrow} {peer:<21} {style}{what:<46}{style:#} {QUIET}{call}{QUIET:#}",
        seen.at.as_secs_f64()
    )
}

fn style_of(code: u16) -> Style {
    match code {
        ..200 => PROVISIONAL,
        200..300 => SUCCESS,
        300.. => FAILURE,
    }
}

fn json(seen: &Seen) -> serde_json::Value {
    serde_json::json!({
        "at_ms": u64::try_from(seen.at.as_millis()).unwrap_or(u64::MAX),
        "direction": match seen.direction { Direction::Sent => "sent", Direction::Received => "received" },
        "peer": seen.peer.to_string(),
        "message": seen.start_line,
        "method": seen.method,
        "code": seen.code,
        "call_id": seen.call_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn seen(start_line: &str, code: Option<u16>, direction: Direction) -> Seen {
        Seen {
            at: Duration::from_millis(1234),
            direction,
            peer: "127.0.0.1:5060".parse().expect("an address"),
            start_line: start_line.to_owned(),
            method: "INVITE".to_owned(),
            code,
            call_id: "3f2a9cc1@127.0.0.1".to_owned(),
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_message_is_one_line() {
        let sent = seen("INVITE sip:0301@127.0.0.1:5060 SIP/2.0", None, Direction::Sent);
        let got = seen("SIP/2.0 200 OK", Some(200), Direction::Received);
        insta::assert_snapshot!(plain(&human(&sent)), @"    1.234 -> 127.0.0.1:5060        INVITE sip:0301@127.0.0.1:5060                 3f2a9c");
        insta::assert_snapshot!(plain(&human(&got)), @"    1.234 <- 127.0.0.1:5060        200 OK (INVITE)                                3f2a9c");
    }
}
