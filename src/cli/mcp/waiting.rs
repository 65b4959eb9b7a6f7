//! How long a call is held, by what its client understands.
//!
//! Clients cut calls after a minute or several, and people take hours. Nothing is kept in memory between the calls: what
//! the client brings back, sealed, says which approval it waits for, and how many rounds it has made.

use std::time::Duration;

use anyhow::bail;
use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProtocolVersion, RequestStateCodec, SealOptions},
    service::RequestContext,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, interval, sleep};

use crate::cli::{answer::Answer, client::Client};

/// How often a client that can show it hears that the call goes on.
const PROGRESS: Duration = Duration::from_secs(15);
/// Clients come back ten times. The last one gets a result.
const ROUNDS: u32 = 9;
const VALID: Duration = Duration::from_mins(15);

const CANCELLED: &str = "the client has cancelled the call";
const LATE: &str = "the service did not answer in time";

/// Asks the service. A client cuts a call that takes longer, and nobody would hear why it comes to nothing.
pub async fn within<T, E: Into<anyhow::Error>>(
    hold: Duration,
    context: &RequestContext<RoleServer>,
    asking: impl Future<Output = Result<T, E>>,
) -> anyhow::Result<T> {
    tokio::select! {
        answered = asking => answered.map_err(Into::into),
        () = context.ct.cancelled() => bail!(CANCELLED),
        () = sleep(hold) => bail!(LATE),
    }
}

/// Tells a client that wants to know that the call goes on.
pub async fn wait_for(
    client: &Client,
    id: &str,
    time: Duration,
    context: &RequestContext<RoleServer>,
) -> anyhow::Result<Answer> {
    let waiting = client.wait(id, Some(time));
    tokio::pin!(waiting);
    let token = context.meta.get_progress_token();
    let begun = Instant::now();
    let mut ticks = interval(PROGRESS);
    ticks.tick().await;
    loop {
        tokio::select! {
            approval = &mut waiting => return Ok(approval?),
            () = context.ct.cancelled() => bail!(CANCELLED),
            _ = ticks.tick(), if token.is_some() => {
                if let Some(token) = token.clone() {
                    let progress = ProgressNotificationParam::new(token, begun.elapsed().as_secs_f64()).with_message("waiting for a person");
                    // A client that hears it no more has other trouble.
                    let _ = context.peer.notify_progress(progress).await;
                }
            }
        }
    }
}

/// What becomes of a call that isn't decided yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The client asks for it as a task, at once.
    Task,
    /// The client sends the same call again, by itself.
    Again,
    /// The model is told to call again.
    Told,
}

impl Manner {
    pub fn of(context: &RequestContext<RoleServer>) -> Self {
        if context.client_capabilities().is_some_and(|it| it.supports_tasks()) {
            return Self::Task;
        }
        Self::of_version(context)
    }

    /// The same, where there are no tasks.
    pub fn of_version(context: &RequestContext<RoleServer>) -> Self {
        let version = context.protocol_version();
        if version.is_some_and(|it| it.as_str() >= ProtocolVersion::V_2026_07_28.as_str()) {
            Self::Again
        } else {
            Self::Told
        }
    }
}

/// Which approval a call waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub approval_id: String,
    round: u32,
}

impl State {
    pub fn new(approval_id: &str) -> Self {
        Self { approval_id: approval_id.to_owned(), round: 0 }
    }

    /// One leg later; `None`: the client would give up.
    pub fn next(&self) -> Option<Self> {
        let round = self.round + 1;
        (round <= ROUNDS).then(|| Self { round, ..self.clone() })
    }
}

/// Seals states, so that a client can't make one up.
pub struct Seal(RequestStateCodec);

impl Seal {
    /// From a secret that is this caller's own.
    pub fn new(secret: &str) -> anyhow::Result<Self> {
        let key = Sha256::digest(format!("signoff mcp request state\n{secret}").as_bytes());
        Ok(Self(RequestStateCodec::try_new(key.to_vec())?))
    }

    /// Good for this call alone, and for a quarter of an hour.
    pub fn seal(&self, state: &State, call: &[u8]) -> anyhow::Result<String> {
        Ok(self.0.seal_json_with(state, &SealOptions::new().associated_data(call).ttl(VALID))?)
    }

    pub fn open(&self, sealed: &str, call: &[u8]) -> anyhow::Result<State> {
        Ok(self.0.open_json_with(sealed, call)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_good_for_its_own_call_and_nine_rounds() {
        let seal = Seal::new("so_key").unwrap();
        let mut state = State::new("a");
        let sealed = seal.seal(&state, b"call").unwrap();
        assert_eq!(seal.open(&sealed, b"call").unwrap(), state);
        assert!(seal.open(&sealed, b"other").is_err());
        assert!(Seal::new("so_other").unwrap().open(&sealed, b"call").is_err());
        assert!(seal.open(&sealed.replace('.', ".x"), b"call").is_err());
        let mut rounds = 0;
        while let Some(next) = state.next() {
            state = next;
            rounds += 1;
        }
        assert_eq!(rounds, ROUNDS);
    }
}
