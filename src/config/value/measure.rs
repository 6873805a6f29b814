//! Counts, switches, durations and sizes.

use super::schema;
use crate::config::lower::{Kind, Problem, Scalar};
use std::borrow::Cow;
use std::time::Duration;

/// Whether a whole number is written the one way that all YAML readers agree on.
pub(super) fn canonical(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'))
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Scalar for Int<MIN, MAX> {
    const WHAT: &'static str = "a whole number";
    const KIND: Kind = Kind::Bare;
    fn parse(text: &str) -> Result<Self, Problem> {
        match text.parse::<u32>() {
            Ok(n) if canonical(text) && (MIN..=MAX).contains(&n) => Ok(Int(n)),
            _ => Err(Problem::new(format!("`{text}` is not a whole number from {MIN} to {MAX}"))
                .help(format!("write {MIN} to {MAX}, in plain decimal digits"))),
        }
    }
}

impl<const MIN: u32, const MAX: u32> schemars::JsonSchema for Int<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Int_{MIN}_{MAX}").into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// `true` or `false`, and no other word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bool(pub bool);

impl Scalar for Bool {
    const WHAT: &'static str = "`true` or `false`";
    const KIND: Kind = Kind::Bare;
    fn parse(text: &str) -> Result<Bool, Problem> {
        use crate::config::diagnostic::{Code, Safety};
        match text {
            "true" => Ok(Bool(true)),
            "false" => Ok(Bool(false)),
            _ => {
                let yes = ["yes", "on", "y", "true"].iter().any(|word| word.eq_ignore_ascii_case(text));
                let problem = Problem::new(format!("`{text}` is neither `true` nor `false`"));
                Err(if super::bare::boolean_word(text) {
                    let word = if yes { "true" } else { "false" };
                    problem
                        .code(Code::BooleanWord)
                        .help(format!("write `{word}`: other words are booleans to some readers and texts to others"))
                        .fix(Safety::Safe, word)
                } else {
                    problem.help("write `true` or `false`")
                })
            }
        }
    }
}

impl schemars::JsonSchema for Bool {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Bool".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "boolean" })
    }
}

/// A duration: `250ms`, `30s`, `5m`, `2h`, `1d`. Never zero, at most 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

const DAY: u64 = 86_400;
const LONGEST: Duration = Duration::from_secs(366 * DAY);

impl Scalar for Period {
    const WHAT: &'static str = "a duration, like `30s`";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Period, Problem> {
        Period::up_to(LONGEST, "a year", text)
    }
}

impl Period {
    fn up_to(longest: Duration, in_words: &str, text: &str) -> Result<Period, Problem> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let forms = "write a whole number and one unit: 250ms, 30s, 5m, 2h, 1d";
        if unit.is_empty() && !number.is_empty() {
            return Err(Problem::new(format!("`{text}` has no unit")).help(format!("{forms}; did you mean `{text}s`?")));
        }
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(Problem::new(format!("`{text}` is no duration")).help(forms)),
        };
        let total = number.parse::<u64>().ok().and_then(|n| n.checked_mul(millis)).map(Duration::from_millis);
        match total {
            Some(Duration::ZERO) => Err(Problem::new("a duration of nothing").help(forms)),
            Some(total) if total <= longest => Ok(Period(total)),
            Some(_) => Err(Problem::new(format!("`{text}` is longer than {in_words}")).help(forms)),
            None => Err(Problem::new(format!("`{text}` is no duration")).help(forms)),
        }
    }
}

schema!(Period, "Duration", {
    "type": "string",
    "description": "A duration: a whole number and one unit (ms, s, m, h, d)",
    "pattern": "^[0-9]+(ms|s|m|h|d)$",
    "examples": ["250ms", "30s", "5m", "2h", "1d"],
});

/// How long something is kept: `400d`. Never zero, at most a hundred years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age(pub Duration);

impl Scalar for Age {
    const WHAT: &'static str = "a duration, like `400d`";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Age, Problem> {
        Period::up_to(Duration::from_secs(100 * 366 * DAY), "a hundred years", text).map(|period| Age(period.0))
    }
}

schema!(Age, "Age", {
    "type": "string",
    "description": "How long something is kept: a whole number and one unit (ms, s, m, h, d)",
    "pattern": "^[0-9]+(ms|s|m|h|d)$",
    "examples": ["90d", "400d"],
});

/// A duration, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodOrOff(pub Option<Duration>);

impl Scalar for PeriodOrOff {
    const WHAT: &'static str = "a duration, like `30s`, or `off`";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<PeriodOrOff, Problem> {
        match text {
            "off" => Ok(PeriodOrOff(None)),
            _ => Period::parse(text).map(|period| PeriodOrOff(Some(period.0))),
        }
    }
}

schema!(PeriodOrOff, "DurationOrOff", {
    "type": "string",
    "description": "A duration, or `off`",
    "pattern": "^([0-9]+(ms|s|m|h|d)|off)$",
    "examples": ["15s", "off"],
});

/// A size in bytes: `100MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Scalar for Size {
    const WHAT: &'static str = "a size, like `100MiB`";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Size, Problem> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let scale: Option<u64> = match unit {
            "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            "TiB" => Some(1 << 40),
            _ => None,
        };
        let size = scale.and_then(|scale| number.parse::<u64>().ok()?.checked_mul(scale)).filter(|size| *size > 0);
        size.map(Size).ok_or_else(|| {
            Problem::new(format!("`{text}` is no size")).help("write a whole number and one unit: 512KiB, 100MiB, 2GiB")
        })
    }
}

schema!(Size, "Size", {
    "type": "string",
    "description": "A size: a whole number and one unit (B, KiB, MiB, GiB, TiB)",
    "pattern": "^[0-9]+(B|KiB|MiB|GiB|TiB)$",
    "examples": ["100MiB"],
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit() {
        let read = |text: &str| Period::parse(text).map(|p| p.0.as_millis()).map_err(|p| p.message);
        assert_eq!(read("250ms"), Ok(250));
        assert_eq!(read("30s"), Ok(30_000));
        assert_eq!(read("1d"), Ok(86_400_000));
        assert_eq!(read("30"), Err("`30` has no unit".to_owned()));
        assert_eq!(read("1.5s"), Err("`1.5s` is no duration".to_owned()));
        assert_eq!(read("1h30m"), Err("`1h30m` is no duration".to_owned()));
        assert_eq!(read("0s"), Err("a duration of nothing".to_owned()));
        assert_eq!(read("99999999999999999999s"), Err("`99999999999999999999s` is no duration".to_owned()));
    }

    #[test]
    fn sizes_are_binary() {
        assert_eq!(Size::parse("100MiB").map(|s| s.0).ok(), Some(100 << 20));
        for text in ["100", "100MB", "MiB", "0B"] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
    }
}
