//! A decision in one step: a vote that decides by itself is written without reading the approval first.
//!
//! The rules stand in `domain/policy/one_vote.rs`; what of them is told to the statement is who may cast such a vote. The
//! rest of its guard is that of [`super::changes`]: under the row's lock the approval is pending, its deadline has not
//! passed, and its version is one that the caller named, if the caller named any. What is not admitted here is left as it
//! is, and decided in two steps. So this is never the place that refuses a vote.
//!
//! Before the lock only that is asked for which there is no index: a condition on `status` there would let Postgres look
//! through the index of all that is pending, which took ten times as long. What can't be admitted is not locked, so it
//! costs no commit.
//!
//! What this version can't read is left alone. A later version that adds a condition to policies has to leave
//! `one_vote_by` empty where it holds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Error,
    approvals::{Loaded, Row, StoredResult},
    bytea,
    changes::{changing, stored_result},
    origin::OriginRow,
};
use crate::domain::{
    approval::{Ending, Opaque, TimeoutAction},
    credential::Origin,
    decision::{Ballot, selector_size, vote_size},
    ids::{ApprovalId, WorkspaceId},
    names::PrincipalName,
};

/// What to write, if it is admitted.
#[derive(Debug, Clone)]
pub struct OneVote<'a> {
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub ballot: &'a Ballot,
    /// The versions that the caller takes; `None`: any.
    pub expected: Option<&'a [i32]>,
    /// What the vote makes of the approval.
    pub ending: &'a Ending,
    pub origin: &'a Origin,
    /// For the record.
    pub detail: Value,
}

/// An approval that was decided: as it was before, and when that was written.
pub struct Decided {
    pub loaded: Result<Loaded, Error>,
    pub at: DateTime<Utc>,
}

#[derive(Serialize)]
struct VoteRow<'a> {
    id: Uuid,
    workspace_id: Uuid,
    vote_id: Uuid,
    by: Uuid,
    by_name: &'a PrincipalName,
    /// What the voter is, and what each of these takes in bytes.
    selectors: Vec<String>,
    sizes: Vec<usize>,
    verdict: &'static str,
    resolution: &'a str,
    result: StoredResult,
    grows: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a [i32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Opaque>,
    /// What the voter was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(flatten)]
    origin: OriginRow<'a>,
    detail: &'a Value,
}

impl<'a> VoteRow<'a> {
    fn new(vote: &'a OneVote<'a>) -> Option<Self> {
        let OneVote { ballot, ending, origin, .. } = vote;
        let selectors = ballot.voter.member.selectors();
        Some(Self {
            id: vote.approval.0,
            workspace_id: vote.workspace.0,
            vote_id: ballot.id.0,
            by: ballot.by().id.0,
            by_name: &ballot.by().name,
            sizes: selectors.iter().map(selector_size).collect(),
            selectors: selectors.iter().map(ToString::to_string).collect(),
            verdict: ballot.verdict.as_str(),
            resolution: ending.resolution()?.as_str(),
            result: stored_result(ending),
            grows: ending.size() + vote_size(&ballot.by().name),
            expected: vote.expected,
            feedback: ballot.feedback.as_deref(),
            comment: ballot.comment.as_deref(),
            metadata: ballot.metadata.as_ref(),
            digest: ballot.digest.map(|it| bytea(it.bytes())),
            origin: OriginRow::from(*origin),
            detail: &vote.detail,
        })
    }
}

/// Writes those that are admitted, and answers them. Approvals of more than `most` bytes are left out, too: room to show
/// them has to be found first.
#[expect(clippy::too_many_lines, reason = "it is one statement, for one commit")]
pub async fn write(
    conn: &mut PgConnection,
    votes: &[OneVote<'_>],
    most: usize,
) -> Result<HashMap<ApprovalId, Decided>, Error> {
    let known: Vec<String> = TimeoutAction::WORDS.iter().map(ToString::to_string).collect();
    let rows: Vec<VoteRow<'_>> = votes.iter().filter_map(VoteRow::new).collect();
    let decided = changing!(
        Row,
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.id, x.workspace_id, x.vote_id, x.by, x.by_name, x.selectors, x.sizes, x.verdict, x.resolution,
                   x.result, x.grows, x.expected, x.feedback, x.comment, x.metadata, x.digest, x.on_behalf_of AS actor_for, x.credential,
                   x.address, x.user_agent, x.request_id, x.detail
              FROM json_to_recordset($1::text::json) AS x(
                   id uuid, workspace_id uuid, vote_id uuid, by uuid, by_name text, selectors text[], sizes integer[],
                   verdict text, resolution text, result json, grows integer, expected integer[], feedback text,
                   comment text, metadata json, digest bytea, on_behalf_of text, credential text, address text, user_agent text,
                   request_id text, detail json)
        ), locked AS MATERIALIZED (
            SELECT a.ctid AS place, a.id, a.workspace_id, a.status, a.version, a.expires_at, a.one_vote_by, a.size, a.digest,
                   a.timeout_action, a.requested_by, a.requested_by_name, a.on_behalf_of
              FROM approval_requests a
             WHERE a.id = ANY (ARRAY(SELECT i.id FROM input i))
               AND a.one_vote_by && ARRAY(SELECT unnest(i.selectors) FROM input i)
               AND coalesce(a.workspace_id = ANY (ARRAY(SELECT i.workspace_id FROM input i)), false)
             ORDER BY a.id
               FOR UPDATE SKIP LOCKED
        ), stamped AS MATERIALIZED (
            SELECT l.*, clock_timestamp() AS at FROM locked l
        ), ok AS MATERIALIZED (
            SELECT s.place, s.id, s.at, i.vote_id, i.by, i.by_name, i.verdict, i.resolution, i.result, i.feedback,
                   i.comment, i.metadata, i.digest, i.actor_for, i.credential, i.address, i.user_agent, i.request_id, i.detail,
                   m.counted_as, i.grows + m.size AS grows
              FROM stamped s
              JOIN input i ON i.id = s.id
             CROSS JOIN LATERAL (
                   SELECT array_agg(u.selector ORDER BY u.n) AS counted_as, sum(u.size)::integer AS size
                     FROM unnest(i.selectors, i.sizes) WITH ORDINALITY AS u(selector, size, n)
                    WHERE u.selector = ANY (s.one_vote_by)) m
             WHERE m.counted_as IS NOT NULL AND s.workspace_id = i.workspace_id AND s.status = 'pending'
               AND s.size <= $2 AND s.expires_at > s.at
               AND s.timeout_action = ANY ($3) AND s.requested_by_name <> ''
               AND (i.expected IS NULL OR s.version = ANY (i.expected))
               AND (i.digest IS NULL OR s.digest = i.digest)
               AND i.by <> s.requested_by AND i.by_name <> s.requested_by_name
               AND i.by_name IS DISTINCT FROM s.on_behalf_of
        ), changed AS (
            UPDATE approval_requests a
               SET status = 'resolved', version = a.version + 1, resolution = ok.resolution, resolved_via = 'human',
                   resolved_by = ok.by, resolved_by_name = ok.by_name, result = ok.result, updated_at = ok.at,
                   resolved_at = ok.at, size = a.size + ok.grows
              FROM ok
             WHERE a.ctid = ok.place AND a.id = ok.id AND a.status = 'pending'
            RETURNING a.id, a.workspace_id, a.run_id, a.session_id, a.task_id, a.job_id, a.workflow, a.view, a.notify,
                      a.approval_type, a.digest, a.title, a.description, a.context, a.response_schema, a.policy, a.status, a.resolution,
                      a.resolved_via, a.resolved_by, a.resolved_by_name, a.result, a.timeout_action, a.escalation,
                      a.ladder, a.escalation_level, a.extended_seconds, a.extensions, a.remind_before, a.executors, a.claim_within_seconds, a.checkpoint,
                      a.metadata, a.requested_by, a.requested_by_name, a.on_behalf_of, a.version, a.created_at,
                      a.expires_at, a.size, ok.at, ok.vote_id, ok.verdict, ok.counted_as, ok.feedback, ok.comment,
                      ok.metadata AS vote_metadata, ok.digest AS vote_digest, ok.actor_for, ok.credential, ok.address, ok.user_agent,
                      ok.request_id, ok.detail, ok.grows
        ), votes AS (
            INSERT INTO approval_decisions (id, approval_id, workspace_id, principal_id, principal_name, counted_as,
                   level, verdict, feedback, comment, metadata, digest, created_at)
            SELECT c.vote_id, c.id, c.workspace_id, c.resolved_by, c.resolved_by_name, c.counted_as,
                   c.escalation_level, c.verdict, c.feedback, c.comment, c.vote_metadata, c.vote_digest, c.at
              FROM changed c
        ), records AS (
            INSERT INTO audit_log (workspace_id, at, action, approval_id, run_id, actor_id, actor_name,
                   on_behalf_of, via, credential, address, user_agent, request_id, before, after, detail)
            SELECT c.workspace_id, c.at, 'approval.resolved', c.id, c.run_id, c.resolved_by, c.resolved_by_name,
                   c.actor_for, 'human', c.credential, c.address, c.user_agent, c.request_id,
                   ('{"status":"pending","version":' || c.version - 1 || '}')::json,
                   ('{"resolution":"' || c.resolution || '","status":"resolved","version":' || c.version || '}')::json,
                   c.detail
              FROM changed c
        "#,
        // As it was before: what becomes of it is for the rules to say again.
        r#"
        SELECT c.id AS "id!", c.workspace_id AS "workspace_id!", c.run_id AS "run_id!", c.session_id,
               c.task_id AS "task_id!", c.job_id, c.workflow, c.approval_type AS "approval_type!", c.digest, c.title,
               c.policy AS "policy!: _", 'pending' AS "status!", NULL::text AS resolution, NULL::text AS resolved_via,
               NULL::uuid AS resolved_by, NULL::text AS resolved_by_name, c.timeout_action AS "timeout_action!",
               c.escalation_level AS "escalation_level!", c.escalation AS "escalation: _", c.ladder AS "ladder: _",
               c.extended_seconds, c.extensions, c.remind_before, c.executors, c.claim_within_seconds, c.requested_by AS "requested_by!",
               c.requested_by_name AS "requested_by_name!", c.on_behalf_of, c.version - 1 AS "version!",
               c.created_at AS "created_at!", c.at AS "updated_at!", c.expires_at AS "expires_at!",
               NULL::timestamptz AS resolved_at, false AS "due!", c.at AS "now!", c.size - c.grows AS "size!",
               c.description, c.view AS "view: _", c.notify AS "notify: _", c.context AS "context!: _",
               c.response_schema AS "response_schema: _",
               c.checkpoint AS "checkpoint: _", c.metadata AS "metadata!: _", NULL::json AS "result: _",
               NULL::json AS "votes: _"
          FROM changed c
        "#,
        super::json(&rows)?,
        i32::try_from(most).unwrap_or(i32::MAX),
        &known,
    )
    .fetch_all(conn)
    .await?;
    Ok(decided
        .into_iter()
        .map(|row| (ApprovalId(row.id), Decided { at: row.now, loaded: row.try_into() }))
        .collect())
}
