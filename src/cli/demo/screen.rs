//! What the audience sees: steps, who does what when, and a mark for each check.

use super::stage::Stage;
use anstyle::{AnsiColor, Style};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

const TITLE: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// To read what a step is about.
const READING: Duration = Duration::from_millis(1500);

pub struct Screen {
    /// Somebody sits before it.
    watched: bool,
    began: Instant,
    step: usize,
    passed: usize,
    failed: usize,
}

impl Screen {
    pub fn new() -> Screen {
        Screen { watched: std::io::stdout().is_terminal(), began: Instant::now(), step: 0, passed: 0, failed: 0 }
    }

    pub fn overture(&self) {
        anstream::println!(
            "{TITLE}trunkline demo{TITLE:#}

A SIP router stands between an office's phones and its telephone providers, and decides which provider takes a
call. This is a real one, with two providers and a phone, talking SIP over UDP. Nothing leaves this machine.

    phone --> router --> provider-a    the first choice
                    \\--> provider-b    takes over when provider-a can't; wants 00 in front of numbers
"
        );
    }

    pub fn cast(&self, stage: &Stage) {
        for (name, address, what) in stage.cast() {
            anstream::println!("    {name:<11} {address:<17} {QUIET}{what}{QUIET:#}");
        }
    }

    /// A step begins. People get time to read what it is about.
    pub async fn step(&mut self, title: &str, explanation: &str) {
        self.step += 1;
        anstream::println!("\n{TITLE}{}. {title}{TITLE:#}", self.step);
        for line in explanation.lines() {
            anstream::println!("   {}", line.trim_start());
        }
        if self.watched {
            tokio::time::sleep(READING).await;
        }
    }

    /// Somebody does something, so long after the call began.
    pub fn act(&self, at: Duration, who: &str, what: &str) {
        let milliseconds = at.as_secs_f64() * 1000.0;
        anstream::println!("   {QUIET}{milliseconds:>7.1} ms{QUIET:#}  {who:<11} {what}");
    }

    /// Something that is not part of a call.
    pub fn note(&self, who: &str, what: &str) {
        anstream::println!("   {:>10}  {who:<11} {what}", "");
    }

    /// Text as another program wrote it.
    pub fn quote(&self, text: &str) {
        for line in text.lines() {
            anstream::println!("   {QUIET}|{QUIET:#} {line}");
        }
    }

    pub fn check(&mut self, holds: bool, claim: &str) {
        if holds {
            self.passed += 1;
            anstream::println!("   {GOOD}✓{GOOD:#} {claim}");
        } else {
            self.failed += 1;
            anstream::println!("   {BAD}✗ {claim}{BAD:#}");
        }
    }

    /// Both values are shown when they differ.
    pub fn check_equal(&mut self, claim: &str, got: &str, expected: &str) {
        if got == expected {
            self.check(true, &format!("{claim}: {got}"));
        } else {
            self.check(false, &format!("{claim}: {got} (should be {expected})"));
        }
    }

    pub fn say(&self, text: &str) {
        anstream::println!("{text}");
    }

    /// The last line; false if a check failed.
    pub fn epilogue(&self) -> bool {
        let seconds = self.began.elapsed().as_secs_f64();
        let style = if self.failed == 0 { GOOD } else { BAD };
        anstream::println!(
            "\n{style}{} passed, {} failed{style:#} in {} steps, {seconds:.1} s",
            self.passed,
            self.failed,
            self.step
        );
        self.failed == 0
    }
}
