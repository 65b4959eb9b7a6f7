//! The one statement that changes an approval's state: votes, outcomes, their records and events, all or none.
//!
//! It is optimistic. The committer has read the approval without a lock, applied the pure rules, and comes
//! here with the version it read; a row that has another version by now, is no longer pending, is locked by
//! another transaction, or stands on the other side of its deadline is left alone and reported as not written.
//!
//! Why the deadline is safe: the lock is taken with `SKIP LOCKED`, so it never waits, and the clock is read
//! from the rows that are locked already. (A `clock_timestamp()` in the WHERE of a plain UPDATE is evaluated
//! before the wait for a lock: a late vote got in a full second after the deadline that way.) `MATERIALIZED`
//! pins that order.
//!
//! The statement also sees whether an approver, whose approval counted, was disabled between the reading and the writing.
//! Then nothing is written. The rows of principals aren't locked: an administrator's transaction would hold up the
//! decisions of all. A vote and a disabling in the same moment may come in either order.
//!
//! The locked rows are updated where they were found (`ctid`): left to itself, a cached plan joined them to all
//! that is pending, which took forty times as long.

use std::{collections::HashMap, net::IpAddr};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, approvals::StoredResult, bytea};
use crate::domain::{
    approval::{Approval, Brief, Ending, Opaque, Resolution},
    credential::Origin,
    decision::{Ballot, Modifications},
    ids::{ApprovalId, DelegationId, PrincipalId},
    names::PrincipalName,
    policy::{Actor, admission::Admission},
};

/// What is to become of some approvals.
#[derive(Default)]
pub struct Batch {
    changes: Vec<ChangeRow>,
    votes: Vec<VoteRow>,
    records: Vec<RecordRow>,
}

/// Absent fields are NULL to the statement; what is not written needs no parsing.
#[derive(Serialize)]
struct ChangeRow {
    id: Uuid,
    expected: i32,
    version: i32,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<StoredResult>,
    /// The deadline is what ends it (it must have passed), rather than a person (it must not have).
    fires: bool,
    /// Bytes that it grows by.
    grows: usize,
    /// Whose approvals and seats, of those that were read, it rests on: none of them may have been disabled meanwhile.
    counted: Vec<Uuid>,
    /// It holds only before this: when the first of the seats closes in which votes of the batch are cast.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct VoteRow {
    id: Uuid,
    approval_id: Uuid,
    principal_id: Uuid,
    principal_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegations: Option<Vec<DelegationId>>,
    counted_as: Vec<String>,
    level: i32,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modifications: Option<Modifications>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Opaque>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

#[derive(Serialize)]
struct RecordRow {
    approval_id: Uuid,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<PrincipalName>,
    via: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    before: Value,
    after: Value,
    detail: Value,
}

/// One entry of the audit log about a change in this batch.
pub struct Record<'a> {
    pub action: &'static str,
    pub actor: Option<&'a Actor>,
    pub via: &'static str,
    pub origin: &'a Origin,
    pub step: Transition<'a>,
    pub detail: Value,
}

/// From which version to which, and what it ended with, if it did.
pub struct Transition<'a> {
    pub from: i32,
    pub to: i32,
    pub ending: Option<&'a Ending>,
}

impl<'a> Transition<'a> {
    /// The one that ends an approval as it was read.
    pub fn ending(approval: &Brief, ending: &'a Ending) -> Self {
        Self { from: approval.version, to: approval.version + 1, ending: Some(ending) }
    }

    fn before(&self) -> Value {
        json!({ "status": "pending", "version": self.from })
    }

    fn after(&self) -> Value {
        let status = self.ending.map_or("pending", |ending| ending.status().as_str());
        let resolution = self.ending.and_then(Ending::resolution).map(Resolution::as_str);
        json!({ "status": status, "resolution": resolution, "version": self.to })
    }
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// An approval that was read in version `from`; it will have version `to`, and `ending` if that is given.
    pub fn change(&mut self, id: ApprovalId, (from, to): (i32, i32), ending: Option<&Ending>) {
        self.changes.push(ChangeRow {
            id: id.0,
            expected: from,
            version: to,
            status: ending.map_or("pending", |ending| ending.status().as_str()),
            resolution: ending.and_then(Ending::resolution).map(Resolution::as_str),
            via: ending.map(|ending| ending.via().as_str()),
            by: ending.and_then(Ending::by).map(|actor| actor.id.0),
            by_name: ending.and_then(Ending::by).map(|actor| actor.name.to_string()),
            result: ending.map(stored_result),
            fires: matches!(ending, Some(Ending::Expired { .. })),
            grows: ending.map_or(0, Ending::size),
            counted: Vec::new(),
            before: None,
        });
    }

    /// The last change holds only while these people are not disabled.
    pub fn rest_on(&mut self, people: impl IntoIterator<Item = PrincipalId>) {
        if let Some(change) = self.changes.last_mut() {
            change.counted.extend(people.into_iter().map(|id| id.0));
        }
    }

    /// A vote, which makes its approval larger by `size` bytes. The change of that approval is in the batch already.
    pub fn vote(&mut self, approval: &Approval, ballot: &Ballot, admission: &Admission, size: usize) {
        let seat = admission.seat.as_ref();
        if let Some(change) = self.changes.iter_mut().find(|change| change.id == approval.id.0) {
            change.grows += size;
            change.before = [change.before, seat.map(|seat| seat.until)].into_iter().flatten().min();
        }
        self.votes.push(VoteRow {
            seat_id: seat.map(|seat| seat.owner.id.0),
            seat_name: seat.map(|seat| seat.owner.name.to_string()),
            seat_until: seat.map(|seat| seat.until),
            delegations: seat.map(|seat| seat.delegations.clone()),
            counted_as: admission.counted_as.iter().map(ToString::to_string).collect(),
            id: ballot.id.0,
            approval_id: approval.id.0,
            principal_id: ballot.by().id.0,
            principal_name: ballot.by().name.to_string(),
            level: approval.escalation_level,
            verdict: ballot.verdict.as_str(),
            feedback: ballot.feedback.clone(),
            comment: ballot.comment.clone(),
            modifications: ballot.modifications.clone(),
            metadata: ballot.metadata.clone(),
            digest: ballot.digest.map(|it| bytea(it.bytes())),
        });
    }

    pub fn record(&mut self, approval: ApprovalId, record: Record<'_>) {
        let origin = record.origin;
        self.records.push(RecordRow {
            approval_id: approval.0,
            action: record.action,
            actor_id: record.actor.map(|actor| actor.id.0),
            actor_name: record.actor.map(|actor| actor.name.to_string()),
            on_behalf_of: origin.on_behalf_of.clone(),
            via: record.via,
            credential: origin.credential.clone(),
            address: origin.address,
            user_agent: origin.user_agent.clone(),
            request_id: origin.request_id.clone(),
            before: record.step.before(),
            after: record.step.after(),
            detail: record.detail,
        });
    }
}

/// The digest of a text, in hexadecimal: what the record holds of what would be too long for it.
pub fn sha256(text: &str) -> String {
    super::hex(&Sha256::digest(text))
}

pub(super) fn stored_result(ending: &Ending) -> StoredResult {
    let said = ending.said();
    StoredResult {
        resolution: ending.resolution(),
        feedback: said.feedback,
        modifications: said.modifications,
        modifications_digest: said.modifications_digest,
        comment: said.comment,
        because: said.because.map(|because| because.as_str().to_owned()),
        r#for: said.seat,
    }
}

/// A statement that changes approvals: `$head` has a part `changed`, and `$select` says what of it is answered. Between the
/// two stands what every change brings about: what is to be told to people, the task's head and its events.
macro_rules! changing {
    ($row:ident, $head:literal, $select:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            $row,
            $head + r#"
        ), causes AS (
            INSERT INTO notification_causes (due_at, workspace_id, approval_id, cause, level, version)
            SELECT c.at, c.workspace_id, c.id,
                   CASE c.status WHEN 'pending' THEN 'voted' WHEN 'resolved' THEN 'decided' ELSE c.status END,
                   c.escalation_level, c.version
              FROM changed c
        ), per_task AS (
            SELECT c.workspace_id, c.task_id, count(*)::integer AS n, max(c.run_id) AS run_id,
                   max(c.session_id) AS session_id, (array_agg(c.id ORDER BY c.id DESC))[1] AS last
              FROM changed c
             WHERE c.status <> 'pending'
             GROUP BY c.workspace_id, c.task_id
        ), heads AS (
            INSERT INTO tasks AS t (workspace_id, task_id, run_id, session_id, start, last_seq, added, used)
            SELECT p.workspace_id, p.task_id, p.run_id, p.session_id, s.start, s.start + p.n, p.n, true
              FROM per_task p CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             ORDER BY p.workspace_id, p.task_id
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET last_seq = t.last_seq + excluded.added + (t.pending BETWEEN 1 AND excluded.added)::integer,
                   added = excluded.added + (t.pending BETWEEN 1 AND excluded.added)::integer,
                   pending = greatest(t.pending - excluded.added, 0), used = true
            RETURNING workspace_id, task_id, last_seq, last_seq - added AS before, added
        ), events AS (
            INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, session_id, data, size,
                   created_at)
            SELECT e.workspace_id, e.task_id, e.seq, e.event_type, e.run_id, e.session_id, e.data,
                   octet_length(e.data::text), clock_timestamp()
              FROM (SELECT h.workspace_id, h.task_id,
                           h.before + row_number() OVER (PARTITION BY h.workspace_id, h.task_id ORDER BY c.id) AS seq,
                           'approval_' || c.status AS event_type, c.run_id, c.session_id,
                           json_build_object(
                               'approval_id', c.id, 'approval_type', c.approval_type, 'status', c.status,
                               'approved', coalesce(c.resolution IN ('approved', 'modified'), false),
                               'resolution', c.resolution, 'resolved_via', c.resolved_via,
                               'resolved_by', c.resolved_by_name, 'resolved_for', c.result -> 'for',
                               'feedback', c.result -> 'feedback',
                               'modifications', c.result -> 'modifications', 'comment', c.result -> 'comment',
                               'version', c.version,
                               'resolved_at', to_char(c.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS data
                      FROM heads h
                      JOIN changed c ON c.workspace_id = h.workspace_id AND c.task_id = h.task_id
                       AND c.status <> 'pending'
                    UNION ALL
                    SELECT h.workspace_id, h.task_id, h.last_seq, 'workflow_resumed', p.run_id, p.session_id,
                           json_build_object('approval_id', p.last, 'pending', 0)
                      FROM heads h
                      JOIN per_task p ON p.workspace_id = h.workspace_id AND p.task_id = h.task_id
                     WHERE h.added > p.n) e
        )
        "# + $select,
            $($argument),*
        )
    };
}
pub(super) use changing;

struct WrittenRow {
    id: Uuid,
    at: DateTime<Utc>,
}

/// Writes the batch and says which approvals were written, and when. The others were left as they are.
pub async fn write(
    conn: &mut PgConnection,
    batch: &Batch,
) -> Result<HashMap<ApprovalId, DateTime<Utc>>, Error> {
    let written = changing!(
        WrittenRow,
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.id, x.expected, x.version, x.status, x.resolution, x.via, x.by, x.by_name, x.result, x.fires, x.grows,
                   x.counted, x.before
              FROM json_to_recordset($1::text::json) AS x(
                   id uuid, expected integer, version integer, status text, resolution text, via text,
                   by uuid, by_name text, result json, fires boolean, grows integer, counted uuid[],
                   before timestamptz)
        ), locked AS MATERIALIZED (
            SELECT a.ctid AS place, a.id, a.status, a.version, a.expires_at
              FROM approval_requests a
             WHERE a.id = ANY (ARRAY(SELECT i.id FROM input i))
             ORDER BY a.id
               FOR UPDATE SKIP LOCKED
        ), stamped AS MATERIALIZED (
            SELECT l.place, l.id, l.status, l.version, l.expires_at, clock_timestamp() AS at FROM locked l
        ), ok AS MATERIALIZED (
            SELECT s.place, s.id, s.at, i.version, i.status, i.resolution, i.via, i.by, i.by_name, i.result, i.grows
              FROM stamped s JOIN input i ON i.id = s.id
             WHERE s.status = 'pending' AND s.version = i.expected AND (s.expires_at <= s.at) = i.fires
               AND (i.before IS NULL OR s.at < i.before)
               AND NOT EXISTS (
                   SELECT FROM unnest(i.counted) AS v(id)
                    WHERE (SELECT p.disabled_at IS NULL FROM principals p WHERE p.id = v.id) IS NOT TRUE)
        ), changed AS (
            UPDATE approval_requests a
               SET status = ok.status, version = ok.version, resolution = ok.resolution, resolved_via = ok.via,
                   resolved_by = ok.by, resolved_by_name = ok.by_name, result = ok.result, updated_at = ok.at,
                   resolved_at = CASE WHEN ok.status <> 'pending' THEN ok.at END, size = a.size + ok.grows
              FROM ok
             WHERE a.ctid = ok.place AND a.id = ok.id AND a.status = 'pending'
            RETURNING a.id, a.workspace_id, a.updated_at AS at, a.run_id, a.session_id, a.task_id, a.approval_type,
                   a.status, a.resolution, a.resolved_via, a.resolved_by_name, a.result, a.version, a.escalation_level
        ), votes AS (
            INSERT INTO approval_decisions (id, approval_id, workspace_id, principal_id, principal_name, seat_id,
                   seat_name, seat_until, delegations, counted_as, level, verdict, feedback, comment, modifications,
                   metadata, digest, created_at)
            SELECT v.id, v.approval_id, c.workspace_id, v.principal_id, v.principal_name, v.seat_id, v.seat_name,
                   v.seat_until, v.delegations, v.counted_as, v.level, v.verdict, v.feedback, v.comment,
                   v.modifications, v.metadata, v.digest, c.at
              FROM json_to_recordset($2::text::json) AS v(
                   id uuid, approval_id uuid, principal_id uuid, principal_name text, seat_id uuid, seat_name text,
                   seat_until timestamptz, delegations uuid[], counted_as text[], level integer, verdict text,
                   feedback text, comment text, modifications json, metadata json, digest bytea)
              JOIN changed c ON c.id = v.approval_id
        ), records AS (
            INSERT INTO audit_log (workspace_id, at, action, approval_id, run_id, actor_id, actor_name,
                   on_behalf_of, via, credential, address, user_agent, request_id, before, after, detail)
            SELECT c.workspace_id, c.at, r.action, r.approval_id, c.run_id, r.actor_id, r.actor_name,
                   r.on_behalf_of, r.via, r.credential, r.address, r.user_agent, r.request_id, r.before, r.after,
                   r.detail
              FROM json_to_recordset($3::text::json) AS r(
                   approval_id uuid, action text, actor_id uuid, actor_name text, on_behalf_of text, via text,
                   credential text, address text, user_agent text, request_id text, before json, after json,
                   detail json)
              JOIN changed c ON c.id = r.approval_id
        "#,
        r#"SELECT c.id AS "id!", c.at AS "at!" FROM changed c"#,
        super::json(&batch.changes)?,
        super::json(&batch.votes)?,
        super::json(&batch.records)?,
    )
    .fetch_all(conn)
    .await?;
    Ok(written.into_iter().map(|row| (ApprovalId(row.id), row.at)).collect())
}
