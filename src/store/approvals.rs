//! Approvals as they stand, with their votes.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Error;
use crate::domain::{
    approval::{Approval, Ending, Opaque, Outcome, Request, Resolution, State, Status, TimeoutAction, Via},
    decision::{Modifications, Verdict, Vote},
    ids::{ApprovalId, PrincipalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::{Actor, Policy},
};

/// An approval, its votes, and whether its deadline has passed: one consistent reading.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub approval: Arc<Approval>,
    /// Oldest first.
    pub votes: Vec<Vote>,
    /// Still pending although `expires_at` has passed, by the database's clock.
    pub due: bool,
}

/// Columns of one approval, as the database has them. Becomes [`Loaded`] only if it makes sense.
pub(super) struct Row {
    pub id: Uuid,
    pub workspace_id: Uuid,
    pub run_id: String,
    pub session_id: Option<String>,
    pub task_id: String,
    pub job_id: Option<String>,
    pub approval_type: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub context: Json<Opaque>,
    pub policy: Json<Policy>,
    pub status: String,
    pub resolution: Option<String>,
    pub resolved_via: Option<String>,
    pub resolved_by: Option<Uuid>,
    pub resolved_by_name: Option<String>,
    pub result: Option<Json<StoredResult>>,
    pub timeout_action: String,
    pub escalation_level: i32,
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
    pub votes: Option<Json<Vec<VoteRow>>>,
}

#[derive(Deserialize)]
pub(super) struct VoteRow {
    principal_id: Uuid,
    principal_name: PrincipalName,
    level: i32,
    verdict: Verdict,
    modifications: Option<Modifications>,
    counts: bool,
}

/// The `result` column: what callers get, in the same shape.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredResult {
    pub resolution: Option<Resolution>,
    pub feedback: Option<String>,
    pub modifications: Option<Modifications>,
    pub comment: Option<String>,
}

/// `SELECT` of [`Row`]s from `approval_requests a`, with the rest of the statement given.
macro_rules! select_approvals {
    ($rest:literal $(+ $more:literal)* $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::store::approvals::Row,
            r#"SELECT a.id, a.workspace_id, a.run_id, a.session_id, a.task_id, a.job_id, a.approval_type,
                a.title, a.description, a.context AS "context: _", a.policy AS "policy: _", a.status,
                a.resolution, a.resolved_via, a.resolved_by, a.resolved_by_name, a.result AS "result: _",
                a.timeout_action, a.escalation_level, a.checkpoint AS "checkpoint: _",
                a.metadata AS "metadata: _", a.requested_by, a.requested_by_name, a.on_behalf_of, a.version, a.created_at,
                a.updated_at, a.expires_at, a.resolved_at,
                (a.status = 'pending' AND a.expires_at <= clock_timestamp()) AS "due!",
                (SELECT json_agg(json_build_object(
                        'principal_id', d.principal_id, 'principal_name', d.principal_name, 'level', d.level,
                        'verdict', d.verdict, 'modifications', d.modifications,
                        'counts', CASE WHEN a.status = 'pending' AND d.verdict = 'approved' THEN coalesce((
                            SELECT p.disabled_at IS NULL FROM principals p WHERE p.id = d.principal_id), false)
                            ELSE true END) ORDER BY d.created_at, d.id)
                   FROM approval_decisions d WHERE d.approval_id = a.id) AS "votes: _" "#
                + $rest $(+ $more)*
            $(, $argument)*
        )
    };
}
pub(super) use select_approvals;

/// What was found, by id. A row that makes no sense is an error of its own and hurts none of the others.
pub type Found = HashMap<ApprovalId, Result<Loaded, Error>>;

/// Reads approvals of any workspace by id; what doesn't exist is left out. Callers compare the workspace before
/// they show anything.
pub async fn load(conn: &mut PgConnection, ids: &[ApprovalId]) -> Result<Found, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows =
        select_approvals!("FROM approval_requests a WHERE a.id = ANY($1)", &ids).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (ApprovalId(row.id), Loaded::try_from(row))).collect())
}

/// The rows that make sense; of the others, the log tells.
pub(super) fn readable(rows: Vec<Row>) -> Vec<Loaded> {
    let readable =
        |row| Loaded::try_from(row).inspect_err(|error| tracing::error!(%error, "a row is left out")).ok();
    rows.into_iter().filter_map(readable).collect()
}

/// Waits for the row's lock and holds it until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: ApprovalId) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM approval_requests WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(())
}

/// One recorded decision, as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Decision)]
pub struct DecisionRecord {
    pub id: Uuid,
    pub approval_id: Uuid,
    /// Who said it: the name they had then.
    pub principal: String,
    pub principal_id: Uuid,
    /// The escalation level it was said at.
    pub level: i32,
    #[schema(example = "approved")]
    pub verdict: String,
    /// An approver's comment, or a rejecter's reason.
    pub feedback: Option<String>,
    /// What a rejecter added to the reason.
    pub comment: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub modifications: Option<Json<Opaque>>,
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Json<Opaque>>,
    /// False for an approval by somebody who has been disabled since, or had been when the approval ended.
    pub counts: bool,
    pub created_at: DateTime<Utc>,
}

/// Who said what, oldest first.
pub async fn decisions(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: ApprovalId,
) -> Result<Vec<DecisionRecord>, Error> {
    Ok(sqlx::query_as!(
        DecisionRecord,
        r#"SELECT d.id, d.approval_id, d.principal_name AS principal, d.principal_id, d.level, d.verdict, d.feedback,
                  d.comment, d.modifications AS "modifications: _", d.metadata AS "metadata: _",
                  (d.verdict <> 'approved' OR coalesce((
                      SELECT p.disabled_at IS NULL OR p.disabled_at > a.resolved_at
                        FROM principals p WHERE p.id = d.principal_id), false)) AS "counts!", d.created_at
             FROM approval_decisions d JOIN approval_requests a ON a.id = d.approval_id
            WHERE d.approval_id = $1 AND d.workspace_id = $2
            ORDER BY d.created_at, d.id"#,
        id.0,
        workspace.0,
    )
    .fetch_all(conn)
    .await?)
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
        let state = state(&mut row).ok_or_else(|| corrupt("status, resolution and result don't fit"))?;
        let name = |name: &str| CallerName::new(name).map_err(|_| corrupt("a name is malformed"));
        let optional = |text: &Option<String>| text.as_deref().map(name).transpose();
        let request = Request {
            run_id: name(&row.run_id)?,
            session_id: optional(&row.session_id)?,
            task_id: name(&row.task_id)?,
            job_id: optional(&row.job_id)?,
            approval_type: name(&row.approval_type)?,
            timeout_action: TimeoutAction::from_word(&row.timeout_action)
                .ok_or_else(|| corrupt("unknown timeout_action"))?,
            title: row.title,
            description: row.description,
            context: row.context.0,
            checkpoint: row.checkpoint.map(|Json(checkpoint)| checkpoint),
            metadata: row.metadata.0,
        };
        let requested_by = actor(row.requested_by, &row.requested_by_name)
            .ok_or_else(|| corrupt("the requester's name is malformed"))?;
        let on_behalf_of = row.on_behalf_of.as_deref().map(PrincipalName::new).transpose();
        let on_behalf_of = on_behalf_of.map_err(|_| corrupt("the name it was asked for is malformed"))?;
        Ok(Self {
            approval: Arc::new(Approval {
                id: ApprovalId(id),
                workspace: WorkspaceId(row.workspace_id),
                request,
                policy: row.policy.0,
                requested_by,
                on_behalf_of,
                escalation_level: row.escalation_level,
                state,
                version: row.version,
                created_at: row.created_at,
                updated_at: row.updated_at,
                expires_at: row.expires_at,
            }),
            votes: votes.into_iter().map(Vote::from).collect(),
            due: row.due,
        })
    }
}

impl From<VoteRow> for Vote {
    fn from(row: VoteRow) -> Self {
        Self {
            by: Actor { id: PrincipalId(row.principal_id), name: row.principal_name },
            level: row.level,
            verdict: row.verdict,
            modifications: row.modifications,
            counts: row.counts,
        }
    }
}

fn actor(id: Uuid, name: &str) -> Option<Actor> {
    Some(Actor { id: PrincipalId(id), name: PrincipalName::new(name).ok()? })
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
    let ending = match status {
        Status::Pending => return None,
        Status::Resolved => Ending::Resolved {
            resolution: resolution?,
            via,
            by,
            outcome: Outcome {
                feedback: result.feedback,
                comment: result.comment,
                modifications: result.modifications,
            },
        },
        Status::Expired => Ending::Expired { resolution },
        Status::Cancelled => Ending::Cancelled { via, by, reason: result.feedback? },
    };
    Some(State::Final { ending, at })
}
