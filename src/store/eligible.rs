//! Whom a policy means, as they are now: people by name, and the members of its roles and groups.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{PrincipalId, WorkspaceId},
    names::PrincipalName,
    policy::{Actor, Kind, Member, Names},
};

/// Most members of one role or group, or of anyone, that are looked at.
pub const MOST: i32 = 1_000;

/// Whom to look for.
#[derive(Debug, Default)]
pub struct Meant {
    pub people: Names,
    pub roles: Names,
    pub groups: Names,
    pub anyone: bool,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub member: Member,
    pub kind: Kind,
    pub disabled: bool,
    /// Permissions by name that their own roles and their live keys stand for, but for the built-in roles'.
    pub permissions: Vec<String>,
    /// Names of those roles, for the built-in ones among them.
    pub roles: Vec<String>,
    /// A live connection on an instance whose lease is fresh.
    pub reachable: bool,
    /// By a connection or a browser session.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// Those who are meant, by their names; and whether there are more members than are looked at.
pub async fn candidates(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    meant: &Meant,
    lease_ttl: Duration,
) -> Result<(Vec<Candidate>, bool), Error> {
    let names = |names: &Names| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    let rows = sqlx::query!(
        r#"WITH members AS MATERIALIZED (
               SELECT m.principal_id
                 FROM (SELECT 'role' AS kind, unnest($3::text[]) AS name
                       UNION ALL SELECT 'group', unnest($4::text[])) s
                CROSS JOIN LATERAL (
                      SELECT x.principal_id FROM principal_memberships x
                       WHERE x.workspace_id = $1 AND x.kind = s.kind AND x.name = s.name
                       ORDER BY x.principal_id LIMIT $6 + 1) m
               UNION ALL
               (SELECT p.id FROM principals p WHERE $5 AND p.workspace_id = $1 ORDER BY p.id LIMIT $6 + 1)
               UNION ALL
               SELECT p.id FROM principals p WHERE p.workspace_id = $1 AND p.name = ANY($2)
           ), meant AS MATERIALIZED (
               SELECT DISTINCT principal_id AS id FROM members
           )
           SELECT p.id, p.name, p.kind, p.disabled_at IS NOT NULL AS "disabled!",
                  p.roles || p.claimed_roles AS "roles!", p.groups || p.claimed_groups AS "groups!",
                  k.permissions AS "key_permissions!", k.roles AS "key_roles!",
                  ARRAY(SELECT DISTINCT g FROM roles r CROSS JOIN unnest(r.permissions) AS g
                         WHERE r.workspace_id = $1 AND r.name = ANY(p.roles || p.claimed_roles || k.roles)) AS "own!",
                  c.seen IS NOT NULL AS "reachable!",
                  greatest(c.seen, (SELECT max(b.last_seen_at) FROM browser_sessions b WHERE b.principal_id = p.id))
                  AS last_seen_at,
                  EXISTS (SELECT FROM (SELECT 'role' AS kind, unnest($3::text[]) AS name
                                       UNION ALL SELECT 'group', unnest($4::text[])) s
                           WHERE (SELECT count(*) FROM (SELECT FROM principal_memberships x
                                    WHERE x.workspace_id = $1 AND x.kind = s.kind AND x.name = s.name
                                    LIMIT $6 + 1) n) > $6) AS "truncated!"
             FROM meant m
             JOIN principals p ON p.id = m.id
            CROSS JOIN LATERAL (
                  SELECT coalesce(array_agg(DISTINCT g.permission) FILTER (WHERE g.permission IS NOT NULL), '{}')
                         AS permissions,
                         coalesce(array_agg(DISTINCT g.role) FILTER (WHERE g.role IS NOT NULL), '{}') AS roles
                    FROM api_keys a
                   CROSS JOIN LATERAL (
                         SELECT unnest(a.permissions) AS permission, NULL::text AS role
                         UNION ALL SELECT NULL, unnest(a.roles)) g
                   WHERE a.principal_id = p.id AND a.revoked_at IS NULL
                     AND (a.expires_at IS NULL OR a.expires_at > now())) k
            CROSS JOIN LATERAL (
                  SELECT max(c.last_heartbeat) AS seen
                    FROM active_connections c JOIN instances i ON i.id = c.server_instance
                   WHERE c.principal_id = p.id AND c.closed_by IS NULL
                     AND i.last_heartbeat > now() - make_interval(secs => $7)) c
            ORDER BY p.name"#,
        workspace.0,
        &names(&meant.people),
        &names(&meant.roles),
        &names(&meant.groups),
        meant.anyone,
        MOST,
        lease_ttl.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let is_cut = meant.anyone && i32::try_from(rows.len()).is_ok_and(|count| count > MOST);
    let truncated = is_cut || rows.first().is_some_and(|row| row.truncated);
    let candidates = rows.into_iter().map(|row| {
        let id: Uuid = row.id;
        let corrupt =
            |what: &str| Error::Corrupt { table: "principals", id: id.to_string(), what: what.to_owned() };
        let known = |list: &[String]| list.iter().filter_map(|it| PrincipalName::stored(it).ok()).collect();
        let name = PrincipalName::stored(&row.name).map_err(|_| corrupt("its name is malformed"))?;
        let mut permissions = row.key_permissions;
        permissions.extend(row.own);
        let mut roles = row.roles.clone();
        roles.extend(row.key_roles);
        Ok(Candidate {
            member: Member {
                actor: Actor { id: PrincipalId(id), name },
                roles: known(&row.roles),
                groups: known(&row.groups),
            },
            kind: Kind::from_word(&row.kind).ok_or_else(|| corrupt("unknown kind"))?,
            disabled: row.disabled,
            permissions,
            roles,
            reachable: row.reachable,
            last_seen_at: row.last_seen_at,
        })
    });
    Ok((candidates.collect::<Result<_, Error>>()?, truncated))
}
