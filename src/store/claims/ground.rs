//! What an approval says in the receipt of its claim.

use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::actor;
use crate::{
    domain::{
        claim::{Decider, Ground},
        digest::Digest,
        ids::{ApprovalId, PrincipalId},
        names::PrincipalName,
        policy::Actor,
    },
    store::Error,
};

/// What the receipts of these approvals' claims rest on.
pub async fn grounds(
    conn: &mut PgConnection,
    approvals: &[ApprovalId],
) -> Result<Vec<(ApprovalId, Ground)>, Error> {
    let ids: Vec<Uuid> = approvals.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT a.id, a.approval_type, a.run_id, a.job_id, a.status, a.resolution AS "resolution!",
                  a.resolved_via AS "via!", a.escalation_level AS level, a.resolved_at AS "resolved_at!", a.digest,
                  a.result ->> 'modifications_digest' AS modifications_digest, a.requested_by, a.requested_by_name,
                  CASE WHEN a.resolved_via = 'human' THEN coalesce((
                      SELECT json_agg(json_build_object('id', d.principal_id, 'name', d.principal_name,
                                                        'for', d.seat_name) ORDER BY d.created_at, d.id)
                        FROM approval_decisions d
                       WHERE d.approval_id = a.id AND d.level = a.escalation_level AND d.verdict = 'approved'), '[]')
                  ELSE '[]' END AS "decided_by!: Json<Vec<DeciderRow>>"
             FROM approval_requests a
            WHERE a.id = ANY ($1) AND a.resolution IN ('approved', 'modified')"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let Json(decided_by) = row.decided_by;
            let decider = |row: DeciderRow| Decider {
                by: Actor { id: PrincipalId(row.id), name: row.name },
                seat: row.r#for,
            };
            let ground = Ground {
                approval_type: row.approval_type,
                run_id: row.run_id,
                job_id: row.job_id,
                status: row.status,
                resolution: row.resolution,
                via: row.via,
                level: row.level,
                resolved_at: row.resolved_at,
                digest: row.digest.as_deref().and_then(Digest::from_bytes),
                modifications_digest: row.modifications_digest.and_then(|text| text.parse().ok()),
                requested_by: actor(row.id, row.requested_by, &row.requested_by_name)?,
                decided_by: decided_by.into_iter().map(decider).collect(),
            };
            Ok((ApprovalId(row.id), ground))
        })
        .collect()
}

#[derive(Debug, serde::Deserialize)]
struct DeciderRow {
    id: Uuid,
    name: PrincipalName,
    r#for: Option<PrincipalName>,
}
