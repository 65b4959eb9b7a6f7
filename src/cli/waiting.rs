//! Asking for an approval, and waiting for its outcome, whatever becomes of instances and of what stands before them.

use std::{ops::Deref, time::Duration};

use chrono::DateTime;
use reqwest::Method;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{
    answer::{Answer, is_approval},
    client::{Client, path_segment},
    failure::{ClientError, retry_after},
    reply::Reply,
    struggle::{Limit, Struggle, UNKNOWN},
};

/// Longest that one call waits, in seconds. The service holds none for more than 55.
const HELD: f64 = 50.0;
/// A wait that was held for so long, and then broke off, has met other trouble than the one before it: a gateway that
/// holds nothing for longer, for example.
const STEADY: Duration = Duration::from_secs(5);
/// How long after its deadline an approval is still asked for. It has an outcome then, and the service may be back soon.
const AFTERWARDS: Duration = Duration::from_mins(1);

/// An approval, and what we know of its deadline.
pub struct Seen {
    approval: Answer,
    deadline: Option<Instant>,
    retry_after: Duration,
}

impl Seen {
    /// The one that was asked for, where that is known. By the clock of the one who answered: ours may be wrong.
    fn of(reply: &Reply<'_>, asked: Option<&str>) -> Result<Self, ClientError> {
        let approval = reply.value_where(|value| is_approval(value, asked))?;
        let expires_at = approval["expires_at"].as_str().and_then(|it| DateTime::parse_from_rfc3339(it).ok());
        let left =
            expires_at.zip(reply.date()).map(|(end, now)| (end.to_utc() - now).to_std().unwrap_or_default());
        let deadline = left.and_then(|left| Instant::now().checked_add(left));
        Ok(Self { approval, deadline, retry_after: retry_after(&reply.headers) })
    }
}

impl Seen {
    pub fn into_answer(self) -> Answer {
        self.approval
    }
}

impl Deref for Seen {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.approval
    }
}

impl Client {
    /// Creates with an idempotency key, so that an answer that got lost can be asked for again.
    pub async fn create(&self, key: &str, body: &impl Serialize) -> Result<Seen, ClientError> {
        let mut struggle = Struggle::default();
        loop {
            let with = |request: reqwest::RequestBuilder| request.header("Idempotency-Key", key).json(body);
            let reply = self.ask(Method::POST, "/api/v1/approvals", &with).await;
            match reply.and_then(|reply| Seen::of(&reply, None)) {
                Err(ClientError::Unreachable(trouble)) => {
                    struggle.bear(trouble, Limit::patience(self.patience().unwrap_or(UNKNOWN))).await?;
                }
                result => {
                    struggle.is_over();
                    return result;
                }
            }
        }
    }

    /// Waits until the approval has ended, or the time is over (then it is still pending).
    pub async fn wait(&self, id: &str, time: Option<Duration>) -> Result<Answer, ClientError> {
        self.wait_on(id, None, time).await
    }

    /// The same, for one that was just created.
    pub async fn outcome(&self, id: &str, created: Seen) -> Result<Answer, ClientError> {
        self.wait_on(id, Some(created), None).await
    }

    async fn wait_on(
        &self,
        id: &str,
        mut seen: Option<Seen>,
        time: Option<Duration>,
    ) -> Result<Answer, ClientError> {
        let end = time.and_then(|time| Instant::now().checked_add(time));
        let mut struggle = Struggle::default();
        // A first look tells the deadline, until which trouble is borne; and one after trouble, that it is over.
        let mut is_look = seen.is_none();
        if seen.is_some() {
            struggle.is_over();
        }
        loop {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            let seconds = if is_look { 0.0 } else { left.as_secs_f64().ceil().min(HELD) };
            let path = format!("/api/v1/approvals/{}/wait?timeout={seconds}", path_segment(id));
            let begun = Instant::now();
            let reply = self.ask(Method::GET, &path, &|request| request).await;
            match reply.and_then(|reply| Seen::of(&reply, Some(id))) {
                Ok(now) => {
                    // A look is answered also where what stands between lets no call wait.
                    if is_look {
                        struggle.is_answered();
                    } else {
                        struggle.is_over();
                    }
                    is_look = false;
                    if now["status"] != "pending" || is_over(end) {
                        return Ok(now.approval);
                    }
                    sleep(now.retry_after).await;
                    seen = Some(now);
                }
                // Nothing was lost: the request stands, and so does the outcome.
                Err(ClientError::Unreachable(trouble)) => {
                    if !is_look && begun.elapsed() >= STEADY {
                        struggle.is_steady();
                    }
                    struggle.bear(trouble, self.limit(seen.as_ref(), end)).await?;
                    is_look = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How long trouble is borne: as the caller has said, or else until the approval's deadline, and never for longer
    /// than they want to wait.
    fn limit(&self, seen: Option<&Seen>, end: Option<Instant>) -> Limit {
        let deadline = seen.and_then(|seen| seen.deadline);
        let (patience, longest) = match (self.patience(), deadline) {
            (Some(patience), _) => (Some(patience), None),
            (None, Some(deadline)) => (None, deadline.checked_add(AFTERWARDS)),
            (None, None) => (Some(UNKNOWN), None),
        };
        Limit { patience, end: [end, longest].into_iter().flatten().min() }
    }
}

fn is_over(end: Option<Instant>) -> bool {
    end.is_some_and(|end| end <= Instant::now())
}
