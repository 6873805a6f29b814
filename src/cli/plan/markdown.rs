//! A plan as the comment of a pull request.

use super::document::{Change, Document};
use super::human;
use super::words;
use std::fmt::Write;

/// A comment holds 65,536 characters; the rest is counted.
const ENTRIES: usize = 40;
const PARTS: usize = 6;
const FIELDS: usize = 40;

pub fn render(plan: &Document) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    let held = human::refusal(plan);
    let verdict = match (&held, plan.changes.len() + plan.moved.len()) {
        (Some(_), _) => "refused by a guard",
        (None, 0) if human::no_call_differs(plan) => "no call is routed differently",
        (None, 1) => "1 change",
        (None, _) => "",
    };
    let verdict = if verdict.is_empty() {
        format!("{} changes", plan.changes.len() + plan.moved.len())
    } else {
        verdict.to_owned()
    };
    let _ = writeln!(out, "### trunkline plan: {verdict}\n");
    let _ = writeln!(out, "{} · {}\n", human::title(plan).replace("Plan  ", ""), plan.declared);
    if !plan.changes.is_empty() {
        let _ = writeln!(out, "| | group | when | numbers | before | after | for example |");
        let _ = writeln!(out, "|---|---|---|---|---|---|---|");
        plan.changes.iter().take(ENTRIES).for_each(|change| entry(change, &mut out));
        let more = plan.changes.len().saturating_sub(ENTRIES);
        if more > 0 {
            let _ = writeln!(out, "\n{more} more changes are in `trunkline plan --format json`.");
        }
        out.push('\n');
    }
    moved(plan, &mut out);
    if let Some(text) = human::text_only(plan) {
        let _ = writeln!(out, "Same decision, different text: {text}.\n");
    }
    fields(plan, &mut out);
    let _ = writeln!(out, "**Blast radius** {}  ", human::blast_radius(plan).join("; "));
    if let Some(tests) = human::tests(plan) {
        let _ = writeln!(out, "**Tests** {}  ", escaped(&tests));
    }
    for guard in &plan.guards {
        let mark = match (guard.tripped, guard.accepted) {
            (true, false) => "❌",
            (true, true) => "☑️",
            (false, _) => "✅",
        };
        let _ = writeln!(out, "{mark} {}  ", escaped(&human::guard_line(guard, plan)));
    }
    let _ = writeln!(out, "plan id `{}`", plan.plan_id);
    if let Some(held) = held {
        let _ = writeln!(out, "\n```text\n{held}\n```");
    }
    out
}

fn entry(change: &Change, out: &mut String) {
    let sign = words::sign(change.kind);
    let decision = [&change.before, &change.after].map(|side| escaped(&words::decision(side)));
    for (at, part) in change.parts.iter().take(PARTS).enumerate() {
        let [before, after] = if at == 0 { decision.clone() } else { ["″".to_owned(), "″".to_owned()] };
        let example = if at == 0 { escaped(&human::example(change).replacen("e.g. ", "", 1)) } else { String::new() };
        let tripwires: String = change.tripwires.iter().map(|id| format!(" **tripwire {id}**")).collect();
        let _ = writeln!(
            out,
            "| `{sign}` | {} | {} | {} | {before} | {after}{tripwires} | {example} |",
            escaped(&words::names(&part.groups)),
            escaped(&words::when_words(&part.when)),
            escaped(&human::numbers(part)),
        );
    }
    let more = change.part_count.saturating_sub(PARTS);
    if more > 0 {
        let _ = writeln!(out, "| `{sign}` | and {more} more | | | ″ | ″ | |");
    }
}

fn moved(plan: &Document, out: &mut String) {
    if !plan.moved.is_empty() {
        let _ = writeln!(out, "| | callers | from and to | |\n|---|---|---|---|");
    }
    for moved in plan.moved.iter().take(ENTRIES) {
        let cells = [human::who(moved), human::way(moved), human::what_moving_does(moved)].map(|text| escaped(&text));
        let _ = writeln!(out, "| `~` | {} |", cells.join(" | "));
    }
    let more = plan.moved.len().saturating_sub(ENTRIES);
    if more > 0 {
        let _ = writeln!(out, "\n{more} more are in `trunkline plan --format json`.");
    }
    if plan.moved_more {
        let _ = writeln!(out, "\n{}", human::MORE_MOVE);
    }
    if !plan.moved.is_empty() || plan.moved_more {
        out.push('\n');
    }
}

fn fields(plan: &Document, out: &mut String) {
    if plan.fields.is_empty() {
        return;
    }
    let _ = writeln!(out, "<details><summary>{}</summary>\n", words::counted(plan.fields.len(), "other setting"));
    let _ = writeln!(out, "| setting | before | after |\n|---|---|---|");
    let side = |side: &Option<String>| side.as_deref().map_or_else(String::new, escaped);
    for field in plan.fields.iter().take(FIELDS) {
        let _ = writeln!(out, "| {} | {} | {} |", escaped(&field.path), side(&field.before), side(&field.after));
    }
    let more = plan.fields.len().saturating_sub(FIELDS);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
    let _ = writeln!(out, "\n</details>\n");
}

/// Text that markdown takes as it is: ids and reasons come from the pull request.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' | '@' => {
                // An at sign would call somebody.
                out.push_str(if c == '@' { "&#64;" } else { "\\" });
                if c != '@' {
                    out.push(c);
                }
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
