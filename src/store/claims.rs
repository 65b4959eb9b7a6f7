//! Claims of approved actions: one row for an approval, which the first takes, and another one only when it is free.
//!
//! Whether a claim is free is asked when its row is locked: Postgres looks at the condition of `ON CONFLICT DO UPDATE`
//! after it has waited for the lock, and reads the clock then. What a claim rests on never changes once the approval has
//! ended, so the approval is read without a lock. The foreign key locks it against being deleted. That comes last, after the
//! task: a statement that has the approval and wants the task waits, at most until the lock's time-out.

mod advance;
mod ground;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::{advance::advance, ground::grounds};
use super::{Error, json, origin::OriginRow};
use crate::domain::{
    claim::{Claim, Completion, End, NewClaim},
    credential::Origin,
    event::TaskKey,
    ids::{ApprovalId, ClaimId, PrincipalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::Actor,
};

/// What became of one.
#[derive(Debug)]
pub struct Attempt {
    /// Which one of those that were asked for.
    pub index: usize,
    /// Whether people approved what is asked.
    pub is_approved: bool,
    /// Whether the caller is one of those who may act on it.
    pub is_eligible: bool,
    /// Whether its time to be claimed was over.
    pub is_late: bool,
    /// The claim, where it was got, and the task that is told.
    pub got: Option<(Claim, TaskKey)>,
}

#[derive(Serialize)]
struct NewRow<'a> {
    n: usize,
    id: Uuid,
    workspace_id: Uuid,
    approval_id: Uuid,
    by: Uuid,
    by_name: &'a str,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    receipt_seconds: u32,
    #[serde(flatten)]
    origin: OriginRow<'a>,
}

/// Makes claims; answers for those whose approvals are there. One that was not got is another
/// executor's, or was made by an earlier call: [`find`] tells.
#[expect(clippy::too_many_lines, reason = "it is one statement, for one commit")]
pub async fn claim(conn: &mut PgConnection, claims: &[(&NewClaim, &Origin)]) -> Result<Vec<Attempt>, Error> {
    let rows: Vec<NewRow<'_>> = claims
        .iter()
        .enumerate()
        .map(|(n, (claim, origin))| NewRow {
            n,
            id: claim.id.0,
            workspace_id: claim.workspace.0,
            approval_id: claim.approval.0,
            by: claim.by.id.0,
            by_name: claim.by.name.as_str(),
            key: &claim.key,
            lease_seconds: claim.lease_seconds,
            audience: claim.audience.as_deref(),
            receipt_seconds: claim.receipt_seconds,
            origin: OriginRow::from(*origin),
        })
        .collect();
    let attempts = sqlx::query!(
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.n, x.id, x.workspace_id, x.approval_id, x.by, x.by_name, x.key, x.lease_seconds, x.audience,
                   x.receipt_seconds, x.on_behalf_of, x.credential, x.address, x.user_agent, x.request_id
              FROM json_to_recordset($1::text::json) AS x(
                   n integer, id uuid, workspace_id uuid, approval_id uuid, by uuid, by_name text, key text,
                   lease_seconds integer, audience text, receipt_seconds integer, on_behalf_of text,
                   credential text, address text, user_agent text, request_id text)
        ), found AS MATERIALIZED (
            SELECT i.n, i.id, a.id AS approval_id, a.workspace_id, a.run_id, a.session_id, a.task_id, a.approval_type,
                   coalesce(a.resolution IN ('approved', 'modified'), false) AS approved,
                   a.requested_by = i.by OR coalesce(i.by_name = ANY (a.executors), false) AS eligible,
                   a.resolved_at + make_interval(secs => a.claim_within_seconds) AS until
              FROM input i JOIN approval_requests a ON a.id = i.approval_id AND a.workspace_id = i.workspace_id
        ), claimed AS (
            INSERT INTO approval_claims AS c (approval_id, workspace_id, id, fence, key, principal_id, principal_name,
                   claimed_at, lease_seconds, claimable_until, audience, receipt_seconds)
            SELECT DISTINCT ON (f.approval_id) f.approval_id, f.workspace_id, i.id, 1, i.key, i.by, i.by_name,
                   clock_timestamp(), i.lease_seconds, f.until, i.audience, i.receipt_seconds
              FROM found f JOIN input i ON i.n = f.n
             WHERE f.approved AND f.eligible AND (f.until IS NULL OR f.until > clock_timestamp())
             ORDER BY f.approval_id, f.n
            ON CONFLICT (approval_id) DO UPDATE
               SET id = excluded.id, fence = c.fence + 1, key = excluded.key, principal_id = excluded.principal_id,
                   principal_name = excluded.principal_name, claimed_at = clock_timestamp(), renewed_at = NULL,
                   renewals = 0, lease_seconds = excluded.lease_seconds, audience = excluded.audience,
                   receipt_seconds = excluded.receipt_seconds, released_at = NULL
             WHERE c.completed_at IS NULL
               AND (c.released_at IS NOT NULL
                    OR coalesce(c.renewed_at, c.claimed_at) + make_interval(secs => c.lease_seconds)
                       <= clock_timestamp())
               AND (c.claimable_until IS NULL OR c.claimable_until > clock_timestamp())
            RETURNING id, fence, claimed_at
        ), won AS MATERIALIZED (
            SELECT c.id, c.fence, c.claimed_at AS at, f.n, f.approval_id, f.workspace_id, f.run_id, f.session_id,
                   f.task_id, f.approval_type
              FROM claimed c JOIN found f ON f.id = c.id
        ), records AS (
            INSERT INTO audit_log (workspace_id, at, action, approval_id, run_id, actor_id, actor_name,
                   on_behalf_of, via, credential, address, user_agent, request_id, after, detail)
            SELECT w.workspace_id, w.at, 'approval.claimed', w.approval_id, w.run_id, i.by, i.by_name, i.on_behalf_of,
                   'human', i.credential, i.address, i.user_agent, i.request_id,
                   json_build_object('state', 'claimed', 'fence', w.fence),
                   json_build_object('claim_id', w.id, 'lease_seconds', i.lease_seconds,
                       'receipt_seconds', i.receipt_seconds,
                       'key_sha256', encode(sha256(convert_to(i.key, 'UTF8')), 'hex'),
                       'audience_sha256', encode(sha256(convert_to(i.audience, 'UTF8')), 'hex'))
              FROM won w JOIN input i ON i.n = w.n
        ), per_task AS (
            SELECT w.workspace_id, w.task_id, count(*)::integer AS n, max(w.run_id) AS run_id,
                   max(w.session_id) AS session_id
              FROM won w
             GROUP BY w.workspace_id, w.task_id
        ), heads AS (
            INSERT INTO tasks AS t (workspace_id, task_id, run_id, session_id, start, last_seq, added, used)
            SELECT p.workspace_id, p.task_id, p.run_id, p.session_id, s.start, s.start + p.n, p.n, true
              FROM per_task p CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             ORDER BY p.workspace_id, p.task_id
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET last_seq = t.last_seq + excluded.added, added = excluded.added, used = true
            RETURNING workspace_id, task_id, last_seq - added AS before
        ), events AS (
            INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, session_id, data, size,
                   created_at)
            SELECT e.workspace_id, e.task_id, e.seq, 'approval_claimed', e.run_id, e.session_id, e.data,
                   octet_length(e.data::text), clock_timestamp()
              FROM (SELECT h.workspace_id, h.task_id,
                           h.before + row_number() OVER (PARTITION BY h.workspace_id, h.task_id ORDER BY w.n) AS seq,
                           w.run_id, w.session_id,
                           json_build_object(
                               'approval_id', w.approval_id, 'approval_type', w.approval_type, 'claim_id', w.id,
                               'fence', w.fence, 'claimed_by', i.by_name, 'lease_seconds', i.lease_seconds,
                               'claimed_at', to_char(w.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS data
                      FROM heads h
                      JOIN won w ON w.workspace_id = h.workspace_id AND w.task_id = h.task_id
                      JOIN input i ON i.n = w.n) e
        )
        SELECT f.n AS "n!", f.approved AS "approved!", f.eligible AS "eligible!",
               coalesce(f.until <= clock_timestamp(), false) AS "late!", f.task_id AS "task_id!",
               w.fence AS "fence?", w.at AS "at?"
          FROM found f LEFT JOIN won w ON w.n = f.n
        "#,
        json(&rows)?,
    )
    .fetch_all(conn)
    .await?;
    let attempts = attempts.into_iter().filter_map(|row| {
        let index = usize::try_from(row.n).ok()?;
        let (new, _) = claims.get(index)?;
        let task = CallerName::stored(&row.task_id).ok()?;
        let got = row
            .fence
            .zip(row.at)
            .map(|(fence, at)| (made(new, fence, at), TaskKey { workspace: new.workspace, task }));
        let (is_approved, is_eligible, is_late) = (row.approved, row.eligible, row.late);
        Some(Attempt { index, is_approved, is_eligible, is_late, got })
    });
    Ok(attempts.collect())
}

/// Whether the approval was deleted while it was claimed.
pub fn is_gone(error: &Error) -> bool {
    let Error::Refused(sqlx::Error::Database(error)) = error else { return false };
    error.is_foreign_key_violation()
}

fn made(new: &NewClaim, fence: i64, at: DateTime<Utc>) -> Claim {
    Claim {
        approval: new.approval,
        workspace: new.workspace,
        id: new.id,
        fence,
        key: new.key.clone(),
        by: new.by.clone(),
        claimed_at: at,
        renewed_at: None,
        renewals: 0,
        lease_seconds: new.lease_seconds,
        audience: new.audience.clone(),
        receipt_seconds: new.receipt_seconds,
        end: None,
    }
}

/// A claim as the database has it.
struct Row {
    approval_id: Uuid,
    workspace_id: Uuid,
    id: Uuid,
    fence: i64,
    key: String,
    principal_id: Uuid,
    principal_name: String,
    claimed_at: DateTime<Utc>,
    renewed_at: Option<DateTime<Utc>>,
    renewals: i32,
    lease_seconds: Option<i32>,
    audience: Option<String>,
    receipt_seconds: i32,
    released_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    detail: Option<String>,
    task_id: String,
    now: DateTime<Utc>,
}

/// A claim, and the database's clock when it was read.
#[derive(Debug, Clone)]
pub struct Found {
    pub claim: Claim,
    pub now: DateTime<Utc>,
}

/// The claims of these approvals.
pub async fn find(conn: &mut PgConnection, approvals: &[ApprovalId]) -> Result<Vec<Found>, Error> {
    let ids: Vec<Uuid> = approvals.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT c.approval_id, c.workspace_id, c.id, c.fence, c.key, c.principal_id, c.principal_name, c.claimed_at,
                  c.renewed_at, c.renewals, c.lease_seconds, c.audience, c.receipt_seconds, c.released_at,
                  c.completed_at, c.outcome, c.detail, '' AS "task_id!", clock_timestamp() AS "now!"
             FROM approval_claims c WHERE c.approval_id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let now = row.now;
            Ok(Found { claim: Claim::try_from(row)?, now })
        })
        .collect()
}

fn corrupt(approval: Uuid, what: &str) -> Error {
    Error::Corrupt { table: "approval_claims", id: approval.to_string(), what: what.to_owned() }
}

fn actor(approval: Uuid, id: Uuid, name: &str) -> Result<Actor, Error> {
    let name = PrincipalName::stored(name).map_err(|_| corrupt(approval, "a name is malformed"))?;
    Ok(Actor { id: PrincipalId(id), name })
}

impl TryFrom<Row> for Claim {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let seconds = |number: i32| u32::try_from(number).unwrap_or(0);
        let end = match (row.released_at, row.completed_at) {
            (Some(at), _) => Some(End::Released { at }),
            (None, Some(at)) => {
                let outcome = row.outcome.as_deref().and_then(Completion::from_word);
                let outcome = outcome.ok_or_else(|| corrupt(row.approval_id, "it has no outcome"))?;
                Some(End::Completed { at, outcome, detail: row.detail })
            }
            (None, None) => None,
        };
        Ok(Self {
            approval: ApprovalId(row.approval_id),
            workspace: WorkspaceId(row.workspace_id),
            id: ClaimId(row.id),
            fence: row.fence,
            key: row.key,
            by: actor(row.approval_id, row.principal_id, &row.principal_name)?,
            claimed_at: row.claimed_at,
            renewed_at: row.renewed_at,
            renewals: seconds(row.renewals),
            lease_seconds: row.lease_seconds.map(seconds),
            audience: row.audience,
            receipt_seconds: seconds(row.receipt_seconds),
            end,
        })
    }
}
