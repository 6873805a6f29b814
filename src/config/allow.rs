//! `# trunkline: allow NAME -- reason`: a finding that somebody has looked at and means (TL0901 where it is not there).
//!
//! The comment stands on the line above what it is about, and covers that line and everything indented below it; a
//! top-level line is covered alone, since half a file hangs on it.

use super::diagnostic::{Code, Diagnostic, Safety, Severity};
use super::names::nearest;
use super::source::Span;

const FORM: &str = "write `# trunkline: allow NAME -- reason`, on the line above what it is about";

/// The allowances of a set.
#[derive(Debug, Default)]
pub(super) struct Allowances {
    all: Vec<Allowance>,
}

#[derive(Debug)]
struct Allowance {
    code: Code,
    /// The name in the comment.
    place: Span,
    covers: Span,
    /// The next wider one with the same code.
    within: Option<usize>,
    used: bool,
}

impl Allowances {
    /// Reads a comment; what is wrong with it comes back.
    pub fn read(&mut self, text: &str, comment: Span) -> Vec<Diagnostic> {
        let Some(words) = text.get(comment.range()).and_then(allowance) else { return Vec::new() };
        let at = |part: &str| {
            let start = part.as_ptr() as usize - text.as_ptr() as usize;
            Span { start: start as u32, end: (start + part.len()) as u32, ..comment }
        };
        let wrong = |span: Span, message: String, help: &str| {
            Diagnostic::new(Code::UnusedAllowance, span, message).severity(Severity::Error).help(help)
        };
        // Other comments may speak of trunkline too; one that nearly allows something is a slip.
        let verb = words.split_whitespace().next().unwrap_or_default();
        let Some(rest) = words.trim_start().strip_prefix("allow ") else {
            let slip = verb.len() > 3 && nearest(verb, ["allow"]).is_some();
            return slip.then(|| wrong(comment, format!("`{verb}` allows nothing"), FORM)).into_iter().collect();
        };
        let (names, reason) = rest.split_once("--").unwrap_or((rest, ""));
        if reason.trim().is_empty() {
            let help = "write why, behind `--`: whoever reads this next has to know whether it still holds";
            return vec![wrong(comment, "an allowance without a reason".to_owned(), help)];
        }
        let covers = covered(text, comment);
        let mut said = Vec::new();
        for name in names.split(',').map(str::trim) {
            match Code::find(name) {
                Some(code) if code.is_lint() && code != Code::UnusedAllowance => {
                    self.all.push(Allowance { code, place: at(name), covers, within: None, used: false });
                }
                Some(code) => {
                    let help = "an error has to be mended; only warnings can be allowed";
                    said.push(wrong(at(name), format!("{code} can't be allowed"), help));
                }
                None => said.push(unknown(name, at(name))),
            }
        }
        said
    }

    /// To be called when all comments are read.
    pub fn close(&mut self) {
        self.all.sort_by_key(|a| (a.code, a.covers.file, a.covers.start, std::cmp::Reverse(a.covers.end)));
        let mut open: Vec<usize> = Vec::new();
        for at in 0..self.all.len() {
            let (code, covers) = (self.all[at].code, self.all[at].covers);
            while open.last().is_some_and(|last| {
                let last = &self.all[*last];
                last.code != code || last.covers.file != covers.file || last.covers.end <= covers.start
            }) {
                open.pop();
            }
            self.all[at].within = open.last().copied();
            open.push(at);
        }
    }

    /// Whether a finding is allowed. Indentation nests, so the nearest that contains it is on the way outward.
    pub fn allows(&mut self, code: Code, span: Span) -> bool {
        let before = |a: &Allowance| (a.code, a.covers.file, a.covers.start) <= (code, span.file, span.start);
        let mut next = self.all.partition_point(before).checked_sub(1);
        while let Some(allowance) = next.and_then(|at| self.all.get_mut(at)) {
            if allowance.code != code || allowance.covers.file != span.file {
                return false;
            }
            if span.start < allowance.covers.end {
                allowance.used = true;
                return true;
            }
            next = allowance.within;
        }
        false
    }

    /// The complaints about those that nothing needed.
    pub fn unused(&self) -> Vec<Diagnostic> {
        // What only tests can find (TL06xx) is not looked for here.
        let looked_for = |code: Code| !(600..700).contains(&(code as u16));
        let idle = self.all.iter().filter(|a| !a.used && looked_for(a.code));
        idle.map(|a| {
            let message = format!("nothing here raises {}", a.code);
            Diagnostic::new(Code::UnusedAllowance, a.place, message)
                .label("this allowance would silence it when it comes back")
                .help("delete the comment, or move it to the line above what it is about")
        })
        .collect()
    }
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    let message = format!("there is no lint `{name}`");
    let diagnostic = Diagnostic::new(Code::UnusedAllowance, span, message).severity(Severity::Error);
    let lints = Code::ALL.iter().filter(|code| code.is_lint()).map(|code| code.name());
    match nearest(name, lints) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(Safety::Review, span, near.to_owned()),
        None => diagnostic.help("write the name that stands behind the code of a warning, like `single-gateway`"),
    }
}

/// What stands behind `# trunkline:`.
fn allowance(comment: &str) -> Option<&str> {
    comment.trim_start_matches('#').trim_start().strip_prefix("trunkline:")
}

/// The bytes that a comment speaks of.
fn covered(text: &str, comment: Span) -> Span {
    let line_start = |at: usize| text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let own_start = line_start(comment.start as usize);
    let alone = text.get(own_start..comment.start as usize).is_some_and(|before| before.trim().is_empty());
    let mut start = own_start;
    let mut first: Option<usize> = None;
    let mut end = own_start;
    for line in text.get(own_start..).unwrap_or_default().split_inclusive('\n') {
        let body = line.trim_start_matches([' ', '\t', '\u{feff}']);
        let indentation = line.len() - body.len();
        let empty = body.trim().is_empty();
        let remark = body.starts_with('#');
        match first {
            // A comment at the end of a line speaks of that line.
            None if !alone || !(remark || empty) => {
                first = Some(indentation);
                start = end;
            }
            None if empty => break,
            None => {}
            Some(0) => break,
            Some(own) if !empty && !remark && indentation <= own => break,
            Some(_) => {}
        }
        end += line.len();
    }
    let end = if first.is_some() { end } else { start };
    Span { start: start as u32, end: end as u32, ..comment }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# trunkline: allow unused -- a
gateways:
  # trunkline: allow unused, single-gateway -- b
  # trunkline: allow slow-failover -- c
  a:
    address: x

    # not for us
    tags: []
  b: y  # trunkline: allow unused -- d
";

    fn read() -> Allowances {
        let mut allowances = Allowances::default();
        for (at, _) in TEXT.match_indices('#') {
            let end = TEXT[at..].find('\n').map_or(TEXT.len(), |end| at + end);
            let said = allowances.read(TEXT, Span { file: 0, start: at as u32, end: end as u32 });
            assert!(said.is_empty(), "{said:?}");
        }
        allowances.close();
        allowances
    }

    #[test]
    fn a_comment_covers_the_line_below_and_what_is_indented() {
        let span = |word: &str| {
            let start = TEXT.find(word).map_or(0, |at| at as u32);
            Span { file: 0, start, end: start + 1 }
        };
        for (code, word, allowed) in [
            (Code::Unused, "gateways:", true),
            (Code::Unused, "a:\n", true),
            (Code::SingleGateway, "tags", true),
            (Code::SlowFailover, "address", true),
            (Code::SlowFailover, "b: y", false),
            (Code::SingleGateway, "b: y", false),
            (Code::Unused, "b: y", true),
            (Code::LoudAccess, "a:\n", false),
        ] {
            assert_eq!(read().allows(code, span(word)), allowed, "{code} at {word}");
        }
    }

    #[test]
    fn those_that_nothing_needs_are_told() {
        let mut allowances = read();
        assert_eq!(allowances.unused().len(), 5);
        let tags = TEXT.find("tags").map_or(0, |at| at as u32);
        assert!(allowances.allows(Code::Unused, Span { file: 0, start: tags, end: tags }));
        assert_eq!(allowances.unused().len(), 4);
    }

    #[test]
    fn what_is_wrong_with_a_comment_is_said() {
        for (text, said) in [
            ("# trunkline: allow unused", "an allowance without a reason"),
            ("# trunkline: allow unused --  ", "an allowance without a reason"),
            ("# trunkline: allow unusd -- why", "there is no lint `unusd`"),
            ("# trunkline: allow TL0104 -- why", "TL0104 bare-digits can't be allowed"),
            ("# trunkline: alow unused -- why", "`alow` allows nothing"),
            ("# trunkline: allow", "`allow` allows nothing"),
            ("# trunkline: a small office", ""),
            ("#trunkline: allow TL0305 -- why", ""),
            ("# about trunkline: nothing", ""),
        ] {
            let span = Span { file: 0, start: 0, end: text.len() as u32 };
            let found = Allowances::default().read(text, span);
            assert_eq!(found.first().map_or("", |d| d.message.as_str()), said, "{text}");
            assert!(found.iter().all(|d| d.severity == Severity::Error));
        }
    }
}
