//! Figures and the bars that they are held against.

use std::fmt::{self, Display, Formatter};

#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

struct Row {
    storm: &'static str,
    what: String,
    figure: String,
    bar: String,
    verdict: Verdict,
}

enum Verdict {
    /// For the reader; there is no bar.
    Shown,
    Held,
    Missed,
    Skipped,
}

impl Report {
    /// A figure without a bar.
    pub fn show(&mut self, what: impl Display, figure: impl Display) {
        self.row(what, figure, "", Verdict::Shown);
    }

    /// A figure, the bar in words, and whether it is held.
    pub fn check(&mut self, what: impl Display, figure: impl Display, bar: impl Display, held: bool) {
        self.row(what, figure, bar, if held { Verdict::Held } else { Verdict::Missed });
    }

    pub fn at_least(&mut self, what: impl Display, figure: u64, bar: u64) {
        self.check(what, figure, format_args!(">= {bar}"), figure >= bar);
    }

    pub fn at_most(&mut self, what: impl Display, figure: u64, bar: u64) {
        self.check(what, figure, format_args!("<= {bar}"), figure <= bar);
    }

    /// What could not be tried here, and why: seen in the table, not counted as missed.
    pub fn skipped(&mut self, what: impl Display, why: impl Display) {
        self.row(what, format_args!("skipped: {why}"), "", Verdict::Skipped);
    }

    /// A storm that panicked.
    pub fn broken() -> Report {
        let mut report = Report::default();
        report.check("the storm could not go on: see above", "-", "to its end", false);
        report
    }

    pub fn append(&mut self, storm: &'static str, other: Report) {
        self.rows.extend(other.rows.into_iter().map(|row| Row { storm, ..row }));
    }

    pub fn holds(&self) -> bool {
        self.rows.iter().all(|row| !matches!(row.verdict, Verdict::Missed))
    }

    fn row(&mut self, what: impl Display, figure: impl Display, bar: impl Display, verdict: Verdict) {
        let (what, figure, bar) = (what.to_string(), figure.to_string(), bar.to_string());
        self.rows.push(Row { storm: "", what, figure, bar, verdict });
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&Row) -> &str| self.rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
        let (what, figure, bar) = (width(|r| &r.what), width(|r| &r.figure), width(|r| &r.bar));
        let mut last = "";
        for row in &self.rows {
            if row.storm != last {
                writeln!(f, "\n{}", row.storm)?;
            }
            last = row.storm;
            let verdict = match row.verdict {
                Verdict::Shown | Verdict::Skipped => "",
                Verdict::Held => "held",
                Verdict::Missed => "MISSED",
            };
            let line = format!("  {:what$}  {:>figure$}  {:bar$}  {verdict}", row.what, row.figure, row.bar);
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
