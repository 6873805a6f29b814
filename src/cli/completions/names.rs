//! Which names of the files may stand where.

use crate::config::{Code, Names};

/// A word that may stand there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub word: String,
    /// One line about it.
    pub what: String,
}

impl Candidate {
    pub fn new(word: impl Into<String>, what: impl Into<String>) -> Candidate {
        let what: String = what.into();
        Candidate { word: word.into(), what: what.lines().next().unwrap_or_default().to_owned() }
    }
}

/// What a value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gateway,
    /// A gateway, or what an operator can do with one.
    GatewayOrVerb,
    Group,
    Account,
    Test,
    /// `ID=STATE`.
    State,
    /// What `explain` explains.
    What,
}

impl Kind {
    /// What an argument of a command names, by the id that clap knows it by.
    pub fn of(command: &str, argument: &str) -> Option<Kind> {
        match (command, argument) {
            ("explain", "what") => Some(Kind::What),
            ("explain", "state") => Some(Kind::State),
            ("test", "names") => Some(Kind::Test),
            ("gateway", "words") => Some(Kind::GatewayOrVerb),
            ("explain" | "calls", "gateway") => Some(Kind::Gateway),
            ("explain" | "calls", "group") => Some(Kind::Group),
            ("explain", "account") => Some(Kind::Account),
            _ => None,
        }
    }

    pub fn candidates(self, names: &Names) -> Vec<Candidate> {
        let all = |names: &[std::sync::Arc<str>], what: &str| -> Vec<Candidate> {
            names.iter().map(|name| Candidate::new(&**name, what)).collect()
        };
        match self {
            Kind::Gateway => all(&names.gateways, "gateway"),
            Kind::GatewayOrVerb => {
                let verbs = ["list", "enable", "disable", "probe", "reset"];
                let verbs = verbs.map(|verb| Candidate::new(verb, "what to do with a gateway"));
                all(&names.gateways, "gateway").into_iter().chain(verbs).collect()
            }
            Kind::Group => all(&names.groups, "group"),
            Kind::Account => all(&names.accounts, "digest user"),
            Kind::Test => all(&names.tests, "test"),
            Kind::State => {
                let states = |gateway: &std::sync::Arc<str>| {
                    let gateway = gateway.to_string();
                    crate::question::State::WORDS.map(|(word, _)| Candidate::new(format!("{gateway}={word}"), "state"))
                };
                names.gateways.iter().flat_map(states).collect()
            }
            Kind::What => {
                let mut all = all(&names.routes, "route");
                all.extend(Code::ALL.iter().map(|code| Candidate::new(code.name(), code.id())));
                all.extend(Code::ALL.iter().map(|code| Candidate::new(code.id(), code.name())));
                all
            }
        }
    }
}
