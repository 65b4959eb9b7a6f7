//! Approvals as they stand, with their votes.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Error, escalation::escalation, policy::StoredPolicy};
use crate::domain::{
    approval::{Approval, Ending, Opaque, Outcome, Request, Resolution, State, Status, TimeoutAction, Via},
    decision::{Modifications, Verdict, Vote},
    digest::Digest,
    escalation::Extended,
    ids::{ApprovalId, PrincipalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::{Actor, Because, Selector},
};

/// An approval, its votes where they were asked for, and whether its deadline has passed: one consistent reading.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub approval: Arc<Approval>,
    /// Oldest first; none unless they were asked for.
    pub votes: Vec<Vote>,
    /// Still pending although `expires_at` has passed, by the database's clock.
    pub due: bool,
    /// Bytes, as they are counted with the row.
    pub size: usize,
    /// The database's clock at the reading.
    pub now: DateTime<Utc>,
}

/// How much of an approval is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// Without what makes it large ([`load_brief`]).
    Brief,
}

/// Whether votes are read along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Votes {
    /// For those who decide.
    Read,
    /// Of what is pending: for those who show what is still missing.
    OfPending,
    Left,
}

impl Votes {
    fn parameter(self) -> i32 {
        match self {
            Self::Left => 0,
            Self::OfPending => 1,
            Self::Read => 2,
        }
    }
}

/// Columns of one approval, as the database has them. Becomes [`Loaded`] only if it makes sense.
pub(super) struct Row {
    pub id: Uuid,
    pub workspace_id: Uuid,
    pub run_id: String,
    pub session_id: Option<String>,
    pub task_id: String,
    pub job_id: Option<String>,
    pub workflow: Option<String>,
    pub view: Option<Json<Opaque>>,
    pub notify: Option<Json<Opaque>>,
    pub approval_type: String,
    pub digest: Option<Vec<u8>>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub context: Json<Opaque>,
    pub response_schema: Option<Json<Opaque>>,
    pub policy: Json<Opaque>,
    pub status: String,
    pub resolution: Option<String>,
    pub resolved_via: Option<String>,
    pub resolved_by: Option<Uuid>,
    pub resolved_by_name: Option<String>,
    pub result: Option<Json<StoredResult>>,
    pub timeout_action: String,
    pub escalation: Option<Json<Opaque>>,
    pub ladder: Option<Json<Opaque>>,
    pub escalation_level: i32,
    pub extended_seconds: Option<i32>,
    pub extensions: Option<i32>,
    pub remind_before: Option<Vec<i32>>,
    pub executors: Option<Vec<String>>,
    pub claim_within_seconds: Option<i32>,
    pub checkpoint: Option<Json<Opaque>>,
    pub metadata: Json<Opaque>,
    pub requested_by: Uuid,
    pub requested_by_name: String,
    pub on_behalf_of: Option<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub due: bool,
    pub now: DateTime<Utc>,
    pub size: i32,
    pub votes: Option<Json<Vec<VoteRow>>>,
}

#[derive(Deserialize)]
pub(super) struct VoteRow {
    principal_id: Uuid,
    principal_name: PrincipalName,
    seat_id: Option<Uuid>,
    seat_name: Option<PrincipalName>,
    level: i32,
    verdict: Verdict,
    modifications: Option<Modifications>,
    counts: bool,
    counted_as: Option<Vec<String>>,
}

/// The `result` column: what callers get, in the same shape.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct StoredResult {
    pub resolution: Option<Resolution>,
    pub feedback: Option<String>,
    pub modifications: Option<Modifications>,
    pub comment: Option<String>,
    /// Of the modifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifications_digest: Option<Digest>,
    /// Why it came to that; nothing where no vote ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// In whose seat the last vote was cast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#for: Option<PrincipalName>,
}

/// What was found, by id. A row that makes no sense is an error of its own and hurts none of the others.
pub type Found = HashMap<ApprovalId, Result<Loaded, Error>>;

/// A reading ends with the approval that reaches so many bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// A reading of some approvals, and which of them it did not come to.
pub struct Part {
    pub found: Found,
    /// To be read next, in a reading of their own; in the order of their ids.
    pub rest: Vec<ApprovalId>,
}

/// Reads rows from what `FROM` names `a`: approvals with their `bytes`. `$2` is with which votes ([`Votes`]); there are
/// none in the first version.
macro_rules! rows {
    // Whole ones.
    ($from:literal, $($argument:expr),*) => {
        rows!(
            @ r#"a.description, a.view AS "view: _", a.notify AS "notify: _", a.context AS "context!: _", a.checkpoint AS "checkpoint: _",
                 a.response_schema AS "response_schema: _", a.metadata AS "metadata!: _", a.result AS "result: _""#,
            "CASE WHEN d.verdict = 'approved' AND d.nth = 1 THEN d.modifications END",
            $from, $($argument),*
        )
    };
    // Without what makes them large.
    (brief $from:literal, $($argument:expr),*) => {
        rows!(
            @ r#"NULL AS description, NULL::json AS "view: _", a.notify AS "notify: _", '{}'::json AS "context!: _", NULL::json AS "checkpoint: _", NULL::json AS "response_schema: _",
                 '{}'::json AS "metadata!: _",
                 CASE WHEN a.status <> 'pending' THEN json_build_object(
                     'resolution', a.resolution, 'for', a.result -> 'for', 'because', a.result -> 'because',
                     'feedback', CASE WHEN length(a.result ->> 'feedback') > 200
                                      THEN left(a.result ->> 'feedback', 199) || '…' ELSE a.result ->> 'feedback' END)
                 END AS "result: _""#,
            "NULL",
            $from, $($argument),*
        )
    };
    (@ $large:literal, $modifications:literal, $from:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT a.id AS "id!", a.workspace_id AS "workspace_id!", a.run_id AS "run_id!", a.session_id,
                  a.task_id AS "task_id!", a.job_id, a.workflow, a.approval_type AS "approval_type!", a.digest, a.title,
                  a.policy AS "policy!: _", a.status AS "status!", a.resolution,
                  a.resolved_via, a.resolved_by, a.resolved_by_name,
                  a.timeout_action AS "timeout_action!", a.escalation_level AS "escalation_level!",
                  a.escalation AS "escalation: _", a.ladder AS "ladder: _", a.extended_seconds, a.extensions,
                  a.remind_before, a.executors, a.claim_within_seconds,
                  a.requested_by AS "requested_by!",
                  a.requested_by_name AS "requested_by_name!", a.on_behalf_of, a.version AS "version!",
                  a.created_at AS "created_at!", a.updated_at AS "updated_at!", a.expires_at AS "expires_at!",
                  a.resolved_at, (a.status = 'pending' AND a.expires_at <= clock_timestamp()) AS "due!",
                  clock_timestamp() AS "now!",
                  a.bytes AS "size!", "# + $large + r#",
                  CASE WHEN a.version > 1 AND ($2 = 2 OR $2 = 1 AND a.status = 'pending') THEN (
                      SELECT json_agg(json_build_object(
                                 'principal_id', d.principal_id, 'principal_name', d.principal_name,
                                 'seat_id', d.seat_id, 'seat_name', d.seat_name, 'counted_as', d.counted_as,
                                 'level', d.level, 'verdict', d.verdict, 'modifications', "# + $modifications + r#",
                                 'counts', CASE WHEN a.status = 'pending' AND d.verdict = 'approved' THEN coalesce((
                                     SELECT p.disabled_at IS NULL FROM principals p WHERE p.id = d.principal_id), false)
                                     AND (d.seat_id IS NULL OR coalesce((
                                     SELECT p.disabled_at IS NULL FROM principals p WHERE p.id = d.seat_id), false))
                                     ELSE true END)
                                 ORDER BY d.created_at, d.id)
                        FROM (SELECT v.id, v.principal_id, v.principal_name, v.seat_id, v.seat_name, v.counted_as,
                                     v.level, v.verdict, v.modifications, v.created_at, row_number() OVER (PARTITION BY v.level, v.verdict
                                                                      ORDER BY v.created_at, v.id) AS nth
                                FROM approval_decisions v WHERE v.approval_id = a.id) d) END AS "votes: _"
             FROM "# + $from,
            $($argument),*
        )
    };
}

/// Reads approvals of any workspace by id, in the order given and up to so many bytes; what doesn't exist is left out.
/// Each id stands there once. Callers compare the workspace before they show anything.
///
/// The sizes stand in the rows: what lies beyond the last is not read, however large it is. Of the votes' edits only
/// those are read that the first approval of a level brought, for all others are equal to them.
pub async fn load(conn: &mut PgConnection, ids: &[ApprovalId], votes: Votes) -> Result<Part, Error> {
    let with_votes = votes.parameter();
    // One by itself needs no sum, which would take longer than the reading.
    let rows = if let [one] = ids {
        rows!(
            "(SELECT r.*, coalesce(r.size, approval_size(r.context, r.checkpoint, r.metadata, r.result, r.title,
                                                         r.description, r.policy)) AS bytes
                FROM approval_requests r WHERE r.id = $1) a",
            one.0,
            with_votes
        )
        .fetch_all(conn)
        .await?
    } else {
        let uuids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        rows!(
            "(SELECT m.*, sum(m.bytes) OVER (ORDER BY array_position($1, m.id) ROWS UNBOUNDED PRECEDING) AS total
                FROM (SELECT r.*, coalesce(r.size, approval_size(r.context, r.checkpoint, r.metadata, r.result,
                                                                 r.title, r.description, r.policy)) AS bytes
                        FROM approval_requests r WHERE r.id = ANY($1)) m) a
              WHERE a.total - a.bytes < $3",
            &uuids,
            with_votes,
            i64::try_from(LARGEST).unwrap_or(i64::MAX)
        )
        .fetch_all(conn)
        .await?
    };
    Ok(part(ids, rows, votes))
}

/// The same without what makes an approval large: description, context, checkpoint, metadata, view, edits, and what is
/// beyond 200 characters of what was said at its end. For those who show many, with the votes of what is pending. Its bytes
/// are those that are read.
pub async fn load_brief(conn: &mut PgConnection, ids: &[ApprovalId]) -> Result<Part, Error> {
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = rows!(
        brief "(SELECT m.*, sum(m.bytes) OVER (ORDER BY array_position($1, m.id) ROWS UNBOUNDED PRECEDING) AS total
                  FROM (SELECT r.*, 1024 + octet_length(r.policy::text) + coalesce(octet_length(r.escalation::text), 0)
                                    AS bytes
                          FROM approval_requests r WHERE r.id = ANY($1)) m) a
                WHERE a.total - a.bytes < $3",
        &uuids,
        Votes::OfPending.parameter(),
        i64::try_from(LARGEST).unwrap_or(i64::MAX)
    )
    .fetch_all(conn)
    .await?;
    Ok(part(ids, rows, Votes::OfPending))
}

/// What was read of `ids`, up to the one that reached the largest size.
fn part(ids: &[ApprovalId], rows: Vec<Row>, votes: Votes) -> Part {
    let total: i64 = rows.iter().map(|row| i64::from(row.size)).sum();
    let found: Found = rows
        .into_iter()
        .map(|row| {
            let id = ApprovalId(row.id);
            let mut loaded = Loaded::try_from(row);
            if votes == Votes::OfPending
                && let Ok(loaded) = &mut loaded
            {
                // Not shared yet: nothing is copied.
                Arc::make_mut(&mut loaded.approval).look_for_progress(&loaded.votes);
            }
            (id, loaded)
        })
        .collect();
    let is_cut = usize::try_from(total).is_ok_and(|total| total >= LARGEST);
    let last = ids.iter().rposition(|id| found.contains_key(id)).filter(|_| is_cut);
    let mut rest = last.map_or_else(Vec::new, |last| ids[last + 1..].to_vec());
    rest.sort_unstable();
    Part { found, rest }
}

/// How many bytes approvals take, of those that are there: known without reading them.
pub async fn sizes(
    conn: &mut PgConnection,
    ids: &[ApprovalId],
    extent: Extent,
) -> Result<HashMap<ApprovalId, usize>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT a.id,
                  CASE WHEN $2 THEN 1024 + octet_length(a.policy::text) + coalesce(octet_length(a.escalation::text), 0)
                       ELSE coalesce(a.size, approval_size(a.context, a.checkpoint, a.metadata, a.result, a.title,
                                                           a.description, a.policy)) END AS "size!"
             FROM approval_requests a WHERE a.id = ANY($1)"#,
        &ids,
        extent == Extent::Brief,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (ApprovalId(row.id), bytes(row.size))).collect())
}

/// A count as the database has it.
pub(super) fn bytes(size: i32) -> usize {
    usize::try_from(size).unwrap_or(0)
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// Waits for the row's lock and holds it until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: ApprovalId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM approval_requests WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

impl TryFrom<Row> for Loaded {
    type Error = Error;

    fn try_from(mut row: Row) -> Result<Self, Error> {
        let id = row.id;
        let corrupt = |what: &str| Error::Corrupt {
            table: "approval_requests",
            id: id.to_string(),
            what: what.to_owned(),
        };
        let votes = row.votes.take().map_or_else(Vec::new, |Json(votes)| votes);
        let size = bytes(row.size);
        let policy: StoredPolicy =
            serde_json::from_str(row.policy.get()).map_err(|_| corrupt("its policy is malformed"))?;
        let state = state(&mut row).ok_or_else(|| corrupt("status, resolution and result don't fit"))?;
        let name = |name: &str| CallerName::stored(name).map_err(|_| corrupt("a name is malformed"));
        let optional = |text: &Option<String>| text.as_deref().map(name).transpose();
        let request = Request {
            run_id: name(&row.run_id)?,
            session_id: optional(&row.session_id)?,
            task_id: name(&row.task_id)?,
            job_id: optional(&row.job_id)?,
            workflow: optional(&row.workflow)?,
            view: row.view.map(|Json(view)| view),
            notify: row.notify.map(|Json(notify)| notify),
            approval_type: name(&row.approval_type)?,
            timeout_action: TimeoutAction::from_word(&row.timeout_action)
                .ok_or_else(|| corrupt("unknown timeout_action"))?,
            title: row.title,
            description: row.description,
            context: row.context.0,
            response_schema: row.response_schema.map(|Json(schema)| schema),
            checkpoint: row.checkpoint.map(|Json(checkpoint)| checkpoint),
            metadata: row.metadata.0,
            remind_before: row.remind_before.into_iter().flatten().map(count).collect(),
            executors: row
                .executors
                .into_iter()
                .flatten()
                .map(|name| {
                    PrincipalName::stored(&name).map_err(|_| corrupt("an executor's name is malformed"))
                })
                .collect::<Result<_, _>>()?,
            claim_within_seconds: row.claim_within_seconds.map(count),
        };
        let escalation = escalation(row.escalation.as_deref(), row.ladder.as_deref())
            .ok_or_else(|| corrupt("its levels are malformed"))?;
        let requested_by = actor(row.requested_by, &row.requested_by_name)
            .ok_or_else(|| corrupt("the requester's name is malformed"))?;
        let on_behalf_of = row.on_behalf_of.as_deref().map(PrincipalName::stored).transpose();
        let on_behalf_of = on_behalf_of.map_err(|_| corrupt("the name it was asked for is malformed"))?;
        Ok(Self {
            approval: Arc::new(Approval {
                id: ApprovalId(id),
                workspace: WorkspaceId(row.workspace_id),
                request,
                kept_digest: row.digest.as_deref().and_then(Digest::from_bytes),
                policy: policy.into(),
                requested_by,
                on_behalf_of,
                escalation,
                escalation_level: row.escalation_level,
                extended: Extended {
                    seconds: row.extended_seconds.map_or(0, count),
                    times: row.extensions.map_or(0, count),
                },
                state,
                progress: None,
                version: row.version,
                created_at: row.created_at,
                updated_at: row.updated_at,
                expires_at: row.expires_at,
            }),
            votes: votes.into_iter().map(Vote::from).collect(),
            due: row.due,
            size,
            now: row.now,
        })
    }
}

impl From<VoteRow> for Vote {
    fn from(row: VoteRow) -> Self {
        Self {
            counted_as: counted_as(row.counted_as, &row.principal_name),
            by: Actor { id: PrincipalId(row.principal_id), name: row.principal_name },
            seat: row.seat_id.zip(row.seat_name).map(|(id, name)| Actor { id: PrincipalId(id), name }),
            level: row.level,
            verdict: row.verdict,
            modifications: row.modifications,
            counts: row.counts,
        }
    }
}

/// What a vote was admitted by. The version before admitted by name, or anyone, and did not write it down.
fn counted_as(words: Option<Vec<String>>, name: &PrincipalName) -> Vec<Selector> {
    match words {
        Some(words) => words.iter().filter_map(|word| word.parse().ok()).collect(),
        None => vec![Selector::Person(name.clone()), Selector::Anyone],
    }
}

fn actor(id: Uuid, name: &str) -> Option<Actor> {
    Some(Actor { id: PrincipalId(id), name: PrincipalName::stored(name).ok()? })
}

/// `None` for a combination that the state machine can't have produced.
fn state(row: &mut Row) -> Option<State> {
    let status = Status::from_word(&row.status)?;
    if status == Status::Pending {
        return Some(State::Pending);
    }
    let via = Via::from_word(row.resolved_via.as_deref()?)?;
    let at = row.resolved_at?;
    let resolution = match &row.resolution {
        Some(word) => Some(Resolution::from_word(word)?),
        None => None,
    };
    let by = match (row.resolved_by, &row.resolved_by_name) {
        (Some(id), Some(name)) => Some(actor(id, name)?),
        (None, None) => None,
        _ => return None,
    };
    let result = row.result.take()?.0;
    let said = Outcome {
        because: result.because.as_deref().and_then(Because::from_word),
        seat: result.r#for,
        feedback: result.feedback,
        comment: result.comment,
        modifications: result.modifications,
        modifications_digest: result.modifications_digest,
    };
    Some(State::Final { ending: Ending::of(status, resolution, via, by, said)?, at })
}
