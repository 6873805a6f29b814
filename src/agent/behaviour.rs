//! What an answering agent does with a call; a script is a YAML list of these, one a call.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::time::Duration;

/// How one call is taken. The default answers at once.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Nothing is answered at all, OPTIONS included.
    pub silent: bool,
    /// Wait this long before the first reply, even a provisional.
    #[serde(deserialize_with = "duration")]
    pub delay: Duration,
    /// Then ring this long (180).
    #[serde(deserialize_with = "duration")]
    pub ring: Duration,
    /// Then give this final response.
    pub code: u16,
    /// Its reason phrase, if not the usual one.
    pub reason: Option<String>,
    /// Its Retry-After.
    #[serde(deserialize_with = "optional")]
    pub retry_after: Option<Duration>,
    /// Hang up this long after the answer; without it the caller does.
    #[serde(deserialize_with = "optional")]
    pub hang_up_after: Option<Duration>,
    /// Send a re-INVITE this long after the answer.
    #[serde(deserialize_with = "optional")]
    pub reinvite_after: Option<Duration>,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            silent: false,
            delay: Duration::ZERO,
            ring: Duration::ZERO,
            code: 200,
            reason: None,
            retry_after: None,
            hang_up_after: None,
            reinvite_after: None,
        }
    }
}

/// Reads a script. The n-th call gets the n-th entry, and the last one stands for all calls after it.
pub fn script(text: &str) -> Result<Vec<Behaviour>, String> {
    let list: Vec<Behaviour> = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    match list.iter().find(|behaviour| !(200..700).contains(&behaviour.code)) {
        Some(behaviour) => Err(format!("code {}: a final response is 200 to 699", behaviour.code)),
        None if list.is_empty() => Err("the script is empty: write a list with one entry a call".to_owned()),
        None => Ok(list),
    }
}

/// `250ms 30s 5m 2h 1d`: a whole number and one unit, as in the routes file.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let wrong = || format!("`{text}` is not a duration: write 250ms, 30s, 5m, 2h or 1d");
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(Duration::from_millis).ok_or_else(wrong)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse_duration(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_like_a_list_of_calls() {
        let text = "- { code: 503, retry_after: 30s }\n- ring: 2s\n- silent: true\n- {}\n";
        let list = script(text).expect("a script");
        assert_eq!(
            list,
            [
                Behaviour { code: 503, retry_after: Some(Duration::from_secs(30)), ..Behaviour::default() },
                Behaviour { ring: Duration::from_secs(2), ..Behaviour::default() },
                Behaviour { silent: true, ..Behaviour::default() },
                Behaviour::default(),
            ]
        );
    }

    #[test]
    fn a_script_that_says_nothing_sensible_is_refused() {
        for (text, part) in [
            ("[]", "empty"),
            ("- code: 100", "200 to 699"),
            ("- ring: 2", "not a duration"),
            ("- wrong: 1", "unknown field"),
        ] {
            let error = script(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn durations_have_one_unit() {
        for (text, milliseconds) in [("250ms", 250), ("2s", 2000), ("1d", 86_400_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)));
        }
        for text in ["", "2", "s", "1s5ms", "-1s", "99999999999999999999s", "1.5s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
