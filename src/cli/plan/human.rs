//! A plan as people read it.

use super::document::{Change, Document, Guard, Moved, Part, Ranges, When};
use super::words::{self, counted, thousands};
use crate::plan::guards::percent;
use std::fmt::Write;

/// Entries and settings that are shown; what is beyond is counted, and stands in `--format json`.
const ENTRIES: usize = 40;
const PARTS: usize = 4;
const FIELDS: usize = 30;

/// The column at which decisions stand, where the numbers leave room.
const COLUMN: usize = 44;

/// `accepted` are acceptances that met nothing.
pub fn render(plan: &Document, idle: &[String]) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let _ = writeln!(out, "{}      {}", title(plan), plan.declared);
    if plan.changes.iter().any(|change| change.when != ALWAYS) {
        let _ = writeln!(
            out,
            "      times are those of {}, compared until {}",
            plan.horizon.zone,
            day(&plan.horizon.until)
        );
    }
    out.push('\n');
    for change in plan.changes.iter().take(ENTRIES) {
        entry(change, &mut out);
    }
    let more = plan.changes.len().saturating_sub(ENTRIES);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more changes: --format json has them all\n");
    }
    moved(plan, &mut out);
    if no_call_differs(plan) {
        let _ = writeln!(out, "  No call is routed differently.");
    }
    if let Some(text) = text_only(plan) {
        let _ = writeln!(out, "  = same decision, different text: {text}");
    }
    fields(plan, &mut out);
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    summary(plan, idle, &mut out);
    out
}

/// Neither by other routes nor because its caller is in another group.
pub fn no_call_differs(plan: &Document) -> bool {
    plan.changes.is_empty() && plan.moved.is_empty() && !plan.moved_more
}

fn moved(plan: &Document, out: &mut String) {
    for moved in plan.moved.iter().take(ENTRIES) {
        let _ = writeln!(out, "  ~ callers · {}", way(moved));
        let _ = writeln!(out, "      {}", who(moved));
        let _ = writeln!(out, "{:COLUMN$}{}\n", "", what_moving_does(moved));
    }
    let more = plan.moved.len().saturating_sub(ENTRIES);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more ways from group to group: --format json has them all\n");
    }
    if plan.moved_more {
        let _ = writeln!(out, "  {MORE_MOVE}\n");
    }
}

pub const MORE_MOVE: &str =
    "There are too many combinations of sources and users to look at each: others may change groups too.";

/// `group office  ->  no group: refused with 403`.
pub fn way(moved: &Moved) -> String {
    let group = |id: &Option<String>| match id {
        Some(id) => format!("group {id}"),
        None => "no group, refused with 403".to_owned(),
    };
    format!("{}  ->  {}", group(&moved.from), group(&moved.to))
}

pub fn who(moved: &Moved) -> String {
    const SHOWN: usize = 6;
    let more = moved.caller_count.saturating_sub(SHOWN.min(moved.callers.len()));
    let shown: Vec<&str> = moved.callers.iter().take(SHOWN).map(String::as_str).collect();
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    format!("{}{more}", shown.join(" · "))
}

pub fn what_moving_does(moved: &Moved) -> String {
    let Ranges { changed, of } = moved.ranges;
    match (moved.from.is_some(), moved.to.is_some()) {
        (true, false) => "all their calls are refused".to_owned(),
        (false, true) => "their calls were refused, and go by this group's routes".to_owned(),
        _ if changed == 0.0 => "the routes of both groups do the same".to_owned(),
        _ => {
            let changed = format!("{changed:.1}");
            let changed = changed.strip_suffix(".0").unwrap_or(&changed);
            format!("{changed} of {} declared ranges are treated differently for them", thousands(of))
        }
    }
}

const ALWAYS: When = When::Always(super::document::Always::Always);

/// `Plan  3f2a9c1 (origin/main) -> files (b71e04d)`.
pub fn title(plan: &Document) -> String {
    let side = |side: &super::document::Revision| match side.r#ref.as_str() {
        "files" => format!("files ({})", side.revision),
        other => format!("{} ({other})", side.revision),
    };
    format!("Plan  {} -> {}", side(&plan.from), side(&plan.to))
}

fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

fn entry(change: &Change, out: &mut String) {
    let sign = words::sign(change.kind);
    let decision =
        format!("{}  ->  {}{}", words::decision(&change.before), words::decision(&change.after), marks(change));
    let alone = change.parts.len() == 1;
    for part in change.parts.iter().take(PARTS) {
        let _ = writeln!(out, "  {sign} group {} · {}", words::names(&part.groups), words::when_words(&part.when));
        let numbers = numbers(part);
        match alone && numbers.chars().count() + 6 < COLUMN {
            true => {
                let _ = writeln!(out, "      {numbers:<width$}{decision}", width = COLUMN - 6);
            }
            false => {
                let _ = writeln!(out, "      {numbers}");
            }
        }
        if alone && numbers.chars().count() + 6 >= COLUMN {
            let _ = writeln!(out, "{:COLUMN$}{decision}", "");
        }
    }
    let more = change.part_count.saturating_sub(PARTS);
    if more > 0 {
        let _ = writeln!(out, "  {sign} and {} more of groups, times and numbers", counted(more, "combination"));
    }
    if !alone {
        let _ = writeln!(out, "{:COLUMN$}{decision}", "");
    }
    let _ = writeln!(out, "{:COLUMN$}{}", "", example(change));
    out.push('\n');
}

fn marks(change: &Change) -> String {
    match change.tripwires.as_slice() {
        [] => String::new(),
        tripwires => format!("      [TRIPWIRE {}]", tripwires.join(" ")),
    }
}

/// The numbers of a part: by the prefixes that are declared, where that is shorter. What the catch-alls take is said in
/// words, for its ranges are the gaps between all prefixes.
pub fn numbers(part: &Part) -> String {
    let declared = || words::ranges(&part.declared, part.declared_count);
    match (part.catch_all, part.declared_count) {
        (true, _) if part.range_count == 1 => words::ranges(&part.ranges, 1),
        (true, 0) => "every number that no prefix takes".to_owned(),
        (true, _) => format!("{} and every number that no prefix takes", declared()),
        (false, count) if count > 0 && count < part.range_count => format!("{} (longer prefixes aside)", declared()),
        (false, _) => words::ranges(&part.ranges, part.range_count),
    }
}

/// `e.g. 0033123456 in office: carrier-a +33123456  ->  carrier-b 0033123456`; with the time where it matters.
pub fn example(change: &Change) -> String {
    let example = &change.example;
    let side = |list: &[String]| list.join(" | ");
    let always = change.parts.first().is_none_or(|part| part.when == ALWAYS);
    let when = if always { String::new() } else { format!(", {}", example.local) };
    format!(
        "e.g. {} from {}{when}: {}  ->  {}",
        example.number,
        example.group,
        side(&example.before),
        side(&example.after)
    )
}

pub fn text_only(plan: &Document) -> Option<String> {
    let text = &plan.text_only;
    let parts = [
        (text.renamed, format!("{} renamed", text.renamed)),
        (text.reordered, format!("{} moved within a file", counted(text.reordered, "route"))),
        (text.moved, format!("{} moved to another file", counted(text.moved, "route"))),
        (text.comments, counted(text.comments, "comment")),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(_, words)| words).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn fields(plan: &Document, out: &mut String) {
    if plan.fields.is_empty() {
        return;
    }
    let gap = if out.ends_with("\n\n") { "" } else { "\n" };
    let _ = writeln!(out, "{gap}Settings");
    let absent = |side: &Option<String>, word: &str| side.clone().unwrap_or_else(|| word.to_owned());
    for field in plan.fields.iter().take(FIELDS) {
        let _ = match (&field.before, &field.after) {
            (None, Some(after)) => writeln!(out, "  + {}   {after}", field.path),
            (Some(before), None) => writeln!(out, "  - {}   {before}", field.path),
            (before, after) => {
                writeln!(out, "  ~ {}   {} -> {}", field.path, absent(before, "nothing"), absent(after, "nothing"))
            }
        };
    }
    let more = plan.fields.len().saturating_sub(FIELDS);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more settings: --format json has them all");
    }
}

fn summary(plan: &Document, idle: &[String], out: &mut String) {
    for (at, line) in blast_radius(plan).iter().enumerate() {
        let _ = writeln!(out, "{:<15}{line}", if at == 0 { "Blast radius" } else { "" });
    }
    if let Some(tests) = tests(plan) {
        let _ = writeln!(out, "{:<15}{tests}", "Tests");
    }
    for (at, guard) in plan.guards.iter().enumerate() {
        let _ = writeln!(out, "{:<15}{}", if at == 0 { "Guards" } else { "" }, guard_line(guard, plan));
    }
    for accepted in idle {
        let _ = writeln!(out, "{:<15}`{accepted}` was accepted, and nothing asks for it", "");
    }
    let _ = writeln!(out, "plan id {}", plan.plan_id);
    if let Some(refused) = refusal(plan) {
        let _ = writeln!(out, "\n{refused}");
    }
}

/// Shares by group, the largest first, and what they are shares of.
pub fn blast_radius(plan: &Document) -> Vec<String> {
    const GROUPS: usize = 6;
    let radius = &plan.blast_radius;
    let mut groups: Vec<(&String, f64)> = radius.groups.iter().map(|(id, share)| (id, *share)).collect();
    groups.retain(|(_, share)| *share > 0.0);
    groups.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let mut words: Vec<String> =
        groups.iter().take(GROUPS).map(|(id, share)| format!("{id} {}", percent(*share))).collect();
    if groups.len() > GROUPS {
        words.push(format!("{} more", counted(groups.len() - GROUPS, "group")));
    }
    words.push(format!("all groups {}", percent(radius.all)));
    let of = match (radius.calls, radius.days) {
        (Some(calls), Some(days)) => {
            format!("of calls (traffic file, {}, {})", counted(days as usize, "day"), counted(calls as usize, "call"))
        }
        _ => "of declared ranges, by the part of the week in which they differ".to_owned(),
    };
    let mut lines = vec![format!("{} {of}", words.join(" · "))];
    let ranges = groups.iter().take(GROUPS).filter_map(|(id, _)| Some((id, radius.ranges.get(*id)?)));
    let ranges: Vec<String> = ranges
        .map(|(id, ranges)| {
            let changed = format!("{:.1}", ranges.changed);
            format!("{id} {}/{}", changed.strip_suffix(".0").unwrap_or(&changed), thousands(ranges.of))
        })
        .collect();
    if !ranges.is_empty() {
        lines.push(format!("declared ranges: {}", ranges.join(" · ")));
    }
    lines
}

pub fn tests(plan: &Document) -> Option<String> {
    let tests = &plan.tests;
    if tests.passed + tests.failed == 0 {
        return None;
    }
    let mut words = vec![format!("{} passed", tests.passed)];
    if tests.failed > 0 {
        words.push(format!("{} failed", tests.failed));
    }
    if !tests.changed.is_empty() {
        const SHOWN: usize = 3;
        let named: Vec<String> = tests.changed.iter().take(SHOWN).map(|name| format!("\"{name}\"")).collect();
        let more = tests.changed.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let their = if tests.changed.len() == 1 { "its answer" } else { "their answers" };
        words.push(format!("{} changed {their}: {}{more}", tests.changed.len(), named.join(", ")));
    }
    Some(words.join(", "))
}

pub fn guard_line(guard: &Guard, plan: &Document) -> String {
    let accepted = if guard.accepted { "  (accepted)" } else { "" };
    match guard.code.as_str() {
        "TL0850" => format!("max-change {}: {}{accepted}", percent(guard.limit), guard.message),
        _ => format!("{}: {}{accepted}      (guard of {})", guard.id, guard.message, plan.from.revision),
    }
}

/// How to go on, where a guard stands in the way.
pub fn refusal(plan: &Document) -> Option<String> {
    let held: Vec<&Guard> = plan.guards.iter().filter(|guard| guard.tripped && !guard.accepted).collect();
    if held.is_empty() {
        return None;
    }
    let mut codes: Vec<&str> = held.iter().map(|guard| guard.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let flags = held.iter().map(|guard| match guard.code.as_str() {
        "TL0850" => format!("--max-change {}", room(guard.measured)),
        _ => format!("--accept {}", guard.id),
    });
    let trailers = held.iter().map(|guard| match guard.code.as_str() {
        "TL0850" => format!("  Trunkline-Accept: max-change:{}", room(guard.measured)),
        _ => format!("  Trunkline-Accept: {}", guard.id),
    });
    Some(format!(
        "refused [{}]. To go on, a reviewer adds to the command\n  {}\nor to the commit message, as trailers,\n{}",
        codes.join(" "),
        flags.collect::<Vec<_>>().join("  "),
        trailers.collect::<Vec<_>>().join("\n"),
    ))
}

/// The next whole percent that would do.
fn room(share: f64) -> String {
    format!("{}%", (share * 100.0 - 1e-9).ceil().clamp(0.0, 100.0))
}
