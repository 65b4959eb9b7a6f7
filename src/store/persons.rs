//! People who come by something else than a credential of their own, as a click in Slack: what they may do then is what
//! their roles and their live keys let them do. That is by what they are asked in the first place.

use sqlx::PgConnection;

use super::{Error, open_seats};
use crate::domain::{
    ids::{PrincipalId, WorkspaceId},
    names::PrincipalName,
    policy::{Actor, Kind, Member, admission::Voter},
};

/// A person who is not disabled, as policies see them, and what they may do.
#[derive(Debug, Clone)]
pub struct Person {
    pub voter: Voter,
    /// Permissions by name, and those of the workspace's own roles.
    pub permissions: Vec<String>,
    /// Roles by name; what the built-in ones among them allow, the caller knows.
    pub roles: Vec<String>,
}

/// `None`: there is no such person, or they are disabled.
pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: PrincipalId,
) -> Result<Option<Person>, Error> {
    let found = sqlx::query!(
        r#"SELECT p.name, p.kind, p.roles || p.claimed_roles AS "member_roles!",
                  p.groups || p.claimed_groups AS "member_groups!",
                  (w.delegation <> 'off' AND EXISTS (
                      SELECT FROM delegations d
                       WHERE d.to_id = p.id AND d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()))
                  AS "has_seats!",
                  g.roles AS "roles!",
                  k.permissions || ARRAY(SELECT DISTINCT o FROM roles r CROSS JOIN unnest(r.permissions) AS o
                                          WHERE r.workspace_id = p.workspace_id AND r.name = ANY(g.roles))
                  AS "permissions!"
             FROM principals p
             JOIN workspaces w ON w.id = p.workspace_id
            CROSS JOIN LATERAL (
                  SELECT ARRAY(SELECT DISTINCT unnest(a.permissions) FROM api_keys a
                                WHERE a.principal_id = p.id AND a.revoked_at IS NULL
                                  AND (a.expires_at IS NULL OR a.expires_at > clock_timestamp())) AS permissions,
                         ARRAY(SELECT DISTINCT unnest(a.roles) FROM api_keys a
                                WHERE a.principal_id = p.id AND a.revoked_at IS NULL
                                  AND (a.expires_at IS NULL OR a.expires_at > clock_timestamp())) AS roles) k
            CROSS JOIN LATERAL (SELECT p.roles || p.claimed_roles || k.roles AS roles) g
            WHERE p.workspace_id = $1 AND p.id = $2 AND p.disabled_at IS NULL"#,
        workspace.0,
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let seats = if row.has_seats { open_seats::seats(conn, id).await? } else { Vec::new() };
    let corrupt = |what: String| Error::Corrupt { table: "principals", id: id.to_string(), what };
    let name = PrincipalName::stored(&row.name).map_err(|error| corrupt(error.to_string()))?;
    let kind = Kind::from_word(&row.kind).ok_or_else(|| corrupt("unknown kind".to_owned()))?;
    // A name that no policy can have means nothing to one.
    let names = |list: &[String]| list.iter().filter_map(|it| PrincipalName::stored(it).ok()).collect();
    let member = Member {
        actor: Actor { id, name },
        roles: names(&row.member_roles),
        groups: names(&row.member_groups),
    };
    Ok(Some(Person { voter: Voter { member, kind, seats }, permissions: row.permissions, roles: row.roles }))
}
