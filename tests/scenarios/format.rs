//! The shape of a scenario file.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line for people; shown when it fails.
    pub title: String,
    /// Items of the SIP checklist that it shows; `tests/tidy.rs` reads them.
    #[serde(default, rename = "checklist")]
    pub _checklist: Vec<String>,
    /// A whole routes file, instead of the usual two gateways.
    pub config: Option<String>,
    /// Appended to the usual routes file.
    pub settings: Option<String>,
    /// How many workers the router has; one, if nothing is said.
    pub workers: Option<usize>,
    #[serde(default)]
    pub gateways: BTreeMap<String, Manner>,
    pub story: Vec<Step>,
    pub expect: Expect,
}

/// How a gateway behaves: `silent`, `refusing`, or what it says to each method.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Manner {
    Health(String),
    Says(BTreeMap<String, Vec<Reply>>),
}

/// `180`, `200 after 1s`, `503 with Retry-After: 30`, `200 after 1s tag b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub after: Duration,
    pub tag: String,
    pub headers: String,
    pub body: String,
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Reply, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Text {
            Code(u16),
            Words(String),
        }
        let text = match Text::deserialize(from)? {
            Text::Code(code) => code.to_string(),
            Text::Words(words) => words,
        };
        Reply::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no reply")))
    }
}

impl Reply {
    pub fn parse(text: &str) -> Option<Reply> {
        let (text, body) = text.split_once(" body ").unwrap_or((text, ""));
        let (text, headers) = text.split_once(" with ").unwrap_or((text, ""));
        let mut words = text.split_whitespace();
        let code = words.next()?.parse().ok()?;
        let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        let mut reply = Reply { code, after: Duration::ZERO, tag: String::new(), headers, body: body.into() };
        while let Some(word) = words.next() {
            match word {
                "after" => reply.after = duration(words.next()?)?,
                "tag" => reply.tag = words.next()?.to_string(),
                _ => return None,
            }
        }
        Some(reply)
    }
}

/// One thing that happens. Exactly one of the first group says what, the rest when and how.
#[derive(Debug, Default, Deserialize)]
pub struct Step {
    /// A party does something: `caller: INVITE 4930`, `caller: CANCEL`, `g1: BYE`, `g1: 200`.
    #[serde(flatten)]
    pub party: BTreeMap<String, serde_yaml::Value>,
}

/// A step with its words sorted out.
#[derive(Debug, Default)]
pub struct Plan {
    pub who: String,
    pub what: String,
    pub when: Option<String>,
    pub after: Duration,
    /// More header lines.
    pub headers: String,
    pub other: BTreeMap<String, String>,
}

impl Step {
    pub fn plan(&self) -> Result<Plan, String> {
        let mut plan = Plan::default();
        for (key, value) in &self.party {
            let text = text_of(value);
            match key.as_str() {
                "when" => plan.when = Some(text),
                "after" => plan.after = duration(&text).ok_or(format!("`{text}` is no duration"))?,
                "headers" => plan.headers = text.lines().map(|l| format!("{l}\r\n")).collect(),
                "uri" | "max_forwards" | "route" | "cookie" | "times" | "branch" | "from_tag" | "on" | "from" => {
                    plan.other.insert(key.clone(), text);
                }
                who if plan.who.is_empty() => (plan.who, plan.what) = (who.to_string(), text),
                who => return Err(format!("`{who}` beside `{}`: one thing a step", plan.who)),
            }
        }
        if plan.who.is_empty() { Err("a step in which nothing happens".into()) } else { Ok(plan) }
    }
}

pub fn text_of(value: &serde_yaml::Value) -> String {
    match value {
        serde_yaml::Value::String(s) => s.clone(),
        serde_yaml::Value::Number(n) => n.to_string(),
        serde_yaml::Value::Bool(b) => b.to_string(),
        serde_yaml::Value::Null => String::new(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim().to_string(),
    }
}

#[derive(Debug, Deserialize)]
pub struct Expect {
    /// What the caller hears, and, by their names, what the gateways and others hear.
    #[serde(flatten)]
    pub hears: BTreeMap<String, serde_yaml::Value>,
}

/// `250ms`, `4s`, `2m`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number * 60)),
        "h" => Some(Duration::from_secs(number * 3600)),
        _ => None,
    }
}
