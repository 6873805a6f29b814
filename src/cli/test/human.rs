//! Verdicts as people read them: what passed is a line, what failed has both answers side by side.

use super::Outcome;
use crate::cli::Global;
use crate::route::RouteIx;
use crate::route_tests::{Coverage, Ending, Verdict};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
/// Where places stand.
const PLACE_COLUMN: usize = 66;
/// Routes that are named before the rest is a count.
const NAMED: usize = 4;

pub(super) fn text(outcome: &Outcome, global: &Global) -> String {
    let mut out = String::new();
    if outcome.verdicts.is_empty() {
        out.push_str("no tests: write some under `tests:`, and see `trunkline explain NUMBER` for what a call does\n");
    }
    let passed: Vec<&Verdict> = outcome.verdicts.iter().filter(|verdict| verdict.passed()).collect();
    let named = if global.verbose > 0 { passed.len() } else { 1 };
    if !global.quiet {
        for (at, verdict) in passed.iter().take(named).enumerate() {
            let more = passed.len() - named.min(passed.len());
            let more = if at + 1 == named && more > 0 { format!("(and {more} more)") } else { String::new() };
            let line = format!("{GOOD}ok{GOOD:#}    {:<width$} {more}", verdict.test.name, width = PLACE_COLUMN - 7);
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    for verdict in &outcome.verdicts {
        failure(&mut out, verdict, outcome.diagnostics.directory());
    }
    if let Some(coverage) = outcome.coverage.as_ref().filter(|_| global.verbose > 0) {
        missing(&mut out, coverage, outcome);
    }
    if !global.quiet || outcome.exit() != crate::cli::CLEAN {
        let _ = writeln!(out, "{}", summary(outcome));
    }
    out
}

fn failure(out: &mut String, verdict: &Verdict, directory: &str) {
    let mut head = |code: &str| {
        let (name, place) = (&verdict.test.name, &verdict.test.place);
        let _ =
            writeln!(out, "{BAD}FAIL{BAD:#}  {name:<width$} {directory}{place}  [{code}]", width = PLACE_COLUMN - 7);
    };
    match &verdict.ending {
        Ending::Passed(_) => {}
        Ending::Failed(failure) => {
            head("TL0601");
            let because = failure.because.as_ref().map_or_else(String::new, |because| format!("   because {because}"));
            let _ = writeln!(out, "        expected  {}", failure.expected_words);
            let _ = writeln!(out, "        got       {}{because}", failure.got_words);
        }
        Ending::Undecided(undecided) => {
            head("TL0602");
            let _ = writeln!(out, "        {}", undecided.message);
            let _ = writeln!(out, "        {}", undecided.help);
        }
    }
}

/// `3 passed, 1 failed · routes reached 3/8, not: emergency, mobile-day, lobby-inside, did, and 1 more`.
pub(super) fn summary(outcome: &Outcome) -> String {
    let mut line = format!("{} passed, {} failed", outcome.passed(), outcome.failed());
    if let Some(Coverage { routes, attempts }) = &outcome.coverage {
        let _ = write!(line, " · routes reached {}/{}", routes.reached, routes.total);
        let names = routes.missing.iter().take(NAMED).map(|ix| id(*ix, outcome)).collect::<Vec<_>>().join(", ");
        let more = match routes.missing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        if !names.is_empty() {
            let _ = write!(line, ", not: {names}{more}");
        }
        let _ = write!(line, " · attempts reached {}/{}", attempts.reached, attempts.total);
    }
    if let (Some(least), Some(coverage)) = (outcome.short_of, &outcome.coverage) {
        let reached = coverage.routes.fraction() * 100.0;
        let _ = write!(line, "\n{reached:.1} % of the routes are reached; at least {:.1} % must be", least * 100.0);
    }
    line
}

fn id<'o>(ix: RouteIx, outcome: &'o Outcome) -> &'o str {
    &outcome.compiled.snapshot.table.route(ix).id
}

/// With `-v`: everything that no test reached, with its place.
fn missing(out: &mut String, coverage: &Coverage, outcome: &Outcome) {
    for ix in &coverage.routes.missing {
        let route = outcome.compiled.snapshot.table.route(*ix);
        let _ = writeln!(
            out,
            "      no test reaches route {:<38} {}{}  [TL0603]",
            route.id,
            outcome.diagnostics.directory(),
            route.place
        );
    }
    let partly = |(ix, _): &&(RouteIx, String)| !coverage.routes.missing.contains(ix);
    for (ix, gateway) in coverage.attempts.missing.iter().filter(partly) {
        let _ = writeln!(out, "      no test reaches {gateway} by route {}", id(*ix, outcome));
    }
}
