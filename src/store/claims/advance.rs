//! What becomes of a claim that was made: it is renewed, released or completed, in one statement with its record.

use sqlx::PgConnection;

use super::{Row, corrupt};
use crate::{
    domain::{
        claim::{Claim, Holder, STATES, Step},
        credential::Origin,
        event::TaskKey,
        ids::{ApprovalId, WorkspaceId},
        names::{CallerName, PrincipalName},
        policy::Actor,
    },
    store::{Error, changes::sha256},
};

/// Changes a claim that has not ended, and says which task is told. Nothing: there is none, or it is another's.
#[expect(clippy::too_many_lines, reason = "it is one statement, for one commit")]
pub async fn advance(
    conn: &mut PgConnection,
    (workspace, approval): (WorkspaceId, ApprovalId),
    by: &Actor,
    holder: &Holder,
    step: &Step,
    origin: &Origin,
) -> Result<Option<(Claim, TaskKey)>, Error> {
    let (lease, receipt) = match step {
        Step::Renew { lease_seconds, receipt_seconds } => (*lease_seconds, *receipt_seconds),
        _ => (None, None),
    };
    let (action, state, reason) = match step {
        Step::Renew { .. } => ("approval.claim_renewed", STATES[0], None),
        Step::Release { reason } => ("approval.claim_released", STATES[1], reason.as_deref()),
        Step::Complete { .. } => ("approval.completed", STATES[2], None),
    };
    let (renews, releases) = (matches!(step, Step::Renew { .. }), matches!(step, Step::Release { .. }));
    let (key, fence) = match holder {
        Holder::Executor { key, fence } => (Some(key.as_str()), Some(*fence)),
        Holder::Anyone { fence } => (None, *fence),
    };
    let (outcome, detail) = match step {
        Step::Complete { outcome, detail } => (Some(outcome.as_str()), detail.as_deref()),
        _ => (None, None),
    };
    let Origin { credential, on_behalf_of, address, user_agent, request_id } = origin;
    let row = sqlx::query_as!(
        Row,
        r#"
        WITH changed AS (
            UPDATE approval_claims c
               SET renewed_at = CASE WHEN $3 THEN clock_timestamp() ELSE c.renewed_at END,
                   renewals = c.renewals + $3::boolean::integer,
                   lease_seconds = CASE WHEN c.lease_seconds IS NOT NULL THEN coalesce($4, c.lease_seconds) END,
                   receipt_seconds = coalesce($5, c.receipt_seconds),
                   released_at = CASE WHEN $19 THEN clock_timestamp() END,
                   completed_at = CASE WHEN $7::text IS NOT NULL THEN clock_timestamp() END,
                   outcome = $7, detail = $8
             WHERE c.approval_id = $1 AND c.workspace_id = $2 AND c.released_at IS NULL AND c.completed_at IS NULL
               AND ($9::text IS NULL OR c.key = $9 AND c.principal_id = $10)
               AND ($11::bigint IS NULL OR c.fence = $11)
            RETURNING c.approval_id, c.workspace_id, c.id, c.fence, c.key, c.principal_id, c.principal_name,
                   c.claimed_at, c.renewed_at, c.renewals, c.lease_seconds, c.audience, c.receipt_seconds,
                   c.released_at, c.completed_at, c.outcome, c.detail, clock_timestamp() AS now
        ), told AS MATERIALIZED (
            SELECT c.id, c.fence, c.outcome, c.detail, c.now AS at, a.id AS approval_id, a.workspace_id, a.run_id,
                   a.session_id, a.task_id, a.approval_type
              FROM changed c JOIN approval_requests a ON a.id = c.approval_id
        ), records AS (
            INSERT INTO audit_log (workspace_id, at, action, approval_id, run_id, actor_id, actor_name,
                   on_behalf_of, via, credential, address, user_agent, request_id, before, after, detail)
            SELECT t.workspace_id, t.at, $6, t.approval_id, t.run_id, $10, $12, $13, 'human', $14, $15, $16, $17,
                   json_build_object('state', 'claimed', 'fence', t.fence),
                   json_build_object('state', $20::text, 'fence', t.fence),
                   json_strip_nulls(json_build_object('claim_id', t.id, 'outcome', t.outcome, 'reason_sha256', $18::text,
                       'detail_sha256', encode(sha256(convert_to(t.detail, 'UTF8')), 'hex')))
              FROM told t
        ), heads AS (
            INSERT INTO tasks AS h (workspace_id, task_id, run_id, session_id, start, last_seq, added, used)
            SELECT t.workspace_id, t.task_id, t.run_id, t.session_id, s.start, s.start + 1, 1, true
              FROM told t CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             WHERE t.outcome IS NOT NULL
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET last_seq = h.last_seq + 1, added = 1, used = true
            RETURNING last_seq
        ), events AS (
            INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, session_id, data, size,
                   created_at)
            SELECT e.workspace_id, e.task_id, e.last_seq, 'approval_completed', e.run_id, e.session_id, e.data,
                   octet_length(e.data::text), clock_timestamp()
              FROM (SELECT t.workspace_id, t.task_id, t.run_id, t.session_id, h.last_seq,
                           json_build_object(
                               'approval_id', t.approval_id, 'approval_type', t.approval_type, 'claim_id', t.id,
                               'fence', t.fence, 'outcome', t.outcome, 'detail', t.detail, 'completed_by', $12::text,
                               'completed_at',
                               to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS data
                      FROM told t CROSS JOIN heads h) e
        )
        SELECT c.approval_id AS "approval_id!", c.workspace_id AS "workspace_id!", c.id AS "id!", c.fence AS "fence!",
               c.key AS "key!", c.principal_id AS "principal_id!", c.principal_name AS "principal_name!",
               c.claimed_at AS "claimed_at!", c.renewed_at, c.renewals AS "renewals!", c.lease_seconds, c.audience,
               c.receipt_seconds AS "receipt_seconds!", c.released_at, c.completed_at, c.outcome, c.detail,
               t.task_id AS "task_id!", c.now AS "now!"
          FROM changed c JOIN told t ON t.id = c.id
        "#,
        approval.0,
        workspace.0,
        renews,
        lease.and_then(|seconds| i32::try_from(seconds).ok()),
        receipt.and_then(|seconds| i32::try_from(seconds).ok()),
        action,
        outcome,
        detail,
        key,
        by.id.0,
        fence,
        by.name.as_str(),
        on_behalf_of.as_ref().map(PrincipalName::as_str),
        credential.as_deref(),
        address.map(|it| it.to_string()),
        user_agent.as_deref(),
        request_id.as_deref(),
        reason.map(sha256),
        releases,
        state,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let task =
            CallerName::stored(&row.task_id).map_err(|_| corrupt(row.approval_id, "a name is malformed"))?;
        let key = TaskKey { workspace: WorkspaceId(row.workspace_id), task };
        Ok((Claim::try_from(row)?, key))
    })
    .transpose()
}
