//! New approvals, with the run and session that they name for the first time, their idempotency keys, records and
//! events: one statement for a whole batch, all or none for each approval.
//!
//! What it does not write (a key that is taken, a run that was deleted or is locked) it leaves out; the
//! caller then takes that one singly, where [`super::obstacles`] tells why.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Error, bytea,
    changes::sha256,
    escalation::StoredLevel,
    json,
    origin::OriginRow,
    policy::{self, StoredPolicy},
};
use crate::domain::{
    approval::{NewApproval, Opaque},
    ids::ApprovalId,
    names::{CallerName, PrincipalName},
    policy::Names,
};

/// When an approval was made, and when it ends.
#[derive(Debug, Clone, Copy)]
pub struct Created {
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// How many of the named approvers are known, not disabled, and may approve it. `None` where none is named, or so
    /// many that they aren't looked for.
    pub present: Option<u32>,
}

/// Where a policy names more people, none of them is looked for.
const LOOKED_FOR: usize = 100;

#[derive(Serialize)]
struct Row<'a> {
    id: Uuid,
    workspace_id: Uuid,
    run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    task_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<&'a Opaque>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notify: Option<&'a Opaque>,
    approval_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    context: &'a Opaque,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_schema: Option<&'a Opaque>,
    policy: StoredPolicy,
    /// For the record, where it is stored in another form than it is shown in.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_shown: Option<&'a Opaque>,
    /// Not of what names people at most: the policy's own list says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvers: Option<Vec<String>>,
    /// By whom one vote decides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    one_vote_by: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalation: Option<Vec<StoredLevel>>,
    /// The people whom it names, where the policy is stored in another form than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    named: Option<&'a Names>,
    #[serde(skip_serializing_if = "Option::is_none")]
    levels_shown: Option<&'a Opaque>,
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    remind_before: &'a [u32],
    /// The first of them, which is the longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    remind_first: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    executors: Option<&'a [PrincipalName]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim_within_seconds: Option<u32>,
    timeout_action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<&'a Opaque>,
    metadata: &'a Opaque,
    requested_by: Uuid,
    requested_by_name: &'a str,
    timeout_seconds: u32,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning_hash: Option<String>,
    #[serde(flatten)]
    origin: OriginRow<'a>,
    context_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description_sha256: Option<String>,
    metadata_sha256: String,
}

impl<'a> From<&'a NewApproval> for Row<'a> {
    fn from(new: &'a NewApproval) -> Self {
        let request = &new.request;
        Self {
            id: new.id.0,
            workspace_id: new.workspace.0,
            run_id: request.run_id.as_str(),
            session_id: request.session_id.as_ref().map(CallerName::as_str),
            task_id: request.task_id.as_str(),
            job_id: request.job_id.as_ref().map(CallerName::as_str),
            workflow: request.workflow.as_ref().map(CallerName::as_str),
            view: request.view.as_ref(),
            notify: request.notify.as_ref(),
            approval_type: request.approval_type.as_str(),
            title: request.title.as_deref(),
            description: request.description.as_deref(),
            context: &request.context,
            digest: new.digest.map(|it| bytea(it.bytes())),
            response_schema: request.response_schema.as_ref(),
            policy: match new.levels.as_slice() {
                _ if request.response_schema.is_some() => StoredPolicy::typed(&new.policy),
                [] => StoredPolicy::from(&new.policy),
                _ => StoredPolicy::closed(&new.policy),
            },
            policy_shown: new.policy_shown.as_ref(),
            approvers: (!new.is_plain()).then(|| policy::approvers(&new.policy)),
            // With levels above it, votes of several levels may stand. An answer has to be looked at.
            one_vote_by: new
                .policy
                .one_vote_by()
                .filter(|who| {
                    let is_alone = new.levels.is_empty() && request.response_schema.is_none();
                    is_alone && who.names().count() <= LOOKED_FOR
                })
                .map(|who| who.each().map(|selector| selector.to_string()).collect()),
            escalation: (!new.levels.is_empty()).then(|| new.levels.iter().map(StoredLevel::from).collect()),
            named: new.policy.plain_names().filter(|names| !new.is_plain() && names.len() <= LOOKED_FOR),
            levels_shown: new.levels_shown.as_ref(),
            remind_before: &request.remind_before,
            remind_first: request.remind_before.first().copied(),
            executors: Some(&*request.executors).filter(|names| !names.is_empty()),
            claim_within_seconds: request.claim_within_seconds,
            timeout_action: request.timeout_action.as_str(),
            checkpoint: request.checkpoint.as_ref(),
            metadata: &request.metadata,
            requested_by: new.requested_by.id.0,
            requested_by_name: new.requested_by.name.as_str(),
            timeout_seconds: new.timeout_seconds,
            size: new.size(),
            idempotency_key: new.idempotency.as_ref().map(|it| it.key.as_str()),
            body_hash: new.idempotency.as_ref().map(|it| bytea(&it.as_sent)),
            meaning_hash: new.idempotency.as_ref().map(|it| bytea(&it.meaning)),
            origin: OriginRow::from(&*new.origin),
            context_sha256: sha256(request.context.get()),
            title_sha256: request.title.as_deref().map(sha256),
            description_sha256: request.description.as_deref().map(sha256),
            metadata_sha256: sha256(request.metadata.get()),
        }
    }
}

/// Inserts a batch; answers for those that were inserted.
///
/// Rows are taken in a fixed order where they could meet another batch's (runs, keys, then tasks), so that two
/// batches wait for each other at most, and never in a circle. Runs are locked against deletion (`KEY SHARE`).
#[expect(clippy::too_many_lines, reason = "it is one statement, for one commit")]
pub async fn insert(
    conn: &mut PgConnection,
    batch: &[&NewApproval],
) -> Result<HashMap<ApprovalId, Created>, Error> {
    let rows: Vec<Row<'_>> = batch.iter().map(|new| Row::from(*new)).collect();
    let created = sqlx::query!(
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.id, x.workspace_id, x.run_id, x.session_id, x.task_id, x.job_id, x.workflow, x.view,
                   x.notify, x.approval_type, x.title,
                   x.description, x.context, x.digest, x.response_schema, x.policy, x.policy_shown, x.approvers, x.one_vote_by, x.escalation, x.named, x.levels_shown,
                   x.remind_before, x.remind_first, x.executors, x.claim_within_seconds, x.timeout_action, x.checkpoint, x.metadata, x.requested_by,
                   x.requested_by_name, x.timeout_seconds, x.size, x.idempotency_key, x.body_hash, x.meaning_hash, x.on_behalf_of,
                   x.credential, x.address, x.user_agent, x.request_id, x.context_sha256,
                   x.title_sha256, x.description_sha256, x.metadata_sha256
              FROM json_to_recordset($1::text::json) AS x(
                   id uuid, workspace_id uuid, run_id text, session_id text, task_id text, job_id text, workflow text, view json, notify json,
                   approval_type text, title text, description text, context json, digest bytea, response_schema json, policy jsonb,
                   policy_shown json, approvers text[], one_vote_by text[], escalation jsonb, named text[], levels_shown json, remind_before integer[], remind_first integer,
                   executors text[], claim_within_seconds integer,
                   timeout_action text, checkpoint json, metadata json, requested_by uuid,
                   requested_by_name text, timeout_seconds integer, size integer, idempotency_key text, body_hash bytea, meaning_hash bytea,
                   on_behalf_of text, credential text, address text, user_agent text, request_id text,
                   context_sha256 text, title_sha256 text, description_sha256 text, metadata_sha256 text)
        ), known_runs AS MATERIALIZED (
            SELECT r.workspace_id, r.id
              FROM workflow_runs r
             WHERE (r.workspace_id, r.id) IN (SELECT i.workspace_id, i.run_id FROM input i)
               AND r.deleted_at IS NULL
             ORDER BY r.workspace_id, r.id
               FOR KEY SHARE SKIP LOCKED
        ), new_runs AS (
            INSERT INTO workflow_runs (workspace_id, id)
            SELECT DISTINCT i.workspace_id, i.run_id
              FROM input i
             WHERE NOT EXISTS (SELECT FROM known_runs k WHERE k.workspace_id = i.workspace_id AND k.id = i.run_id)
             ORDER BY i.workspace_id, i.run_id
            ON CONFLICT DO NOTHING
            RETURNING workspace_id, id
        ), new_sessions AS (
            INSERT INTO sessions (workspace_id, id)
            SELECT DISTINCT i.workspace_id, i.session_id
              FROM input i
             WHERE i.session_id IS NOT NULL
               AND NOT EXISTS (
                   SELECT FROM sessions s WHERE s.workspace_id = i.workspace_id AND s.id = i.session_id)
             ORDER BY i.workspace_id, i.session_id
            ON CONFLICT DO NOTHING
        ), usable AS MATERIALIZED (
            SELECT i.id, i.workspace_id, i.requested_by, i.idempotency_key, i.body_hash, i.meaning_hash
              FROM input i
              JOIN (SELECT workspace_id, id FROM known_runs UNION ALL SELECT workspace_id, id FROM new_runs) r
                ON r.workspace_id = i.workspace_id AND r.id = i.run_id
        ), new_keys AS (
            INSERT INTO idempotency_keys (workspace_id, principal_id, key, body_hash, meaning_hash, approval_id)
            SELECT u.workspace_id, u.requested_by, u.idempotency_key, u.body_hash, u.meaning_hash, u.id
              FROM usable u
             WHERE u.idempotency_key IS NOT NULL
             ORDER BY u.workspace_id, u.requested_by, u.idempotency_key
            ON CONFLICT DO NOTHING
            RETURNING approval_id
        ), stamped AS MATERIALIZED (
            SELECT u.id, clock_timestamp() AS at
              FROM usable u
             WHERE u.idempotency_key IS NULL OR u.id IN (SELECT k.approval_id FROM new_keys k)
        ), created AS (
            INSERT INTO approval_requests (id, workspace_id, run_id, session_id, task_id, job_id, workflow, view, notify, approval_type,
                   title, description, context, digest, response_schema, policy, approvers, one_vote_by, escalation, remind_before, remind_at, executors, claim_within_seconds,
                   timeout_action, checkpoint, metadata, requested_by, requested_by_name, on_behalf_of, created_at,
                   updated_at, expires_at, size)
            SELECT i.id, i.workspace_id, i.run_id, i.session_id, i.task_id, i.job_id, i.workflow, i.view, i.notify, i.approval_type, i.title,
                   i.description, i.context, i.digest, i.response_schema, i.policy, i.approvers, i.one_vote_by, i.escalation, i.remind_before,
                   s.at + make_interval(secs => i.timeout_seconds - i.remind_first), i.executors, i.claim_within_seconds,
                   i.timeout_action, i.checkpoint, i.metadata, i.requested_by, i.requested_by_name, i.on_behalf_of,
                   s.at, s.at, s.at + make_interval(secs => i.timeout_seconds), i.size
              FROM stamped s JOIN input i ON i.id = s.id
            RETURNING id, workspace_id, created_at, expires_at
        ), causes AS (
            INSERT INTO notification_causes (due_at, workspace_id, approval_id, cause, level, version)
            SELECT c.created_at, c.workspace_id, c.id, 'requested', 0, 1 FROM created c
        ), records AS (
            INSERT INTO audit_log (workspace_id, at, action, approval_id, run_id, actor_id, actor_name,
                   on_behalf_of, via, credential, address, user_agent, request_id, after, detail)
            SELECT c.workspace_id, c.created_at, 'approval.requested', c.id, i.run_id, i.requested_by,
                   i.requested_by_name, i.on_behalf_of, 'human', i.credential, i.address, i.user_agent, i.request_id,
                   json_build_object('status', 'pending', 'resolution', NULL, 'version', 1),
                   json_build_object('approval_type', i.approval_type, 'digest', 'sha256:' || encode(i.digest, 'hex'), 'expires_at', to_char(
                           c.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                       'timeout_action', i.timeout_action, 'policy', coalesce(i.policy_shown, i.policy::json),
                       'escalation', i.levels_shown, 'workflow', i.workflow, 'view', i.view, 'notify', i.notify, 'executors', i.executors, 'claim_within_seconds', i.claim_within_seconds, 'context_sha256', i.context_sha256,
                       'title_sha256', i.title_sha256, 'description_sha256', i.description_sha256,
                       'metadata_sha256', i.metadata_sha256)
              FROM created c JOIN input i ON i.id = c.id
        ), per_task AS (
            SELECT c.workspace_id, i.task_id, count(*)::integer AS n, max(i.run_id) AS run_id,
                   max(i.session_id) AS session_id, (array_agg(c.id ORDER BY c.id))[1] AS first
              FROM created c JOIN input i ON i.id = c.id
             GROUP BY c.workspace_id, i.task_id
        ), heads AS (
            INSERT INTO tasks AS t (workspace_id, task_id, run_id, session_id, start, last_seq, added, pending, used)
            SELECT p.workspace_id, p.task_id, p.run_id, p.session_id, s.start, s.start + p.n + 1, p.n + 1, p.n, true
              FROM per_task p CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             ORDER BY p.workspace_id, p.task_id
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET last_seq = t.last_seq + excluded.pending + (t.pending = 0)::integer,
                   added = excluded.pending + (t.pending = 0)::integer,
                   pending = t.pending + excluded.pending, used = true, run_id = excluded.run_id,
                   session_id = excluded.session_id
            RETURNING workspace_id, task_id, last_seq, last_seq - added AS before, added, pending
        ), events AS (
            INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, session_id, data, size,
                   created_at)
            SELECT e.workspace_id, e.task_id, e.seq, e.event_type, e.run_id, e.session_id, e.data,
                   octet_length(e.data::text), clock_timestamp()
              FROM (SELECT h.workspace_id, h.task_id,
                           h.before + row_number() OVER (PARTITION BY h.workspace_id, h.task_id ORDER BY c.id) AS seq,
                           'approval_requested' AS event_type, i.run_id, i.session_id,
                           json_build_object(
                               'approval_id', c.id, 'run_id', i.run_id, 'session_id', i.session_id,
                               'task_id', i.task_id, 'job_id', i.job_id, 'approval_type', i.approval_type,
                               'title', i.title, 'requested_by', i.requested_by_name, 'version', 1,
                               'created_at', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                               'expires_at', to_char(c.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS data
                      FROM heads h
                      JOIN input i ON i.workspace_id = h.workspace_id AND i.task_id = h.task_id
                      JOIN created c ON c.id = i.id
                    UNION ALL
                    SELECT h.workspace_id, h.task_id, h.last_seq, 'workflow_paused', p.run_id, p.session_id,
                           json_build_object('approval_id', p.first, 'pending', h.pending)
                      FROM heads h
                      JOIN per_task p ON p.workspace_id = h.workspace_id AND p.task_id = h.task_id
                     WHERE h.added > p.n) e
        )
        SELECT c.id AS "id!", c.created_at AS "created_at!", c.expires_at AS "expires_at!",
               CASE WHEN i.named IS NOT NULL OR i.policy -> 'form' IS NULL
                         AND jsonb_array_length(i.policy -> 'allowed_approvers') <= $2 THEN (
                   SELECT count(*)
                     FROM (SELECT unnest(i.named) AS name
                           UNION ALL SELECT jsonb_array_elements_text(i.policy -> 'allowed_approvers')) named
                    WHERE (named.name <> i.requested_by_name OR (i.policy ->> 'allow_self_approval')::boolean)
                      AND (SELECT p.disabled_at IS NULL FROM principals p
                            WHERE p.workspace_id = i.workspace_id AND p.name = named.name)) END AS present
          FROM created c JOIN input i ON i.id = c.id
        "#,
        json(&rows)?,
        i32::try_from(LOOKED_FOR).unwrap_or(i32::MAX),
    )
    .fetch_all(conn)
    .await?;
    Ok(created
        .into_iter()
        .map(|row| {
            let present = row.present.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            let created = Created { at: row.created_at, expires_at: row.expires_at, present };
            (ApprovalId(row.id), created)
        })
        .collect())
}
