//! The page of `status` (CONFIG-AND-CLI part (c)).

use crate::admin::{FilesState, GatewayState, GatewayStatus, OverrideKind, Status};
use jiff::{Timestamp, Zoned};
use std::fmt::Write;

/// The whole page, as of `now`, with times in its zone.
pub fn page(status: &Status, now: &Zoned) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let _ = writeln!(out, "running   {}", running(status, now));
    let _ = writeln!(out, "files     {}", files(status, now));
    let _ = writeln!(out, "watch     {}", watch(status));
    let _ = writeln!(out, "calls     {}", calls(status));
    if status.draining {
        let _ = writeln!(out, "draining  new calls are refused");
    }
    out.push_str(&table(&rows(status, now)));
    out
}

fn running(status: &Status, now: &Zoned) -> String {
    let git = match (&status.git, &status.git_subject) {
        (Some(commit), Some(subject)) => format!(" (git {commit} \"{subject}\")"),
        (Some(commit), None) => format!(" (git {commit})"),
        _ => String::new(),
    };
    let loaded = local(&status.loaded_at, now);
    let mut text = format!("{}{git}  loaded {loaded} by {}, {} ms", status.revision, status.trigger, status.took_ms);
    if status.source == "last-good" {
        text += "  THE LAST GOOD ONE: the files were broken at the start";
    }
    if let Some(pinned) = &status.pinned {
        let until = if pinned.until_files_change { "until the files change" } else { "until reload --unpin" };
        let _ = write!(text, "  pinned by {} {until}", pinned.by);
    }
    text
}

fn files(status: &Status, now: &Zoned) -> String {
    let files = &status.files;
    let name = files.revision.as_deref().unwrap_or("-");
    let at = files.at.as_deref().map(|at| local(at, now)).unwrap_or_default();
    let why = files.error.as_deref().unwrap_or("not loaded yet");
    match files.state {
        FilesState::Same => format!("{name}  the same"),
        FilesState::Refused => format!("{name}  refused {at}: {why} - still serving {}", status.revision),
        FilesState::Pending if !files.guards.is_empty() => {
            let accept: String = files.guards.iter().map(|guard| format!(" --accept {}:{name}", guard.id)).collect();
            let held = format!("{name}  held by a guard {at}: {why} - still serving {}", status.revision);
            format!("{held}\n          to go on: trunkline reload{accept}")
        }
        FilesState::Pending => format!("{name}  waiting: {why} - serving {}", status.revision),
    }
}

fn watch(status: &Status) -> String {
    let watch = &status.watch;
    let events = match &watch.complaint {
        _ if watch.events => "events + poll".to_owned(),
        Some(why) => format!("NO EVENTS ({why}); poll"),
        None => "poll".to_owned(),
    };
    let pinned = status.pinned.as_ref().map_or("none", |pinned| pinned.by.as_str());
    let (poll, next) = (span(watch.poll_ms), span(watch.next_poll_ms));
    format!("{events} {poll}   next poll in {next}      boot  {}      pin  {pinned}", status.boot)
}

fn calls(status: &Status) -> String {
    let workers = match status.workers {
        1 => "1 worker".to_owned(),
        n => format!("{n} workers"),
    };
    let running = match status.calls_established {
        Some(_) => format!("{} running, {} of them in set-up", status.calls, status.calls_in_setup),
        None => format!("{} in set-up; answered ones are known only with accounting", status.calls_in_setup),
    };
    let older = match status.calls_on_older_revisions {
        0 => String::new(),
        n => format!(" ({n} on older revisions)"),
    };
    format!("{running}{older}      {workers}")
}

type Row = [String; 7];

fn rows(status: &Status, now: &Zoned) -> Vec<Row> {
    let head = ["gateway", "state", "since", "probe", "calls", "answered/1h", "failed/1h"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(status.gateways.iter().map(|gateway| row(gateway, &status.started_at, now)));
    rows
}

/// One gateway, as `gateway list` shows it too.
pub fn gateways(gateways: &[GatewayStatus], started_at: &str, now: &Zoned) -> String {
    let head = ["gateway", "state", "since", "probe", "calls", "answered/1h", "failed/1h"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(gateways.iter().map(|gateway| row(gateway, started_at, now)));
    table(&rows)
}

fn row(gateway: &GatewayStatus, started_at: &str, now: &Zoned) -> Row {
    let by_calls = if gateway.by_calls { " (by calls)" } else { "" };
    let observed = match gateway.state {
        GatewayState::Up if gateway.resting_ms.is_some() => "up, resting",
        GatewayState::Up => "up",
        GatewayState::Down => "down",
        GatewayState::Unknown => "unknown",
    };
    let probe = gateway.probe_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let (state, since, probe) = match &gateway.overridden {
        None => {
            let since = gateway.since.as_deref().unwrap_or(started_at);
            (format!("{observed}{by_calls}"), ago(since, now), probe)
        }
        Some(over) => {
            let word = if over.kind == OverrideKind::Drain { "draining" } else { "disabled" };
            let left =
                over.until.as_deref().map(|until| format!(", {} left", until_then(until, now))).unwrap_or_default();
            let why = if over.reason.is_empty() { String::new() } else { format!(": {}", over.reason) };
            let probe = if probe == "-" { format!("({observed})") } else { format!("({observed}, {probe})") };
            (format!("{word} by {}{left}{why}", over.by), clock(&over.since, now), probe)
        }
    };
    let calls = match (gateway.calls, gateway.max_calls) {
        (Some(calls), Some(most)) => format!("{calls}/{most}"),
        (Some(calls), None) => calls.to_string(),
        (None, _) => format!("{} in set-up", gateway.calls_in_setup),
    };
    let answered = match gateway.attempts_1h {
        0 => "-".to_owned(),
        attempts => format!("{:.1} %", gateway.answered_1h as f64 * 100.0 / attempts as f64),
    };
    [gateway.id.clone(), state, since, probe, calls, answered, gateway.failed_1h.to_string()]
}

/// Columns as wide as their widest word, two spaces apart.
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// `2026-11-24 10:02:11`.
fn local(at: &str, now: &Zoned) -> String {
    parse(at).map_or_else(|| at.to_owned(), |at| at.to_zoned(now.time_zone().clone()).strftime("%F %T").to_string())
}

/// `10:12` today, with the date on other days.
pub fn clock(at: &str, now: &Zoned) -> String {
    let Some(at) = parse(at) else { return at.to_owned() };
    let at = at.to_zoned(now.time_zone().clone());
    let form = if at.date() == now.date() { "%H:%M" } else { "%F %H:%M" };
    at.strftime(form).to_string()
}

fn ago(at: &str, now: &Zoned) -> String {
    parse(at).map_or_else(|| "-".to_owned(), |at| span(millis(at, now.timestamp())))
}

fn until_then(at: &str, now: &Zoned) -> String {
    parse(at).map_or_else(|| "-".to_owned(), |at| span(millis(now.timestamp(), at)))
}

fn parse(at: &str) -> Option<Timestamp> {
    at.parse().ok()
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0)
}

/// `22d`, `3d 04h`, `2h 05m`, `48m`, `6s`.
fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m"),
        3600..86_400 if minutes == 0 => format!("{hours}h"),
        3600..86_400 => format!("{hours}h {minutes:02}m"),
        _ if days > 9 || hours == 0 => format!("{days}d"),
        _ => format!("{days}d {hours:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{FilesStatus, Guard, OverrideStatus, Pinned, WatchStatus};

    fn gateway(id: &str) -> GatewayStatus {
        GatewayStatus {
            id: id.into(),
            address: "192.0.2.1:5060".into(),
            transport: "udp".into(),
            state: GatewayState::Up,
            by_calls: false,
            since: Some("2026-11-21T05:00:00.000Z".into()),
            overridden: None,
            calls: Some(4),
            calls_in_setup: 1,
            max_calls: Some(8),
            probes: 10,
            probe_ms: Some(12),
            last_failure: None,
            resting_ms: None,
            attempts_1h: 51,
            answered_1h: 49,
            failed_1h: 2,
        }
    }

    fn status() -> Status {
        let over = OverrideStatus {
            kind: OverrideKind::Disable,
            by: "anna".into(),
            since: "2026-11-24T09:12:00.000Z".into(),
            until: Some("2026-11-24T10:42:03.000Z".into()),
            reason: "new firmware".into(),
        };
        let disabled = GatewayStatus {
            overridden: Some(over),
            max_calls: None,
            calls: Some(0),
            attempts_1h: 0,
            failed_1h: 0,
            ..gateway("carrier-b")
        };
        let by_calls = GatewayStatus { by_calls: true, probe_ms: None, since: None, ..gateway("gsm-box") };
        Status {
            schema: "trunkline/status/1".into(),
            revision: "b71e04d".into(),
            git: Some("8c1f2e7".into()),
            git_subject: Some("Carrier B for France".into()),
            loaded_at: "2026-11-24T09:02:11.000Z".into(),
            trigger: "file event".into(),
            took_ms: 14,
            source: "files".into(),
            pinned: None,
            files: FilesStatus {
                revision: Some("e5520aa".into()),
                state: FilesState::Refused,
                error: Some("error[TL0302 unknown-reference] routes/fr.yaml:8:9: unknown gateway `x`".into()),
                at: Some("2026-11-24T09:40:03.000Z".into()),
                guards: Vec::new(),
            },
            watch: WatchStatus { events: true, complaint: None, poll_ms: 15_000, next_poll_ms: 6_400 },
            boot: "files".into(),
            last_reload_ok: false,
            draining: false,
            gateways: vec![gateway("carrier-a"), disabled, by_calls],
            workers: 2,
            calls: 9,
            calls_in_setup: 2,
            calls_established: Some(7),
            calls_on_older_revisions: 1,
            started_at: "2026-11-02T09:00:00.000Z".into(),
        }
    }

    fn now() -> Zoned {
        "2026-11-24T10:42:03+01:00[Europe/Berlin]".parse().expect("a time")
    }

    #[test]
    fn a_page_as_people_see_it() {
        insta::assert_snapshot!(page(&status(), &now()));
    }

    #[test]
    fn a_page_of_a_router_in_trouble() {
        let mut status = status();
        status.source = "last-good".into();
        status.boot = "last-good".into();
        status.pinned = Some(Pinned { by: "anna".into(), at: String::new(), until_files_change: true });
        status.files.state = FilesState::Pending;
        status.files.error = Some("1 route would be left of 40".into());
        status.files.guards = vec![Guard { id: "halved:routes".into(), code: "TL0851".into(), message: String::new() }];
        status.watch = WatchStatus { events: false, complaint: Some("too many files".into()), ..status.watch };
        status.gateways.truncate(1);
        status.gateways[0].state = GatewayState::Down;
        status.gateways[0].calls = None;
        status.calls_established = None;
        status.git = None;
        status.draining = true;
        insta::assert_snapshot!(page(&status, &now()));
    }

    #[test]
    fn spans_are_as_long_as_they_need_to_be() {
        let of = |seconds: u64| span(seconds * 1000);
        assert_eq!([of(6), of(59), of(60), of(2900), of(3600), of(7500)], ["6s", "59s", "1m", "48m", "1h", "2h 05m"]);
        assert_eq!([of(86_400), of(3 * 86_400 + 4 * 3600), of(22 * 86_400 + 7200)], ["1d", "3d 04h", "22d"]);
    }
}
