//! Who decides by a link, and what they may do: by their roles, or by any live key of theirs.

use sqlx::{PgConnection, types::Json};

use super::{CredentialRow, GoodCredential, Row};
use crate::{
    domain::{ids::PrincipalId, redaction::Redaction},
    store::Error,
};

/// A person who decides without a credential of their own here: what their roles allow, and what any live key of theirs
/// does.
pub async fn decider(conn: &mut PgConnection, id: PrincipalId) -> Result<Option<GoodCredential>, Error> {
    let found = sqlx::query!(
        r#"SELECT p.workspace_id, w.allow_timeout_approve, p.name,
                  CASE WHEN (w.redaction ->> 'store')::boolean THEN w.redaction END AS "redaction: Json<Redaction>",
                  p.kind, p.roles || p.claimed_roles AS "member_roles!",
                  p.groups || p.claimed_groups AS "member_groups!",
                  (w.delegation <> 'off' AND EXISTS (
                      SELECT FROM delegations d
                       WHERE d.to_id = p.id AND d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()))
                  AS "has_seats!",
                  k.permissions AS "permissions!", g.roles AS "roles!",
                  ARRAY(SELECT DISTINCT o FROM roles r CROSS JOIN unnest(r.permissions) AS o
                         WHERE r.workspace_id = p.workspace_id AND r.name = ANY(g.roles)) AS "own!",
                  NULL::float8 AS valid_for
             FROM principals p
             JOIN workspaces w ON w.id = p.workspace_id
            CROSS JOIN LATERAL (
                  SELECT ARRAY(SELECT DISTINCT unnest(a.permissions) FROM api_keys a
                                WHERE a.principal_id = p.id AND a.revoked_at IS NULL
                                  AND (a.expires_at IS NULL OR a.expires_at > now())) AS permissions,
                         ARRAY(SELECT DISTINCT unnest(a.roles) FROM api_keys a
                                WHERE a.principal_id = p.id AND a.revoked_at IS NULL
                                  AND (a.expires_at IS NULL OR a.expires_at > now())) AS roles) k
            CROSS JOIN LATERAL (SELECT p.roles || p.claimed_roles || k.roles AS roles) g
            WHERE p.id = $1 AND p.disabled_at IS NULL"#,
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let row = Row {
        workspace_id: row.workspace_id,
        allow_timeout_approve: row.allow_timeout_approve,
        redaction: row.redaction,
        principal_id: id.0,
        name: row.name,
        permissions: row.permissions,
        roles: row.roles,
        own: row.own,
        kind: row.kind,
        member_roles: row.member_roles,
        member_groups: row.member_groups,
        has_seats: row.has_seats,
        valid_for: row.valid_for,
    };
    row.standing(conn, CredentialRow::Principal).await.map(Some)
}
