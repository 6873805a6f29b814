//! `--traffic`: call records, as the router writes them, one JSON object a line.

use crate::plan::blast::Traffic;
use serde::Deserialize;
use std::io::BufRead;
use std::path::Path;

/// The calls of a file, and over how many days they were made.
pub struct Recorded {
    pub traffic: Traffic,
    pub days: u64,
}

/// What a line is read for; everything else in it is passed over.
#[derive(Deserialize)]
struct Line {
    number: String,
    group: Option<String>,
    started_at: Option<String>,
}

/// Reads a file of call records. Digits that were masked count as 0. The error is one line for people.
pub fn read(path: &Path) -> Result<Recorded, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("--traffic {}: {error}", path.display()))?;
    let mut traffic = Traffic::default();
    let mut times: Option<(jiff::Timestamp, jiff::Timestamp)> = None;
    for (at, line) in std::io::BufReader::new(file).lines().enumerate() {
        let wrong = |why: String| format!("--traffic {}:{}: {why}", path.display(), at + 1);
        let line = line.map_err(|error| wrong(error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(&line).map_err(|error| wrong(format!("not a call record: {error}")))?;
        if let Some(text) = line.started_at {
            let at: jiff::Timestamp = text.parse().map_err(|_| wrong(format!("`{text}` is no time")))?;
            times = Some(times.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        }
        match line.group {
            Some(group) => *traffic.calls.entry((group, line.number.replace('x', "0"))).or_default() += 1,
            None => traffic.elsewhere += 1,
        }
    }
    let hours = times.map_or(0, |(first, last)| last.duration_since(first).as_hours().unsigned_abs());
    Ok(Recorded { traffic, days: hours.div_ceil(24).max(1) })
}
