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
/// Most people who are looked at together. Those who are named come first; of the others, each role and group has as
/// many as the next.
const MOST_TOGETHER: i64 = 2_000;

/// Whom to look for.
#[derive(Debug, Default)]
pub struct Meant {
    pub people: Names,
    pub roles: Names,
    pub groups: Names,
    pub anyone: bool,
    pub whom: Whom,
}

/// Which members of roles and groups, and which of anyone. Who is named is found in any case.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    #[default]
    All,
    /// Those who aren't disabled.
    Enabled,
    /// People among those.
    EnabledPeople,
}

/// What is asked about each of them: nothing that is not asked for is read.
#[derive(Debug)]
pub struct Asking<'a> {
    /// Of which of these roles and groups they are members.
    pub roles: &'a Names,
    pub groups: &'a Names,
    /// Permissions that let approve, and built-in roles that do.
    pub permissions: &'a [String],
    pub built_in: &'a [String],
}

/// One of them.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Of the roles and groups, those that were asked for.
    pub member: Member,
    pub kind: Kind,
    pub email: Option<String>,
    pub disabled: bool,
    /// By roles of their own, or by a live key.
    pub may_approve: bool,
    /// A live connection on an instance whose lease is fresh.
    pub reachable: bool,
    /// By a connection or a browser session.
    pub last_seen_at: Option<DateTime<Utc>>,
}

impl Candidate {
    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        let Member { actor, roles, groups } = &self.member;
        let names = std::iter::once(&actor.name).chain(roles).chain(groups);
        size_of::<Self>()
            + self.email.as_ref().map_or(0, String::len)
            + names.map(|name| name.as_str().len() + NAME).sum::<usize>()
    }
}

/// Bytes that a name takes besides its text.
const NAME: usize = 64;

/// Those who are meant, by their names; and whether there are more than are looked at.
pub async fn candidates(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    meant: &Meant,
    asking: &Asking<'_>,
    lease_ttl: Duration,
) -> Result<(Vec<Candidate>, bool), Error> {
    let names = |names: &Names| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    let rows = sqlx::query!(
        r#"WITH members AS MATERIALIZED (
               SELECT m.principal_id, m.place
                 FROM (SELECT 'role' AS kind, unnest($3::text[]) AS name
                       UNION ALL SELECT 'group', unnest($4::text[])) s
                CROSS JOIN LATERAL (
                      SELECT x.principal_id, row_number() OVER (ORDER BY x.principal_id) AS place
                        FROM principal_memberships x
                       WHERE x.workspace_id = $1 AND x.kind = s.kind AND x.name = s.name
                         AND ($6 OR (SELECT p.disabled_at IS NULL AND (p.kind = 'person' OR $7)
                                       FROM principals p WHERE p.id = x.principal_id))
                       ORDER BY x.principal_id LIMIT $8::integer + 1) m
               UNION ALL
               (SELECT p.id, row_number() OVER (ORDER BY p.id)
                  FROM principals p
                 WHERE $5 AND p.workspace_id = $1 AND ($6 OR p.disabled_at IS NULL AND (p.kind = 'person' OR $7))
                 ORDER BY p.id LIMIT $8::integer + 1)
               UNION ALL
               SELECT p.id, 0 FROM principals p WHERE p.workspace_id = $1 AND p.name = ANY($2)
           ), every AS MATERIALIZED (
               SELECT principal_id AS id, min(place) AS place FROM members GROUP BY principal_id
           ), meant AS MATERIALIZED (
               SELECT id FROM every ORDER BY place, id LIMIT $9
           ), granting AS MATERIALIZED (
               SELECT $13::text[] || ARRAY(SELECT r.name FROM roles r
                                            WHERE r.workspace_id = $1 AND r.permissions && $12::text[]) AS names
           )
           SELECT p.id, p.name, p.kind, p.email, p.disabled_at IS NOT NULL AS "disabled!",
                  ARRAY(SELECT unnest(p.roles || p.claimed_roles) INTERSECT SELECT unnest($10::text[])) AS "roles!",
                  ARRAY(SELECT unnest(p.groups || p.claimed_groups) INTERSECT SELECT unnest($11::text[])) AS "groups!",
                  ((p.roles || p.claimed_roles) && g.names OR EXISTS (
                      SELECT FROM api_keys a
                       WHERE a.principal_id = p.id AND a.revoked_at IS NULL
                         AND (a.expires_at IS NULL OR a.expires_at > now())
                         AND (a.permissions && $12::text[] OR a.roles && g.names))) AS "may_approve!",
                  c.seen IS NOT NULL AS "reachable!",
                  greatest(c.seen, (SELECT max(b.last_seen_at) FROM browser_sessions b WHERE b.principal_id = p.id))
                  AS last_seen_at,
                  ((SELECT coalesce(max(place), 0) > $8 FROM members) OR (SELECT count(*) > $9 FROM every))
                  AS "truncated!"
             FROM meant m
             JOIN principals p ON p.id = m.id
            CROSS JOIN granting g
            CROSS JOIN LATERAL (
                  SELECT max(c.last_heartbeat) AS seen
                    FROM active_connections c JOIN instances i ON i.id = c.server_instance
                   WHERE c.principal_id = p.id AND c.closed_by IS NULL
                     AND i.last_heartbeat > now() - make_interval(secs => $14)) c
            ORDER BY p.name"#,
        workspace.0,
        &names(&meant.people),
        &names(&meant.roles),
        &names(&meant.groups),
        meant.anyone,
        meant.whom == Whom::All,
        meant.whom == Whom::Enabled,
        MOST,
        MOST_TOGETHER,
        &names(asking.roles),
        &names(asking.groups),
        asking.permissions,
        asking.built_in,
        lease_ttl.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let truncated = rows.first().is_some_and(|row| row.truncated);
    let candidates = rows.into_iter().map(|row| {
        let id: Uuid = row.id;
        let corrupt =
            |what: &str| Error::Corrupt { table: "principals", id: id.to_string(), what: what.to_owned() };
        let known = |list: &[String]| list.iter().filter_map(|it| PrincipalName::stored(it).ok()).collect();
        let name = PrincipalName::stored(&row.name).map_err(|_| corrupt("its name is malformed"))?;
        Ok(Candidate {
            member: Member {
                actor: Actor { id: PrincipalId(id), name },
                roles: known(&row.roles),
                groups: known(&row.groups),
            },
            kind: Kind::from_word(&row.kind).ok_or_else(|| corrupt("unknown kind"))?,
            email: row.email,
            disabled: row.disabled,
            may_approve: row.may_approve,
            reachable: row.reachable,
            last_seen_at: row.last_seen_at,
        })
    });
    Ok((candidates.collect::<Result<_, Error>>()?, truncated))
}
