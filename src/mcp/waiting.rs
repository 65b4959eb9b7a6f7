//! How long a call is held, by what its client understands.
//!
//! Clients cut calls after a minute or several, and people take hours. Nothing is kept in memory between the calls: what
//! the client brings back says which approval it waits for, and how many rounds it has made. It is not secret, and not
//! signed: a client that changes it can mislead nobody but itself (docs/decisions/0053).

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rmcp::{
    Peer, RoleServer,
    model::{
        CallToolRequestParams, InputRequiredResult, ProgressNotificationParam, ProgressToken, ProtocolVersion,
    },
    service::RequestContext,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::{gate::json::canonical, wire::answer::Answer};

/// How often a client that can show it hears that the call goes on.
const PROGRESS: Duration = Duration::from_secs(15);
/// Clients come back ten times. The last one gets a result.
const ROUNDS: u32 = 9;

/// What a wait that is over may still take to be answered.
const GRACE: Duration = Duration::from_secs(5);

const CANCELLED: &str = "the client has cancelled the call";
const LATE: &str = "the service did not answer in time";

/// What a call needs of its request while it is held. The request itself may be large, and is let go of.
pub struct Caller {
    peer: Peer<RoleServer>,
    ct: CancellationToken,
    progress: Option<ProgressToken>,
    /// What becomes of the call; and what, where it can't be a task.
    pub manner: Manner,
    pub without_task: Manner,
}

impl From<RequestContext<RoleServer>> for Caller {
    fn from(context: RequestContext<RoleServer>) -> Self {
        Self {
            manner: Manner::of(&context),
            without_task: Manner::without_task(&context),
            progress: context.meta.get_progress_token(),
            peer: context.peer,
            ct: context.ct,
        }
    }
}

impl Caller {
    /// Asks the service. A client cuts a call that takes longer, and nobody would hear why it comes to nothing.
    pub async fn within<T, E: Into<anyhow::Error>>(
        &self,
        end: Instant,
        asking: impl Future<Output = Result<T, E>>,
    ) -> anyhow::Result<T> {
        tokio::select! {
            answered = asking => answered.map_err(Into::into),
            () = self.ct.cancelled() => bail!(CANCELLED),
            () = sleep_until(end) => bail!(LATE),
        }
    }

    /// Waits. Tells a client that wants to know that the call goes on.
    pub async fn wait_for(&self, service: &impl Service, id: &str, end: Instant) -> anyhow::Result<Answer> {
        let waiting = service.wait(id, end.saturating_duration_since(Instant::now()));
        tokio::pin!(waiting);
        let begun = Instant::now();
        let mut ticks = interval(PROGRESS);
        ticks.tick().await;
        loop {
            tokio::select! {
                approval = &mut waiting => return Ok(approval?),
                () = self.ct.cancelled() => bail!(CANCELLED),
                () = sleep_until(end + GRACE) => bail!(LATE),
                _ = ticks.tick(), if self.progress.is_some() => {
                    if let Some(token) = self.progress.clone() {
                        let progress = ProgressNotificationParam::new(token, begun.elapsed().as_secs_f64()).with_message("waiting for a person");
                        // A client that hears it no more has other trouble.
                        let _ = self.peer.notify_progress(progress).await;
                    }
                }
            }
        }
    }

    pub async fn cancelled(&self) {
        self.ct.cancelled().await;
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
    fn of(context: &RequestContext<RoleServer>) -> Self {
        if context.client_capabilities().is_some_and(|it| it.supports_tasks()) {
            return Self::Task;
        }
        Self::without_task(context)
    }

    fn without_task(context: &RequestContext<RoleServer>) -> Self {
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
    /// Which call it is of.
    call: String,
}

impl State {
    pub fn new(approval_id: &str, call: &CallToolRequestParams) -> Self {
        Self { approval_id: approval_id.to_owned(), round: 0, call: name(call) }
    }

    /// What the client has brought back; `None` where it makes the call for the first time.
    pub fn of(call: &CallToolRequestParams) -> anyhow::Result<Option<Self>> {
        let Some(text) = &call.request_state else { return Ok(None) };
        Self::parse(text, call).map(Some).context("the state of the call is not valid; call anew")
    }

    fn parse(text: &str, call: &CallToolRequestParams) -> anyhow::Result<Self> {
        let state: Self = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text)?)?;
        ensure!(state.call == name(call), "it is of another call");
        Ok(state)
    }

    /// What makes the client call again; `None`: it would give up.
    pub fn again(self) -> anyhow::Result<Option<InputRequiredResult>> {
        let round = self.round.saturating_add(1);
        if round > ROUNDS {
            return Ok(None);
        }
        let text = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Self { round, ..self })?);
        Ok(Some(InputRequiredResult::from_request_state(text)))
    }
}

/// The tool and all that it is called with, in short.
fn name(call: &CallToolRequestParams) -> String {
    let text = canonical(&serde_json::json!([call.name, call.arguments]));
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(tool: &'static str, state: Option<String>) -> CallToolRequestParams {
        let mut call = CallToolRequestParams::new(tool).with_arguments(rmcp::object!({ "n": 1 }));
        call.request_state = state;
        call
    }

    fn text(result: &InputRequiredResult) -> String {
        serde_json::to_value(result).unwrap()["requestState"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_state_is_good_for_its_own_call_and_nine_rounds() {
        assert_eq!(State::of(&call("a", None)).unwrap(), None);
        let mut state = State::new("7", &call("a", None));
        let mut rounds = 0;
        while let Some(again) = state.clone().again().unwrap() {
            let brought = text(&again);
            assert!(State::of(&call("b", Some(brought.clone()))).is_err());
            state = State::of(&call("a", Some(brought))).unwrap().unwrap();
            rounds += 1;
        }
        assert_eq!((rounds, state.approval_id.as_str()), (ROUNDS, "7"));
    }

    #[test]
    fn what_is_no_state_is_an_error() {
        let far = json!({ "approval_id": "7", "round": 4_294_967_295_u32, "call": name(&call("a", None)) });
        let far = BASE64_URL_SAFE_NO_PAD.encode(far.to_string());
        assert!(State::of(&call("a", Some(far))).unwrap().unwrap().again().unwrap().is_none());
        for other in ["", "x", "e30", "!", &BASE64_URL_SAFE_NO_PAD.encode("[]")] {
            assert!(State::of(&call("a", Some(other.to_owned()))).is_err(), "{other:?}");
        }
    }
}
