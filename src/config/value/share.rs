//! Shares, rates and prices.

use super::schema;
use crate::config::lower::{Kind, Problem, Scalar};
use std::time::Duration;

/// A share in millionths: `25%`, `33.3%`. From 0 to 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u32);

impl Percent {
    /// From 0 to 1.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl Scalar for Percent {
    const WHAT: &'static str = "a share, like `25%`";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Percent, Problem> {
        let forms = "write a number from 0 to 100 with its sign: 25%, 33.3%";
        let Some(number) = text.strip_suffix('%') else {
            return Err(Problem::new(format!("`{text}` is no share")).help(forms));
        };
        match decimal(number, 4).filter(|millionths| *millionths <= 1_000_000) {
            Some(millionths) => Ok(Percent(millionths as u32)),
            None => Err(Problem::new(format!("`{text}` is no share")).help(forms)),
        }
    }
}

/// A decimal number without a sign, in units of its last place: `decimal("33.3", 4)` is 333000.
fn decimal(text: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.len() <= 12 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > places {
        return None;
    }
    let scale = 10u64.pow(places as u32);
    let parts = format!("{fraction:0<places$}").parse::<u64>().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(parts)
}

schema!(Percent, "Percent", {
    "type": "string",
    "description": "A share: a number from 0 to 100 with its sign",
    "pattern": "^(100(\\.0{1,4})?|[0-9]{1,2}(\\.[0-9]{1,4})?)%$",
    "examples": ["25%", "33.3%"],
});

/// So many in a time: `50/s`, `5/m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub count: u32,
    pub per: Duration,
}

impl Scalar for Rate {
    const WHAT: &'static str = "a rate, like `50/s`";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Rate, Problem> {
        let wrong =
            || Problem::new(format!("`{text}` is no rate")).help("write a whole number and s, m or h: 50/s, 5/m");
        let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return Err(wrong()),
        };
        let count = count.parse::<u32>().ok().filter(|n| *n > 0 && *n <= 1_000_000 && super::measure::canonical(count));
        Ok(Rate { count: count.ok_or_else(wrong)?, per: Duration::from_secs(seconds) })
    }
}

schema!(Rate, "Rate", {
    "type": "string",
    "description": "So many in a second, minute or hour",
    "pattern": "^([1-9][0-9]{0,5}|1000000)/[smh]$",
    "examples": ["50/s", "5/m"],
});

/// A price in millionths of the sheet's currency: `0.35`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub u64);

impl Scalar for Price {
    const WHAT: &'static str = "a price, like 0.35";
    const KIND: Kind = Kind::Formed;
    const REFERS: bool = false;
    fn parse(text: &str) -> Result<Price, Problem> {
        decimal(text, 6)
            .map(Price)
            .ok_or_else(|| Problem::new(format!("`{text}` is no price")).help("write a decimal number: 0.35"))
    }
}

schema!(Price, "Price", {
    "description": "A price: a decimal number",
    "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": "^[0-9]{1,12}(\\.[0-9]{1,6})?$" }],
    "examples": [0.35],
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_their_sign() {
        let read = |text: &str| Percent::parse(text).map(|p| p.0).map_err(|p| p.message);
        assert_eq!(read("25%"), Ok(250_000));
        assert_eq!(read("33.3%"), Ok(333_000));
        assert_eq!(read("100%"), Ok(1_000_000));
        assert_eq!(read("0%"), Ok(0));
        for text in ["25", "101%", "-1%", "1.23456%", "%", ".5%", "5.%", "1e1%"] {
            assert_eq!(read(text), Err(format!("`{text}` is no share")));
        }
        assert!((Percent(250_000).fraction() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn rates_and_prices() {
        assert_eq!(Rate::parse("5/m").ok(), Some(Rate { count: 5, per: Duration::from_secs(60) }));
        for text in ["5", "0/s", "05/s", "5/d", "5/", "/s"] {
            assert!(Rate::parse(text).is_err(), "{text}");
        }
        assert_eq!(Price::parse("0.35").ok(), Some(Price(350_000)));
        for text in ["", "-1", "0,35", "1.1234567"] {
            assert!(Price::parse(text).is_err(), "{text}");
        }
    }
}
