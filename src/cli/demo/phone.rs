//! The phone: places one call at a time, and remembers what it heard.

use crate::agent::{Caller, Direction, Outcome, Plan, Seen};
use rsip::Uri;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answered call lasts.
const TALK: Duration = Duration::from_millis(100);

pub struct Phone {
    caller: Caller,
    router: SocketAddr,
    heard: Arc<Mutex<Vec<Reply>>>,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Reply {
    pub at: Instant,
    pub method: String,
    /// `200 OK`.
    pub line: String,
}

/// A call from the phone's end.
pub struct Call {
    pub number: String,
    pub began: Instant,
    pub outcome: Outcome,
    /// What the INVITE was answered with, in order.
    pub replies: Vec<Reply>,
}

impl Phone {
    pub async fn new(router: SocketAddr) -> Result<Phone, String> {
        let heard = Arc::<Mutex<Vec<Reply>>>::default();
        let memory = heard.clone();
        let observer = Arc::new(move |seen: &Seen| {
            if seen.direction == Direction::Received && seen.code.is_some() {
                let line = seen.start_line.trim_start_matches("SIP/2.0 ").to_owned();
                let reply = Reply { at: Instant::now(), method: seen.method.clone(), line };
                memory.lock().unwrap_or_else(PoisonError::into_inner).push(reply);
            }
        });
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let caller = Caller::open(any, router, observer).await.map_err(|error| format!("the phone: {error}"))?;
        Ok(Phone { caller, router, heard })
    }

    /// Dials, waits for the end.
    pub async fn dial(&self, number: &str) -> Result<Call, String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let uri = |user: &str| Uri::try_from(format!("sip:{user}@{}", self.router)).map_err(|error| error.to_string());
        let plan =
            Plan { target: uri(number)?, from: uri("101")?, via: self.router, duration: TALK, cancel_after: None };
        let began = Instant::now();
        let outcome = self.caller.place(plan).await.map_err(|_| "the call has no end")?;
        let mut replies = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        replies.retain(|reply| reply.method == "INVITE");
        Ok(Call { number: number.to_owned(), began, outcome, replies })
    }
}

/// The user part of the URI in a request line.
pub fn user_of(request_line: &str) -> String {
    let uri = request_line.split(' ').nth(1).unwrap_or_default();
    let user = uri.strip_prefix("sip:").and_then(|rest| rest.split_once('@')).map(|(user, _)| user);
    user.unwrap_or_default().to_owned()
}
