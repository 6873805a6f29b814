//! A list that contains itself (TL0303). The span is the member that closes the loop; the cycle is printed.

use super::{Model, Target};
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::source::Span;

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    /// On the path that is being walked.
    Open,
    Done,
}

pub fn check(model: &Model, report: &mut Report) {
    let mut marks = vec![Mark::New; model.lists().len()];
    for start in 0..marks.len() {
        if marks[start] == Mark::New {
            walk(start, model, &mut marks, report);
        }
    }
}

/// Depth first, without recursion: a chain of lists may be long.
fn walk(start: usize, model: &Model, marks: &mut [Mark], report: &mut Report) {
    let mut path: Vec<(usize, std::vec::IntoIter<(usize, Span)>)> = vec![(start, nested(start, model))];
    marks[start] = Mark::Open;
    while let Some((list, members)) = path.last_mut() {
        let Some((next, span)) = members.next() else {
            marks[*list] = Mark::Done;
            path.pop();
            continue;
        };
        match marks[next] {
            Mark::New => {
                marks[next] = Mark::Open;
                path.push((next, nested(next, model)));
            }
            Mark::Open => {
                let on_path: Vec<usize> = path.iter().map(|(list, _)| *list).collect();
                let from = on_path.iter().position(|list| *list == next).unwrap_or(0);
                report.push(complain(&on_path[from..], span, model));
            }
            Mark::Done => {}
        }
    }
}

/// The lists among a list's members.
fn nested(list: usize, model: &Model) -> std::vec::IntoIter<(usize, Span)> {
    let members = model.lists().get(list).and_then(|entry| entry.value.as_ref()?.members.get());
    let targets = model.targets(members.map_or(&[][..], |members| &members.0));
    let lists = targets.filter_map(|(target, span)| match target {
        Target::List(list) => Some((list, span)),
        Target::Gateway(_) => None,
    });
    lists.collect::<Vec<_>>().into_iter()
}

fn complain(cycle: &[usize], span: Span, model: &Model) -> Diagnostic {
    let entry = |list: &usize| model.lists().get(*list);
    let names: Vec<&str> = cycle.iter().chain(cycle.first()).filter_map(|l| Some(&*entry(l)?.id)).collect();
    let message = match names.as_slice() {
        [one, _] => format!("list `{one}` contains itself"),
        _ => format!("lists contain each other: {}", names.join(" -> ")),
    };
    let mut diagnostic = Diagnostic::new(Code::ListLoop, span, message).label("this closes the loop");
    // The list that holds the closing member is the last of the path; the others say how it is reached.
    for list in cycle.iter().filter_map(entry).take(8) {
        diagnostic = diagnostic.related(list.span, format!("list `{}`", list.id));
    }
    diagnostic.help("take this member out; a list can hold gateways, and lists that do not lead back to it")
}
