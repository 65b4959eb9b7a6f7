//! A question to people, as callers put it: the form, its rules, and what becomes of it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{
    approval::Checkpoint,
    escalation::{self, LevelBody, LevelView},
    notify::NotifyBody,
    parse::Object,
    policy::{PolicyBody, PolicyView, satisfiable},
    problem::{Code, Problem, Violation, policy_pointer},
    validate::Check,
    view::ViewBody,
    vocabulary,
};
use crate::{
    auth::Caller,
    domain::{
        answer_form::{self, Fault},
        approval::{Idempotency, NewApproval, Request, TimeoutAction},
        credential::Origin,
        ids::ApprovalId,
        names::{CallerName, PrincipalName},
        notification::Channel,
        policy::{Asked, Policy},
        redaction::Redactor,
    },
};

const MAX_TITLE: usize = 500;
const MAX_DESCRIPTION: usize = 10_000;
pub const DEFAULT_TIMEOUT: i64 = 300;
pub(super) const MAX_TIMEOUT: i64 = 31_536_000;
const MAX_EXECUTORS: usize = 20;

/// A question to people.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "run_id": "run-42", "approval_type": "tool_call", "title": "Drop table users?",
    "context": {"tool": "sql", "statement": "DROP TABLE users"}, "timeout_seconds": 900,
    "policy": {"min_approvers": 1, "allowed_approvers": ["ana", "bo"]}
}))]
pub struct CreateBody {
    /// The workflow's or agent's run; made known by its first approval.
    #[schema(required, nullable = false, pattern = "^[A-Za-z0-9._:-]{1,200}$")]
    run_id: Option<String>,
    /// `plan_approval`, `step_approval`, `error_recovery`, `tool_call`, or a name of your own.
    #[schema(required, nullable = false, pattern = "^[A-Za-z0-9._:-]{1,200}$")]
    approval_type: Option<String>,
    /// What is to be decided: any object, at most 256 KiB. It comes back untouched.
    #[schema(required, nullable = false, value_type = Object)]
    context: Option<Box<RawValue>>,
    /// What a socket is about; the run's id by default.
    task_id: Option<String>,
    session_id: Option<String>,
    job_id: Option<String>,
    /// The workflow that the run is one of: what the runs of a pipeline have in common.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,200}$")]
    workflow: Option<String>,
    #[schema(value_type = Option<ViewBody>)]
    view: Option<Object<ViewBody>>,
    /// At most 500 characters.
    title: Option<String>,
    /// At most 10,000 characters.
    description: Option<String>,
    /// 1 to 31,536,000 (a year); 300 by default.
    #[schema(minimum = 1, maximum = 31_536_000)]
    timeout_seconds: Option<i64>,
    /// What the deadline does: `expire` (default), `approve`, `reject`, or `escalate` to the next level.
    #[schema(value_type = Option<vocabulary::TimeoutAction>, example = "expire")]
    timeout_action: Option<String>,
    /// The levels above this one, at most 5: who is asked next, and for how long. Where `timeout_action` is not
    /// `escalate`, people hand it on.
    #[schema(value_type = Option<Vec<LevelBody>>)]
    escalation: Option<Vec<Object<LevelBody>>>,
    /// How many seconds before a level's deadline its approvers are reminded: at most 5 times.
    #[schema(example = json!([600, 60]))]
    remind_before_seconds: Option<Vec<i64>>,
    #[schema(value_type = Option<PolicyBody>)]
    policy: Option<Object<PolicyBody>>,
    /// `{name, state}`: kept with the request, handed back with the outcome.
    #[schema(value_type = Option<Checkpoint>)]
    checkpoint: Option<Box<RawValue>>,
    /// Any object of yours.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// A JSON Schema (2020-12) of the modifications: an approval must fit it, with `{}` where it has none. At most 16 KiB; the
    /// keywords are those of docs/typed-answers.md.
    #[schema(value_type = Option<Object>)]
    response_schema: Option<Box<RawValue>>,
    #[schema(value_type = Option<NotifyBody>)]
    notify: Option<Object<NotifyBody>>,
    /// Who may claim the action besides you, by name: at most 20.
    #[schema(example = json!(["deployer"]))]
    executors: Option<Vec<String>>,
    /// How long after the outcome it may be claimed, 1 to 31,536,000; without it there is no end.
    #[schema(minimum = 1, maximum = 31_536_000)]
    claim_within_seconds: Option<i64>,
}

impl CreateBody {
    /// What a socket is about is what its questions are about, unless they say otherwise.
    pub fn default_to(&mut self, task: &str, session: Option<&str>) {
        self.run_id.get_or_insert_with(|| task.to_owned());
        self.task_id.get_or_insert_with(|| task.to_owned());
        if self.session_id.is_none() {
            self.session_id = session.map(str::to_owned);
        }
    }
}

/// Checks the form and makes an approval of it that `caller` asks for.
///
/// `channels`: those that the workspace has.
pub fn new_approval(
    body: CreateBody,
    caller: &Caller,
    origin: Arc<Origin>,
    idempotency: Option<Idempotency>,
    channels: &[Channel],
) -> Result<NewApproval, Problem> {
    let mut check = Check::default();
    let run_id = check.required_name("/run_id", body.run_id.as_deref());
    let approval_type = check.required_name("/approval_type", body.approval_type.as_deref());
    let task_id = check.name("/task_id", body.task_id.as_deref());
    let session_id = check.name("/session_id", body.session_id.as_deref());
    let job_id = check.name("/job_id", body.job_id.as_deref());
    let workflow = check.name("/workflow", body.workflow.as_deref());
    check.text("/title", body.title.as_ref(), MAX_TITLE);
    check.text("/description", body.description.as_ref(), MAX_DESCRIPTION);
    if body.context.is_none() {
        check.fail("/context", "required", "must be given");
    }
    let context = check.object("/context", body.context);
    let view = body.view.and_then(|Object(view)| view.check(&mut check, context.as_deref()));
    let notify = body.notify.map(|Object(notify)| notify.checked(&mut check, channels)).transpose()?;
    let metadata = check.object("/metadata", body.metadata);
    let checkpoint = body.checkpoint.and_then(|it| checkpoint(&mut check, it));
    let response_schema = check.object_of("/response_schema", body.response_schema, answer_form::MAX_SIZE);
    let needs_answer = response_schema
        .as_deref()
        .is_some_and(|schema| needs_answer(&mut check, approval_type.as_ref(), schema));
    let timeout = check.range("/timeout_seconds", body.timeout_seconds, (1, MAX_TIMEOUT), DEFAULT_TIMEOUT);
    let timeout_action = timeout_action(&mut check, body.timeout_action.as_deref(), needs_answer);
    let policy = body.policy.unwrap_or_default().0;
    let mut check_membership = Vec::new();
    check_membership.extend(policy.checks_membership().then_some(0));
    let policy = policy.policy(&mut check, "/policy");
    let has_levels = body.escalation.is_some();
    let levels = escalation::levels(&mut check, body.escalation, timeout);
    check_membership.extend(levels.check_membership);
    let levels = levels.levels;
    if timeout_action == TimeoutAction::Escalate && !has_levels {
        check.fail("/timeout_action", "needs", "needs escalation");
    }
    escalation::bound(&mut check, &policy, &levels);
    let executors = executors(&mut check, body.executors.as_deref().unwrap_or_default());
    let claim_within = body.claim_within_seconds;
    check.range("/claim_within_seconds", claim_within, (1, MAX_TIMEOUT), 1);
    let remind_before = escalation::reminders(&mut check, body.remind_before_seconds.as_deref(), timeout);
    if timeout_action == TimeoutAction::Approve && !caller.allow_timeout_approve {
        let message = "the workspace does not let a timeout approve (its setting allow_timeout_approve)";
        check.fail("/timeout_action", "allowed", message);
    }
    check.finish()?;
    let asked = Asked { by: &caller.actor, on_behalf_of: caller.on_behalf_of.as_ref() };
    satisfiable(&policy, "/policy", &asked)?;
    for (index, level) in levels.iter().enumerate() {
        satisfiable(&level.policy, &policy_pointer(index + 1), &asked)?;
    }
    let unprintable = |error: serde_json::Error| Problem::new(Code::Internal, error.to_string());
    let is_stored_otherwise = has_levels || !policy.is_plain() || response_schema.is_some();
    let policy_shown = is_stored_otherwise.then(|| to_raw_value(&PolicyView::from(&policy)));
    let policy_shown = policy_shown.transpose().map_err(unprintable)?;
    let shown: Vec<LevelView<'_>> = levels.iter().map(LevelView::from).collect();
    let levels_shown = has_levels.then(|| to_raw_value(&shown)).transpose().map_err(unprintable)?;
    let missing = || Problem::new(Code::Internal, "a required field was let through");
    let run_id = run_id.ok_or_else(missing)?;
    let mut request = Request {
        task_id: task_id.unwrap_or_else(|| run_id.clone()),
        run_id,
        session_id,
        job_id,
        workflow,
        view,
        notify: notify.flatten(),
        approval_type: approval_type.ok_or_else(missing)?,
        title: body.title,
        description: body.description,
        context: context.ok_or_else(missing)?,
        response_schema,
        checkpoint,
        metadata: match metadata {
            Some(metadata) => metadata,
            None => RawValue::from_string("{}".to_owned()).map_err(|_| missing())?,
        },
        timeout_action,
        remind_before,
        executors,
        claim_within_seconds: claim_within.and_then(|seconds| u32::try_from(seconds).ok()),
    };
    if let Some(redactor) = &caller.redactor {
        redact(&mut request, redactor)?;
    }
    Ok(NewApproval {
        id: ApprovalId::generate(),
        workspace: caller.workspace,
        request,
        digest: None,
        policy,
        levels,
        levels_shown,
        policy_shown,
        check_membership,
        requested_by: caller.actor.clone(),
        timeout_seconds: u32::try_from(timeout).map_err(|_| missing())?,
        idempotency,
        origin,
    })
}

/// Who may claim what was approved; each name once.
fn executors(check: &mut Check, names: &[String]) -> Vec<PrincipalName> {
    if names.len() > MAX_EXECUTORS {
        check.fail("/executors", "max_items", format!("must name at most {MAX_EXECUTORS}"));
        return Vec::new();
    }
    let mut executors = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match PrincipalName::new(name) {
            Ok(name) if executors.contains(&name) => {}
            Ok(name) => executors.push(name),
            Err(error) => check.fail(format!("/executors/{index}"), "name", error.to_string()),
        }
    }
    executors
}

fn timeout_action(check: &mut Check, word: Option<&str>, needs_answer: bool) -> TimeoutAction {
    let action = match word.map(TimeoutAction::from_word) {
        None => TimeoutAction::default(),
        Some(Some(action)) => action,
        Some(None) => {
            check.fail("/timeout_action", "choice", "must be expire, approve, reject or escalate");
            TimeoutAction::default()
        }
    };
    if action == TimeoutAction::Approve && needs_answer {
        let message = "can't be approve: response_schema wants an answer, and a deadline gives none";
        check.fail("/timeout_action", "exclusive", message);
    }
    action
}

/// Whether an approval without modifications doesn't fit. What is wrong with the schema is told.
fn needs_answer(check: &mut Check, approval_type: Option<&CallerName>, schema: &RawValue) -> bool {
    // That was told.
    if !schema.get().starts_with('{') || schema.get().len() > answer_form::MAX_SIZE {
        return false;
    }
    match answer_form::check(schema, approval_type) {
        Ok(needs_answer) => needs_answer,
        Err(faults) => {
            for Fault { pointer, rule, message } in faults {
                check.fail(format!("/response_schema{pointer}"), rule, message);
            }
            false
        }
    }
}

/// Takes out what the workspace doesn't want stored. What is put in its place may be longer than that was.
fn redact(request: &mut Request, redactor: &Redactor) -> Result<(), Problem> {
    let clean = |text: &mut Option<String>, most: usize| {
        *text = text.take().map(|text| redactor.text(&text).chars().take(most).collect());
    };
    clean(&mut request.title, MAX_TITLE);
    clean(&mut request.description, MAX_DESCRIPTION);
    let mut check = Check::default();
    if let Some(context) = check.object("/context", Some(redactor.raw(&request.context))) {
        request.context = context;
    }
    check.finish()
}

/// What may keep a new approval from being decided: too few of the named approvers are there. They may come, so it is
/// no error. `present`: how many are there.
pub fn warnings(policy: &Policy, present: Option<u32>) -> Vec<Violation> {
    let Some(present) = present.filter(|present| *present < policy.needed()) else { return Vec::new() };
    let message = if present == 0 {
        "names only people who are unknown here, or disabled; it stays undecided until one of them is there"
            .to_owned()
    } else {
        let needed = policy.needed();
        format!(
            "takes {needed} approvals, and only {present} of those it names are known here and not disabled"
        )
    };
    vec![Violation::new("/policy/allowed_approvers", "present", message)]
}

fn checkpoint(check: &mut Check, json: Box<RawValue>) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is checked")]
    struct Shape<'a> {
        name: String,
        #[serde(borrow)]
        state: &'a RawValue,
    }
    let json = check.object("/checkpoint", Some(json))?;
    if let Err(error) = serde_json::from_str::<Shape<'_>>(json.get()) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        check.fail("/checkpoint", "shape", format!("must be {{name, state}}: {message}"));
    }
    Some(json)
}
