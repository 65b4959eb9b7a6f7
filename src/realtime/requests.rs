//! What clients ask for over a socket, done by the same use cases and the same forms as over HTTP.
//!
//! Each message's permission is checked when it comes, not when the socket was opened (and a wait's once more before
//! its outcome is told), and it counts as a request of
//! its principal and workspace. An answer is a future: the
//! session goes on meanwhile, and what was begun ends on its own if the socket goes.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    Realtime,
    frames::{Ask, Decide, Frame, Message, Reference, Wait},
    outgoing::{self, Answer, Received},
};
use crate::{
    approvals::{Authority, commit::Act, request::Requested, wait::Waited},
    auth::{Caller, Permission},
    domain::{
        credential::Origin,
        decision::{Ballot, Precondition},
        event::TaskKey,
        ids::ApprovalId,
        names::CallerName,
    },
    limits::Subject,
    store::events::Summary,
    wire::{
        create::{new_approval, warnings},
        decide::{ApproveBody, RejectBody},
        idempotency::idempotency,
        problem::{Code, Problem, Violation},
    },
};

/// After so long a wait is begun anew; nobody notices.
const PATIENCE: Duration = Duration::from_hours(1);

/// Whose messages these are, and what they default to.
pub struct Client {
    pub caller: Caller,
    pub key: TaskKey,
    pub session: Option<CallerName>,
    pub origin: Arc<Origin>,
}

/// What a message came to.
#[derive(Default)]
pub struct Done {
    /// `None`: this instance goes away, and the next one will have to be asked.
    pub answer: Option<Answer>,
    pub was_wait: bool,
}

/// An answer to come.
pub type Answering = Pin<Box<dyn Future<Output = Done> + Send>>;

/// Does what a message asks for.
pub fn answer(realtime: Realtime, client: Arc<Client>, frame: Frame) -> Answering {
    Box::pin(async move {
        let Frame { reference, message } = frame;
        let was_wait = matches!(message, Ok(Message::Wait(_)));
        let asked = Asked { realtime, client, reference: reference.clone() };
        let done = match message {
            Err(problem) => Err(problem),
            Ok(Message::Ping) => Ok(Some(Answer::pong(reference.clone()))),
            Ok(Message::Decide(decide)) => asked.decide(decide).await.map(Some),
            Ok(Message::Request(ask)) => asked.request(*ask).await.map(Some),
            Ok(Message::Wait(wait)) => asked.wait(wait).await,
        };
        let answer = done.unwrap_or_else(|problem| Some(Answer::error(&problem, reference)));
        Done { answer, was_wait }
    })
}

struct Asked {
    realtime: Realtime,
    client: Arc<Client>,
    reference: Option<Reference>,
}

fn invalid(pointer: &str, rule: &'static str, message: &str) -> Problem {
    Problem::about(Code::Invalid, vec![Violation::new(pointer, rule, message)])
}

fn approval_id(text: Option<&str>) -> Result<ApprovalId, Problem> {
    let text = text.ok_or_else(|| invalid("/approval_id", "required", "must be given"))?;
    ApprovalId::parse(text).ok_or_else(|| invalid("/approval_id", "uuid", "must be an approval's id"))
}

impl Asked {
    fn reply(&self, event_type: &'static str, data: &impl serde::Serialize) -> Answer {
        Answer::new(event_type, data, self.reference.clone())
    }

    /// The caller as of now, if its limits allow one more request and it may do this.
    async fn may(&self, permission: Permission) -> Result<Caller, Problem> {
        let (principal, workspace) = (self.client.caller.actor.id, self.client.caller.workspace);
        let whose = [Subject::Principal(principal), Subject::Workspace(workspace)];
        // Boxed: a wait would otherwise carry room for it for as long as it lasts.
        Box::pin(self.realtime.limiter.take(&whose)).await.map_err(|refusal| {
            // There is no header for it.
            let (whose, seconds) = (Problem::from(refusal).detail, refusal.standing.reset);
            Problem::new(Code::RateLimited, format!("{whose}; wait {seconds} s"))
        })?;
        self.still_may(permission).await
    }

    /// The caller as of now, if it may do this.
    async fn still_may(&self, permission: Permission) -> Result<Caller, Problem> {
        let caller = self.realtime.authenticator.again(&self.client.caller).await?;
        if caller.may(permission) { Ok(caller) } else { Err(Problem::forbidden(permission)) }
    }

    async fn decide(&self, decide: Decide) -> Result<Answer, Problem> {
        let id = approval_id(decide.approval_id.as_deref())?;
        let approves = match (decide.resolution.as_deref(), decide.approved) {
            (Some("approved" | "modified"), None) | (None, Some(true)) => true,
            (Some("rejected"), None) | (None, Some(false)) => false,
            (Some(_), None) => {
                return Err(invalid("/resolution", "choice", "must be approved, rejected or modified"));
            }
            (None, None) => return Err(invalid("/resolution", "required", "or approved must be given")),
            (Some(_), Some(_)) => {
                return Err(invalid("/resolution", "once", "and approved exclude each other"));
            }
        };
        let (caller, ballot) = if approves {
            let caller = self.may(Permission::ApprovalApprove).await?;
            (caller.clone(), approve(decide, &caller)?)
        } else {
            let caller = self.may(Permission::ApprovalReject).await?;
            (caller.clone(), reject(decide, &caller)?)
        };
        let act = Act::Vote { ballot: Box::new(ballot), expected: Precondition::None };
        let authority = Authority {
            workspace: caller.workspace,
            origin: self.client.origin.clone(),
            looked_at: Some(caller.looked_at),
        };
        let answer = self.realtime.approvals.act(authority, id, act).await?;
        let mut reply =
            self.reply("approval_received", &Received::of(&answer.approval, Some(answer.changed)));
        reply.run_id = Some(answer.approval.request.run_id.to_string());
        Ok(reply)
    }

    async fn request(&self, ask: Ask) -> Result<Answer, Problem> {
        let caller = self.may(Permission::ApprovalCreate).await?;
        let Ask { idempotency_key, mut body, text } = ask;
        let task = self.client.key.task.as_str();
        let session = self.client.session.as_ref().map(CallerName::as_str);
        body.default_to(task, session);
        let idempotency = match idempotency_key {
            None => None,
            Some(key) => {
                let whole = whole(&text, task, session)?.to_string();
                Some(idempotency("/idempotency_key", &key, whole.as_bytes())?)
            }
        };
        let channels = self.realtime.channels.of(caller.workspace);
        let new = new_approval(body, &caller, self.client.origin.clone(), idempotency, &channels)?;
        let (approval, warnings) = match self.realtime.approvals.request(new, caller.looked_at).await? {
            Requested::Created { approval, present } => {
                let warnings = warnings(&approval.policy, present);
                (approval, warnings)
            }
            Requested::Replayed(approval) => (approval, Vec::new()),
        };
        let requested = outgoing::Requested { approval: Summary::from(&*approval), warnings };
        let mut reply = self.reply("approval_requested", &requested);
        reply.run_id = Some(approval.request.run_id.to_string());
        Ok(reply)
    }

    async fn wait(&self, wait: Wait) -> Result<Option<Answer>, Problem> {
        let id = approval_id(wait.approval_id.as_deref())?;
        let caller = self.may(Permission::ApprovalViewPending).await?;
        loop {
            match Box::pin(self.realtime.approvals.wait(caller.workspace, id, PATIENCE)).await? {
                Waited::Final { approval, .. } => {
                    // It may have been withdrawn meanwhile.
                    self.still_may(Permission::ApprovalViewPending).await?;
                    let mut reply = self.reply("approval_received", &Received::of(&approval, None));
                    reply.run_id = Some(approval.request.run_id.to_string());
                    return Ok(Some(reply));
                }
                Waited::Pending(_) => {}
                Waited::Draining(_) => return Ok(None),
            }
        }
    }
}

fn approve(decide: Decide, caller: &Caller) -> Result<Ballot, Problem> {
    let modified = decide.resolution.as_deref() == Some("modified");
    let body = ApproveBody {
        comment: decide.feedback,
        modifications: decide.modifications,
        metadata: None,
        r#for: decide.r#for,
        digest: decide.digest,
    };
    let ballot = body.ballot(caller).map_err(|problem| problem.renamed("/comment", "/feedback"))?;
    if modified && ballot.modifications.is_none() {
        return Err(invalid("/modifications", "required", "must be given, and not empty"));
    }
    Ok(ballot)
}

fn reject(decide: Decide, caller: &Caller) -> Result<Ballot, Problem> {
    if decide.modifications.is_some() {
        return Err(invalid("/modifications", "excluded", "go with an approval only"));
    }
    let body =
        RejectBody { reason: decide.feedback, comment: None, r#for: decide.r#for, digest: decide.digest };
    body.ballot(caller).map_err(|problem| problem.renamed("/reason", "/feedback"))
}

/// The body with what the socket adds to it: what the key stands for.
fn whole(text: &str, task: &str, session: Option<&str>) -> Result<Value, Problem> {
    let mut body: Value =
        serde_json::from_str(text).map_err(|error| Problem::new(Code::Malformed, error.to_string()))?;
    for (name, value) in [("run_id", Some(task)), ("task_id", Some(task)), ("session_id", session)] {
        if body[name].is_null()
            && let Some(value) = value
        {
            body[name] = value.into();
        }
    }
    Ok(body)
}
