//! Who said what to an approval, as it is shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Error, approvals::LARGEST};
use crate::domain::{
    approval::Opaque,
    ids::{ApprovalId, WorkspaceId},
};

/// One recorded decision, as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Decision)]
pub struct DecisionRecord {
    pub id: Uuid,
    pub approval_id: Uuid,
    /// Who said it: the name they had then.
    pub principal: String,
    pub principal_id: Uuid,
    /// In whose seat, where it was not their own: the name that person had then.
    pub r#for: Option<String>,
    pub for_id: Option<Uuid>,
    /// The delegations that opened the seat.
    pub delegations: Option<Vec<Uuid>>,
    /// What of the policy admitted it then: `person:NAME`, `role:NAME`, `group:NAME`, `anyone`, `veto`. Null where a
    /// version before this wrote it.
    pub counted_as: Option<Vec<String>>,
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
    /// Of what the voter was shown, where the voter said so.
    pub digest: Option<String>,
    /// False for an approval whose approver is disabled, or was when the request ended.
    pub counts: bool,
    pub created_at: DateTime<Utc>,
    /// Bytes that it takes, roughly.
    #[serde(skip)]
    pub bytes: i32,
}

/// Who said what, oldest first, behind the first `seen`; and whether there may be more. A page ends with the decision
/// that reaches [`LARGEST`] bytes.
pub async fn decisions(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: ApprovalId,
    (seen, limit): (i64, i64),
) -> Result<(Vec<DecisionRecord>, bool), Error> {
    let largest = i64::try_from(LARGEST).unwrap_or(i64::MAX);
    let mut items = sqlx::query_as!(
        DecisionRecord,
        r#"SELECT d.id AS "id!", d.approval_id AS "approval_id!", d.principal_name AS "principal!",
                  d.principal_id AS "principal_id!", d.seat_name AS "for", d.seat_id AS for_id, d.delegations,
                  d.counted_as, d.level AS "level!", d.verdict AS "verdict!", d.feedback, d.comment,
                  d.modifications AS "modifications: _", d.metadata AS "metadata: _",
                  'sha256:' || encode(d.digest, 'hex') AS digest,
                  (d.verdict <> 'approved' OR coalesce((
                      SELECT p.disabled_at IS NULL
                             OR p.disabled_at > (SELECT a.resolved_at FROM approval_requests a WHERE a.id = $1)
                        FROM principals p WHERE p.id = d.principal_id), false)
                    AND (d.seat_id IS NULL OR coalesce((
                      SELECT p.disabled_at IS NULL
                             OR p.disabled_at > (SELECT a.resolved_at FROM approval_requests a WHERE a.id = $1)
                        FROM principals p WHERE p.id = d.seat_id), false))) AS "counts!",
                  d.created_at AS "created_at!", d.bytes AS "bytes!"
             FROM (SELECT w.*, sum(w.bytes) OVER (ORDER BY w.created_at, w.id ROWS UNBOUNDED PRECEDING) AS total
                     FROM (SELECT v.*, 512 + coalesce(octet_length(v.modifications::text), 0)
                                       + coalesce(octet_length(v.metadata::text), 0)
                                       + coalesce(octet_length(v.feedback), 0)
                                       + coalesce(octet_length(v.comment), 0) AS bytes
                             FROM approval_decisions v
                            WHERE v.approval_id = $1 AND v.workspace_id = $2
                            ORDER BY v.created_at, v.id OFFSET $3 LIMIT $4) w) d
            WHERE d.total - d.bytes < $5
            ORDER BY d.created_at, d.id"#,
        id.0,
        workspace.0,
        seen,
        limit + 1,
        largest,
    )
    .fetch_all(conn)
    .await?;
    let is_cut = items.iter().map(|item| i64::from(item.bytes)).sum::<i64>() >= largest;
    let more = is_cut || i64::try_from(items.len()).is_ok_and(|count| count > limit);
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((items, more))
}
